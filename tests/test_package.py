"""The wheel, as somebody installs it into an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from airflow import __version__ as airflow_version

from cor_provider import __version__

REPOSITORY = Path(__file__).parents[1]
CONSTRAINTS = REPOSITORY / "constraints" / f"airflow-{'.'.join(airflow_version.split('.')[:2])}.txt"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def airflow(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Install the wheel and nothing else, and return a function that runs `airflow` there."""
    home = tmp_path_factory.mktemp("fresh")
    venv = home / "venv"
    uv = (sys.executable, "-m", "uv")
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
    options = ("--quiet", "--python", str(venv), "--constraint", str(CONSTRAINTS))
    subprocess.run([*uv, "pip", "install", *options, str(wheel)], check=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_")}

    def run(*arguments: str) -> str:
        return subprocess.run(
            [str(venv / "bin" / "airflow"), *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**environment, "AIRFLOW_HOME": str(home)},
            cwd=home,
        ).stdout

    return run


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"cor_provider", "airflow_provider_cor"}
    assert "cor_provider/py.typed" in names
    assert "cor_provider/sandbox/templates/calendar.html.jinja" in names


def test_airflow_lists_the_provider(airflow: Callable[..., str]) -> None:
    (provider,) = [
        provider
        for provider in json.loads(airflow("providers", "list", "--output", "json"))
        if provider["package_name"] == "airflow-provider-cor"
    ]
    assert provider["version"] == __version__


def test_airflow_lists_the_connection_type(airflow: Callable[..., str]) -> None:
    (hook,) = [
        hook
        for hook in json.loads(airflow("providers", "hooks", "--output", "json"))
        if hook["connection_type"] == "cor"
    ]
    assert hook["hook_name"] == "COR Integrations"
    assert hook["class"] == "cor_provider.hooks.cor_integrations.CorIntegrationsHook"
