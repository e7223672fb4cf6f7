"""
How a task ends: the last lines of its log, and the error that it raises.

Airflow's log view does not wrap lines, and it scrolls to the end. So each thing has a line of its own, causes come
first, and an error repeats what its reader must know.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from cor_provider.exceptions import CorError
from cor_provider.push.traffic import Traffic
from cor_provider.results.errors import cause_lines, incomplete_error, rejected_error
from cor_provider.results.rejections import RejectionLimits
from cor_provider.results.summary import Summary
from cor_provider.task.published_files import log_files
from cor_provider.task.recorder import OutcomeRecorder

MOST_LEAVE_TYPES = 20
"""How many unknown leave types the log names; a report has them all."""


def log_ending(
    log: Any, recorder: OutcomeRecorder, *, source: str | None, traffic: Traffic, files: Mapping[str, str]
) -> None:
    """
    Log the causes, the counts, the pace if there is something to say of it, and where the files are.

    :param log: the task's logger.
    :param source: COR's ``metadata.source``; None if it is not known.
    :param traffic: how COR took the requests.
    :param files: the files that the task has written, by their kind.
    """
    total = recorder.total
    for line in (*cause_lines(total, source, "failed", "rejected"), *_leave_types(total)):
        log.warning("%s", line.replace("\n", " "))
    if total.received:
        count = log.warning if total.counts["rejected"] else log.info
        count("%s: %s.", total.kind.many.capitalize(), recorder)
    if pace := str(traffic):
        log.log(logging.WARNING if traffic.seconds_alone else logging.INFO, "Pace: %s", pace)
    log_files(log, files)


def log_check(log: Any, summary: Summary) -> None:
    """Log the counts of a push that only checks."""
    fine, rejected = summary.received - summary.counts["rejected"], summary.counts["rejected"]
    log.log(
        logging.WARNING if rejected else logging.INFO, "%s fine, %s would be rejected; nothing was sent", fine, rejected
    )


def error_at_the_end(
    recorder: OutcomeRecorder,
    limits: RejectionLimits,
    *,
    source: str | None,
    rejected_path: object,
    may_be_unsent: bool,
) -> CorError | None:
    """
    Return the error with which the task fails, or None if it succeeds.

    :param limits: how many rejections it tolerates.
    :param source: COR's ``metadata.source``; None if it is not known.
    :param rejected_path: where the rejected records are; None for nowhere.
    :param may_be_unsent: whether the task was not to send anything.
    """
    total = recorder.total
    if total.counts["failed"] or (total.counts["not_sent"] and not may_be_unsent):
        return incomplete_error(total, source=source, counts=recorder)
    if problem := limits.problem(recorder.summary, total):
        return rejected_error(total, source=source, problem=problem, counts=recorder, file=rejected_path)
    return None


def _leave_types(summary: Summary) -> Iterator[str]:
    """Name the leave types that COR does not know. A leave type without a person is no personal data."""
    types = summary.leave_types
    if len(types) > MOST_LEAVE_TYPES:  # a wrong column may hold names, or reasons for an absence
        yield f"COR does not know {len(types)} leave types, too many to list here. Is leave_type_id the right column?"
    elif types:
        named = ", ".join(f"{name} {count}" for name, count in types.most_common())
        yield f"Leave types that COR does not know: {named}"
