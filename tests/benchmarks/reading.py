"""How fast each file format is read, what that takes of the CPU, and whether memory grows with the file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from benchmarks.bench import Bench
from benchmarks.table import Row, Target

MOST_PEAK_MEMORY = 1.3  # at the larger amount, as a multiple of that at the smaller

FEW, MANY = 1_000, 1_000_000
COLUMNS = ("id", "user_id", "leave_type_id", "start", "end", "note")

CONNECTION = json.dumps(
    {"conn_type": "cor", "password": "never-sent", "host": "http://127.0.0.1", "extra": {"source": "SAP"}}
)


def measure(bench: Bench) -> Iterator[Row]:
    for suffix, write in WRITERS.items():
        few, many = (_read(bench, suffix, write, bench.size(full, quick=full // 1_000)) for full in (FEW, MANY))
        growth = many["peak_memory"] / few["peak_memory"]
        amount = int(many["valid"])
        yield Row(
            f"{growth:.2f} times the memory of {few['valid']:,.0f}",
            f"reading a `{suffix}` file with `validate_only`",
            amount,
            f"{amount / many['seconds']:,.0f} records/s, {many['cpu_seconds'] / amount * 1e6:.0f} µs of CPU time each, "
            f"{many['peak_memory'] / 2**20:.0f} MiB at most",
            Target.at_most(MOST_PEAK_MEMORY, growth),
        )


def _read(bench: Bench, suffix: str, write: Callable[[Path, int], None], amount: int) -> dict[str, float]:
    path = bench.new_path(f"leaves{suffix}")
    write(path, amount)
    result: dict[str, float] = bench.run("reading_process", {"connection": CONNECTION, "leaves": str(path)})
    path.unlink()
    if result["valid"] != amount:
        sys.exit(f"Not every record of a {suffix} file was read.")
    return result


def _rows(amount: int) -> Iterator[tuple[str, ...]]:
    for number in range(amount):
        yield f"L-{number:07}", f"E-{number % 5_000}", "vacation", "2026-05-11", "2026-05-15", "not read"


def _write_csv(path: Path, amount: int) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *_rows(amount)])


def _write_json_lines(path: Path, amount: int) -> None:
    with path.open("w") as file:
        file.writelines(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in _rows(amount))


def _write_parquet(path: Path, amount: int) -> None:
    columns = zip(*_rows(amount), strict=True)
    table = pa.table(dict(zip(COLUMNS, map(list, columns), strict=True)))
    pyarrow.parquet.write_table(table, path, row_group_size=100_000)


WRITERS = {".csv": _write_csv, ".jsonl": _write_json_lines, ".parquet": _write_parquet}
