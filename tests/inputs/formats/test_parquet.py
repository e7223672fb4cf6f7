"""Parquet files, with and without pyarrow."""

from __future__ import annotations

import gzip
import re
import sys
from datetime import date
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from input_files import ids, read_all, write_parquet
from support import leave


def test_dates_and_numbers_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    write_parquet(tmp_path / "leave.parquet", [leave() | {"id": 7, "start": date(2026, 5, 11), "all_day": True}])
    assert ids(tmp_path / "leave.parquet") == ["7"]


def test_a_parquet_file_without_pyarrow_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CorConfigurationError, match=re.escape("pip install 'airflow-provider-cor[parquet]'")):
        read_all(tmp_path / "leave.parquet")


def test_a_packed_parquet_file_is_read(tmp_path: Path) -> None:
    write_parquet(tmp_path / "leave.parquet", [leave(), leave("L2")])
    (tmp_path / "leave.parquet.gz").write_bytes(gzip.compress((tmp_path / "leave.parquet").read_bytes()))
    assert ids(tmp_path / "leave.parquet.gz") == ["L1", "L2"]
