"""The formats of a file of rejected records: how each writes a value, and what is read of it again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from io import StringIO
from typing import IO, Any, Protocol

from cor_provider.exceptions import CorConfigurationError
from cor_provider.fields import external_id
from cor_provider.inputs.formats import formula_guard, sheet_text, spreadsheet
from cor_provider.task.plain_values import Plain

Row = Mapping[str, Any]
"""What a format has made of the values of a record, by column; JSON can hold it."""


class RejectedFormat(Protocol):
    """A format."""

    is_table: bool
    """Whether the columns of all records stand in one header, where white space does not tell names apart."""

    def check(self) -> None:
        """
        Check that it can be written on this machine.

        :raises CorConfigurationError: naming what is missing.
        """

    def write_value(self, value: Plain) -> Any:
        """Return a value as this format holds it; JSON can hold that too."""

    def read_value(self, written: Any) -> Any:
        """Return what is read of a written value."""

    def write(self, stream: IO[bytes], columns: Sequence[str], rows: Iterable[Row]) -> None:
        """
        Write a file.

        :param columns: all that the rows have; a table has these.
        """


class Csv:
    """Text, with a byte order mark: without one, spreadsheets take it for another encoding."""

    is_table = True

    def check(self) -> None:
        """Do nothing: it can be written everywhere."""

    def read_value(self, written: str) -> str:
        """Return what is read of a written value: the same."""
        return written

    def write_value(self, value: Plain) -> str:
        """Return a value as text."""
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer() and abs(value) < external_id.EXACT_BELOW:
            return str(int(value))
        text = _iso(value)
        text = text if isinstance(text, str) else _json(text) if isinstance(text, (list, dict)) else str(text)
        return text.replace("\0", "\ufffd")  # the mark of damaged files

    def write(self, stream: IO[bytes], columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Write a table."""
        stream.write(b"\xef\xbb\xbf")
        stream.write(_csv_line(columns, quoting=csv.QUOTE_ALL))
        for row in rows:
            stream.write(_csv_line([row.get(column, "") for column in columns], quoting=csv.QUOTE_MINIMAL))


class JsonLines:
    """One object a line, with nothing in it that the record did not have."""

    is_table = False

    def check(self) -> None:
        """Do nothing: it can be written everywhere."""

    def read_value(self, written: Any) -> Any:
        """Return what is read of a written value: the same."""
        return written

    def write_value(self, value: Plain) -> Any:
        """Return a value of JSON; dates are text."""
        return _iso(value)

    def write(self, stream: IO[bytes], columns: Sequence[str], rows: Iterable[Row]) -> None:  # noqa: ARG002  # only tables have columns
        """Write a line for each row."""
        for row in rows:
            # Half a surrogate pair, which JSON allows and UTF-8 does not, is escaped.
            stream.write((_json(row) + "\n").encode("utf-8", "backslashreplace"))


class Excel:
    """A sheet with typed cells."""

    is_table = True

    def check(self) -> None:
        """Check that openpyxl is installed."""
        try:
            import openpyxl  # noqa: F401, PLC0415  # an optional extra
        except ImportError:
            raise CorConfigurationError(
                "rejected_path: an .xlsx file needs openpyxl: pip install 'airflow-provider-cor[excel]'. Or choose "
                ".csv or .jsonl."
            ) from None

    def write_value(self, value: Plain) -> Any:
        """Return a cell's value: a date in an object that names its type, and as text what a cell cannot hold."""
        if isinstance(value, datetime) and _is_cell_date(value) and not value.microsecond and not value.tzinfo:
            return {_DATE_TIME: value.isoformat()}
        if isinstance(value, date) and not isinstance(value, datetime) and _is_cell_date(value):
            return {_DATE: value.isoformat()}
        is_long = (
            not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) >= spreadsheet.EXACT_BELOW
        )
        if is_long and (isinstance(value, int) or (abs(value) < external_id.EXACT_BELOW and value == int(value))):
            return str(int(value))  # the reader refuses a number of so many digits
        text = _iso(value)
        return _json(text) if isinstance(text, (list, dict)) else text

    def read_value(self, written: Any) -> Any:
        """Return a cell's value as the reader of such files returns it."""
        if isinstance(written, dict):
            ((kind, text),) = written.items()
            return date.fromisoformat(text) if kind == _DATE else datetime.fromisoformat(text)  # noqa: TID251  # we wrote it
        return written

    def write(self, stream: IO[bytes], columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Write a workbook with one sheet."""
        from openpyxl import Workbook  # noqa: PLC0415  # an optional extra
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  # likewise

        workbook = Workbook(write_only=True)
        sheet = workbook.create_sheet("Rejected")

        def cell(value: Any) -> Any:
            if not isinstance(value, str):
                return self.read_value(value)
            text = WriteOnlyCell(sheet, sheet_text.escape(formula_guard.guard_apostrophe(value)))
            text.data_type = "s"  # never a formula or an error
            return text

        try:
            sheet.append([cell(column) for column in columns])
            for number, row in enumerate(rows, start=2):
                if number > spreadsheet.MOST_ROWS:
                    raise CorConfigurationError(
                        "rejected_path: an .xlsx file cannot hold as many records. Choose .csv."
                    )
                sheet.append([cell(row.get(column)) for column in columns])
        except BaseException:
            sheet.close()
            raise
        workbook.save(stream)


FORMATS: Mapping[str, RejectedFormat] = {".csv": Csv(), ".jsonl": JsonLines(), ".xlsx": Excel()}
"""The formats by the ending of the file's name."""


_FIRST_YEAR_IN_EXCEL = 1901  # it counts days from 1900, and has one too many in that year
_DATE, _DATE_TIME = "date", "datetime"


def _is_cell_date(value: date) -> bool:
    return value.year >= _FIRST_YEAR_IN_EXCEL


def _iso(value: Plain) -> Any:
    """Return a value with its dates as ISO 8601."""
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _iso(one) for key, one in value.items()}
    return [_iso(one) for one in value] if isinstance(value, list) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _csv_line(cells: Sequence[str], *, quoting: Any) -> bytes:
    line = StringIO(newline="")
    csv.writer(line, quoting=quoting).writerow(map(formula_guard.guard, cells))
    text = line.getvalue()
    try:
        return text.encode("utf-8", "surrogateescape")  # bytes that were no UTF-8 in the input stay the same
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
