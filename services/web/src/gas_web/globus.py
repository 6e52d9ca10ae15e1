"""Signing in with Globus Auth: authorization code with PKCE; tokens are revoked once they told who it is."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Protocol

import globus_sdk
import structlog
from globus_sdk.services.auth import GlobusAuthorizationCodeFlowManager
from globus_sdk.services.auth.response import OAuthAuthorizationCodeResponse
from globus_sdk.transport import RequestsTransport, RetryConfig

from gas_core.domain.errors import PermanentError, TransientError

SCOPES = ("openid", "profile", "email")
GROUPS_SCOPE = str(globus_sdk.GroupsClient.scopes.view_my_groups_and_memberships)
"""Asked only of those on their way to the operators' page: researchers' groups are no business of ours."""
_GROUPS_SERVER = "groups.api.globus.org"
_TIMEOUT_SECONDS = 10
_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429

log = structlog.get_logger()


class SignInRefusedError(PermanentError):
    """Globus does not accept this code: it is old, used, or not ours."""


class GlobusUnavailableError(TransientError):
    """Globus does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in. ``email`` is empty if Globus does not know one; ``groups`` None if it was not asked."""

    identity_id: str
    name: str
    email: str
    groups: frozenset[str] | None = None


class SignIn(Protocol):
    """What the pages need of an identity provider."""

    def address(self, *, state: str, verifier: str, groups: bool = False) -> str:
        """Where to send the browser; ``groups`` asks for leave to see which groups they are in."""
        ...

    def finish(self, *, code: str, verifier: str) -> Identity:
        """Who it is; SignInRefusedError or GlobusUnavailableError otherwise."""
        ...


def new_verifier() -> str:
    """A PKCE code verifier (RFC 7636): 43 characters, of 256 random bits."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """Its S256 challenge."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class GlobusSignIn:
    """``SignIn`` over globus-sdk.

    ``internal_url`` is where this service asks, ``public_url`` where browsers go; Globus itself when None.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        internal_url: str | None = None,
        public_url: str | None = None,
        groups_url: str | None = None,
    ) -> None:
        self._groups_url = groups_url
        self._redirect_uri = redirect_uri
        self._internal_url = internal_url
        self._internal = self._client(client_id, client_secret, internal_url)
        # Only writes addresses, and so needs no secret that works.
        self._public = self._client(client_id, "", public_url)

    @staticmethod
    def _client(
        client_id: str, client_secret: str, base_url: str | None
    ) -> globus_sdk.ConfidentialAppAuthClient:
        return globus_sdk.ConfidentialAppAuthClient(
            client_id,
            client_secret,
            base_url=base_url,
            transport=RequestsTransport(http_timeout=_TIMEOUT_SECONDS),
            retry_config=RetryConfig(max_retries=1),
        )

    def address(self, *, state: str, verifier: str, groups: bool = False) -> str:
        flow = GlobusAuthorizationCodeFlowManager(
            self._public,
            redirect_uri=self._redirect_uri,
            requested_scopes=(*SCOPES, GROUPS_SCOPE) if groups else SCOPES,
            state=state,
        )
        return flow.get_authorize_url(
            {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        )

    def finish(self, *, code: str, verifier: str) -> Identity:
        try:
            # The SDK's flow manager of confidential clients knows no PKCE, so the form is written out.
            tokens = self._internal.oauth2_token(
                {
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": self._redirect_uri,
                    "code_verifier": verifier,
                },
                response_class=OAuthAuthorizationCodeResponse,
            )
            try:
                return self._who(tokens)
            finally:
                self._revoke(tokens)
        except globus_sdk.GlobusAPIError as error:
            reason = (error.raw_json or {}).get("error", "")
            # A wrong secret of our own client is no fault of who signs in, and a new code would not help.
            ours = reason == "invalid_client" or error.http_status == _TOO_MANY_REQUESTS
            if ours or error.http_status >= _SERVER_ERROR:
                raise GlobusUnavailableError(status=error.http_status, reason=reason) from error
            raise SignInRefusedError(status=error.http_status, reason=reason) from error
        except globus_sdk.NetworkError as error:
            raise GlobusUnavailableError(error=type(error).__name__) from error

    def _who(self, tokens: globus_sdk.OAuthTokenResponse) -> Identity:
        token = tokens.by_resource_server["auth.globus.org"]["access_token"]
        asker = globus_sdk.AuthClient(
            authorizer=globus_sdk.AccessTokenAuthorizer(token),
            base_url=self._internal_url,
            transport=RequestsTransport(http_timeout=_TIMEOUT_SECONDS),
            retry_config=RetryConfig(max_retries=1),
        )
        told = asker.userinfo()
        return Identity(
            identity_id=told["sub"],
            name=told.get("name") or told.get("preferred_username") or "",
            email=told.get("email") or "",
            groups=self._groups(tokens),
        )

    def _groups(self, tokens: globus_sdk.OAuthTokenResponse) -> frozenset[str] | None:
        """IDs of the groups that they are active members of; None where that was not asked."""
        held = tokens.by_resource_server.get(_GROUPS_SERVER)
        if held is None:
            return None
        asker = globus_sdk.GroupsClient(
            authorizer=globus_sdk.AccessTokenAuthorizer(held["access_token"]),
            base_url=self._groups_url,
            transport=RequestsTransport(http_timeout=_TIMEOUT_SECONDS),
            retry_config=RetryConfig(max_retries=1),
        )
        return frozenset(str(group["id"]) for group in asker.get_my_groups())

    def _revoke(self, tokens: globus_sdk.OAuthTokenResponse) -> None:
        for held in tokens.by_resource_server.values():
            for kind in ("access_token", "refresh_token"):
                if not held.get(kind):
                    continue
                try:
                    self._internal.oauth2_revoke_token(held[kind])
                except globus_sdk.GlobusError as error:
                    # It expires by itself, and nobody holds it; that is no reason to turn a researcher away.
                    log.warning("revoke_failed", kind=kind, error=type(error).__name__)
