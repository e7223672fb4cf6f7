"""What Airflow's metrics are told of a push."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import Stats

from cor_provider.outcome import Tally


def emit(tally: Tally, duration: timedelta, *, earlier: Tally) -> None:
    """
    Count leave requests as ``cor.leaves.<outcome>``, and time the push as ``cor.leaves.duration``.

    :param earlier: what the tally has from an earlier try, which has told it already.
    """
    for status, count in (tally.counts - earlier.counts).items():
        Stats.incr(f"cor.leaves.{status}", count)
    Stats.timing("cor.leaves.duration", duration)
