"""Every example DAG: this version of Airflow reads it without a warning about our code, and its UI can describe it."""

from __future__ import annotations

import ast
import runpy
import warnings
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = sorted((REPOSITORY / "example_dags").glob("*.py"))
LONGEST = 160  # lines: longer ones are not read

every_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


@every_example
def test_an_example_dag_is_read_without_a_warning_about_our_code(path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names = runpy.run_path(str(path))
    ours = [f"{warning.filename}: {warning.message}" for warning in caught if is_ours(Path(warning.filename))]
    assert ours == []
    assert dags_in(names)


@every_example
def test_airflow_shows_what_an_example_dag_does(path: Path) -> None:
    for dag in dags_in(runpy.run_path(str(path))):
        assert dag.doc_md == ast.get_docstring(ast.parse(path.read_text()), clean=False)
        assert dag.description
        assert {"cor", "leave"} <= set(dag.tags)


@every_example
def test_an_example_dag_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


@every_example
def test_an_example_dag_imports_public_modules_only(path: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if (node.module or "").startswith("cor_provider")]
    assert ours
    for node in ours:
        public = vars(__import__(str(node.module), fromlist=["*"]))["__all__"]
        assert {name.name for name in node.names} <= set(public)


def dags_in(names: dict[str, Any]) -> list[Any]:
    return [value for value in names.values() if isinstance(value, DAG)]


def is_ours(path: Path) -> bool:
    return path.is_relative_to(REPOSITORY) and "site-packages" not in path.parts
