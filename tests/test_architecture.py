"""The structure of the package: which room may import which, what lies beside the rooms, and where the tests lie."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
MOST_FILES_BESIDE_THE_ROOMS = 12
LIBRARIES_THAT_FEW_USE = {"numpy", "pandas", "polars", "pyarrow", "redis"}

WITHOUT_TESTS_BY_NAME = {
    "__main__.py": "a command, tested as one: tests/cli/test_main.py",
    "_clock.py": "what tests replace",
    "contract/words.py": "lists; that only they get in: tests/contract/test_shape.py",
    "inputs/formats/lines.py": "tested by each format that is read line by line",
    "links.py": "only a running Airflow shows a link: tests/running_airflow/test_at_home.py",
    "sandbox/__main__.py": "a command, tested as one: tests/sandbox/test_cli.py",
    "sandbox/assumptions.py": "a list",
    "ui/leave_tab.py": "tested where it is used, in a real Airflow: tests/ui/test_app.py",
}
"""The modules that have no test module of the same name, each with the reason."""


@pytest.mark.needs("import-linter>=2.6")  # which knows the contract about circles
def test_no_import_runs_against_the_flow_or_in_a_circle() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([str(linter), "--no-cache"], check=False, capture_output=True, text=True, cwd=REPOSITORY)
    assert run.returncode == 0, run.stdout


def test_libraries_that_few_use_are_left_to_those_who_do() -> None:
    code = f"""
import importlib, pkgutil, sys
import cor_provider
from cor_provider.leave import LeaveRequest
for module in pkgutil.walk_packages(cor_provider.__path__, "cor_provider."):
    # A command; what only Airflow 3.3 can import, or the API server of Airflow 3.
    if not module.name.endswith(("__main__", "retry_policy", "ui.app", "ui.leave_tab", "ui.task_instance")):
        importlib.import_module(module.name)
leave = dict(id=1.0, user_id="E-7", leave_type_id="vacation", start="2026-05-11", end="2026-05-11")
LeaveRequest(**leave, all_day=float("nan"))
sys.exit(sorted({LIBRARIES_THAT_FEW_USE} & sys.modules.keys()) or None)
"""
    run = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=REPOSITORY)
    assert run.returncode == 0, run.stderr


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


def test_a_module_has_its_tests_in_the_same_place_under_the_same_name() -> None:
    package = REPOSITORY / "cor_provider"
    modules = [path.relative_to(package) for path in package.rglob("*.py") if path.name != "__init__.py"]
    untested = {
        module.as_posix()
        for module in modules
        if not (REPOSITORY / "tests" / module.with_name(f"test_{module.name.removeprefix('_')}")).exists()
    }
    assert untested == {*WITHOUT_TESTS_BY_NAME}
