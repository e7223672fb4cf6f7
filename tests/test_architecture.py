"""The structure of the package: which room may import which, and how many files lie beside the rooms."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
MOST_FILES_BESIDE_THE_ROOMS = 12


# `import-linter` for Airflow 2.11 is too old for the contract about circles.
@pytest.mark.since_airflow("3.0")
def test_no_import_runs_against_the_flow_or_in_a_circle() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([str(linter), "--no-cache"], check=False, capture_output=True, text=True, cwd=REPOSITORY)
    assert run.returncode == 0, run.stdout


def test_few_files_lie_beside_the_rooms() -> None:
    files = sorted(path.name for path in (REPOSITORY / "cor_provider").glob("*.py"))
    assert len(files) <= MOST_FILES_BESIDE_THE_ROOMS, files


def test_the_page_on_architecture_names_every_room_and_only_files_that_exist() -> None:
    package = REPOSITORY / "cor_provider"
    page = (REPOSITORY / "docs" / "architecture.md").read_text()
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    named = set(re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", page))
    assert {f"{room}/" for room in rooms} <= named
    assert [path for path in sorted(named) if not (package / path).exists()] == []
