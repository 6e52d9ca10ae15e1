from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gas_core.adapters.ses import compose
from gas_core.domain.errors import MailRefusedError
from gas_core.ports import Mail

SENDER = "gas@mail.example"


def mail(**changes: str) -> Mail:
    told = {
        "message_id": "<j1.completed@mail.example>",
        "to": "ada@research.example",
        "subject": "Done: a.vcf, 3 variants",
        "text": "Done.\n",
        "html": "<p>Done.</p>\n",
    }
    return Mail(**(told | changes))


def test_mail_has_the_headers_it_needs_and_no_others() -> None:
    message = compose(mail(), sender=SENDER)
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Message-ID", "X-GAS-Message-ID", "Date", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    assert message["Message-ID"] == "<j1.completed@mail.example>"
    assert message["From"] == SENDER
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None


def test_both_texts_come_through_seven_bit_lines() -> None:
    text, html = "Grüße, 名前 " * 100 + "\n", "<p>Grüße, 名前</p>\n"
    sent = compose(mail(text=text, html=html, subject="Fertig: Grüße 名前.vcf"), sender=SENDER).as_bytes()
    assert sent.isascii()
    assert max(len(line) for line in sent.splitlines()) <= 998
    read = message_from_bytes(sent, policy=policy.default)
    assert read["Subject"] == "Fertig: Grüße 名前.vcf"
    assert [part.get_content().replace("\r\n", "\n") for part in read.iter_parts()] == [text, html]
    assert read.get_content_type() == "multipart/alternative"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_subject_adds_a_header_or_a_recipient(subject: str) -> None:
    hostile = f"{subject}\r\nBcc: c@d.example\n\nbody"
    sent = compose(mail(subject=hostile), sender=SENDER).as_bytes()
    read = message_from_bytes(sent, policy=policy.default)
    assert read["Bcc"] is None
    assert read["To"] == "ada@research.example"
    assert [part.get_content().strip() for part in read.iter_parts()] == ["Done.", "<p>Done.</p>"]


@pytest.mark.parametrize("message_id", ["<a@b>\r\nBcc: c@d.example", "<a@b>\nX: y"])
def test_message_id_of_two_lines_is_refused(message_id: str) -> None:
    with pytest.raises(MailRefusedError):
        compose(mail(message_id=message_id), sender=SENDER)


def test_domain_that_is_not_ascii_travels_as_idna() -> None:
    assert compose(mail(to="ada@münchen.example"), sender=SENDER)["To"] == "ada@xn--mnchen-3ya.example"
