"""Every example DAG is read by this version of Airflow without a word of warning about our code."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import DAG

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = sorted((REPOSITORY / "example_dags").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_dag_is_read_without_a_warning_about_our_code(path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names = runpy.run_path(str(path))
    ours = [f"{warning.filename}: {warning.message}" for warning in caught if is_ours(Path(warning.filename))]
    assert ours == []
    assert any(isinstance(value, DAG) for value in names.values())


def is_ours(path: Path) -> bool:
    return path.is_relative_to(REPOSITORY) and "site-packages" not in path.parts
