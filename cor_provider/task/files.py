"""The files that a task reads and writes: none that it writes may take the place of another."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError
from cor_provider.sync import ledger

_BEGINNING = 4096  # bytes, among which a ledger says that it is one

_STORES = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfss": "abfs", "adl": "abfs", "az": "abfs"}
"""What stores are called besides, by Airflow's providers or by fsspec."""


@dataclass(frozen=True)
class _Place:
    """
    Which file a path names, however it is spelt.

    :param uri: on this machine with all links followed, and in an object store without the connection.
    :param identity: what this machine knows the file by, where it exists: one with two names has one of these.
    :param is_stream: whether it is no file, but takes what is written.
    """

    uri: str
    identity: tuple[int, int] | None = None
    is_stream: bool = False

    @classmethod
    def of(cls, path: ObjectStoragePath) -> _Place:
        place = _files.on_disk(path)
        if place is None:
            protocol = _STORES.get(path.protocol, path.protocol)
            return cls(f"{protocol}://{posixpath.normpath(path.path.lstrip('/'))}")
        identity = None
        with suppress(OSError):
            status = place.stat()
            identity = status.st_dev, status.st_ino
        return cls(f"file://{place}", identity, _files.is_stream(path))

    def is_file_of(self, other: _Place) -> bool:
        """Tell whether both are one file, or would be: some disks take names that differ in case alone for one."""
        if self.uri == other.uri or (self.identity and self.identity == other.identity):
            return True
        are_new = not self.identity and not other.identity and self.uri.startswith("file:")
        return are_new and _fold(self.uri) == _fold(other.uri)

    def is_folder_of(self, other: _Place) -> bool:
        return other.uri.startswith(f"{self.uri}/")


def _fold(uri: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", uri).casefold())


class TaskFiles:
    """
    The files of one task, by what names them: the parameters.

    They are compared as the files that they name: relative or not, with links and connections, in every spelling.

    :param written: what the task writes, one path or URI each; None for what it does not write.
    :param read: what it reads, any number of paths and URIs each.
    """

    def __init__(self, *, written: Mapping[str, object], read: Mapping[str, Iterable[object]]) -> None:
        self._written = {name: path for name, path in written.items() if path}
        self._read = [(name, path) for name, paths in read.items() for path in paths]
        self._kept: list[tuple[str, str]] = []

    def keep(self, name: str, path: ObjectStoragePath, *, is_beginning: bool = False) -> None:
        """
        Add a file that must stay, whatever the task writes.

        :param is_beginning: all whose paths begin like this.
        """
        if is_beginning:
            self._kept.append((name, _fold(_Place.of(path).uri)))
        else:
            self._read.append((name, path))

    def open_input(self, path: ObjectStoragePath) -> None:
        """
        Note that a file of leave requests is about to be read, which may not have been known before.

        :raises CorConfigurationError: as :meth:`check`.
        """
        self._read.append(("leave_requests", path))
        self._check(self._read[-1:])

    def check(self) -> None:
        """
        Make sure that the task can write all its files without harm. It has to be asked again before each is written.

        :raises CorConfigurationError: naming the parameter that would overwrite the file of another, or a ledger.
        """
        self._check(self._read)
        for name, path in self._written.items():
            if _is_ledger(_files.locate(path)):
                raise CorConfigurationError(f"{name}: names the ledger of a sync, which it would overwrite: {path}.")

    def _check(self, read: Iterable[tuple[str, object]]) -> None:
        written = dict(_places(self._written.items(), must_be=True))
        others = [*_places(read), *written.items()]
        for name, place in written.items():
            for other, other_place in others:
                if other != name:
                    _check_pair(name, place, other, other_place)
            for other, beginning in self._kept:
                if _fold(place.uri).startswith(beginning):
                    raise CorConfigurationError(f"{name}: names a file of {other}, which it would overwrite.")


def _places(paths: Iterable[tuple[str, object]], *, must_be: bool = False) -> Iterator[tuple[str, _Place]]:
    for name, value in paths:
        place = _place(value)
        if must_be and place is None:
            raise CorConfigurationError(f"{name}: is no path or URI of a file that can be written.")
        if place and not place.is_stream:  # which nothing takes the place of
            yield name, place


def _place(value: object) -> _Place | None:
    try:
        return _Place.of(_files.locate(value))
    except ValueError:  # there is no such path, so it cannot be opened either
        return None


def _check_pair(name: str, place: _Place, other: str, other_place: _Place) -> None:
    if place.is_file_of(other_place):
        raise CorConfigurationError(f"{name}: names the file of {other}, which it would overwrite.")
    if place.is_folder_of(other_place):
        raise CorConfigurationError(f"{name}: names a folder in which the file of {other} lies.")


def _is_ledger(path: ObjectStoragePath) -> bool:
    first_line, *_ = _files.begins_with(path, _BEGINNING).split(b"\n")
    return ledger.FORMAT.encode() in first_line
