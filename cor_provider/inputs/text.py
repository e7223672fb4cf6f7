"""Files of text: opened in the encoding that they are in, or refused by what they are instead."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

from cor_provider.inputs import packing
from cor_provider.inputs.input_file import InputFile

SAVE_AS_UTF8 = "Save it as UTF-8 (in Excel: CSV UTF-8)."

_BY_MARK = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The encodings by the byte order mark at a file's beginning."""

_NO_TEXT = {
    packing.MAGIC: "is packed twice. Unpack it once.",
    b"PK\x03\x04": "is a zip archive or an .xlsx spreadsheet, not text. Name it by what it is, or export it as text.",
    b"\xd0\xcf\x11\xe0": "is an old or encrypted Office file (.xls), not text. Export it as CSV UTF-8.",
    b"%PDF": "is a PDF, not text. Export the table itself.",
    b"PAR1\x15": "is a Parquet file, not text. Name it .parquet.",
    b"BZh9": "is packed with bzip2. Unpack it, or pack it with gzip.",
    b"\xfd7zXZ": "is packed with xz. Unpack it, or pack it with gzip.",
    b"\x28\xb5\x2f\xfd": "is packed with zstd. Unpack it, or pack it with gzip.",
    b"<": "is a web page or XML. Check that the extract did not store an error page or a login page.",
}
"""What is wrong with a file, by what it begins with."""

_HEAD = 64  # bytes

_FOREIGN = re.compile("[\udc80-\udcff]")
"""What stands for a byte that is not UTF-8."""


@contextmanager
def open_text(file: InputFile) -> Iterator[TextIOWrapper]:
    """
    Open a file of text, of which any line end ends a line, and is kept as it is.

    A byte that is not UTF-8 makes only its field unreadable, and not the rows after it: :func:`is_foreign` tells.

    :raises CorConfigurationError: if it is no text, or in another encoding than UTF-8, UTF-16 or UTF-32.
    """
    with file.open() as binary:
        head = binary.peek(_HEAD)[:_HEAD]
        begins = head.removeprefix(codecs.BOM_UTF8).lstrip()
        if problem := next((problem for start, problem in _NO_TEXT.items() if begins.startswith(start)), None):
            raise file.error(problem)
        encoding = next((encoding for mark, encoding in _BY_MARK.items() if head.startswith(mark)), "utf-8")
        if encoding == "utf-8" and _is_zero(head[1::2]) != _is_zero(head[::2]):
            raise file.error(f"is UTF-16 without a byte order mark. {SAVE_AS_UTF8}")
        errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
        try:
            with TextIOWrapper(binary, encoding, errors, newline="") as stream:
                yield stream
        except UnicodeDecodeError:
            raise file.error(f"is not readable as {encoding.upper()}: damaged or cut off. Write it again.") from None


def is_foreign(text: str) -> bool:
    """Return whether text had bytes that are not UTF-8."""
    return not text.isascii() and _FOREIGN.search(text) is not None


def find_foreign(fields: Mapping[str, Any], columns: Iterable[str]) -> str | None:
    """Return why a record cannot be read if one of these columns has bytes that are not UTF-8."""
    for column in columns:
        if isinstance(value := fields.get(column), str) and is_foreign(value):
            return f'is not UTF-8 in "{column}", perhaps Windows-1252: save the file as CSV UTF-8'
    return None


def show_foreign(text: str) -> str:
    """Return text in which bytes that are not UTF-8 are spelt out."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_zero(data: bytes) -> bool:
    return len(data) > 1 and not any(data)
