"""``.json``: one document, a list of records or a single one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.json_document import read_document
from cor_provider.inputs.record import NAMELESS, Record
from cor_provider.inputs.text import SAVE_AS_UTF8, find_foreign, is_foreign, open_text

LONGEST_DOCUMENT = 256 * 1024 * 1024
"""Characters: the file is loaded at once, and if it is packed, its size does not say how much that is."""


def read(file: InputFile) -> Iterator[Record]:
    """Yield the records of a JSON file, which is loaded at once."""
    with open_text(file) as stream:
        text = stream.read(LONGEST_DOCUMENT + 1)
    if len(text) > LONGEST_DOCUMENT:
        raise file.error(
            f"is longer than {LONGEST_DOCUMENT:,} characters. Write JSON Lines (.jsonl), read line by line."
        )
    if not text.strip():
        raise file.error("is empty. Check that the extract wrote it completely; without leave, it writes [].")
    has_foreign = is_foreign(text)

    def refuse(problem: str) -> CorConfigurationError:
        return file.error(f"this is not JSON in UTF-8. {SAVE_AS_UTF8}" if has_foreign else problem)

    for position, record in enumerate(read_document(text, file.translation, refuse), start=1):
        place = f"record {position}"
        if not isinstance(record, Mapping):
            yield Record({NAMELESS: record}, place, "is not an object", file.name)
        else:
            problem = find_foreign(record, file.translation.used(record)) if has_foreign else None
            yield Record(record, place, problem, file.name)
