"""The operators' page on the emulators: a group of Globus decides who sees it, SQS what it shows."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from gas_local.world import ADA, OLIVIA, OPERATOR_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.web.conftest import Globus, Visitor

    from gas_local.fixtures import Stack


def scopes(address: str) -> list[str]:
    return parse_qs(urlsplit(address).query)["scope"][0].split()


def cells(page: str, queue: str) -> list[str]:
    """What a queue's row shows."""
    row = re.search(rf'<tr data-queue="{queue}">(.*?)</tr>', page, re.DOTALL)
    assert row
    found = re.findall(r"<td.*?>(.*?)</td>", row[1], re.DOTALL)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in found]


def test_groups_are_asked_for_on_the_way_to_the_page_and_no_token_stays(
    visitor: Visitor, globus: Globus
) -> None:
    before = set(globus.tokens())
    assert not [scope for scope in scopes(visitor.login(next="/annotations")) if "groups" in scope]
    address = visitor.login(next="/admin")
    assert [scope for scope in scopes(address) if scope.endswith(":view_my_groups_and_memberships")]
    back = visitor.come_back(globus.choose(address, OLIVIA))
    assert back.status_code == 302
    assert visitor.get("/admin").status_code == 200
    given = set(globus.tokens()) - before
    assert given
    assert not any(globus.is_active(token) for token in given)


def test_researcher_finds_no_such_page_whether_asked_or_not(visitor: Visitor) -> None:
    visitor.sign_in(ADA, next="/annotations")
    assert visitor.get("/admin").location == "/login?next=/admin"
    visitor.sign_in(ADA, next="/admin")
    assert visitor.get("/admin").status_code == 404
    assert "Operations" not in visitor.get("/annotations").text


def test_listed_identity_needs_no_group(visit: Callable[..., Visitor]) -> None:
    ada = visit(GAS_OPERATOR_GROUP="", GAS_OPERATORS=f"{uuid.uuid4()}, {ADA.identity_id}")
    ada.sign_in(ADA, next="/annotations")
    assert ada.get("/admin").status_code == 200


def test_group_of_another_id_opens_nothing(visit: Callable[..., Visitor]) -> None:
    olivia = visit(GAS_OPERATOR_GROUP=str(uuid.UUID(OPERATOR_GROUP[::-1].replace("-", ""))))
    olivia.sign_in(OLIVIA, next="/admin")
    assert olivia.get("/admin").status_code == 404


def test_dead_letters_are_shown_and_sent_back(stack: Stack, visitor: Visitor) -> None:
    sqs: Any = stack.client("sqs")
    # The stack is that of all tests here, and some of them change plans.
    for url in (stack["GAS_RESTORES_QUEUE_URL"], stack["GAS_RESTORES_DLQ_URL"]):
        sqs.purge_queue(QueueUrl=url)
    sqs.send_message(QueueUrl=stack["GAS_RESTORES_DLQ_URL"], MessageBody="dead")
    visitor.sign_in(OLIVIA, next="/admin")
    assert cells(visitor.get("/admin").text, "restores")[:4] == ["0", "0", "–", "1"]
    token = visitor.csrf_token()
    assert visitor.post("/admin/queues/restores/redrive", csrf_token=token).status_code == 303
    page = visitor.get("/admin").text
    assert "1 dead letter is a message of restores again." in page
    assert cells(page, "restores")[:4] == ["1", "0", "–", "0"]
    (message,) = sqs.receive_message(QueueUrl=stack["GAS_RESTORES_QUEUE_URL"])["Messages"]
    assert message["Body"] == "dead"
    sqs.delete_message(QueueUrl=stack["GAS_RESTORES_QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"])
