"""The ledgers that a path names."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.cli.rows import explained, locate
from cor_provider.exceptions import CorConfigurationError, CorLedgerBusyError
from cor_provider.sync.ledger import ENDING
from cor_provider.sync.ledger_file import LedgerContent


def find_ledgers(path: str, *, source: str | None = None) -> list[ObjectStoragePath]:
    """
    Return the files of the ledgers that a path names.

    :param path: a ledger's file, or its folder, which has one file for each source.
    :param source: only the ledger of this source.
    :raises CorConfigurationError: if there is none.
    """
    with explained(path):
        found = [file for file in _files_of(locate(path)) if source in {None, source_of(file)}]
    if not found:
        of_source = "" if source is None else f" of the source {source}"
        raise CorConfigurationError(f"there is no ledger{of_source} in {path}. Give the ledger of the sync's task.")
    return found


def source_of(file: ObjectStoragePath) -> str:
    """Return the source whose ledger a file is, by its name."""
    return unquote(file.name.removesuffix(ENDING))


def read_content(file: ObjectStoragePath, key: bytes | None = None) -> LedgerContent:
    """
    Read a ledger's file. Close the content after use.

    :param key: the key of the seal, if it is known.
    :raises CorLedgerError: if it is not a ledger, or was altered.
    :raises CorLedgerBusyError: if a sync replaces it again and again while it is read.
    """
    try:
        with explained(file):
            content = LedgerContent.read(file, key)
    except CorLedgerBusyError as error:
        raise CorLedgerBusyError(error.reason, again="command") from None
    if content is None:
        raise CorConfigurationError(f"there is no ledger {file}.")
    return content


def _files_of(path: ObjectStoragePath) -> Iterator[ObjectStoragePath]:
    if path.name.endswith(ENDING) and not path.is_dir():
        yield path
    else:
        yield from (path / name for name in sorted(_files.names(path)) if _is_ledger(name))


def _is_ledger(name: str) -> bool:
    return name.endswith(ENDING) and not name.startswith(".")
