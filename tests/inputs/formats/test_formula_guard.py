"""A cell of rejected records is never a formula, and is read as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.inputs.formats.formula_guard import guard, unguard_rows

HEADER = ["error", "message", "id"]
cells = st.text() | st.text(alphabet="'=+-@\t\r1", max_size=6)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-1"])
def test_what_a_spreadsheet_might_run_gets_an_apostrophe(cell: str) -> None:
    assert guard(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "L1", "'L1", "2026-05-11", "1=1", " =1", "'"])
def test_what_it_does_not_run_stays(cell: str) -> None:
    assert guard(cell) == cell


@given(st.lists(cells))
def test_every_cell_is_read_as_it_was(row: list[str]) -> None:
    _header, (_number, cells) = unguard_rows([(1, HEADER), (2, list(map(guard, row)))])
    assert cells == row


@given(cells)
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    assert not guard(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_cells_of_other_files_stay() -> None:
    rows: list[tuple[int, list[Any]]] = [(1, [""]), (2, ["id", "error", "message"]), (3, ["'=1", None])]
    assert list(unguard_rows(rows)) == rows
