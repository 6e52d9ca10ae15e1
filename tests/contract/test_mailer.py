"""What every mailer does."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from gas_core.adapters.clients import AwsClients
from gas_core.adapters.ses import SesMailer
from gas_core.domain.errors import AccessRefusedError, MailRefusedError
from gas_core.ports import Mail
from gas_local.fixtures import Stack


def mail_to(address: str) -> Mail:
    return Mail(
        message_id=f"<{uuid.uuid4()}.completed@mail.example>",
        to=address,
        subject="Done: naïve 名前.vcf, 3 variants",
        text="It is done – see the page.\n",
        html="<p>It is <b>done</b> – see the page.</p>\n",
    )


def test_mail_arrives_with_both_texts(mailer_bench: Any) -> None:
    address = f"ada-{uuid.uuid4()}@research.example"
    mail = mail_to(address)
    mailer_bench.port.send(mail)
    (letter,) = mailer_bench.taken(address)
    assert letter.subject == mail.subject
    assert letter.text.replace("\r\n", "\n") == mail.text
    assert letter.html.replace("\r\n", "\n") == mail.html


def test_sender_that_nobody_verified_is_for_an_operator_to_mend(aws: AwsClients) -> None:
    mailer = SesMailer(aws.sesv2, sender="stranger@nowhere.example")
    with pytest.raises(AccessRefusedError):
        mailer.send(mail_to("ada@research.example"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b.example, c@d.example",
        "a@b.example\r\nBcc: c@d.example",
        "Ada <a@b.example>",
        "a@",
        "@b.example",
        "ü@b.example",
    ],
)
def test_what_is_not_one_plain_address_gets_no_mail(aws: AwsClients, stack: Stack, address: str) -> None:
    with pytest.raises(MailRefusedError):
        SesMailer(aws.sesv2, sender=stack["GAS_MAIL_SENDER"]).send(mail_to(address))
