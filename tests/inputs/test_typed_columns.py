"""Values of typed columns as Python's, and those that Python does not have."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.input_file import Input
from cor_provider.inputs.typed_columns import Column, iter_rows, used_columns

NAMES = ["id", "user_id", "leave_type_id", "start", "end"]


def column(*values: Any, exact_below: int | None = None) -> Column:
    """Return a column; those of its values that are exceptions are raised."""

    def value(at: int) -> Any:
        if isinstance(values[at], Exception):
            raise values[at]
        return values[at]

    return Column(lambda: [value(at) for at in range(len(values))], value, exact_below)


def test_rows_of_all_parts_are_numbered_from_one() -> None:
    records = list(iter_rows([(2, {"id": column("a", "b")}), (1, {"id": column("c")})]))
    assert [(record.place, record.fields) for record in records] == [
        ("row 1", {"id": "a"}),
        ("row 2", {"id": "b"}),
        ("row 3", {"id": "c"}),
    ]


@pytest.mark.parametrize("error", [OverflowError(), ValueError(), KeyError(), TypeError(), NotImplementedError()])
def test_a_value_that_python_cannot_have_is_the_problem_of_its_row_alone(error: Exception) -> None:
    first, second, third = iter_rows(
        [(3, {"id": column("a", "b", "c"), "end": column(None, error, date(2026, 5, 11))})]
    )
    problem = 'has a value that cannot be read, such as a date after the year 9999, in column "end"'
    assert (first.problem, second.problem, third.problem) == (None, problem, None)
    assert third.fields == {"id": "c", "end": date(2026, 5, 11)}


def test_bytes_are_text_in_utf_8_or_the_problem_of_their_row() -> None:
    first, second = iter_rows([(2, {"id": column("Año".encode(), b"\xff")})])
    assert first.fields == {"id": "Año"}
    assert second.problem == 'has text that is not UTF-8 in column "id"'


@pytest.mark.parametrize(
    ("number", "expected"), [(4095.0, 4095.0), (4096.0, math.inf), (-4096.0, math.inf), (math.nan, None)]
)
def test_a_number_that_may_have_lost_digits_is_none_that_an_id_can_be(number: float, expected: float | None) -> None:
    (record,) = iter_rows([(1, {"id": column(number, exact_below=4096)})])
    assert record.fields == {"id": expected}


def test_a_column_is_missing_or_doubled_only_if_it_is_used() -> None:
    assert used_columns(Input("x"), ["note", *NAMES, "note"]) == NAMES
    with pytest.raises(CorConfigurationError, match=r'x: has more than one column "id", "end"\. Rename or remove'):
        used_columns(Input("x"), [*NAMES, "id", "end"])
    with pytest.raises(CorConfigurationError, match="x: has no column for id, user_id"):
        used_columns(Input("x"), NAMES[2:])
