"""The header of a table, wherever its rows come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.header import read_table
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.record import NAMELESS, Record
from cor_provider.inputs.translation import PLAIN, PLAIN_USERS, Translation

COLUMNS = ["id", "user_id", "leave_type_id", "start", "end"]
VALUES = ["L1", "u1", "vacation", "2026-05-11", "2026-05-12"]


def read(*rows: Sequence[Any], translation: Translation = PLAIN, word: str = "row") -> list[Record]:
    file = InputFile("leave", translation, path=ObjectStoragePath("file:///leave"))
    return list(read_table(file, iter(enumerate(rows, start=1)), word=word))


def refusal(*rows: Sequence[Any], translation: Translation = PLAIN) -> str:
    with pytest.raises(CorConfigurationError) as raised:
        read(*rows, translation=translation, word="line")
    place = f"{translation.form.kind.parameter}: leave: "
    assert raised.value.message.startswith(place)
    return raised.value.message.removeprefix(place)


def test_a_row_becomes_a_record_with_its_place() -> None:
    (record,) = read(COLUMNS, VALUES, word="line")
    assert (record.fields, record.place, record.problem) == (dict(zip(COLUMNS, VALUES, strict=True)), "line 2", None)


def test_blank_rows_are_no_records_and_count_as_places() -> None:
    records = read([], [None, " "], COLUMNS, ["", None, ""], VALUES, [])
    assert [record.place for record in records] == ["row 5"]


def test_columns_without_a_name_are_ignored_where_they_are_blank() -> None:
    (record,) = read([*COLUMNS, "", None, " "], [*VALUES, " ", None])
    assert record.problem is None
    assert list(record.fields) == COLUMNS


def test_text_in_a_column_without_a_name_refuses_its_row_and_is_kept() -> None:
    first, second = read(["", *COLUMNS, ""], ["flu", *VALUES, 7], [None, *VALUES])
    assert first.problem == "has text in a column without a name"
    assert first.fields[NAMELESS] == "flu, 7"
    assert second.problem is None


def test_a_field_beyond_the_header_refuses_its_row_even_if_it_is_blank() -> None:
    first, second, third = read(COLUMNS, [*VALUES, "flu"], [*VALUES, ""], [*VALUES, None])
    assert first.problem == second.problem == "has more fields than the header"
    assert first.fields[NAMELESS] == "flu"
    assert third.problem is None  # the empty cell of a spreadsheet is no field


def test_fields_that_a_short_row_lacks_are_gaps() -> None:
    (record,) = read(COLUMNS, VALUES[:3])
    assert record.fields == {**dict(zip(COLUMNS, VALUES[:3], strict=False)), "start": None, "end": None}


def test_white_space_does_not_count_in_names_of_columns() -> None:
    columns = {"start": "First  day", "end": "Last\nday"}
    header = ["id ", "user_id", "\nleave_type_id", "First\r\nday", "Last\u00a0 day"]
    (record,) = read(header, VALUES, translation=Translation(columns))
    assert Translation(columns).translate(record.fields) == dict(zip(COLUMNS, VALUES, strict=True))


def test_a_title_above_the_header_is_refused_by_both_lines() -> None:
    problem = "line 1 is no header, line 3 looks like it: remove the lines above it."
    assert refusal(["Leave of Juana"], [], COLUMNS, VALUES) == problem


def test_a_title_above_a_header_without_the_needed_columns_is_refused_by_what_the_header_has() -> None:
    assert refusal(["Leave of Juana", "", ""], ["No", "Employee", "Type", "From", "To"], VALUES) == (
        "line 1 is no header, line 2 looks like it but has no column for id, user_id, leave_type_id, start, end. It "
        'has "No", "Employee", "Type", "From", "To". Name its columns by the parameter columns, such as {"id": '
        '"Request No"}.'
    )


def test_columns_that_differ_only_in_their_spelling_are_suggested() -> None:
    message = refusal(["ID", "User Id", "leave-type-id", "Start", "end"], VALUES)
    assert message.startswith("has no column for id, user_id, leave_type_id, start. ")
    suggestion = '{"id": "ID", "user_id": "User Id", "leave_type_id": "leave-type-id", "start": "Start"}'
    assert message.endswith(f"by the parameter columns, such as {suggestion}.")


def test_a_column_that_is_named_by_the_parameter_is_suggested_too() -> None:
    message = refusal([*COLUMNS[:3], "from", "end"], translation=Translation({"start": "From"}))
    assert message.startswith('has no column for start (column "From"). ')
    assert message.endswith('such as {"start": "from"}.')


@pytest.mark.parametrize(
    "rows",
    [
        [VALUES],
        [["7", "Juana", "flu", "May 1", "May 2"]],
        [["Juana", "flu", "Monday", "Tuesday"], ["Juana", "flu", "Monday", "Tuesday"]],
        [["Juana's leave"]],
        [["Juana's leave"], ["7", "Juana", "flu", "11/05/2026", "12/05/2026"]],
    ],
)
def test_a_table_without_a_header_shows_nobodys_data(rows: list[list[str]]) -> None:
    message = refusal(*rows)
    assert message.startswith(("has no column for id, ", "line 1 is no header, line 2 looks like it but has no column"))
    assert not re.search("Juana|flu|May|u1|11", message)


@pytest.mark.parametrize(
    "rows",
    [
        [["E-7", "Zacharias", "Quell", "Boss"], ["E-8", "Ana", "Vega", "Aide"]],
        [["Zacharias", "Quell", "Boss"], ["Ana", "Vega", "+34 600 111 222"]],
        [["ZQUELL", "Zacharias", "Quell"], ["E-8", "Ana", "Vega"]],
    ],
)
def test_a_table_of_people_without_a_header_names_nobody(rows: list[list[str]]) -> None:
    assert not re.search("Z|Quell|Boss|E-7", refusal(*rows, translation=PLAIN_USERS).partition("Name its")[0])


def test_a_table_of_people_shows_its_columns_if_one_of_them_is_known() -> None:
    assert '"E-Mail"' in refusal(["No", "E-Mail", "first name"], translation=PLAIN_USERS)


def test_a_doubled_column_that_is_read_is_refused_by_its_name() -> None:
    message = refusal([*COLUMNS, "note", "start", "note"])
    assert message == 'has more than one column "start". Rename or remove the others.'


def test_a_doubled_column_that_nobody_reads_is_kept() -> None:
    (record,) = read([*COLUMNS, "note", "note (2)", "note"], [*VALUES, "a", "b", "c"])
    assert list(record.fields.values()) == [*VALUES, "a", "b", "c"]


@pytest.mark.parametrize("rows", [[], [[]], [["", None]]])
def test_a_table_without_a_row_is_an_error(rows: list[list[Any]]) -> None:
    assert refusal(*rows) == "is empty: it has not even a header. Check that the extract wrote it completely."


def test_the_error_of_a_file_names_it(tmp_path: Path) -> None:
    file = InputFile("leave.xlsx", path=ObjectStoragePath(tmp_path / "x"))
    with pytest.raises(CorConfigurationError, match=r"^leave_requests: leave\.xlsx: is empty"):
        list(read_table(file, iter([])))
