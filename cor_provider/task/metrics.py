"""A push in Airflow's metrics."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import Stats

from cor_provider.results.summary import Summary


def emit(summary: Summary, duration: timedelta, *, earlier: Summary) -> None:
    """
    Count leave requests as ``cor.leaves.<outcome>``, and time the push as ``cor.leaves.duration``.

    :param earlier: the part of the summary that an earlier try has emitted.
    """
    for status, count in (summary.counts - earlier.counts).items():
        Stats.incr(f"cor.leaves.{status}", count)
    Stats.timing("cor.leaves.duration", duration)
