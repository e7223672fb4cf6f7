"""
The errors with which a push ends, and the lines that name its causes.

Airflow's log view does not wrap lines, so each thing has a line of its own, and the causes come first.
"""

from __future__ import annotations

from collections.abc import Iterator

from cor_provider.exceptions import CorError, CorLeavesRejectedError, CorPushIncompleteError, CorUsersRejectedError
from cor_provider.outcome import Status
from cor_provider.records.kinds import USERS
from cor_provider.results.summary import Summary

MOST_CAUSES = 10

INDENTED = "\n  "
"""What stands between a cause and what to do about it in an error, whose class takes a part of the first line."""


def cause_lines(summary: Summary, source: str | None, *statuses: Status, between: str = " ") -> Iterator[str]:
    """
    Yield a line for each cause, the largest first, and one for those left out.

    :param source: COR's ``metadata.source``; None if it is not known.
    :param statuses: the statuses of the outcomes.
    :param between: stands between a cause and what to do about it.
    """
    causes = summary.causes_of(*statuses)
    for cause in causes[:MOST_CAUSES]:
        sentences = cause.advice(source).replace(". ", f".{between}")
        yield f"{cause}:{between}{sentences}"
    if len(causes) > MOST_CAUSES:
        yield f"{len(causes) - MOST_CAUSES} more causes: see the report, or the XCom summary."


def incomplete_error(summary: Summary, *, source: str | None, counts: object) -> CorPushIncompleteError:
    """
    Return the error of a push that has left something to send.

    :param counts: the counts, in words.
    """
    lines = (
        *cause_lines(summary, source, "failed", between=INDENTED),
        f"Some {summary.kind.some} could not be sent: {counts}.",
        "Run the task again to send it: that is safe.",
    )
    return CorPushIncompleteError("\n".join(lines), retry_after=summary.retry_after)


def rejected_error(
    summary: Summary, *, source: str | None, problem: str, counts: object, file: object = None
) -> CorError:
    """
    Return the error of a push with more rejections than are tolerated.

    :param problem: what is wrong with the rejections, in words.
    :param counts: the counts, in words.
    :param file: where the rejected records are; None for nowhere.
    """
    lines = (
        *cause_lines(summary, source, "rejected", between=INDENTED),
        f"{problem}: {counts}.",
        *([f"Rejected records, to correct: {file}."] if file else []),
    )
    error = CorUsersRejectedError if summary.kind is USERS else CorLeavesRejectedError
    return error("\n".join(lines))
