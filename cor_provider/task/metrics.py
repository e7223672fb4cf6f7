"""Pushes and audits in Airflow's metrics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from cor_provider._compat import Stats
from cor_provider.results.summary import Summary


def emit(summary: Summary, duration: timedelta, *, earlier: Summary) -> None:
    """
    Count leave requests as ``cor.leaves.<outcome>``, and time the push as ``cor.leaves.duration``; users likewise.

    :param earlier: the part of the summary that an earlier try has emitted.
    """
    for status, count in (summary.counts - earlier.counts).items():
        Stats.incr(f"{summary.kind.metric}.{status}", count)
    Stats.timing(f"{summary.kind.metric}.duration", duration)


def emit_audit(counts: Mapping[str, int], duration: timedelta) -> None:
    """Count leave as ``cor.audit.<finding>``, and time the audit as ``cor.audit.duration``."""
    for finding, count in counts.items():
        if count:
            Stats.incr(f"cor.audit.{finding}", count)
    Stats.timing("cor.audit.duration", duration)
