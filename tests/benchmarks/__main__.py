"""``make bench``: what the provider can do, and what it is compared with, in one table."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from benchmarks import alternatives, bookkeeping, concurrency, memory, rate_limit, reading, shares, simulation, sync
from benchmarks.bench import Bench
from benchmarks.table import Row, to_markdown

SECTIONS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "concurrency": concurrency.measure,
    "alternatives": alternatives.measure,
    "memory": memory.measure,
    "bookkeeping": bookkeeping.measure,
    "reading": reading.measure,
    "rate-limit": rate_limit.measure,
    "shares": shares.measure,
    "simulation": simulation.measure,
    "sync": sync.measure,
}


def main(arguments: Sequence[str]) -> None:
    """Print the table; exit with an error if a target is missed in a run that is not quick."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure, and print one table.")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="run this section; may be given again")
    parser.add_argument("--quick", action="store_true", help="push next to nothing, to see that it works")
    options = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for section in options.only or SECTIONS:
            for row in SECTIONS[section](Bench(Path(folder), quick=options.quick)):
                say(f"{section}: {row.what}: {row.figures}")
                rows.append(row)
    sys.stdout.write(f"\n{heading(arguments)}\n\n{to_markdown(rows)}\n")
    missed = [row for row in rows if row.target and not row.target.met]
    if missed and not options.quick:
        sys.exit("\n".join(["", "Missed:", *(f"- {row.what}: {row.ratio}, {row.figures}" for row in missed)]))


def heading(arguments: Sequence[str]) -> str:
    """Return what somebody has to know to read the table, and to make it again."""
    command = f"make bench BENCH_ARGS={shlex.quote(shlex.join(arguments))}" if arguments else "make bench"
    versions = ", ".join(
        [
            f"airflow-provider-cor {version('airflow-provider-cor')}",
            f"Airflow {version('apache-airflow')}",
            f"Python {platform.python_version()}",
            f"{os.cpu_count()} CPUs",
        ]
    )
    return f"`{command}` on {datetime.now(timezone.utc).date()}: {versions}. Client and server share the machine."


def say(text: str) -> None:
    """Tell how it is getting on."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
