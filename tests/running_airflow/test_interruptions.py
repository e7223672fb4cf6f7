"""A push that is interrupted: every leave request is accounted for, and another try sends the rest, each leave once."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package
import pytest

from cor_provider.sandbox import Sandbox

RECEIVED = 400


@dataclass
class Push:
    """A run of a DAG that pushes leave of its own."""

    run: Any
    leave_ids: list[str]
    reports: Path
    cor: Sandbox

    def held(self) -> list[str]:
        """Return the external ids of what COR holds of it."""
        own = set(self.leave_ids)
        return [leave.external_id for leave in self.cor.leaves if leave.external_id in own]

    def report(self, try_number: int = 1) -> dict[str, str]:
        """Return the reported status of every leave, each of which has one row."""
        rows = [json.loads(line) for line in (self.reports / f"{try_number}.jsonl").read_text().splitlines()]
        statuses = {row["id"]: row["status"] for row in rows}
        assert len(statuses) == len(rows)
        return statuses

    def created(self) -> list[str]:
        """Return what the first try reports as created."""
        return [leave_id for leave_id, status in self.report().items() if status == "created"]

    def counts(self) -> dict[str, int]:
        """Return the counts that the last try returned: those that are not 0."""
        return {status: count for status, count in self.run.xcom("push").items() if status != "report" and count}


StartPush = Callable[[str], Push]


@pytest.fixture
def start_push(running_airflow: Any, cor: Sandbox, tmp_path: Path) -> StartPush:
    def start(dag_id: str) -> Push:
        leave_ids = [f"{dag_id}-{tmp_path.name}-{number}" for number in range(RECEIVED)]
        fields = {"user_id": "user-zq7", "leave_type_id": "surgery-zq7", "start": "2026-05-11", "end": "2026-05-12"}
        path = tmp_path / "leave.jsonl"
        path.write_text("".join(json.dumps({"id": leave_id, **fields}) + "\n" for leave_id in leave_ids))
        run = running_airflow.start_run(dag_id, leave=str(path), reports=str(tmp_path))
        return Push(run, leave_ids, tmp_path, cor)

    return start


@pytest.fixture
def start_and_interrupt(
    start_push: StartPush, running_airflow: Any, cor: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, signal.Signals], Push]:
    """Return a function that starts a push, sends its process a signal in the middle, and waits until it has ended."""

    def start(dag_id: str, by: signal.Signals) -> Push:
        with monkeypatch.context() as patch:
            patch.setattr(cor._faults, "latency", 0.5)  # so slow that the push does not end before it is interrupted
            push = start_push(dag_id)
            running_airflow.wait_for(push.held)
            process = int((push.reports / "process").read_text())
            os.kill(process, by)
            running_airflow.wait_for(lambda: not psutil.pid_exists(process))
        return push

    return start


def assert_that_all_is_accounted_for(push: Push) -> None:
    report = push.report()
    counts = Counter(report.values())
    assert set(report) == set(push.leave_ids)
    assert set(counts) == {"created", "not_sent"}
    assert sorted(push.held()) == sorted(push.created())
    assert push.counts() == {"received": RECEIVED, **counts}


def test_a_terminated_task_accounts_for_every_leave(start_and_interrupt: Callable[..., Push]) -> None:
    push = start_and_interrupt("stopped_push", signal.SIGTERM)
    assert push.run.wait() == "failed"
    assert_that_all_is_accounted_for(push)


def test_a_task_that_takes_too_long_accounts_for_every_leave(start_and_interrupt: Callable[..., Push]) -> None:
    push = start_and_interrupt("timed_out_push", signal.SIGALRM)  # what an execution_timeout sends when it is over
    assert push.run.wait() == "failed"
    assert_that_all_is_accounted_for(push)


def test_another_try_after_a_termination_sends_the_rest(start_and_interrupt: Callable[..., Push]) -> None:
    push = start_and_interrupt("retried_push", signal.SIGTERM)
    assert push.run.wait() == "success"
    assert 0 < len(push.created()) < RECEIVED
    assert sorted(push.held()) == sorted(push.leave_ids)
    assert push.counts()["created"] == RECEIVED - len(push.created())
    assert push.counts()["received"] == RECEIVED


@pytest.mark.not_on_airflow("3.0")  # it does not retry a task that was killed
def test_another_try_after_a_sudden_death_sends_the_rest(start_and_interrupt: Callable[..., Push]) -> None:
    push = start_and_interrupt("retried_push", signal.SIGKILL)
    assert push.run.wait() == "success"
    assert 0 < push.counts()["created"] < RECEIVED
    assert sorted(push.held()) == sorted(push.leave_ids)
    assert set(push.report(try_number=2)) == set(push.leave_ids)
