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
from email.message import Message
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package
from airflow import __version__ as airflow_version
from packaging.requirements import Requirement

from cor_provider import __version__
from cor_provider._compat import airflow_since

REPOSITORY = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)]*)\)")
EXAMPLES = sorted((REPOSITORY / "example_dags").glob("*.py"))
COPY = """
import sys
from cor_provider.cli.main import main
folder, *names = sys.argv[1:]
sys.exit(any([main(["examples", "copy", name, folder]) for name in names]))
"""
CONSTRAINTS = REPOSITORY / "constraints" / f"airflow-{'.'.join(airflow_version.split('.')[:2])}.txt"

the_same_for_every_airflow = pytest.mark.since_airflow("3.3")  # whose environment has the newest tools


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both distributions: those that are about to be released, or new ones."""
    if released := os.environ.get("DISTRIBUTIONS"):
        return Path(released)
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    (path,) = distributions.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


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


@pytest.fixture(scope="module")
def source(distributions: Path) -> Path:
    (path,) = distributions.glob("*.tar.gz")
    return path


@the_same_for_every_airflow
def test_an_index_takes_both_distributions(wheel: Path, source: Path) -> None:
    check("twine", "check", "--strict", wheel, source)


@the_same_for_every_airflow
def test_the_wheel_holds_nothing_by_accident(wheel: Path) -> None:
    check("check-wheel-contents", "--toplevel", "cor_provider", wheel)


@the_same_for_every_airflow
def test_the_metadata_is_complete(source: Path) -> None:
    # There is no address to write to, and none is made up.
    check("pyroma", "--min", "10", "--skip-tests", "AuthorEmail", source)


def check(program: str, *arguments: str | Path) -> None:
    """Run one of the programs that are installed beside Python."""
    command = [str(Path(sys.executable).with_name(program)), *map(str, arguments)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def source_files(source: Path) -> set[str]:
    """The paths in the source distribution."""
    with tarfile.open(source) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.mark.needs_clone
def test_the_source_distribution_holds_all_that_a_clone_has_so_its_tests_run_there(source_files: set[str]) -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    known = subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY).stdout
    assert source_files - {"PKG-INFO"} == set(known.splitlines())


def test_the_extra_all_is_the_others_together(metadata: Message) -> None:
    requirements = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    extras = set(metadata.get_all("Provides-Extra", []))

    def of(extra: str) -> set[str]:
        theirs = (one for one in requirements if "extra ==" in str(one.marker) and f'"{extra}"' in str(one.marker))
        return {f"{one.name}{one.specifier}" for one in theirs}

    assert of("all")
    assert of("all") == set().union(*(of(extra) for extra in extras - {"all"}))


def test_the_source_distribution_holds_what_the_readme_links_to(source_files: set[str]) -> None:
    links = [link for link in LINK.findall((REPOSITORY / "README.md").read_text()) if not link.startswith("https:")]
    assert links
    assert {link.partition("#")[0] for link in links} <= source_files


def test_the_text_for_a_package_index_links_to_no_file(metadata: Message) -> None:
    links = LINK.findall(str(metadata.get_payload()))
    assert links
    assert [link for link in links if not link.startswith("https:")] == []


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert [name for name in names if "demo" in name] == []
    assert {name.split("/")[0].split("-")[0] for name in names} == {"cor_provider", "airflow_provider_cor"}
    assert {"cor_provider/py.typed", "cor_provider/push/exchange.lua", "cor_provider/push/conclude.lua"} <= set(names)
    assert {"cor_provider/pages/templates/sandbox.html.jinja", "cor_provider/pages/templates/plan.html.jinja"} <= set(
        names
    )


@pytest.mark.before_airflow("3.1")
@pytest.mark.parametrize("uri", ["s3://hr/leave.jsonl", "file:///hr/leave.jsonl"])
def test_where_another_library_makes_airflow_refuse_uris_the_error_names_the_fix(uri: str, tmp_path: Path) -> None:
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    subprocess.run(
        [*install, "--no-deps", "--target", str(tmp_path), "universal-pathlib>=0.3,<0.4", "pathlib-abc"], check=True
    )
    run = subprocess.run(
        [sys.executable, "-m", "cor_provider", "check", uri],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "'universal-pathlib<0.3'" in run.stderr


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


@pytest.fixture(scope="module")
def copies(fresh: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all example DAGs, as whoever installs from an index copies them."""
    folder = tmp_path_factory.mktemp("dags")
    names = [one["name"] for one in json.loads(fresh("python", "-m", "cor_provider", "examples", "list", "-o", "json"))]
    fresh("python", "-c", COPY, str(folder), *names)
    return folder


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_dag_is_copied_from_an_installation(example: Path, copies: Path) -> None:
    assert (copies / example.name).read_bytes() == example.read_bytes()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_dag_needs_no_more_to_be_read_than_it_says(
    example: Path, copies: Path, fresh: Callable[..., str]
) -> None:
    path = copies / example.name
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
            if name != "CorRetryPolicy" or airflow_since("3.3"):
                assert getattr(importlib.import_module(module), name)
