"""What COR's answers say of each assumption."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cor_provider.prove.trial import Reply
from cor_provider.prove.verdicts import Verdict, verdicts
from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.error_styles import ERROR_STYLES
from cor_provider.sandbox.main_api import CHOICES
from prove_support import trial
from support import Connect

NEVER_TRIED = {"zc001", "deleted_by_hand", "user_of_update", "too_many"}
NAMELESS = {"null", "empty", "html"}
"""The error styles without a name."""
WITHOUT_404 = {style for style in ERROR_STYLES if style.startswith("ok-")} - {"ok-envelope"}
"""Those with no such status, in the body either."""


@pytest.fixture(autouse=True)
def _connected(connect: Connect) -> None:
    connect()


def judge(at: str = "", happens: Callable[[], object] = lambda: None) -> dict[str, Verdict]:
    tried = trial(at, happens)
    tried.run()
    return {one.assumption.key: one for one in verdicts(tried)}


def those(found: dict[str, Verdict], result: str) -> set[str]:
    return {key for key, one in found.items() if one.result == result} - NEVER_TRIED


@pytest.mark.parametrize("style", ERROR_STYLES)
def test_each_error_style_is_recognised(sandbox: Sandbox, style: str) -> None:
    sandbox.error_style = style
    found = judge()
    no_name = {"duplicate", "dates", "leave_type", "update_missing", "delete_missing", "named_404"}
    expected = no_name if style in NAMELESS else {"leave_type"} if style == "zc001" else set()
    assert those(found, "does not hold") == expected
    untried = {"refused"} if style in NAMELESS else {"named_404"} if style in WITHOUT_404 else set()
    assert those(found, "could not be tried") == untried


@pytest.mark.parametrize(
    "reading", [{name: value} for name, values in CHOICES.items() for value in values] + [{"dates": "local"}]
)
def test_each_reading_of_the_main_api_is_recognised(sandbox: Sandbox, reading: dict[str, str]) -> None:
    sandbox.main_api = reading
    found = judge()
    assert {found[key].result for key in ("main_api", "days")} == {"holds"}
    assert (found["update"].result, found["update"].found) == ("holds", "")


DELETED = {"statusCode": 200, "status": "success", "data": {"message": "deleted", "deletedId": "prove-1"}}
DONE = {"statusCode": 200, "status": "success", "data": {"id": 12345, "userId": 67891}}


@pytest.mark.parametrize(
    ("call", "answer", "broken"),
    [
        ("create again", (201, DONE), {"duplicate"}),
        ("create again", (409, {}), {"duplicate"}),
        ("end before start", (201, DONE), {"dates"}),
        ("unknown leave type", (400, {"error": "ValidationError"}), {"leave_type"}),
        ("update", (422, {"error": "ValidationError"}), {"update"}),
        ("update", (200, {**DONE, "data": {"id": 99, "userId": 67891}}), {"update"}),
        ("update", (200, {"status": "success"}), {"ids"}),
        ("update", (202, {"queued": True}), {"answers"}),
        ("update of an unknown id", (200, DONE), {"update_missing"}),
        ("list", (403, {}), {"main_api"}),
        ("delete", (202, {"queued": True}), {"answers"}),
        ("delete again", (200, DONE), {"delete_missing"}),
        ("delete again", (404, {}), {"delete_missing", "named_404"}),
        ("delete of the refused dates", (200, DONE), {"refused"}),
        ("delete of the refused update", (200, DONE), {"update_missing"}),
    ],
)
def test_an_answer_that_is_not_as_assumed_is_found(
    sandbox: Sandbox, call: str, answer: tuple[int, Any], broken: set[str]
) -> None:
    found = judge(call, lambda: sandbox.answer_next(*answer))
    assert those(found, "does not hold") == broken
    for one in map(found.__getitem__, broken):
        assert one.found
        meanings = {one.assumption.otherwise, one.assumption.accepted}
        assert one.meaning in {f"{one.found} {meaning}" for meaning in meanings if meaning}


@pytest.mark.parametrize(
    ("call", "answer", "key", "meaning"),
    [
        ("create again", (409, {}), "duplicate", "rejected, or stops the push"),
        ("create again", (201, DONE), "duplicate", "in COR twice"),
        ("unknown leave type", (404, {"code": "ZC001"}), "leave_type", "Reports do not list the leave types"),
        ("unknown leave type", (201, DONE), "leave_type", "in COR without its type"),
        ("update", (404, {"code": "ZC001"}), "update", "do not reach COR"),
        ("update", (200, {**DONE, "data": {"id": 99, "userId": 67891}}), "update", "a second leave"),
        ("update of an unknown id", (400, {}), "update_missing", "does not work as described"),
        ("update of an unknown id", (200, DONE), "update_missing", "counts as updated"),
        ("delete again", (400, {}), "delete_missing", "is rejected"),
        ("delete again", (200, DONE), "delete_missing", "Deleting again is safe"),
    ],
)
def test_what_cor_confirms_means_something_else_than_what_it_refuses_under_another_name(
    sandbox: Sandbox, call: str, answer: tuple[int, Any], key: str, meaning: str
) -> None:
    one = judge(call, lambda: sandbox.answer_next(*answer))[key]
    assert one.result == "does not hold"
    assert meaning in one.meaning


@pytest.mark.parametrize(
    ("call", "untried"),
    [
        ("create again", {"duplicate"}),
        ("update", {"answers", "ids", "update"}),
        ("list", {"main_api", "days"}),
        ("delete", {"answers", "delete_missing"}),
    ],
)
def test_a_failure_that_may_pass_says_nothing(sandbox: Sandbox, call: str, untried: set[str]) -> None:
    found = judge(call, lambda: sandbox.answer_next(503))
    assert those(found, "does not hold") == set()
    assert those(found, "could not be tried") == untried
    assert all(found[key].meaning.startswith("Not known: ") for key in untried)


@pytest.mark.parametrize(
    ("call", "untried"),
    [
        ("create again", {"duplicate"}),
        ("end before start", {"dates"}),
        ("update", {"ids", "update"}),
        ("update of an unknown id", {"update_missing"}),
        ("delete again", {"delete_missing"}),
        ("delete of the refused update", {"update_missing"}),
    ],
)
def test_an_answer_that_says_neither_yes_nor_no_says_nothing(sandbox: Sandbox, call: str, untried: set[str]) -> None:
    found = judge(call, lambda: sandbox.answer_next(202, {"queued": True}))
    assert those(found, "does not hold") - {"answers"} == set()
    assert untried <= those(found, "could not be tried")


def test_a_create_that_works_the_second_time_says_nothing_of_duplicates(sandbox: Sandbox) -> None:
    found = judge("create", lambda: sandbox.answer_next(202, {"queued": True}))
    assert those(found, "does not hold") == {"answers"}
    assert found["duplicate"].result == "could not be tried"


def test_a_second_delete_that_cor_confirms_says_nothing_if_the_leave_may_have_been_there_twice(
    sandbox: Sandbox,
) -> None:
    tried = trial("create again", lambda: sandbox.answer_next(503))
    tried.run()
    tried.replies["delete again"] = Reply(data={})
    assert {one.assumption.key: one.result for one in verdicts(tried)}["delete_missing"] == "could not be tried"


def test_an_update_without_ids_of_cor_may_have_made_another_leave(sandbox: Sandbox) -> None:
    found = judge("update", lambda: sandbox.answer_next(200, {"status": "success"}, commit=True))
    assert those(found, "does not hold") == {"ids"}
    assert found["update"].result == "could not be tried"


def test_a_cor_that_confirms_every_delete_does_not_say_what_it_had(sandbox: Sandbox) -> None:
    def confirm_all() -> None:
        for _ in range(4):
            sandbox.answer_next(200, DELETED)

    found = judge("delete again", confirm_all)
    assert those(found, "does not hold") == {"delete_missing"}
    assert those(found, "could not be tried") == {"refused", "update_missing"}


def test_whether_a_refused_update_left_something_is_not_known_without_the_answer_to_its_delete(
    sandbox: Sandbox,
) -> None:
    found = judge("delete of the refused update", lambda: sandbox.answer_next(503))
    assert those(found, "could not be tried") == {"update_missing"}


def test_a_list_without_the_leave_yet_says_nothing(sandbox: Sandbox) -> None:
    found = judge("list", lambda: sandbox.answer_next(200, []))
    assert those(found, "could not be tried") == {"main_api", "days"}
    assert "an hour" in found["main_api"].meaning


def test_a_leave_that_the_list_shows_as_deleted_says_nothing(sandbox: Sandbox) -> None:
    found = judge("list", lambda: sandbox.delete_by_hand(12345))
    assert those(found, "could not be tried") >= {"main_api", "days"}


def test_other_days_in_the_main_api_are_found(sandbox: Sandbox) -> None:
    found = judge("list", lambda: sandbox.move_by_hand(12345, "2016-05-11", "2016-05-12"))
    assert those(found, "does not hold") == {"days"}
    assert those(found, "could not be tried") == {"update"}


def test_an_update_that_the_list_does_not_show_yet_may_take_an_hour(sandbox: Sandbox) -> None:
    found = judge("update", lambda: sandbox.answer_next(200, DONE))
    assert found["days"].result == "holds"
    assert those(found, "could not be tried") == {"update"}
    assert "still shows the days before it. COR may need an hour" in found["update"].meaning


@pytest.mark.parametrize(
    "answer",
    [
        (200, []),
        (403, {}),
        (503, {}),
        (200, [{"id": 12345, "start": "soon", "end": "later"}]),
        (200, [{"id": 12345, "deleted_at": "2016-05-09 10:00:00"}]),
    ],
)
def test_where_the_list_cannot_show_an_update_the_answer_is_all_that_is_known(
    sandbox: Sandbox, answer: tuple[int, Any]
) -> None:
    update = judge("list", lambda: sandbox.answer_next(*answer))["update"]
    assert update.result == "holds"
    assert update.meaning.startswith(f"{update.assumption.gives} COR's answer is all that is known")


@pytest.mark.parametrize("body", [{"detail": "Not Found"}, [], b"", b"<html>Not Found</html>"])
def test_a_404_of_the_main_api_without_a_name_looks_like_a_wrong_address(sandbox: Sandbox, body: Any) -> None:
    found = judge("list", lambda: sandbox.answer_next(404, body))
    assert found["main_api"].found == "COR answered 404 without a name, which looks like a wrong Extra api_url."


@pytest.mark.parametrize(
    ("answer", "name"), [((404, {"error": "UserNotFoundError"}), "UserNotFoundError"), ((403, {}), "PermissionError")]
)
def test_any_other_refusal_of_the_main_api_is_named_as_in_reports(
    sandbox: Sandbox, answer: tuple[int, Any], name: str
) -> None:
    found = judge("list", lambda: sandbox.answer_next(*answer))
    assert found["main_api"].found == f"COR answered {answer[0]}, which reports call {name}."


def test_a_connection_without_an_address_of_the_main_api_says_what_is_missing(connect: Connect) -> None:
    connect(extra={"api_url": ""})
    found = judge()
    assert those(found, "could not be tried") == {"main_api", "days"}
    assert "set its Extra api_url" in found["main_api"].meaning
