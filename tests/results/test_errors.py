"""The errors with which a push ends."""

from __future__ import annotations

from cor_provider.exceptions import CorRateLimitError, CorUserNotFoundError, CorValidationError
from cor_provider.outcome import LeaveOutcome
from cor_provider.results.errors import cause_lines, incomplete_error, rejected_error
from cor_provider.results.summary import Summary


def summary_of(*outcomes: LeaveOutcome) -> Summary:
    summary = Summary()
    for outcome in outcomes:
        summary.add(outcome)
    return summary


REJECTED = summary_of(
    LeaveOutcome("L-1", "created"), LeaveOutcome.from_error("L-7", "rejected", CorUserNotFoundError())
)


def test_a_cause_and_what_to_do_about_it_are_two_lines_of_an_error() -> None:
    error = rejected_error(REJECTED, source="GLOBANT", problem="Too many", counts="2 received")
    assert str(error).splitlines() == [
        "UserNotFoundError 1, such as L-7:",
        "  create these users in COR under source GLOBANT",
        "Too many: 2 received.",
    ]


def test_they_are_one_line_of_a_log() -> None:
    (line,) = cause_lines(REJECTED, None, "rejected")
    assert line.startswith("UserNotFoundError 1, such as L-7: create these users in COR under the same source")


def test_the_file_to_correct_comes_last() -> None:
    error = rejected_error(REJECTED, source=None, problem="Too many", counts="2 received", file="/r.csv")
    assert str(error).splitlines()[-1] == "Rejected records, to correct: /r.csv."


def test_an_incomplete_push_comes_back_when_cor_asked_it_to() -> None:
    summary = summary_of(LeaveOutcome.from_error("L-1", "failed", CorRateLimitError(retry_after=90)))
    assert incomplete_error(summary, source=None, counts=summary).retry_after == 90


def test_causes_that_nobody_would_read_are_counted() -> None:
    errors = [CorValidationError(f"field{number}: is missing") for number in range(12)]
    summary = summary_of(*(LeaveOutcome.from_error("L-1", "rejected", error) for error in errors))
    assert [*cause_lines(summary, None, "rejected")][-1] == "2 more causes: see the report, or the XCom summary."
