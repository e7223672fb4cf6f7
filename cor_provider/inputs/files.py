"""Files of records: opened, read by the reader of their format, and noted for lineage."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath, get_hook_lineage_collector
from cor_provider.inputs.formats import find_reader, split_sheet
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.paths import may_be_shown
from cor_provider.inputs.record import Record
from cor_provider.inputs.translation import PLAIN, Translation
from cor_provider.inputs.unexpected import unexpected_input
from cor_provider.records.kinds import Kind

OnOpen = Callable[[ObjectStoragePath], None]
"""Called with a file right before it is opened; it may raise an error instead."""


def iter_file(value: object, on_open: OnOpen, translation: Translation = PLAIN) -> Iterator[Record]:
    """Yield the records of a file, given by its path or URI."""
    kind = translation.form.kind
    path, sheet = _locate(value, kind)
    reader = find_reader(str(path))
    if reader is None:
        raise unexpected_input("a path with another ending", kind)
    on_open(path)
    if is_shown := may_be_shown(value):
        # Airflow itself records only files that are read at once, not those that are read line by line.
        get_hook_lineage_collector().add_input_asset(context=path, uri=str(path))
    name = f"{path.name}#{sheet}" if sheet else path.name
    file = InputFile(name if is_shown else "the file", translation, path=path, fragment=sheet)
    try:
        yield from reader(file)
    except FileNotFoundError:
        name = f"file {path}" if is_shown else "file of this name (not shown: it does not look like a path)"
        raise FileNotFoundError(
            f"{kind.parameter}: there is no {name} where this task runs. Check that the extract ran."
        ) from None
    except OSError as error:
        if is_shown:
            raise
        raise OSError(error.errno, f"{kind.parameter}: {error.strerror}") from None  # without the name


def _locate(value: object, kind: Kind) -> tuple[ObjectStoragePath, str | None]:
    """Return a file, and the sheet of it that is named too."""
    sheet = None
    if isinstance(value, str):
        value, sheet = split_sheet(value)
    try:
        path = _files.locate(value)
    except ValueError:  # its message may quote the path
        raise unexpected_input("a path or URI that is not valid", kind) from None
    if "\0" in str(path):
        raise unexpected_input("a path or URI that is not valid", kind)
    return path, sheet
