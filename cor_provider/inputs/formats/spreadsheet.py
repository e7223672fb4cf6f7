"""``.xlsx`` and ``.xlsm``: a record per row of one sheet; needs openpyxl (extra ``excel``)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from itertools import count
from typing import IO, Any
from zipfile import ZipFile

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats.formula_guard import unguard_rows
from cor_provider.inputs.formats.guarded import Guarded
from cor_provider.inputs.formats.sheet_text import unescape
from cor_provider.inputs.header import read_table
from cor_provider.inputs.input_file import CHUNK, InputFile
from cor_provider.inputs.record import Record
from cor_provider.inputs.unreadable import Unreadable, without_unreadable

MOST_ROWS = 1_048_576
"""As many as a sheet can have; a damaged file may claim more."""

LARGEST_SHEETS = 2 * 1024**3
"""Bytes of all sheets once unpacked. They are read row by row."""

LARGEST_REST = 512 * 1024**2
"""Bytes of everything else in XML once unpacked: the text of all cells is held in memory."""

EXACT_BELOW = 10**15
"""Spreadsheets keep 15 digits of a number, and put zeros in place of the others."""

SAVE_AS_XLSX = "Save it as .xlsx in a spreadsheet program."

_DAMAGED = f"this is not a readable .xlsx file: damaged, cut off, or of another format. {SAVE_AS_XLSX}"


def read(file: InputFile) -> Iterator[Record]:
    """Yield the rows of a sheet: of that which ``file.fragment`` names, or of the first that is not hidden."""
    try:
        import openpyxl  # noqa: PLC0415  # an optional extra
    except ImportError:
        raise CorConfigurationError(
            f"{file.parameter}: a spreadsheet needs openpyxl: pip install 'airflow-provider-cor[excel]'."
        ) from None
    warnings.filterwarnings("ignore", module="openpyxl")  # they quote cells
    with file.open(seekable=True) as stream:
        _check_kind(file, stream)
        guarded = Guarded(file, stream, _DAMAGED)
        archive = guarded.do(lambda: ZipFile(guarded))
        _check_size(file, archive)

        def sheet(*, data_only: bool) -> Any:
            book = guarded.do(lambda: openpyxl.load_workbook(guarded, read_only=True, data_only=data_only))
            return _find_sheet(file, book.worksheets)

        rows = _iter_rows(guarded, sheet(data_only=True))
        if guarded.do(lambda: _has_formulas(archive)):
            # Only the formulas tell whether a cell without a value is a gap, or was never calculated.
            rows = map(_with_formulas, rows, _iter_rows(guarded, sheet(data_only=False)))
        table = ((number, guarded.do(lambda: [*map(_read_cell, cells)])) for number, cells in rows)  # noqa: B023  # at once
        for record in read_table(file, unguard_rows(table)):
            fields, problem = without_unreadable(record.fields, file.translation.used(record.fields))
            yield record._replace(fields=fields, problem=record.problem or problem)


def refuse(file: InputFile) -> Iterator[Record]:
    """Refuse a spreadsheet of a format that is not read."""
    raise file.error(f"this format is not read. {SAVE_AS_XLSX}")


def _check_kind(file: InputFile, stream: IO[bytes]) -> None:
    """Refuse what is known not to be a packed spreadsheet."""
    head = stream.read(len(_OLE))
    if not head:
        raise file.error("is empty. Check that it was written completely.")
    if head == _OLE:
        if _ENCRYPTED in stream.read(_OLE_SEARCHED):
            raise file.error("is protected by a password. Save it without one.")
        raise file.error(f"is an .xls file of another name. {SAVE_AS_XLSX}")
    stream.seek(0)


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_SEARCHED = 64 * CHUNK
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def _check_size(file: InputFile, archive: ZipFile) -> None:
    """Refuse a file that would fill the memory."""
    sheets = rest = 0
    for part in archive.infolist():
        if part.filename.lower().startswith("xl/worksheets/"):
            sheets += part.file_size
        elif part.filename.lower().endswith((".xml", ".rels")):
            rest += part.file_size
    if sheets > LARGEST_SHEETS or rest > LARGEST_REST:
        raise file.error("is too large once unpacked. Split it, or export it as .csv.")


def _find_sheet(file: InputFile, sheets: Sequence[Any]) -> Any:
    for sheet in sheets:
        if sheet.title == file.fragment if file.fragment else sheet.sheet_state == "visible":
            return sheet
    # Their names are not shown: there may be a sheet for each person.
    if file.fragment:
        raise file.error(f"none of its {len(sheets)} sheets has this name. Write it as the tab has it, case included.")
    raise file.error(f"all of its {len(sheets)} sheets are hidden. Name one after a # in the path.")


def _has_formulas(archive: ZipFile) -> bool:
    for name in archive.namelist():
        if name.lower().startswith("xl/worksheets/"):
            with archive.open(name) as sheet:
                rest = b""
                while part := sheet.read(CHUNK):
                    if _FORMULA.search(rest + part):
                        return True
                    rest = part[-_LONGEST_TAG:]
    return False


_FORMULA = re.compile(rb"[<:]f[\s/>]")
_LONGEST_TAG = 3


def _iter_rows(guarded: Guarded, sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    sheet.reset_dimensions()  # some programs write wrong ones
    rows = sheet.iter_rows(min_row=1, min_col=1)
    for number in count(1):
        cells = guarded.do(lambda: next(rows, None))
        if cells is None:
            return
        guarded.do(lambda: _check_number(number))  # noqa: B023  # at once
        yield number, cells


def _check_number(number: int) -> None:
    if number > MOST_ROWS:
        raise ValueError(number)


def _with_formulas(row: tuple[int, Sequence[Any]], formulas: tuple[int, Sequence[Any]]) -> tuple[int, Sequence[Any]]:
    number, cells = row
    return number, [
        _NEVER_CALCULATED if formula.data_type == "f" and cell.value is None and cell.data_type != "str" else cell
        for cell, formula in zip(cells, formulas[1], strict=True)
    ]


_NEVER_CALCULATED = Unreadable("a formula that was never calculated: save the file in a spreadsheet program;")


def _read_cell(cell: Any) -> Any:
    """Return the value of a cell as a person sees it."""
    if isinstance(cell, Unreadable):
        return cell
    value = cell.value
    if isinstance(value, str):
        if cell.data_type == "e":
            return Unreadable("an error of the spreadsheet, such as #N/A,", value)
        return unescape(value) if value.strip() else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _read_number(value, _bare(cell.number_format))
    if isinstance(value, datetime) and value.time() == time() and not _TIME.search(_bare(cell.number_format)):
        return value.date()
    return value


def _read_number(value: float, number_format: str) -> Any:
    if abs(value) >= EXACT_BELOW:
        return float("inf")  # refused as an id: it may have lost digits
    if _ZEROS.fullmatch(number_format) and value >= 0 and value == int(value):
        # The number 12 that is shown as 00012 is the id 00012.
        return f"{int(value):0{len(number_format)}}"
    if not _NUMBER.fullmatch(number_format):
        return Unreadable(
            "a number in a format of its own: format the column as text, and type it as it should be;", value
        )
    return value


def _bare(number_format: str) -> str:
    """Return the format of a positive value without colours, conditions, locales and widths of characters."""
    return _DECORATION.sub("", number_format).split(";")[0].strip()


_DECORATION = re.compile(r"\[[^\]]*\]|_.|\*.")
_ZEROS = re.compile("0{2,}")
_NUMBER = re.compile(r"General|@|[#?0, ]*(\.[#?0]*)?(E[+-]?0+)?\s*%?", re.IGNORECASE)
_TIME = re.compile(r'^(?:"[^"]*"|\\.|[^"\\])*?[hs]', re.IGNORECASE)
