"""The changes of a plan by user, and the largest of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cor_provider.sync.by_user import MOST_LARGEST, ChangesByUser, Overview, by_user


def row(operation: str = "create", leave_id: str = "L1", user: str = "u1", **fields: Any) -> dict[str, Any]:
    days = {"start": "2026-05-11", "end": "2026-05-12"}
    return {"operation": operation, "id": leave_id, "user_id": user, **days, **fields}


def overview(*rows: dict[str, Any]) -> Overview:
    with by_user(rows) as changes:
        return changes.overview()


def ids(changes: ChangesByUser) -> list[str]:
    return [change.id for change in changes.changes()]


def test_a_users_changes_are_counted_by_kind() -> None:
    creates = [row(leave_id="L1"), row(leave_id="L2", may_overwrite=False), row(leave_id="L3", may_overwrite=True)]
    with by_user([*creates, row("delete", "L4"), row("update", "L5"), row("forget", "L6")]) as changes:
        (user,) = changes.users()
    assert (user.number, user.id, user.total) == (0, "u1", 6)
    assert user.by_kind == {"delete": 1, "update": 1, "create": 2, "overwrite": 1, "forget": 1, "given": 0}


def test_leave_that_goes_to_another_user_concerns_both_and_counts_once() -> None:
    moved = row("update", user="u2", previous_user_id="u1", previous_start="2026-05-09", leave_type_id="vacation")
    with by_user([moved]) as changes:
        receiver, giver = changes.users()
        update, given = changes.changes()
        assert changes.overview().given_count == 1
    assert (receiver.id, receiver.updates, receiver.total) == ("u2", 1, 1)
    assert (giver.id, giver.given, giver.total) == ("u1", 1, 0)
    days = [date(2026, 5, day).toordinal() for day in (9, 11, 12)]
    assert update == ("update", "L1", days[1], days[2], "vacation", "u1", days[0], None)
    assert given == ("given", "L1", days[0], days[2], None, "u2", None, None)


def test_who_has_the_most_changes_comes_first_and_then_whose_id_is_smaller() -> None:
    rows = [row(user=user, leave_id=str(number)) for number, user in enumerate(["u2", "u10", "u3", "u3"])]
    with by_user(rows) as changes:
        assert [(user.number, user.id) for user in changes.users()] == [(0, "u3"), (1, "u10"), (2, "u2")]


def test_the_changes_of_a_user_are_together_in_the_order_of_the_plan() -> None:
    users = ["u1", "u2", "u1", "u3", "u1", "u3"]
    with by_user(row(leave_id=f"L{number}", user=user) for number, user in enumerate(users)) as changes:
        assert ids(changes) == ["L0", "L2", "L4", "L3", "L5", "L1"]


def test_users_are_told_apart_by_every_character() -> None:
    with by_user([row(user=user) for user in ("é", "e\N{COMBINING ACUTE ACCENT}", "É", "E")]) as changes:
        assert len(list(changes.users())) == 4


def test_the_largest_users_are_those_with_the_most_changes_and_deletes() -> None:
    rows = [row("delete", user="u1"), *(row(leave_id=str(number), user="u2") for number in range(3))]
    found = overview(*rows, row("delete", user="u3"), row("delete", user="u3"))
    assert [user.id for user in found.most_changes] == ["u2", "u3", "u1"]
    assert [user.id for user in found.most_deletes] == ["u3", "u1"]
    assert found.user_count == 3


def test_the_longest_leave_to_delete_and_to_create_is_found() -> None:
    rows = [row(kind, f"{kind}-{day}", end=f"2026-05-{day}") for day in (11, 13, 12) for kind in ("delete", "create")]
    found = overview(
        *rows, row("create", "over", may_overwrite=True, end="9999-12-31"), row("forget", end="9999-12-31")
    )
    assert [change.id for _, change in found.longest_deletes] == ["delete-13", "delete-12", "delete-11"]
    assert [change.id for _, change in found.longest_creates] == ["over", "create-13", "create-12", "create-11"]
    assert [change.days for _, change in found.longest_deletes] == [3, 2, 1]


def test_an_update_moves_leave_as_far_as_its_first_or_its_last_day() -> None:
    found = overview(
        row("update", "other details"),
        row("update", "last", user="u7", previous_end="2026-05-22"),
        row("update", "first", previous_start="2026-05-04"),
        row("update", "both", previous_start="2026-04-11", previous_end="2026-05-11"),
    )
    assert [(user.id, change.id, change.moves) for user, change in found.furthest_moves] == [
        ("u1", "both", 30),
        ("u7", "last", 10),
        ("u1", "first", 7),
    ]


def test_of_equals_the_first_in_the_plan_are_the_largest() -> None:
    rows = [row("delete", f"L{number}", user=f"u{number:02}") for number in range(3 * MOST_LARGEST)]
    found = overview(*rows)
    assert [change.id for _, change in found.longest_deletes] == [f"L{number}" for number in range(MOST_LARGEST)]
    assert len(found.most_changes) == len(found.most_deletes) == MOST_LARGEST


def test_a_plan_without_changes_has_none() -> None:
    assert overview() == (0, 0, [], [], [], [], [])


def test_an_error_of_the_rows_is_raised() -> None:
    with pytest.raises(KeyError), by_user([row(), {"operation": "create"}]):
        pass
