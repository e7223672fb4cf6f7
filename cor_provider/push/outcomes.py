"""The outcomes of a push, which sends only while somebody reads them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, TypeVar, get_args

from typing_extensions import Self

from cor_provider.outcome import LeaveOutcome, Outcome, Status
from cor_provider.results.errors import incomplete_error, rejected_error
from cor_provider.results.rejections import RejectionLimits
from cor_provider.results.summary import Summary

OutcomeT = TypeVar("OutcomeT", bound=Outcome)

log = logging.getLogger(__name__)


class Outcomes(Generator[OutcomeT, None, None]):
    """
    An iterator over the outcomes of a push; closing it stops sending. It is a context manager, too, which closes it.

    If it is dropped without having been read, nothing was sent. That is never what was meant, so it is logged.

    :param outcomes: the push.
    :param advice: what to do so that everything is sent.
    """

    def __init__(self, outcomes: Generator[OutcomeT], advice: str) -> None:
        self._outcomes = outcomes
        self._advice = advice
        self._is_used = False

    def send(self, value: None, /) -> OutcomeT:
        """Return the next outcome."""
        self._is_used = True
        return self._outcomes.send(value)

    def throw(self, *error: Any) -> OutcomeT:
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


def count_all(outcomes: Outcomes[LeaveOutcome], *, max_rejected: int, find_source: Callable[[], str]) -> dict[str, int]:
    """
    Read all outcomes and return their counts: how many were received, and how many have each status.

    :param max_rejected: how many rejections are tolerated, unless everything is rejected.
    :param find_source: returns COR's ``metadata.source``, for the advice in an error.
    :raises CorPushIncompleteError: if anything ``failed`` or was ``not_sent``.
    :raises CorLeavesRejectedError: if more was rejected than is tolerated.
    """
    summary = Summary()
    with outcomes:
        for outcome in outcomes:
            summary.add(outcome)
    if summary.counts["failed"] or summary.counts["not_sent"]:
        raise incomplete_error(summary, source=_source(summary, find_source), counts=summary)
    if problem := RejectionLimits(max_rejected).problem(summary, summary):
        raise rejected_error(summary, source=_source(summary, find_source), problem=problem, counts=summary)
    return {"received": summary.received, **{status: summary.counts[status] for status in get_args(Status)}}


def _source(summary: Summary, find_source: Callable[[], str]) -> str | None:
    """Return the source; None if no advice needs it, since then it may be what is missing."""
    return find_source() if summary.causes else None
