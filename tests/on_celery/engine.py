"""An Airflow with Celery workers, and what runs on it leave behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package

from local_airflow import Run, RunningAirflow, start
from on_celery.servers import LEAVE_TYPE, USER, Bucket, Cor
from on_celery.workers import Worker

FIELDS = {"user_id": USER, "leave_type_id": LEAVE_TYPE, "start": "2026-05-11", "end": "2026-05-12"}
POOL_SLOTS = 2
IN_THE_MIDDLE = 20
"""So many leaves of a run are in COR when something happens to it."""


@dataclass
class Task:
    """A task that runs: its process, and the worker that it runs on."""

    process: psutil.Process
    worker: Worker

    def kill(self) -> None:
        """Kill it and the process of Airflow that watches over it, so that nobody reports its end."""
        for process in (self.process.parent(), self.process):
            process.kill()


@dataclass
class Engine:
    """The engine, for a test that has a folder of its own in the bucket."""

    airflow: RunningAirflow
    workers: list[Worker]
    bucket: Bucket
    cor: Cor
    folder: str

    def leave_ids(self, batch: str, numbers: range) -> list[str]:
        return [f"{self.folder}-{batch}-{number}" for number in numbers]

    def write(self, file: str, leave_ids: list[str]) -> None:
        """Write a file of leave."""
        self.bucket.write(f"{self.folder}/{file}.jsonl", [{"id": leave_id, **FIELDS} for leave_id in leave_ids])

    def start_batches(self, *, batches: int, size: int) -> Push:
        """Push leave as mapped batches."""
        leave_ids = {str(batch): self.leave_ids(str(batch), range(size)) for batch in range(batches)}
        for file, ids in leave_ids.items():
            self.write(file, ids)
        return Push(self, self.airflow.start_run("batches", folder=self.folder, batches=str(batches)), leave_ids)

    def start_sync(self, dag_id: str, file: str, leave_ids: list[str]) -> Run:
        """Sync leave. All syncs of a test share a ledger."""
        self.write(file, leave_ids)
        return self.airflow.start_run(dag_id, folder=self.folder, file=file)

    def interrupted(self, run: Run, task_id: str) -> Task:
        """Wait until a task is in the middle of sending, and return it."""
        self.airflow.wait_for(lambda: len(self.held()) >= IN_THE_MIDDLE)
        pid = next(one["pid"] for one in run.tasks() if one["task_id"] == task_id and one["state"] == "running")
        return Task(psutil.Process(pid), next(worker for worker in self.workers if worker.runs(pid)))

    def held(self) -> list[str]:
        """Return what COR holds of this test's leave."""
        return sorted(self.cor.held(f"{self.folder}-"))

    def report(self, file: str) -> dict[str, str]:
        """Return the reported status of every leave, each of which has one row."""
        rows = self.bucket.read(f"{self.folder}/report-{file}.jsonl")
        statuses = {row["id"]: row["status"] for row in rows}
        assert len(statuses) == len(rows)
        return statuses

    def ledger(self) -> dict[str, str]:
        """Return what the ledger says of every leave that it has."""
        rows = self.bucket.read(f"{self.folder}/ledger/GLOBANT.jsonl")
        return {row["id"]: row["in_cor"] for row in rows if "in_cor" in row}

    def let_the_lease_expire(self) -> None:
        """Let all the time pass for which the lease of a killed sync is respected."""
        self.bucket.age(f"{self.folder}/ledger", 3600)


@dataclass
class Push:
    """A run of mapped batches, and the leave of each."""

    engine: Engine
    run: Run
    leave_ids: dict[str, list[str]] = field(default_factory=dict)

    @property
    def all_ids(self) -> list[str]:
        return sorted(leave_id for batch in self.leave_ids.values() for leave_id in batch)

    def statuses(self) -> list[str]:
        """Return the statuses in the reports, which must be whole."""
        reports = {batch: self.engine.report(batch) for batch in self.leave_ids}
        assert {batch: sorted(report) for batch, report in reports.items()} == {
            batch: sorted(ids) for batch, ids in self.leave_ids.items()
        }
        return [status for report in reports.values() for status in report.values()]

    def tasks(self) -> list[dict[str, Any]]:
        """Return the task instances of the batches."""
        return [task for task in self.run.tasks() if task["task_id"] == "push"]


class Supervisor:
    """Starts the components of an Airflow again that have ended, as systemd and Kubernetes do."""

    def __init__(self, running: RunningAirflow, environment: Mapping[str, str], lives: ExitStack) -> None:
        self._running = running
        self._environment = dict(environment)
        self._lives = lives

    def look(self) -> None:
        for command, process in self._running.components.items():
            if process.poll() is not None:
                name = f"{command[0]}-after-{process.pid}"
                again = start(self._running, name, *command, environment=self._environment)
                self._running.components[command] = self._lives.enter_context(again)


@contextmanager
def supervision(running: RunningAirflow, environment: Mapping[str, str]) -> Iterator[Supervisor]:
    with ExitStack() as lives:
        yield Supervisor(running, environment, lives)
