"""What is published: the distributions, installed into an environment of their own, and the registry's entry."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package
from airflow import __version__ as airflow_version
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from cor_provider import __version__

REPOSITORY = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)]*)\)")
CONSTRAINTS = REPOSITORY / "constraints" / f"airflow-{'.'.join(airflow_version.split('.')[:2])}.txt"


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    (path,) = distributions.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Install the wheel and nothing else, and return a function that runs one of its environment's programs."""
    home = tmp_path_factory.mktemp("fresh")
    venv = home / "venv"
    uv = (sys.executable, "-m", "uv")
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
    options = ("--quiet", "--python", str(venv), "--constraint", str(CONSTRAINTS))
    subprocess.run([*uv, "pip", "install", *options, str(wheel)], check=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_")}

    def run(program: str, *arguments: str) -> str:
        return subprocess.run(
            [str(venv / "bin" / program), *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**environment, "AIRFLOW_HOME": str(home)},
            cwd=home,
        ).stdout

    return run


@pytest.mark.since_airflow("3.0")  # the libraries of Airflow 2 do not know today's form of metadata
def test_both_distributions_can_be_published(distributions: Path) -> None:
    paths = sorted(map(str, distributions.iterdir()))
    assert len(paths) == 2
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *paths], check=True, capture_output=True)


@pytest.fixture(scope="module")
def source_files(distributions: Path) -> set[str]:
    """The paths in the source distribution."""
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_source_distribution_holds_what_its_tests_need(source_files: set[str]) -> None:
    folders = {name.split("/")[0] for name in source_files}
    assert {"cor_provider", "example_dags", "tests", "constraints", "docs", "Makefile", "pyproject.toml"} <= folders


def test_the_source_distribution_holds_what_the_readme_links_to(source_files: set[str]) -> None:
    links = [link for link in LINK.findall((REPOSITORY / "README.md").read_text()) if not link.startswith("https:")]
    assert links
    assert {link.partition("#")[0] for link in links} <= source_files


def test_the_text_for_a_package_index_links_to_no_file(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = message_from_bytes(archive.read(name)).get_payload()
    links = LINK.findall(str(text))
    assert links
    assert [link for link in links if not link.startswith("https:")] == []


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"cor_provider", "airflow_provider_cor"}
    assert {"cor_provider/py.typed", "cor_provider/push/exchange.lua", "cor_provider/push/conclude.lua"} <= set(names)
    assert {"cor_provider/pages/templates/sandbox.html.jinja", "cor_provider/pages/templates/plan.html.jinja"} <= set(
        names
    )


def test_airflow_lists_the_provider(fresh: Callable[..., str]) -> None:
    (provider,) = [
        provider
        for provider in json.loads(fresh("airflow", "providers", "list", "--output", "json").splitlines()[-1])
        if provider["package_name"] == "airflow-provider-cor"
    ]
    assert provider["version"] == __version__


def test_airflow_lists_the_connection_type(fresh: Callable[..., str]) -> None:
    (hook,) = [
        hook
        for hook in json.loads(fresh("airflow", "providers", "hooks", "--output", "json").splitlines()[-1])
        if hook["connection_type"] == "cor"
    ]
    assert hook["hook_name"] == "COR Integrations"
    assert hook["class"] == "cor_provider.hooks.cor_integrations.CorIntegrationsHook"


@pytest.mark.parametrize("path", sorted((REPOSITORY / "example_dags").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_dag_needs_no_more_to_be_read_than_it_says(path: Path, fresh: Callable[..., str]) -> None:
    error = ""
    try:
        fresh("python", "-W", "error:::__main__", str(path))
    except subprocess.CalledProcessError as failed:
        error = failed.stderr
    missing = re.findall(r"ModuleNotFoundError: No module named 'airflow\.providers\.(\w+)'", error)
    assert bool(missing) == bool(error), error
    says = ast.get_docstring(ast.parse(path.read_text())) or ""
    assert all(f"pip install apache-airflow-providers-{name}" in says for name in missing)


def test_everything_in_the_registrys_entry_exists() -> None:
    entry = yaml.safe_load((REPOSITORY / ".airflow-registry.yaml").read_text())
    assert entry["package-name"] == distribution("airflow-provider-cor").name
    for kind in ("operators", "hooks", "other"):
        for item in entry[kind]:
            module, _, name = item["module"].rpartition(".")
            if name != "CorRetryPolicy" or AIRFLOW_V_3_3_PLUS:
                assert getattr(importlib.import_module(module), name)
