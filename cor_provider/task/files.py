"""The files that a task reads and writes: no output may replace an input, another output or a ledger."""

from __future__ import annotations

import errno
import posixpath
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError, CorError
from cor_provider.records.kinds import LEAVE, Kind
from cor_provider.sync import ledger_file

_HEAD = 4096  # bytes; a ledger names its format within them

_STORES = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfss": "abfs", "adl": "abfs", "az": "abfs"}
"""Other names of the same stores, in Airflow's providers and in fsspec."""


@dataclass(frozen=True)
class _Place:
    """
    The file that a path names, however the path is spelt.

    :param uri: in an object store, without the connection; on this machine, with all links followed.
    :param identity: device and inode of an existing file on this machine, the same for all its hard links.
    :param is_stream: whether it is a stream, which keeps nothing, rather than a file.
    """

    uri: str
    identity: tuple[int, int] | None = None
    is_stream: bool = False

    @classmethod
    def from_path(cls, path: ObjectStoragePath) -> _Place:
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
        """Return whether both are, or would be, the same file: some disks ignore the case of names."""
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
    The files of one task, by the parameters that name them.

    The comparison is between files, not between spellings of their paths: links, connections and relative paths make no
    difference.

    :param written: for each parameter, the path or URI of the file that the task writes; None for none.
    :param read: for each parameter, the paths and URIs of the files that the task reads.
    :param kind: what the records of the task are.
    """

    def __init__(
        self, *, written: Mapping[str, object], read: Mapping[str, Iterable[object]], kind: Kind = LEAVE
    ) -> None:
        self._written = {name: path for name, path in written.items() if path}
        self._read = [(name, path) for name, paths in read.items() for path in paths]
        self._parameter = kind.parameter
        self._protected: list[tuple[str, str]] = []

    def protect(self, name: str, path: ObjectStoragePath, *, is_prefix: bool = False) -> None:
        """
        Add a file that no output may replace.

        :param is_prefix: protect all files whose paths begin like this one.
        """
        if is_prefix:
            self._protected.append((name, _fold(_Place.from_path(path).uri)))
        else:
            self._read.append((name, path))

    def add_input(self, path: ObjectStoragePath) -> None:
        """
        Add a file of records right before it is read. It may not have been known earlier.

        :raises CorConfigurationError: as :meth:`check` does.
        """
        self._read.append((self._parameter, path))
        self._check(self._read[-1:])

    def check(self) -> None:
        """
        Check that no output would replace another file of the task. Call it again right before writing each output.

        :raises CorConfigurationError: naming the parameter whose file would replace another file or a ledger.
        """
        self._check(self._read)
        for name, path in self._written.items():
            if _is_ledger(_files.locate(path)):
                raise CorConfigurationError(
                    f"{name}: would overwrite the ledger of a sync: {path}. Choose another path."
                )

    def try_writing(self, *, leave_out: str = "") -> None:
        """
        Make sure that every output can be written. Call it after :meth:`check`, before anything is sent.

        :param leave_out: the name of a file without which the task can do.
        :raises CorError: as :func:`try_writing` does.
        """
        for name, path in self._written.items():
            if name != leave_out:
                try_writing(name, _files.locate(path))

    def _check(self, read: Iterable[tuple[str, object]]) -> None:
        written = dict(_places(self._written.items(), must_be=True))
        others = [*_places(read), *written.items()]
        for name, place in written.items():
            for other, other_place in others:
                if other != name:
                    _check_pair(name, place, other, other_place)
            for other, prefix in self._protected:
                if _fold(place.uri).startswith(prefix):
                    raise CorConfigurationError(f"{name}: would overwrite a file of {other}. Choose another path.")


def try_writing(name: str, path: ObjectStoragePath) -> None:
    """
    Make sure that a file can be written.

    :param name: the parameter that names it.
    :raises CorConfigurationError: naming the parameter and the reason, if a retry cannot help.
    :raises CorError: likewise, if one may help.
    """
    try:
        _files.try_writing(path)
    except Exception as error:  # noqa: BLE001  # each store raises its own errors
        is_permanent = isinstance(error, _PERMANENT) or getattr(error, "errno", None) in _PERMANENT_NUMBERS
        reason = getattr(error, "strerror", None) or (str(error) if is_permanent else "") or type(error).__name__
        raise (CorConfigurationError if is_permanent else CorError)(
            f"{name}: cannot be written: {reason}. Choose another path, or let the worker write there: {path}"
        ) from None


_PERMANENT = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError, ValueError)
_PERMANENT_NUMBERS = {errno.ELOOP, errno.EINVAL, errno.ENAMETOOLONG, errno.EROFS}


def _places(paths: Iterable[tuple[str, object]], *, must_be: bool = False) -> Iterator[tuple[str, _Place]]:
    for name, value in paths:
        place = _place(value)
        if must_be and place is None:
            raise CorConfigurationError(f"{name}: is not the path or URI of a file that can be written. Correct it.")
        if place and not place.is_stream:  # a stream replaces nothing
            yield name, place


def _place(value: object) -> _Place | None:
    try:
        return _Place.from_path(_files.locate(value))
    except ValueError:  # not a path, so it cannot be opened either
        return None


def _check_pair(name: str, place: _Place, other: str, other_place: _Place) -> None:
    if place.is_file_of(other_place):
        raise CorConfigurationError(f"{name}: would overwrite the file of {other}. Choose another path.")
    if place.is_folder_of(other_place):
        raise CorConfigurationError(f"{name}: names a folder that holds the file of {other}. Choose another path.")


def _is_ledger(path: ObjectStoragePath) -> bool:
    first_line, *_ = _files.read_head(path, _HEAD).split(b"\n")
    return ledger_file.FORMAT.encode() in first_line
