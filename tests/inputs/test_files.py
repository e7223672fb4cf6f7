"""Files that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cor_provider.inputs.leaves import iter_leaves
from input_files import read_all


def test_a_missing_file_is_an_error_that_airflow_retries(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"late\.jsonl"):
        read_all(tmp_path / "late.jsonl")


@pytest.mark.parametrize("name", ["leave.json", "leave.jsonl", "leave.csv", "leave.parquet"])
def test_the_error_of_a_missing_file_names_its_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=f"leave_requests: there is no file .*{name} where this task runs"):
        list(iter_leaves(str(tmp_path / name)))
