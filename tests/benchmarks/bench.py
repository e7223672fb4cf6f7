"""What every section of the benchmark works with: a folder, how much to do, and processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]

FOREIGN = ("AIRFLOW", "_AIRFLOW", "PYTHONDONTWRITEBYTECODE")
"""How the environment's names begin that would change what is measured."""

_numbers = count(1)


@dataclass(frozen=True)
class Bench:
    """
    One run of the benchmark.

    :param folder: for all that it writes.
    :param quick: do only enough to see that it works.
    """

    folder: Path
    quick: bool = False

    def size(self, full: int, *, quick: int) -> int:
        """Return how many leaves to push."""
        return quick if self.quick else full

    def new_path(self, name: str) -> Path:
        """Return the path of a file that does not exist yet."""
        return self.folder / f"{next(_numbers)}-{name}"

    def write_leaves(self, amount: int) -> Path:
        """Write a ``.jsonl`` file of leave requests with new ids, which a sandbox without a seed accepts."""
        path = self.new_path("leaves.jsonl")
        with path.open("w", encoding="utf-8") as file:
            for number in range(amount):
                leave = {
                    "id": f"{path.stem}-{number:06}",
                    "user_id": "external-user-id-3",
                    "leave_type_id": "external-type-3",
                    "start": "2026-05-11",
                    "end": "2026-05-15",
                }
                file.write(json.dumps(leave) + "\n")
        return path

    def run(self, module: str, task: Any) -> Any:
        """Hand a task to a module that runs in a process of its own, and return what comes back."""
        task_path, result_path = self.new_path("task.json"), self.new_path("result.json")
        task_path.write_text(json.dumps(task))
        command = [sys.executable, "-m", f"benchmarks.{module}", str(task_path), str(result_path)]
        with subprocess.Popen(
            command,
            env=self.environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            try:
                output, _ = process.communicate()
            finally:
                process.wait()  # interrupted, it ends what it has started itself
        if process.returncode:
            sys.exit(f"{output}\n{module} failed.")
        return json.loads(result_path.read_text())

    def environment(self) -> dict[str, str]:
        """Return an environment in which nothing of the machine's own Airflow is left, nor a proxy on the way."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)},
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")])),
        }
