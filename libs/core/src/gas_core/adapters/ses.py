"""E-mail, by SES."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from gas_core.adapters.errors import aws_errors, error_code
from gas_core.domain.errors import AccessRefusedError, MailRefusedError
from gas_core.ports import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

# Lines of 7 bits, whatever the text: not every mail server on the way takes more.
_POLICY = SMTP.clone(cte_type="7bit")

_REFUSED_FOR_GOOD = frozenset({"BadRequestException", "MessageRejected"})


class SesMailer:
    """``Mailer`` over SES (API v2). ``sender`` is an address of an identity that SES has verified.

    SES puts a Message-ID of its own in place of ours on the way out; ours serves other providers and tests,
    and goes along in ``X-GAS-Message-ID`` so that a mail can be matched with the row that recorded it.
    """

    def __init__(self, client: SESV2Client, *, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, mail: Mail) -> None:
        message = compose(mail, sender=self._sender)
        with aws_errors("send_mail", message_id=mail.message_id):
            try:
                self._client.send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [str(message["To"])]},
                    Content={"Raw": {"Data": message.as_bytes()}},
                )
            except ClientError as error:
                code = error_code(error)
                if code not in _REFUSED_FOR_GOOD:
                    raise
                # The same code for what an operator has to mend: an identity that is not verified yet.
                if "not verified" in str(error):
                    raise AccessRefusedError(
                        action="send_mail", code=code, message_id=mail.message_id
                    ) from error
                raise MailRefusedError(message_id=mail.message_id, code=code) from error


def compose(mail: Mail, *, sender: str) -> EmailMessage:
    """The mail as it travels: one recipient, the same text twice, no line that its fields do not own.

    Raises
    ------
    MailRefusedError
        ``to`` is not one plain address, or a header would not be a line of its own.
    """
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = sender
        message["To"] = _recipient(mail.to)
        # A subject names the user's file; whatever it holds, it is one line.
        message["Subject"] = " ".join(mail.subject.split())
        message["Message-ID"] = mail.message_id
        message["X-GAS-Message-ID"] = mail.message_id
    except (ValueError, IndexError, MessageError) as error:
        # The parser of addresses runs off the end of some broken ones, hence IndexError.
        raise MailRefusedError(message_id=mail.message_id, code=type(error).__name__) from None
    message["Date"] = format_datetime(localtime())
    # Keeps out-of-office replies away (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _recipient(address: str) -> str:
    """One address that SES takes: ASCII before the @, a domain in ASCII (IDNA) behind it."""
    parsed = Address(addr_spec=address.strip())
    if not parsed.username or not parsed.domain or not parsed.username.isascii():
        raise ValueError(parsed)
    return Address(username=parsed.username, domain=parsed.domain.encode("idna").decode()).addr_spec
