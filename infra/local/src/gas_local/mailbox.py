"""A page with the mails that the AWS emulator holds, so that they can be read in a browser.

python -m gas_local.mailbox --port 8025 --aws-url http://127.0.0.1:4566
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NoReturn

from gas_local.ports import HOST

_local = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail as SES got it."""

    sent: datetime
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str


def mails(aws_url: str) -> list[ReceivedMail]:
    """All mails, newest first."""
    with _local.open(f"{aws_url}/_ministack/ses/messages", timeout=5) as answer:
        accounts = json.load(answer)["messages"]
    received = [
        ReceivedMail(
            sent=datetime.fromtimestamp(mail["Timestamp"], UTC),
            sender=mail["Source"],
            to=tuple(mail["To"]),
            subject=mail["Subject"],
            text=mail["BodyText"] or "",
            html=mail["BodyHtml"] or "",
        )
        for account in accounts.values()
        for mail in account
    ]
    return sorted(received, key=lambda mail: mail.sent, reverse=True)


def page(received: list[ReceivedMail]) -> str:
    """The mailbox as HTML. A mail's own HTML is shown in a frame that runs nothing."""
    letters = "".join(
        f"<article><h2>{escape(mail.subject)}</h2>"
        f"<p>{mail.sent:%Y-%m-%d %H:%M:%S} UTC, {escape(mail.sender)} to {escape(', '.join(mail.to))}</p>"
        f"<pre>{escape(mail.text)}</pre>"
        "<details><summary>As HTML</summary>"
        f'<iframe sandbox title="Mail" srcdoc="{escape(mail.html)}"></iframe></details></article>'
        for mail in received
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Mails of GAS</title><style>'
        "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}"
        "pre{white-space:pre-wrap;background:#8881;padding:1rem}iframe{width:100%;height:24rem;background:#fff}"
        f"</style><h1>Mails of GAS on this machine</h1>{letters or '<p>None yet.</p>'}</html>"
    )


def main(arguments: list[str] | None = None) -> None:
    """Serve the page until told to stop."""
    parser = argparse.ArgumentParser(description="Show the mails that the AWS emulator holds.")
    parser.add_argument("--host", default=HOST, help="address to listen on")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--aws-url", required=True)
    options = parser.parse_args(arguments)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page(mails(options.aws_url)).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def leave(_signal: int, _frame: object) -> NoReturn:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
