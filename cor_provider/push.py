"""
The push: leave requests in, an outcome for each of them out.

It knows neither Airflow nor what COR's messages look like; both are the business of whoever sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cor_provider.exceptions import CorRecordError, CorTransientError
from cor_provider.leave import LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome

Leaves = Iterable["LeaveRequest | UnreadableLeave"]
Send = Callable[[LeaveRequest], LeaveOutcome]


def push(leaves: Leaves, send: Send) -> Iterator[LeaveOutcome]:
    """
    Send leave requests one after another and yield every outcome as it settles.

    A rejection never stops the others. A transport failure does: what follows would only wait for the same failure, and
    is ``not_sent``. So does a configuration error, which is raised once every leave request has its outcome.

    :param leaves: read as they are needed, never held.
    :param send: settles one leave request, or raises what kept it from being settled.
    """
    stopped_by: Exception | None = None
    for leave in leaves:
        if isinstance(leave, UnreadableLeave):
            yield LeaveOutcome.of_error(leave.leave_id, "rejected", leave.error)
        elif stopped_by:
            yield LeaveOutcome(leave.id, "not_sent")
        else:
            try:
                outcome = send(leave)
            except CorRecordError as error:
                outcome = LeaveOutcome.of_error(leave.id, "rejected", error, attempts=1)
            except Exception as error:  # noqa: BLE001  # raised again in the end
                outcome = LeaveOutcome.of_error(leave.id, "failed", error, attempts=1)
                stopped_by = error
            yield outcome
    if stopped_by and not isinstance(stopped_by, CorTransientError):
        raise stopped_by


def check(leaves: Leaves) -> Iterator[LeaveOutcome]:
    """Yield what can be told of leave requests without sending them: ``rejected`` or ``not_sent``."""
    for leave in leaves:
        if isinstance(leave, UnreadableLeave):
            yield LeaveOutcome.of_error(leave.leave_id, "rejected", leave.error)
        else:
            yield LeaveOutcome(leave.id, "not_sent")
