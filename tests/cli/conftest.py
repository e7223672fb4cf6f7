"""Runs the commands in this process, as in a terminal of 80 columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cor_provider.cli.main import main


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What a command with `--output json` printed."""
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """What it printed, without the line ends."""
        return " ".join(self.out.split())


Cor = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _as_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what a command sets for its process, so that it ends with the test."""
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")


@pytest.fixture
def cor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cor:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(one) for one in arguments])
        return Ran(code, *capsys.readouterr())

    return run
