"""`make check-newest`: whether an index has an Airflow that no test runs on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
NOTHING_OF_AN_OUTER_MAKE = {"MAKEFLAGS": "", "MAKELEVEL": "", "MFLAGS": ""}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A Makefile, with constraints in which there is Airflow 3.3.2."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / "constraints").mkdir()
    (tmp_path / "constraints" / "airflow-3.3.txt").write_text("apache-airflow==3.3.2\nattrs==26.1.0\n")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / ".ready").touch()
    return tmp_path


def check(clone: Path, uv: str) -> str:
    """Return what the command says if uv does this."""
    program = clone / "venv" / "bin" / "uv"
    program.write_text(f"#!/bin/sh\n{uv}\n")
    program.chmod(0o755)
    command = ["make", "--old-file=venv/.ready", "check-newest", "VENV=venv", "AIRFLOW=3.3"]
    env = {**os.environ, **NOTHING_OF_AN_OUTER_MAKE}
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=clone, env=env).stdout


def test_an_airflow_that_tests_run_on_needs_no_words(clone: Path) -> None:
    assert check(clone, "echo apache-airflow==3.3.2") == ""


def test_a_newer_airflow_is_named(clone: Path) -> None:
    assert "WARNING: apache-airflow==3.4.0 can be installed" in check(clone, "echo apache-airflow==3.4.0")


@pytest.mark.parametrize("uv", ["exit 2", "echo apache-airflow==3.3.2; exit 2", "exit 0"])
def test_an_index_that_does_not_answer_is_a_warning(clone: Path, uv: str) -> None:
    assert check(clone, uv) == "WARNING: could not ask the package index for the newest Airflow\n"
