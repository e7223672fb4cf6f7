"""`make demo`, in a copy of the examples."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def clone(example_dags: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("a clone")
    shutil.copytree(example_dags, root / "example_dags", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def run_demo(clone: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        # What another Airflow on the same machine may have left in the caller's shell, and a proxy that is not there.
        "FORCE_COLOR": "1",
        "AIRFLOW_HOME": str(clone / "elsewhere"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://nobody@127.0.0.1:1/nothing",
        "AIRFLOW_VAR_LEAVE_EXCHANGE": "file:///nowhere",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }
    command = [sys.executable, str(clone / "example_dags" / "demo" / "run.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def demos(clone: Path) -> list[subprocess.CompletedProcess[str]]:
    return [run_demo(clone), run_demo(clone)]


def test_the_demo_works_again_and_again(demos: list[subprocess.CompletedProcess[str]]) -> None:
    assert [(demo.returncode, demo.stderr) for demo in demos] == [(0, ""), (0, "")]


def test_the_demo_shows_every_leave_with_its_outcome_and_the_error_of_refused_ones(
    demos: list[subprocess.CompletedProcess[str]], clone: Path
) -> None:
    with closing(sqlite3.connect(clone / ".demo" / "hr.sqlite")) as database:
        approved = database.execute(
            "SELECT COUNT(*) FROM leave_application WHERE status = 'Approved' AND docstatus = 1"
            " AND from_date <= '2026-12-31' AND to_date >= '2026-01-01'"
        ).fetchone()
    for demo in demos:
        shown = re.findall(r"^(HR-LAP-\S+) +(\w+) *(\w*) *$", demo.stdout, re.MULTILINE)
        assert len(shown) == approved[0] == 58
        assert ("HR-LAP-2026-00001", "created", "") in shown
        assert ("HR-LAP-2026-00054", "existing", "") in shown
        assert ("HR-LAP-2026-00028", "rejected", "UserNotFoundError") in shown
        assert ("HR-LAP-2026-00042", "rejected", "LeaveTypeNotFoundError") in shown
        assert ("HR-LAP-2026-00045", "rejected", "InvalidDateRangeError") in shown


def test_the_demo_counts_what_became_of_all_of_them(demos: list[subprocess.CompletedProcess[str]]) -> None:
    assert all("58 received = 53 created + 1 existing + 4 rejected" in demo.stdout for demo in demos)


def test_nothing_in_the_demos_log_warns_of_the_provider_itself(
    demos: list[subprocess.CompletedProcess[str]], clone: Path
) -> None:
    log = (clone / ".demo" / "airflow.log").read_text(encoding="utf-8")
    assert "4 rejected" in log
    assert "start over" not in log


def test_the_demo_saves_the_calendar_page(demos: list[subprocess.CompletedProcess[str]], clone: Path) -> None:
    assert "João Pedro Almeida" in (clone / ".demo" / "calendar.html").read_text(encoding="utf-8")
    assert str(clone / ".demo" / "calendar.html") in demos[-1].stdout


def test_the_demo_writes_nothing_outside_its_own_folder(
    demos: list[subprocess.CompletedProcess[str]], clone: Path
) -> None:
    assert {path.name for path in clone.iterdir()} == {"example_dags", ".demo"}


def test_what_the_demo_writes_of_people_is_for_its_owner_alone(
    demos: list[subprocess.CompletedProcess[str]], clone: Path
) -> None:
    demo = clone / ".demo"
    assert stat.S_IMODE(demo.stat().st_mode) == 0o700
    written = [demo / "calendar.html", demo / "hr.sqlite", demo / "airflow.log", *(demo / "leave").rglob("*.jsonl")]
    assert len(written) == 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in written} == {0o600}


def test_output_to_a_file_has_no_colours(demos: list[subprocess.CompletedProcess[str]]) -> None:
    assert all("\x1b" not in demo.stdout for demo in demos)


def test_a_failure_of_airflow_ends_the_demo_and_shows_why(
    demos: list[subprocess.CompletedProcess[str]], clone: Path
) -> None:
    nobody_known = {"source": "GLOBANT", "users": [], "leave_types": []}
    (clone / "example_dags" / "demo" / "cor.json").write_text(json.dumps(nobody_known))
    demo = run_demo(clone)
    assert demo.returncode == 1
    assert "CorLeavesRejectedError" in demo.stderr
    assert f"airflow dags test failed; its whole log is in {clone / '.demo' / 'airflow.log'}" in demo.stderr
