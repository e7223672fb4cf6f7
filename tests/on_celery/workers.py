"""Celery workers, each with a home, a working folder and a folder for temporary files of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import psutil  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package
from celery import Celery

from local_airflow import SECONDS_TO_START, RunningAirflow, start

QUEUE = "default"
CONCURRENCY = 2


class Worker:
    """A worker that can be killed and started again. It takes tasks of the queue of all workers, and of its own."""

    def __init__(self, running: RunningAirflow, name: str, environment: Mapping[str, str]) -> None:
        self._running = running
        self._name = name
        self._home = running.home / f"worker-{name}"
        (self._home / "tmp").mkdir(parents=True)
        self._environment = {**environment, "AIRFLOW_HOME": str(self._home), "TMPDIR": str(self._home / "tmp")}
        self._control = Celery(broker=environment["AIRFLOW__CELERY__BROKER_URL"]).control
        self._life = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it takes tasks a few seconds later."""
        options = ["--celery-hostname", self._name, "--queues", f"{QUEUE},{self._name}"]
        options += ["--concurrency", str(CONCURRENCY), "--skip-serve-logs"]
        life = start(
            self._running,
            f"worker-{self._name}",
            *("celery", "worker", *options),
            environment=self._environment,
            folder=self._home,
        )
        self._process = self._life.enter_context(life)

    def wait(self) -> None:
        """Wait until it takes tasks."""
        log = self._running.home / "output" / f"worker-{self._name}.log"
        self._running.wait_for(lambda: f"{self._name} ready" in log.read_text(), SECONDS_TO_START)

    def kill(self) -> None:
        """Kill it and all its children at once, as when its machine loses power."""
        self._life.close()
        self._process = None

    def revive(self) -> None:
        """Start it again if it was killed."""
        if not self._process:
            self.start()
            self.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the clock of it and its children while the block runs, as when its machine is suspended."""
        processes = self._processes()
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    @contextmanager
    def drained(self) -> Iterator[None]:
        """Let it take no more tasks of the queue of all workers while the block runs."""
        options = {"destination": [f"celery@{self._name}"], "reply": True}
        assert self._control.cancel_consumer(QUEUE, **options)
        try:
            yield
        finally:
            assert self._control.add_consumer(QUEUE, **options)

    def runs(self, process: int) -> bool:
        """Return whether a process is one of its own."""
        return process in {one.pid for one in self._processes()}

    def _processes(self) -> list[psutil.Process]:
        if not self._process:
            return []
        process = psutil.Process(self._process.pid)
        return [process, *process.children(recursive=True)]


@contextmanager
def run_workers(running: RunningAirflow, environment: Mapping[str, str], *names: str) -> Iterator[list[Worker]]:
    """Start workers, and end them with the block."""
    workers = [Worker(running, name, environment) for name in names]
    with ExitStack() as lives:
        for worker in workers:
            lives.callback(worker.kill)
            worker.start()
        for worker in workers:
            worker.wait()
        yield workers
