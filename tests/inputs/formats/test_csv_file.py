"""CSV files, as spreadsheets and HR systems write them."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import re
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats import csv_file
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.translation import PLAIN, Translation, collapse_blanks
from cor_provider.leave import LeaveRequest, UnreadableLeave
from input_files import ids, problems, read_all, write_csv
from support import leave


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_file_may_separate_its_fields_as_spreadsheets_do(separator: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "leave.csv", [leave()], separator)
    assert ids(tmp_path / "leave.csv") == ["L1"]


def test_a_csv_row_with_too_many_fields_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "leave.csv"
    write_csv(path, [leave(), leave("L2")])
    path.write_text(path.read_text().replace("\nL1", "\nL1,extra"))
    assert problems(path) == ["line 2 has more fields than the header (leave.csv)."]
    assert len(list(iter_leaves(path))) == 2


def test_a_csv_row_in_another_encoding_does_not_hide_the_others(tmp_path: Path) -> None:
    header = "id,user_id,leave_type_id,start,end,name\n"
    rows = [
        f"{leave_id},{user},vacation,2026-05-11,2026-05-11,Núñez\n" for leave_id, user in (("L1", "u1"), ("L2", "ñ"))
    ]
    (tmp_path / "leave.csv").write_bytes("".join([header, *rows]).encode("latin-1"))
    assert problems(tmp_path / "leave.csv") == [
        'line 3 is not UTF-8 in "user_id", perhaps Windows-1252: save the file as CSV UTF-8 (leave.csv).'
    ]
    assert len(list(iter_leaves(tmp_path / "leave.csv"))) == 2


def test_a_long_field_of_a_csv_file_that_nobody_uses_costs_nothing(tmp_path: Path) -> None:
    header = "id,user_id,leave_type_id,start,end,note"
    rows = [
        f"{leave_id},u1,vacation,2026-05-11,2026-05-12,{note}" for leave_id, note in (("L1", "x" * 300_000), ("L2", ""))
    ]
    (tmp_path / "leave.csv").write_text("\n".join([header, *rows]))
    assert ids(tmp_path / "leave.csv") == ["L1", "L2"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ('L1,"' + "x\n" * 10_000, "cannot be read from line 2 on: field larger than field limit (500)"),
        ("L1," + "x" * 10_000, "cannot be read from line 2 on: a line is longer than 1,000 characters"),
        ("L1,u1\nL2,u1\nL3," + "x" * 600, "cannot be read from line 4 on: field larger than field limit (500)"),
    ],
)
def test_a_csv_file_that_would_take_all_memory_is_an_error(
    rows: str, problem: str, little_memory: None, tmp_path: Path
) -> None:
    (tmp_path / "leave.csv").write_text(f"id,user_id,leave_type_id,start,end\n{rows}")
    with pytest.raises(CorConfigurationError, match=re.escape(problem)):
        read_all(tmp_path / "leave.csv")


@pytest.mark.parametrize("header", ["x" * 600, "x" * 2_000])
def test_a_header_that_cannot_be_read_is_an_error(header: str, little_memory: None, tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_text(header)
    with pytest.raises(CorConfigurationError, match="cannot be read from line 1 on"):
        read_all(tmp_path / "leave.csv")


def test_a_limit_that_somebody_has_raised_for_csv_files_is_not_lowered(tmp_path: Path) -> None:
    before = csv.field_size_limit(2**30)
    try:
        write_csv(tmp_path / "leave.csv", [leave()])
        assert ids(tmp_path / "leave.csv") == ["L1"]
        assert csv.field_size_limit() == 2**30
    finally:
        csv.field_size_limit(before)


HEADER = "id,user_id,leave_type_id,start,end"
ROW = "L1,u1,vacation,2026-05-11,2026-05-12"


def read_text(text: str, path: Path, translation: Translation = PLAIN) -> list[LeaveRequest | UnreadableLeave]:
    path = path / "leave.csv"
    path.write_bytes(text.encode())
    return list(iter_leaves(path, translation=translation))


def refusal(text: str, path: Path) -> str:
    with pytest.raises(CorConfigurationError) as raised:
        read_text(text, path)
    return raised.value.message.removeprefix("leave_requests: leave.csv: ")


def read_places(text: str, path: Path) -> list[str]:
    """Return where the records stand of which each is refused."""
    return [
        re.findall(r"line \d+", one.error.message)[0]
        for one in read_text(text, path)
        if isinstance(one, UnreadableLeave)
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{ROW}",
        f"\n \n{HEADER}\n\n{ROW}\n\n",
        f"{HEADER}\r{ROW}\r",
        f"{HEADER}\r\n{ROW}\r\n",
        f",,,,\n{HEADER}\n,,,,\n{ROW}\n , ,\n",
        f"{HEADER},,\n{ROW},,\n",
        f"{HEADER},,\n{ROW}\n",
        f'"{HEADER}"\n{ROW}'.replace(",", '","', 4),
        f"sep=;\n{HEADER}\n{ROW}".replace(",", ";"),
        f"SEP=^\r\n{HEADER}\r\n{ROW}".replace(",", "^"),
        f"sep=\t\n{HEADER}\n{ROW}".replace(",", "\t"),
        f"{HEADER}\n{ROW}".replace(",", "|"),
        f'"a;b;c;d;e;f",{HEADER}\n;,{ROW}',
        'a;"b,c,d,e,f,g,h";id;user_id;leave_type_id;start;end\nx;y;L1;u1;vacation;2026-05-11;2026-05-12',
        f'note,{HEADER}\n"a ""quoted"" word\nand a line break",{ROW}',
        f"a|b|c|d|e|f,{HEADER}\nx,{ROW}",
        f"\ufeff\ufeff{HEADER}\n{ROW}",
        f"[note],{HEADER}\nx,{ROW}",
    ],
)
def test_a_table_is_read_however_it_was_written(text: str, tmp_path: Path) -> None:
    (one,) = read_text(text, tmp_path)
    assert isinstance(one, LeaveRequest), one
    assert (one.id, one.user_id, one.leave_type_id) == ("L1", "u1", "vacation")
    assert [day.isoformat() for day in one.days] == ["2026-05-11", "2026-05-12"]


def test_a_line_break_in_the_header_is_white_space(tmp_path: Path) -> None:
    header = HEADER.replace("start", '"First\nday"').replace("end", '" Last  day"')
    columns = {"start": "First day", "end": "Last\nday"}
    (one,) = read_text(f"{header}\n{ROW}", tmp_path, Translation(columns))
    assert isinstance(one, LeaveRequest)
    assert [day.isoformat() for day in one.days] == ["2026-05-11", "2026-05-12"]


def test_a_row_is_named_by_the_line_in_which_it_begins(tmp_path: Path) -> None:
    text = f'\n"x\ny",{HEADER}\n"1\n2\n3",\n\n,\n"4\n5",,\r6,\r\n7,'
    assert read_places(text, tmp_path) == ["line 4", "line 9", "line 11", "line 12"]
    assert read_places(f"sep=,\n{HEADER}\n1\n", tmp_path) == ["line 3"]


def test_a_short_row_lacks_its_last_fields(tmp_path: Path) -> None:
    assert [
        one.error.message for one in read_text(f"{HEADER}\nL1,u1", tmp_path) if isinstance(one, UnreadableLeave)
    ] == ["leave_type_id: is missing; start: is missing; end: is missing (leave.csv, line 2)"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"Leave of Juana\n\n{HEADER}\n{ROW}", "line 1 is no header, line 3 looks like it: remove the lines above it."),
        (f"Leave, of Juana\n{HEADER}\n{ROW}".replace(",", ";"), "line 1 is no header, line 2 looks like it"),
        (f"{HEADER},start\n{ROW},", 'has more than one column "start". Rename or remove the others.'),
        (f'{HEADER}\n{ROW}\n"L2,u1,', "the .csv file cannot be read from line 3 on: a quote opens there that is never"),
        (f"{HEADER}\n{ROW}\nL2\0", "the .csv file cannot be read from line 3 on: it has NUL characters"),
        ("id;user_id;From;To\n" + ROW, 'It has "id", "user_id", "From", "To".'),
        (
            f'{HEADER}\n{ROW}\n"a "b" c",',
            "from line 3 on: text follows the closing quote of a field. Double the quotes",
        ),
        ('{"id": "Juana", "user_id": "flu"}\n', "is JSON, not CSV: name it .json, or .jsonl if it has an object per"),
        ('[\n{"id": "Juana", "user_id": "flu"}\n]', "is JSON, not CSV"),
        ('{\n"id": "Juana", "user_id": "flu"}', "is JSON, not CSV"),
        ("", "is empty: it has not even a header."),
        ("\n\n,,\n", "is empty: it has not even a header."),
        ("sep=;\n", "is empty: it has not even a header."),
        (HEADER.replace("start", "año"), "has no column for start."),
    ],
)
def test_a_table_that_cannot_be_read_is_one_error(text: str, problem: str, tmp_path: Path) -> None:
    message = refusal(text, tmp_path)
    assert problem in message
    assert "Juana" not in message


def test_a_header_in_another_encoding_is_refused_by_that(tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_bytes(HEADER.replace("start", "año").encode("cp1252"))
    with pytest.raises(CorConfigurationError, match="line 1 is not UTF-8, perhaps Windows-1252"):
        read_all(tmp_path / "leave.csv")


def test_a_title_in_another_encoding_is_still_a_title(tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_bytes(f"Año\n{HEADER}\n{ROW}".encode("cp1252"))
    with pytest.raises(CorConfigurationError, match="line 1 is no header, line 2 looks like it"):
        read_all(tmp_path / "leave.csv")


def test_rows_are_read_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_text(f'{HEADER}\n{ROW}\n"never closed')
    assert isinstance(next(iter_leaves(tmp_path / "leave.csv")), LeaveRequest)


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
COLUMN = FIELD.map(lambda name: f"x{collapse_blanks(name)}").filter(lambda name: not name.endswith(" "))


@given(data=st.data())
def test_any_table_reads_back_as_it_was_written(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting: Literal[0, 1] = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    # Without quotes around it, any other line end would be one to every reader.
    field = FIELD if quoting == csv.QUOTE_ALL else FIELD.map(lambda text: re.sub("[\r\n]", lambda _: end, text))
    columns = [*HEADER.split(","), *data.draw(st.lists(COLUMN, unique=True, max_size=3))]
    row = st.lists(field, min_size=len(columns), max_size=len(columns)).filter(lambda row: any(map(str.strip, row)))
    rows = data.draw(st.lists(row, max_size=5))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=data.draw(st.sampled_from(",;\t|")), quoting=quoting, lineterminator=end)
    writer.writerows([columns, *rows])
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text.getvalue().encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))))
    file = InputFile("any.csv", path=ObjectStoragePath(path))
    records = list(csv_file.read(file))
    assert [list(record.fields.values()) for record in records] == rows
    assert all(record.problem is None and list(record.fields) == columns for record in records)


@pytest.mark.parametrize("name", ["any.csv", "any.json", "any.jsonl", "any.csv.gz", "any.jsonl.gz"])
@given(content=st.binary(max_size=200), start=st.sampled_from([b"", HEADER.encode() + b"\n", b"\xff\xfe", b"sep="]))
def test_any_bytes_are_records_or_an_error(
    name: str, content: bytes, start: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(gzip.compress(start + content) if name.endswith(".gz") else start + content)
    with contextlib.suppress(CorConfigurationError):
        for one in iter_leaves(path):
            assert isinstance(one, (LeaveRequest, UnreadableLeave))


@given(text=st.lists(st.sampled_from([*'",;\t|\r\n\0 xé', *HEADER.split(","), "2026-05-11", "sep=;"])).map("".join))
def test_any_text_is_records_or_an_error(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(text, newline="")
    with contextlib.suppress(CorConfigurationError):
        read_all(path)
