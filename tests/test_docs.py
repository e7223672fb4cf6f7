"""The documentation keeps up with the code: what can be checked without reading it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from packaging.version import Version

from cor_provider import __version__, exceptions
from cor_provider._compat import airflow_since
from cor_provider.cli.commands import COR, Command, Group
from cor_provider.client.form import EXTRA_FIELDS
from cor_provider.operators.leaves import (
    AuditLeavesOperator,
    CreateLeaveOperator,
    DeleteLeaveOperator,
    SyncLeavesOperator,
    UpdateLeaveOperator,
)
from cor_provider.outcome import Status
from cor_provider.sandbox import Sandbox
from support import Connect, leave

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
EXPLAINED_BY_AIRFLOW = {"self", "kwargs", "map_index_template", "retry_policy"}


@pytest.mark.parametrize(
    ("operator", "pages"),
    [
        (CreateLeaveOperator, ["operators.md"]),
        (UpdateLeaveOperator, ["operators.md"]),
        (DeleteLeaveOperator, ["operators.md"]),
        (SyncLeavesOperator, ["operators.md", "sync.md"]),
        (AuditLeavesOperator, ["audit.md"]),
    ],
)
def test_every_parameter_of_an_operator_is_explained(operator: type, pages: list[str]) -> None:
    explained = {name for page in pages for name in re.findall(r"`(\w+)`", (DOCS / page).read_text())}
    assert set(inspect.signature(operator).parameters) - EXPLAINED_BY_AIRFLOW <= explained


def test_every_outcome_is_explained() -> None:
    assert set(get_args(Status)) <= set(re.findall(r"`(\w+)`", (DOCS / "outcomes.md").read_text()))


def test_the_page_on_outcomes_says_what_to_do_about_every_error() -> None:
    names = {
        error.default_name
        for error in vars(exceptions).values()
        if inspect.isclass(error) and issubclass(error, exceptions.CorError)
    }
    # The first two stand for others; the last three are how a task ends.
    names -= {"CorError", "TransientError", "LeavesRejectedError", "UsersRejectedError", "PushIncompleteError"}
    text = (DOCS / "outcomes.md").read_text()
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_every_field_of_the_connection_is_explained() -> None:
    assert {name for name in EXTRA_FIELDS if f"`{name}`" not in (DOCS / "connection.md").read_text()} == set()


def test_the_page_on_versions_says_what_the_tests_leave_out() -> None:
    documented = set()
    kind = ""
    for line in (DOCS / "versions.md").read_text().splitlines():
        if heading := re.match(r"\| (needs|gone from|not on) Airflow", line):
            kind = {"needs": "since", "gone from": "before", "not on": "not_on"}[heading[1]]
        elif row := re.match(r"\| ([\d.]+) \|.*\| (`.*`) \|$", line):
            documented |= {(kind, row[1], path) for path in re.findall(r"`([\w/]+\.py)`", row[2])}
    tests = REPOSITORY / "tests"
    assert documented == {
        (kind, version, path.relative_to(tests).as_posix())
        for path in tests.rglob("test_*.py")
        for kind, versions in re.findall(r"mark\.(since|before|not_on)_airflow\((.+?)\)", path.read_text())
        for version in re.findall(r"[\d.]+", versions)
    }


def test_every_example_is_shown() -> None:
    page = (DOCS / "examples.md").read_text()
    shown = set(re.findall(r"literalinclude} \.\./example_dags/(\w+)\.py", page))
    assert shown == {path.stem for path in (REPOSITORY / "example_dags").glob("*.py")}
    assert all(f"| [`{name}`](#{name})" in page for name in shown)


def test_who_installs_is_led_to_the_constraints_of_the_airflow_that_is_tested_most() -> None:
    pins = (REPOSITORY / "constraints" / "airflow-3.3.txt").read_text().splitlines()
    (tested,) = (pin.removeprefix("apache-airflow==") for pin in pins if pin.startswith("apache-airflow=="))
    named = re.compile(r"(?:apache-airflow==|apache/airflow:|AIRFLOW=|apache/airflow/constraints-)([\d.]+)")
    for page in (REPOSITORY / "README.md", DOCS / "quickstart.md", DOCS / "install.md"):
        assert "apache/airflow/constraints-" in page.read_text()
        assert set(named.findall(page.read_text())) == {tested}, page


def test_every_extra_is_explained() -> None:
    extras = re.findall(r"^(\w+) = \[", section("project.optional-dependencies"), re.MULTILINE)
    assert "all" in extras
    page = (DOCS / "install.md").read_text()
    assert [extra for extra in extras if f"| `airflow-provider-cor[{extra}]` |" not in page] == []


def section(name: str) -> str:
    """Return the lines of a table of pyproject.toml."""
    return (REPOSITORY / "pyproject.toml").read_text().partition(f"[{name}]\n")[2].partition("\n[")[0]


def test_the_changelog_has_each_version_with_its_day_and_the_newest_first() -> None:
    headings = re.findall(r"^## (.*)$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [heading for heading in headings if heading != "Unreleased"]
    assert headings in (released, ["Unreleased", *released])
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", heading) for heading in released)
    versions = [Version(heading.split()[0]) for heading in released]
    assert versions == sorted(set(versions), reverse=True)
    this = Version(__version__)
    assert this > versions[0] if "Unreleased" in headings else this == versions[0]


@pytest.mark.parametrize("page", [*DOCS.glob("*.md"), *REPOSITORY.glob("*.md")], ids=lambda page: page.stem)
def test_code_to_copy_is_python(page: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        ast.parse(block)


def test_every_command_and_each_of_its_options_is_explained() -> None:
    page = (DOCS / "command-line.md").read_text()
    for name, command in all_commands(COR, ""):
        assert f"| `{name}" in page
        options = {argument.flags[-1] for argument in command.arguments if argument.flags[-1].startswith("--")}
        assert options <= set(re.findall(r"--[a-z-]+", page))


def all_commands(group: Group, prefix: str) -> Iterator[tuple[str, Command]]:
    for one in group.commands:
        if isinstance(one, Group):
            yield from all_commands(one, f"{one.name} ")
        else:
            yield prefix + one.name, one


@pytest.mark.parametrize("page", [REPOSITORY / "README.md", DOCS / "hook.md"], ids=lambda page: page.stem)
def test_a_task_with_the_hook_works_as_shown(page: Path, connect: Connect, sandbox: Sandbox) -> None:
    connect()
    (block,) = re.findall(r"^```python\n((?:(?!```).)*?@task.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    if not airflow_since("3.0"):
        block, replaced = re.subn(r"^from airflow\.sdk import .*# on Airflow 2: ", "", block, flags=re.MULTILINE)
        assert replaced
    names: dict[str, Any] = {"read_leave_from_hr": lambda: [leave(), leave("L2")]}
    exec(compile(block, page.name, "exec"), names)  # noqa: S102  # our own documentation
    assert names["push"].function()["created"] == len(sandbox.leaves) == 2
