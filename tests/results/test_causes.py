"""The causes of outcomes, in words for people."""

from __future__ import annotations

import pytest

from cor_provider.exceptions import CorUserNotFoundError, CorValidationError
from cor_provider.outcome import LeaveOutcome
from cor_provider.results.causes import Cause, largest_first, place_in, without_place
from cor_provider.results.summary import Summary

UNKNOWN_USER = CorUserNotFoundError()


def cause(error: str = "ValidationError", message: str | None = "id: is missing", count: int = 1) -> Cause:
    return Cause("rejected", error, message, count, "L-7")


def test_a_cause_is_its_name_its_count_and_an_example() -> None:
    assert str(cause(UNKNOWN_USER.name, UNKNOWN_USER.message, 32)) == "UserNotFoundError 32, such as L-7"


def test_what_to_do_names_the_source() -> None:
    advice = cause(UNKNOWN_USER.name, UNKNOWN_USER.message).advice("GLOBANT")
    assert advice.startswith("create these users in COR under source GLOBANT")


@pytest.mark.parametrize(("unknown_id", "asks"), [("7", True), ("007", False), ("E-7", False), (None, False)])
def test_what_to_do_asks_for_lost_zeros_only_where_an_id_may_have_had_some(unknown_id: str | None, asks: bool) -> None:
    summary = Summary()
    for one in (unknown_id, "E-9"):
        summary.add(LeaveOutcome.from_error("L-7", "rejected", UNKNOWN_USER, unknown_id=one))
    (found,) = summary.causes.values()
    assert ("leading zeros" in found.advice("GLOBANT")) is asks


def test_a_source_that_is_not_known_is_the_same_as_that_of_the_users() -> None:
    assert "under the same source" in cause(UNKNOWN_USER.name, UNKNOWN_USER.message).advice(None)


def test_without_a_readable_id_there_is_no_example() -> None:
    assert str(Cause("rejected", "ValidationError", "id: is missing", 3)) == "ValidationError 3"


def test_a_message_of_its_own_says_more_than_the_advice_for_all() -> None:
    message = "COR has no user with this external id, and so no leave of that user."
    assert cause(UNKNOWN_USER.name, message).advice("GLOBANT") == message


def test_different_messages_point_to_the_report() -> None:
    assert cause(message=None).advice(None) == "the messages differ: see the report."


def test_an_error_that_cor_does_not_document_is_told_by_its_message() -> None:
    assert cause("SomethingElseError", "COR refused it.").advice(None) == "COR refused it."


def test_the_largest_comes_first() -> None:
    few, many, other = cause("BError", count=2), cause("AError", count=9), cause("AError", count=2)
    assert largest_first([few, many, other]) == [many, other, few]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Record 12: id: is missing", "id: is missing"),
        ("id: is missing (leave.csv, row 12)", "id: is missing"),
        ("line 12 is not JSON (leave.jsonl).", "is not JSON (leave.jsonl)."),
        ("start: is no date (such as 31.2.)", "start: is no date (such as 31.2.)"),
        (CorValidationError.default_message, CorValidationError.default_message),
        (None, None),
    ],
)
def test_equal_causes_at_different_places_have_equal_messages(message: str | None, expected: str | None) -> None:
    assert without_place(message) == expected


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("Record 12: id: is missing", "Record 12"),
        ("id: is missing (leave.csv, row 12)", "row 12"),
        ("line 12 is not JSON (leave.jsonl).", "line 12"),
        ("start: is no date (such as 31.2.)", None),
    ],
)
def test_the_place_is_found_where_the_message_names_one(message: str, place: str | None) -> None:
    assert place_in(message) == place
