"""Leave requests in any form that a task can be handed: records, text, files, and lazy sequences of them."""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import tzinfo
from decimal import Decimal
from functools import partial
from io import BufferedReader
from itertools import count
from typing import IO, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector
from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorValidationError
from cor_provider.leave import Leave, LeaveKey, LeaveRequest, UnreadableLeave, read_leave, read_leave_id, read_leave_key

PATH_TYPES = (os.PathLike, ObjectStoragePath)
"""What names a file, besides text."""

LONGEST_LINE = 64 * 1024 * 1024
"""Of a file, so that one without line ends does not take all memory: bytes, or in a .csv file characters."""

LONGEST_FIELD = 16 * 1024 * 1024
"""Characters of a field in a .csv file, of which the csv module holds four bytes each: a quote may never be closed."""

FEWEST_DIGITS_REFUSED = 640
"""The lowest limit that Python can be given on the digits of a number."""


Opening = Callable[[ObjectStoragePath], None]
"""Is told of a file that is about to be opened, and may raise something instead."""


def _let_open(_path: ObjectStoragePath) -> None:
    """Have nothing against it."""


def iter_leaves(
    leave_requests: object, *, timezone: str | None = None, opening: Opening = _let_open
) -> Iterator[LeaveRequest | UnreadableLeave]:
    """
    Read leave requests one after another, without holding them all where the form allows it.

    A record that cannot be read is yielded as :class:`UnreadableLeave`, so that the others are not lost with it.

    :param leave_requests: a :class:`LeaveRequest` or a mapping that it accepts; any iterable of them, also nested; JSON
        text (it starts with ``[`` or ``{``); the path or URI of a ``.json``, ``.jsonl``, ``.csv`` or ``.parquet`` file
        that ``ObjectStoragePath`` opens. None, empty text and ``"None"`` are no leave requests.
    :param timezone: IANA name of the zone of times that carry no offset, such as ``Europe/Madrid``.
    :param opening: is called with every file right before it is opened.
    :raises CorConfigurationError: on iteration, if the input is none of these; the message does not print it.
    """
    yield from _iter_read(leave_requests, partial(read_leave, timezone=_read_timezone(timezone)), opening)


def iter_leave_keys(leave_requests: object, *, opening: Opening = _let_open) -> Iterator[LeaveKey | UnreadableLeave]:
    """Read what is needed to delete leaves; of each record, ``id`` and ``user_id`` are enough. Else as above."""
    yield from _iter_read(leave_requests, read_leave_key, opening)


def _iter_read(
    leave_requests: object, read: Callable[[object], Leave | UnreadableLeave], opening: Opening
) -> Iterator[Leave | UnreadableLeave]:
    for position, record in enumerate(_iter_records(leave_requests, opening), start=1):
        leave = read(record)
        if isinstance(leave, UnreadableLeave) and leave.leave_id is None:
            leave = UnreadableLeave(None, CorValidationError(f"Record {position}: {leave.error.message}"))
        yield leave


def load_lazy(value: object) -> object:
    """
    Return a lazy sequence of Airflow's as a list, and anything else as it is.

    Airflow 2's belongs to the thread of the task. Airflow 3's costs a request for each element, but one for a slice.
    """
    if _is_lazy(value):
        return value[:]  # type: ignore[index]  # it is a sequence
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, list, tuple)):
        return list(value)
    return value


def _is_lazy(value: object) -> bool:
    return isinstance(value, Sequence) and type(value).__name__ == "LazyXComSequence"


def can_be_read_again(value: object) -> bool:
    """Tell an input that gives the same leave requests each time from one that is used up by reading it."""
    if isinstance(value, (list, tuple)):
        return all(map(can_be_read_again, value))
    return isinstance(value, (str, Mapping, LeaveRequest, *PATH_TYPES))


def names_a_file(value: object) -> bool:
    """Tell the path or URI of a file from leave requests themselves."""
    if isinstance(value, str):
        return not _is_json(value) and _reader_of(value) is not None
    return isinstance(value, PATH_TYPES)


def looks_like_a_path(text: str) -> bool:
    """
    Tell text that is a path or URI, and nothing else, from text that may be records, whatever these look like.

    It is one line that begins as a path or URI does, or names a file as such. What it tells is for showing the text;
    what it is read as is another matter.
    """
    text = text.strip()
    if len(text) > _LONGEST_PATH or not text.isprintable() or any(character in _IN_RECORDS for character in text):
        return False
    names_a_file = _reader_of(text) is not None
    return bool(_BEGINS_AS_A_PATH.match(text) and (names_a_file or " " not in text)) or (
        names_a_file and _FILE_NAME.fullmatch(text) is not None
    )


_LONGEST_PATH = 4096  # characters: Linux takes no more
_IN_RECORDS = frozenset(",;|<>{}[]\"'`")
_BEGINS_AS_A_PATH = re.compile(r"[a-z][a-z0-9+.-]*://|file:/|~?/|\.{1,2}/", re.IGNORECASE)
_FILE_NAME = re.compile(r"[\w./@%+~-]+")


def files_in(value: object) -> Iterator[object]:
    """Yield the paths and URIs of the files that an input names, as far as can be told without using it up."""
    if names_a_file(value):
        yield value
    elif isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping)) and not _is_lazy(value):
        for element in value:
            yield from files_in(element)


def uris_in(value: object) -> Iterator[str]:
    """Yield what Airflow may be told of :func:`files_in`."""
    for file in files_in(value):
        if _is_shown(file):
            yield str(file).strip()


def _is_shown(file: object) -> bool:
    return not isinstance(file, str) or looks_like_a_path(file)


def label(value: object) -> str | None:
    """
    Return a short name for an input, which tells mapped tasks apart: of people's data it holds an external leave id.

    :param value: what :func:`iter_leaves` takes; of a form that cannot be looked into without reading it, None.
    """
    if names_a_file(value):
        return "/".join(urlsplit(str(value).strip()).path.split("/")[-2:]) if _is_shown(value) else None
    if isinstance(value, (Mapping, LeaveRequest)):
        return read_leave_id(value)
    if isinstance(value, (list, tuple)) and value:
        return f"{read_leave_id(value[0]) or 'leave'} and {len(value) - 1} more" if value[1:] else label(value[0])
    return None


def _read_timezone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # an unknown zone is a KeyError, a folder's name an OSError
        raise CorConfigurationError(
            f"timezone: {name!r} is not a time zone: write an IANA name such as Europe/Madrid."
        ) from None


def _iter_records(value: object, opening: Opening, *, nested: bool = False) -> Iterator[object]:
    if isinstance(value, (Mapping, LeaveRequest, UnreadableLeave)):
        yield value
    elif isinstance(value, str) and (not nested or _is_json(value) or _reader_of(value)):
        yield from _iter_text(value, opening)
    elif isinstance(value, PATH_TYPES):
        yield from _iter_file(value, opening)
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray)):
        for element in load_lazy(value):  # type: ignore[attr-defined]  # an iterable it was, and is
            yield from _iter_records(element, opening, nested=True)
    elif nested:
        yield value  # one odd element among others is a record that cannot be read
    elif value is not None:
        raise _unexpected(type(value).__name__)


def _iter_text(text: str, opening: Opening) -> Iterator[object]:
    if _is_json(text):
        yield from _iter_content(_parse_json(text))
    elif names_a_file(text):
        yield from _iter_file(text, opening)
    elif text.strip() not in {"", "None"}:  # "None" is what a Jinja string makes of an upstream without a result
        raise _unexpected("text that is neither JSON nor ends like such a file")


def _iter_content(content: object) -> Iterator[object]:
    """Yield the records of JSON. Text in it is data: it names no further file to read."""
    if isinstance(content, list):
        yield from content
    elif isinstance(content, Mapping):
        yield content
    else:
        raise _unexpected("JSON that is neither a list nor an object")


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("[", "{"))


def _load_json(text: str | bytes) -> object:
    return json.loads(text, parse_int=_parse_int)


def _parse_int(digits: str) -> int | Decimal:
    """Read a number of any length: from some thousand digits on, Python refuses to, and the record would be lost."""
    return int(digits) if len(digits) < FEWEST_DIGITS_REFUSED else Decimal(digits)


def _parse_json(text: str | bytes) -> object:
    try:
        return _load_json(text)
    except json.JSONDecodeError as error:
        raise CorConfigurationError(
            f"leave_requests: this is not JSON ({error.msg}, line {error.lineno}, column {error.colno}). Where it is a "
            "Jinja string, that makes Python text of an upstream's output: pass the output itself, or add | tojson."
        ) from None
    except (UnicodeDecodeError, RecursionError):
        raise CorConfigurationError("leave_requests: this is not JSON in UTF-8.") from None


def _reader_of(path: str) -> Callable[[ObjectStoragePath], Iterator[object]] | None:
    return _READERS.get(os.path.splitext(path.strip())[1].lower())  # noqa: PTH122  # a URI is no path of this machine


def _iter_file(value: object, opening: Opening) -> Iterator[object]:
    path = _locate(value)
    reader = _reader_of(str(path))
    if reader is None:
        raise _unexpected("a path that ends like none of these")
    opening(path)
    if is_shown := _is_shown(value):
        # Airflow notes what is read at once, but not what is read line by line.
        get_hook_lineage_collector().add_input_asset(context=path, uri=str(path))
    try:
        yield from reader(path)
    except FileNotFoundError:
        name = path if is_shown else "of such a name, which does not look like one,"
        raise FileNotFoundError(
            f"leave_requests: there is no file {name} where this task runs. Has it been extracted?"
        ) from None
    except OSError as error:
        if is_shown:
            raise
        raise OSError(error.errno, f"leave_requests: {error.strerror}") from None  # but for the name


def _locate(value: object) -> ObjectStoragePath:
    try:
        path = _files.locate(value)
    except ValueError:  # which may hold some of it
        raise _unexpected("a path or URI that cannot be one") from None
    if "\0" in str(path):
        raise _unexpected("a path or URI that cannot be one")
    return path


def _iter_json(path: ObjectStoragePath) -> Iterator[object]:
    yield from _iter_content(_parse_json(path.read_bytes().removeprefix(b"\xef\xbb\xbf")))


def _iter_json_lines(path: ObjectStoragePath) -> Iterator[object]:
    with path.open("rb") as stream, closing(BufferedReader(stream, _CHUNK)) as lines:
        for number in count(1):
            line = lines.readline(LONGEST_LINE)
            if not line:
                return
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                _skip_line(lines)
                yield _unreadable_line(number, f"is longer than {LONGEST_LINE:,} bytes")
            elif line.strip():
                try:
                    yield _load_json(line)
                except (ValueError, RecursionError):
                    yield _unreadable_line(number, "is not JSON")


_CHUNK = 1024 * 1024


def _skip_line(lines: BufferedReader) -> None:
    while (part := lines.readline(_CHUNK)) and not part.endswith(b"\n"):
        pass


def _iter_csv(path: ObjectStoragePath) -> Iterator[object]:
    # The csv module has one limit for the whole process, below which a field that nobody uses would end the reading.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    # A byte that is not UTF-8 makes its field unreadable, and not the rows after it.
    with path.open("r", encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        lines = _csv_lines(stream)
        read = 1
        try:
            header = next(lines, "")
            # Where the decimal sign is a comma, spreadsheets separate fields by semicolons.
            delimiter = max(",;\t", key=header.count)
            fields = [field.strip() for field in next(csv.reader([header], delimiter=delimiter), [])]
            if len(set(fields)) < len(fields):
                raise CorConfigurationError("leave_requests: the .csv file has a column twice.")
            rows = csv.DictReader(lines, fieldnames=fields, delimiter=delimiter, strict=True)
            read = 2
            for row in rows:
                # The csv module keeps fields beyond the header under None.
                yield _unreadable_line(rows.line_num + 1, "has more fields than the header") if None in row else row
                read = rows.line_num + 2
        except csv.Error as error:
            raise CorConfigurationError(
                f"leave_requests: the .csv file cannot be read from line {read} on: {error}."
            ) from None


def _csv_lines(stream: IO[str]) -> Iterator[str]:
    while line := stream.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise csv.Error(f"a line is longer than {LONGEST_LINE:,} characters")
        yield line


def _iter_parquet(path: ObjectStoragePath) -> Iterator[object]:
    try:
        from pyarrow import ArrowInvalid  # noqa: PLC0415  # an optional extra
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415  # likewise
    except ImportError:
        raise CorConfigurationError(
            "leave_requests: a .parquet file needs pyarrow: pip install 'airflow-provider-cor[parquet]'."
        ) from None
    with path.open("rb") as stream:
        try:
            file = ParquetFile(stream)
            narrow = {one.name: bound for one in file.schema_arrow if (bound := _EXACT_BELOW.get(str(one.type)))}
            for batch in file.iter_batches(batch_size=1000):
                for row in batch.to_pylist():
                    yield _without_lost_digits(row, narrow) if narrow else row
        except ArrowInvalid:
            raise CorConfigurationError("leave_requests: the file is not a readable .parquet file.") from None


_EXACT_BELOW = {"halffloat": 2**11, "float": 2**24}
"""From where on numbers narrower than Python's may have lost digits, by what pyarrow calls them."""


def _without_lost_digits(row: dict[str, Any], narrow: Mapping[str, int]) -> dict[str, Any]:
    """Make of numbers that may have lost digits ones that no id can be made of."""
    lost = (name for name, bound in narrow.items() if row[name] is not None and abs(row[name]) >= bound)
    return {**row, **dict.fromkeys(lost, math.inf)}


_READERS: dict[str, Callable[[ObjectStoragePath], Iterator[Any]]] = {
    ".json": _iter_json,
    ".jsonl": _iter_json_lines,
    ".csv": _iter_csv,
    ".parquet": _iter_parquet,
}


def _unreadable_line(number: int, problem: str) -> UnreadableLeave:
    return UnreadableLeave(None, CorValidationError(f"line {number} {problem}."))


def _unexpected(what_came: str) -> CorConfigurationError:
    return CorConfigurationError(
        "leave_requests: expected a mapping, a list of mappings, an upstream task's output, JSON text, or the path or "
        f"URI of a {', '.join(_READERS)} file; got {what_came}."
    )
