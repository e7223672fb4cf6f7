"""The record of what ran where."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

import run_record
from run_record import PAGE, REPOSITORY, TABLE, clean_runs, read_runs, table

HEAD_LINES = 2
AIRFLOWS = [path.stem.removeprefix("airflow-") for path in sorted((REPOSITORY / "constraints").glob("airflow-*.txt"))]
CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)")


def run(**fields: Any) -> dict[str, Any]:
    counts = {"passed": 9, "failed": 0, "skipped": 0, "minutes": 1.5}
    return {"airflow": "3.3.2", "python": "3.11.7", "what": "every test", "date": "2026-11-27", **counts, **fields}


def rows(*runs: dict[str, Any]) -> list[str]:
    return table(runs).splitlines()[HEAD_LINES:]


@pytest.mark.checks_records
def test_the_table_in_the_docs_is_that_of_the_runs() -> None:
    (found,) = TABLE.findall(PAGE.read_text(encoding="utf-8"))
    assert found == table(read_runs()), "run  make runs-table"


@pytest.mark.checks_records
def test_each_claimed_python_has_a_clean_run_on_the_newest_airflow() -> None:
    of_python = (CLASSIFIER.fullmatch(text) for text in metadata("airflow-provider-cor").get_all("Classifier", []))
    claimed = {found[1] for found in of_python if found}
    newest = max(AIRFLOWS, key=Version)
    assert claimed <= {python for airflow, python in clean_runs(read_runs()) if airflow == newest}
    assert claimed


@pytest.mark.checks_records
def test_each_airflow_has_a_clean_run() -> None:
    assert {*AIRFLOWS} <= {airflow for airflow, _ in clean_runs(read_runs())}


def test_a_run_that_failed_or_was_of_a_part_is_no_clean_one() -> None:
    runs = [run(), run(airflow="3.2.1", failed=1), run(airflow="3.1.8", what="the quick part")]
    assert clean_runs([*runs, run(airflow="3.0.6"), run(airflow="3.0.6", skipped=1)]) == {("3.3", "3.11")}


def test_a_run_has_a_row() -> None:
    assert rows(run()) == ["| 3.3.2 | 3.11.7 | every test | 9 | 0 | 0 | 1.5 | 2026-11-27 |"]


def test_a_later_run_of_the_same_kind_takes_the_place_of_an_earlier_one() -> None:
    assert rows(run(failed=1), run(airflow="3.3.3", python="3.11.9")) == rows(run(airflow="3.3.3", python="3.11.9"))


def test_a_part_does_not_take_the_place_of_the_whole() -> None:
    assert len(rows(run(), run(what="tests/push"))) == 2


def test_the_newest_airflow_and_python_come_first() -> None:
    kinds = [("3.3.2", "3.9.1"), ("2.11.2", "3.10.1"), ("3.10.0", "3.9.1"), ("3.3.2", "3.14.0")]
    found = rows(*(run(airflow=airflow, python=python) for airflow, python in kinds))
    assert [tuple(row.split(" | ")[:2]) for row in found] == [
        ("| 3.10.0", "3.9.1"),
        ("| 3.3.2", "3.14.0"),
        ("| 3.3.2", "3.9.1"),
        ("| 2.11.2", "3.10.1"),
    ]


def recorded(folder: Path, *options: str) -> dict[str, Any]:
    """Return what is recorded of a run of a good and a bad test."""
    (folder / "test_two.py").write_text("def test_good(): pass\n\ndef test_bad(): assert False\n")
    file = folder / "runs.jsonl"
    command = [sys.executable, "-m", "pytest", "-p", "run_record", "--record", str(file), "--rootdir", ".", *options]
    environment = {**os.environ, "PYTHONPATH": str(Path(run_record.__file__).parent)}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    (line,) = file.read_text().splitlines()
    row: dict[str, Any] = json.loads(line)
    return row


@pytest.mark.parametrize(
    "options", [["-k", "good"], ["--deselect", "test_two.py::test_bad"], ["--ignore-glob", "*.md"]]
)
def test_a_choice_of_tests_is_not_every_test(tmp_path: Path, options: list[str]) -> None:
    assert recorded(tmp_path, *options)["what"] not in {"every test", "every test without tests/benchmarks"}


def test_a_run_that_did_not_come_to_its_end_is_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "test_interrupted.py").write_text("def test_it(): raise KeyboardInterrupt\n")
    with pytest.raises(FileNotFoundError, match="runs"):
        recorded(tmp_path)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_is_recorded_as_it_ended(tmp_path: Path, workers: str) -> None:
    row = recorded(tmp_path, "-n", workers, "test_two.py")
    assert {"what": "test_two.py", "passed": 1, "failed": 1, "skipped": 0}.items() <= row.items()


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    row = recorded(tmp_path, "--ignore=benchmarks", "-m", "not bulk")
    assert row["what"].startswith("every test without ")
    assert row["what"].endswith("benchmarks (not bulk)")
