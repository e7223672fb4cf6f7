"""What is pushed to, in a process of its own: a lean server, or the sandbox."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench

LEAVES = "/v2/integrations/leaves"


@dataclass(frozen=True)
class Server:
    """
    A server that runs.

    :param connection: the Airflow Connection to it, as JSON.
    :param log: where it writes a line for each request, if it was told to.
    """

    connection: str
    log: Path

    @property
    def url(self) -> str:
        return str(json.loads(self.connection)["host"])

    @property
    def token(self) -> str:
        return str(json.loads(self.connection)["password"])

    def count_answers(self) -> Counter[str]:
        """Return how often each status was answered."""
        return Counter(re.findall(rf"POST {LEAVES}: (\d+)", self.log.read_text()))


def serve(bench: Bench, latency_ms: float) -> AbstractContextManager[Server]:
    """Run the lean server."""
    return _run(bench, "benchmarks.lean_server", str(latency_ms))


def serve_sandbox(bench: Bench, *options: str) -> AbstractContextManager[Server]:
    """
    Run the sandbox.

    :param options: those of ``python -m cor_provider.sandbox``.
    """
    return _run(bench, "cor_provider.sandbox", "--port", "0", *options)


@contextmanager
def _run(bench: Bench, module: str, *arguments: str) -> Iterator[Server]:
    log = bench.new_path("server.log")
    command = [sys.executable, "-m", module, *arguments]
    with (
        log.open("w") as errors,
        subprocess.Popen(command, env=bench.environment(), stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            _says, _export, assignment = process.stdout.readline().partition("export ")
            if not assignment:
                sys.exit(f"{log.read_text()}\nThe server did not start.")
            yield Server(shlex.split(assignment)[0].partition("=")[2], log)
        finally:
            process.kill()
