from datetime import UTC, datetime

from gas_local.mailbox import ReceivedMail, page


def test_hostile_mail_stays_text() -> None:
    mail = ReceivedMail(
        sent=datetime(2026, 1, 1, tzinfo=UTC),
        sender="gas@mail.example",
        to=("ada@university.example",),
        subject="<script>alert(1)</script>",
        text="</pre><script>",
        html='"><script>',
    )
    shown = page([mail])
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "sandbox" in shown


def test_empty_mailbox_says_so() -> None:
    assert "None yet" in page([])
