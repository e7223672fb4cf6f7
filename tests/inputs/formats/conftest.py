from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have what takes all memory end far earlier."""
    monkeypatch.setattr("cor_provider.inputs.formats.lines.LONGEST_LINE", 1_000)
    monkeypatch.setattr("cor_provider.inputs.formats.csv_file.LONGEST_FIELD", 500)
    before = csv.field_size_limit(100)
    yield
    csv.field_size_limit(before)
