"""What Airflow's metrics are told of a push."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cor_provider import metrics
from cor_provider.exceptions import CorPushIncompleteError
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.outcome import LeaveOutcome, Tally
from cor_provider.sandbox import Sandbox
from support import Connect, leave


class Stats:
    """Keeps what Airflow's `Stats` would send."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.timings: dict[str, Any] = {}

    def incr(self, name: str, count: int) -> None:
        self.counts[name] = count

    def timing(self, name: str, duration: Any) -> None:
        self.timings[name] = duration


@pytest.fixture
def stats(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> Stats:
    connect()
    stats = Stats()
    monkeypatch.setattr(metrics, "Stats", stats)
    return stats


def test_outcomes_are_counted_by_their_names(stats: Stats) -> None:
    leaves = [leave(), leave(), leave("L2"), leave("L3", user_id="nobody")]
    CreateLeaveOperator(task_id="push", leave_requests=leaves, max_rejected=1).execute({})
    assert stats.counts == {"cor.leaves.created": 2, "cor.leaves.existing": 1, "cor.leaves.rejected": 1}


def test_a_push_that_fails_is_counted_too(stats: Stats, sandbox: Sandbox) -> None:
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        CreateLeaveOperator(
            task_id="push", leave_requests=[leave(), leave("L2")], max_attempts=1, concurrency=1
        ).execute({})
    assert stats.counts == {"cor.leaves.failed": 1, "cor.leaves.not_sent": 1}


def test_the_push_is_timed(stats: Stats, sandbox: Sandbox) -> None:
    sandbox.answer_next(429, headers={"Retry-After": "7"})
    CreateLeaveOperator(task_id="push", leave_requests=leave()).execute({})
    assert stats.timings == {"cor.leaves.duration": timedelta(seconds=7)}


def test_what_an_earlier_try_settled_is_not_counted_again(stats: Stats) -> None:
    earlier, both = Tally(), Tally()
    earlier.add(LeaveOutcome("L1", "created"))
    both.include(earlier)
    both.add(LeaveOutcome("L2", "created"))
    both.add(LeaveOutcome("L3", "rejected"))
    metrics.emit(both, timedelta(seconds=1), earlier=earlier)
    assert stats.counts == {"cor.leaves.created": 1, "cor.leaves.rejected": 1}
