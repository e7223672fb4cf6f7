"""A push in Airflow's metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cor_provider.exceptions import CorPushIncompleteError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator, UpdateLeaveOperator
from cor_provider.outcome import LeaveOutcome
from cor_provider.results.summary import Summary
from cor_provider.sandbox import Sandbox
from cor_provider.task import metrics
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


EveryOperator = pytest.mark.parametrize(
    ("operator_class", "counts"),
    [
        (CreateLeaveOperator, {"created": 1, "existing": 2, "rejected": 1}),
        (UpdateLeaveOperator, {"created": 1, "updated": 1, "unchanged": 1, "rejected": 1}),
        (DeleteLeaveOperator, {"deleted": 3, "rejected": 1}),
    ],
)
"""With the outcomes of four leave requests: one that COR has, twice, one that it does not have, and half a record."""


@EveryOperator
def test_outcomes_are_counted_by_their_names(
    operator_class: type[LeaveOperator], counts: dict[str, int], stats: Stats
) -> None:
    CorIntegrationsHook().create_leave(leave())
    leaves = [leave(), leave(), leave("L2"), {"id": "L3"}]
    operator_class(task_id="push", leave_requests=leaves, max_rejected=1).execute({})
    assert stats.counts == {f"cor.leaves.{status}": count for status, count in counts.items()}


@EveryOperator
def test_a_push_that_fails_is_counted_too(
    operator_class: type[LeaveOperator], counts: dict[str, int], stats: Stats, sandbox: Sandbox
) -> None:
    sandbox.answer_next(500)
    leaves = [leave(), leave("L2")]
    with pytest.raises(CorPushIncompleteError):
        operator_class(task_id="push", leave_requests=leaves, max_attempts=1, concurrency=1).execute({})
    assert stats.counts == {"cor.leaves.failed": 1, "cor.leaves.not_sent": 1}


@EveryOperator
def test_the_push_is_timed(
    operator_class: type[LeaveOperator], counts: dict[str, int], stats: Stats, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.answer_next(429, headers={"Retry-After": "7"})
    operator_class(task_id="push", leave_requests=leave()).execute({})
    assert waits[0] == 7
    assert stats.timings == {"cor.leaves.duration": timedelta(seconds=sum(waits))}


def test_what_an_earlier_try_did_is_not_counted_again(stats: Stats) -> None:
    earlier, both = Summary(), Summary()
    earlier.add(LeaveOutcome("L1", "created"))
    both.include(earlier)
    both.add(LeaveOutcome("L2", "created"))
    both.add(LeaveOutcome("L3", "rejected"))
    metrics.emit(both, timedelta(seconds=1), earlier=earlier)
    assert stats.counts == {"cor.leaves.created": 1, "cor.leaves.rejected": 1}


def test_an_audit_counts_what_it_finds(stats: Stats) -> None:
    metrics.emit_audit({"audited": 3, "confirmed": 2, "missing": 1, "changed": 0}, timedelta(seconds=2))
    assert stats.counts == {"cor.audit.audited": 3, "cor.audit.confirmed": 2, "cor.audit.missing": 1}
    assert stats.timings == {"cor.audit.duration": timedelta(seconds=2)}
