"""``.json``: one document, a list of records or a single one."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping

from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.json_text import read_document
from cor_provider.inputs.record import NAMELESS, Record


def read(file: InputFile) -> Iterator[Record]:
    """Yield the records of a JSON file, which is loaded at once."""
    with file.open() as stream:
        content = stream.read()
    for position, record in enumerate(read_document(content.removeprefix(BOM_UTF8)), start=1):
        if isinstance(record, Mapping):
            yield Record(record, f"record {position}")
        else:
            yield Record({NAMELESS: record}, f"record {position}", "is not an object")
