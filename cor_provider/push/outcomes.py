"""The outcomes of a push, which sends only while somebody reads them."""

from __future__ import annotations

import logging
from collections.abc import Generator
from types import TracebackType
from typing import Any, get_args

from typing_extensions import Self

from cor_provider.exceptions import CorLeavesRejectedError, CorPushIncompleteError
from cor_provider.outcome import LeaveOutcome, Status, Tally

log = logging.getLogger(__name__)

REJECTIONS_IN_ERROR = 3
"""How many rejections an error lists."""


class Outcomes(Generator[LeaveOutcome, None, None]):
    """
    An iterator over the outcomes of a push; closing it stops sending. It is a context manager, too, which closes it.

    If it is dropped without having been read, nothing was sent. That is never what was meant, so it is logged.

    :param outcomes: the push.
    :param advice: what to do so that everything is sent.
    """

    def __init__(self, outcomes: Generator[LeaveOutcome], advice: str) -> None:
        self._outcomes = outcomes
        self._advice = advice
        self._is_used = False

    def send(self, value: None, /) -> LeaveOutcome:
        """Return the next outcome."""
        self._is_used = True
        return self._outcomes.send(value)

    def throw(self, *error: Any) -> LeaveOutcome:
        """Raise an error where the push waits for its next outcome to be read."""
        self._is_used = True
        return self._outcomes.throw(*error)

    def close(self) -> None:
        """Stop sending."""
        self._is_used = True
        self._outcomes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not self._is_used:
            log.warning("Nothing was sent: %s", self._advice)


def count_all(outcomes: Outcomes, *, max_rejected: int) -> dict[str, int]:
    """
    Read all outcomes and return their counts: how many were received, and how many have each status.

    :param max_rejected: how many rejections are tolerated, unless everything is rejected.
    :raises CorPushIncompleteError: if anything ``failed`` or was ``not_sent``.
    :raises CorLeavesRejectedError: if more was rejected than is tolerated.
    """
    tally = Tally()
    with outcomes:
        for outcome in outcomes:
            tally.add(outcome)
    if tally.counts["failed"] or tally.counts["not_sent"]:
        raise CorPushIncompleteError(
            f"{tally.first_failure or 'The push was stopped.'} Run the task again to send the rest: {tally}.",
            retry_after=tally.retry_after,
        )
    rejected = tally.counts["rejected"]
    if rejected and (rejected > max_rejected or rejected == tally.received):
        raise CorLeavesRejectedError(
            f"{_first_rejections(tally)}. More was rejected than max_rejected={max_rejected} tolerates: {tally}."
        )
    return {"received": tally.received, **{status: tally.counts[status] for status in get_args(Status)}}


def _first_rejections(tally: Tally) -> str:
    return "; ".join(
        f"{one['id'] or ''} {one['error']}: {one['message']}".strip(" .")
        for one in tally.rejected[:REJECTIONS_IN_ERROR]
    )
