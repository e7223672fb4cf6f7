"""The summary of a push."""

from __future__ import annotations

import json

import pytest

from cor_provider.exceptions import CorLeaveTypeNotFoundError, CorUserNotFoundError, CorValidationError
from cor_provider.outcome import LeaveOutcome
from cor_provider.results import summary as module
from cor_provider.results.summary import Summary, largest_counts_first


def rejected(leave_id: str | None, error: Exception, unknown_id: str | None = None) -> LeaveOutcome:
    return LeaveOutcome.from_error(leave_id, "rejected", error, unknown_id=unknown_id)


OUTCOMES = [
    LeaveOutcome("L-1", "created"),
    rejected("L-2", CorUserNotFoundError(), "E-7"),
    rejected("L-3", CorUserNotFoundError(), "E-8"),
    rejected("L-4", CorUserNotFoundError(), "E-7"),
    rejected("L-5", CorLeaveTypeNotFoundError(), "burnout"),
    rejected(None, CorValidationError("Record 6: id: is missing")),
    rejected(None, CorValidationError("Record 7: id: is missing")),
]


def summary_of(outcomes: list[LeaveOutcome]) -> Summary:
    summary = Summary()
    for outcome in outcomes:
        summary.add(outcome)
    return summary


def test_outcomes_of_the_same_cause_are_one_whatever_their_place() -> None:
    causes = summary_of(OUTCOMES).causes_of("rejected")
    assert [(cause.error, cause.count, cause.example) for cause in causes] == [
        ("UserNotFoundError", 3, "L-2"),
        ("ValidationError", 2, None),
        ("LeaveTypeNotFoundError", 1, "L-5"),
    ]


def test_the_users_and_leave_types_that_cor_does_not_know_are_counted() -> None:
    summary = summary_of(OUTCOMES)
    assert (summary.users, summary.leave_types) == ({"E-7": 2, "E-8": 1}, {"burnout": 1})


def test_what_is_published_names_no_person_and_no_leave_type() -> None:
    published = json.dumps(summary_of(OUTCOMES).to_dict(source="GLOBANT"))
    assert "L-2" in published
    assert not [one for one in ("E-7", "E-8", "burnout") if one in published]


def test_neither_does_a_summary_that_is_printed() -> None:
    printed = repr(summary_of(OUTCOMES)) + str(summary_of(OUTCOMES)) + repr(OUTCOMES)
    assert not [one for one in ("E-7", "E-8", "burnout") if one in printed]


def test_what_is_published_has_the_counts_and_the_causes() -> None:
    assert summary_of(OUTCOMES[:1]).to_dict(source=None) == {"received": 1, "created": 1, "source": None, "causes": []}


def test_two_summaries_together_are_one_of_all_outcomes() -> None:
    both = summary_of(OUTCOMES[:3])
    both.include(summary_of(OUTCOMES[3:]))
    assert both == summary_of(OUTCOMES)


def test_further_causes_are_counted_by_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CAUSES", 2)
    messages = ("id: is missing", "start: is missing", "end: is missing", "end: is no date", "id: is missing")
    summary = summary_of([rejected("L-1", CorValidationError(message)) for message in messages])
    assert [(cause.message, cause.count) for cause in summary.causes.values()] == [
        ("id: is missing", 2),
        ("start: is missing", 1),
        (None, 2),
    ]


def test_a_wrong_column_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNKNOWN", 2)
    summary = summary_of([rejected("L-1", CorUserNotFoundError(), user) for user in ("A", "B", "C", "A")])
    assert summary.users == {"A": 2, "B": 1}


def test_the_causes_of_a_status_are_those_alone() -> None:
    summary = summary_of([*OUTCOMES, LeaveOutcome("L-8", "failed", error="ServerError", message="COR failed.")])
    assert [cause.example for cause in summary.causes_of("failed")] == ["L-8"]


def test_the_example_does_not_depend_on_the_order_of_the_outcomes() -> None:
    examples = {summary_of(order).causes_of("rejected")[0].example for order in (OUTCOMES, OUTCOMES[::-1])}
    assert examples == {"L-2"}


def test_counts_are_in_their_order_and_equal_ones_by_name() -> None:
    assert [*largest_counts_first({"b": 1, "a": 1, "c": 2})] == ["c", "a", "b"]
