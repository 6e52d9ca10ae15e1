from __future__ import annotations

import pytest

from gas_core.domain.plans import User
from gas_core.domain.views import (
    MOST_VIEWS,
    NAME_CHARACTERS,
    QUERY_CHARACTERS,
    ViewRefusedError,
    remove_view,
    save_view,
)

ADA = User("ada", "Ada", "ada@research.example")


def test_a_name_has_the_view_that_was_saved_last() -> None:
    user = save_view(save_view(ADA, "mine", "f=a"), "mine", "f=b")
    assert user.saved_views == {"mine": "f=b"}
    assert remove_view(user, "mine") == ADA
    assert remove_view(user, "another") == user


@pytest.mark.parametrize("name", ["", "x" * (NAME_CHARACTERS + 1), "a\x00b", "a\u202eb"])
def test_a_name_is_short_and_can_be_seen(name: str) -> None:
    with pytest.raises(ViewRefusedError, match="1 to 60 characters"):
        save_view(ADA, name, "f=a")


def test_views_are_few_and_short() -> None:
    user = ADA
    for number in range(MOST_VIEWS):
        user = save_view(user, str(number), "f=a")
    with pytest.raises(ViewRefusedError, match="30 saved views"):
        save_view(user, "one more", "f=a")
    assert save_view(user, "0", "f=b").saved_views["0"] == "f=b"
    with pytest.raises(ViewRefusedError, match="too long"):
        save_view(ADA, "mine", "x" * (QUERY_CHARACTERS + 1))
