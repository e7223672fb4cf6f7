"""
Read and write files on this machine or in an object store. A file appears complete or not at all.

The files contain personal data. On this machine, only their owner can read them, and the folders made for them, from
the first moment on. In an object store, the store decides on access.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from fsspec.implementations.local import make_path_posix  # type: ignore[import-untyped]

from cor_provider import _clock
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError

LONGEST_WRITE = 3600.0
"""Seconds after which a file that nobody has written to is a leftover of a killed process."""

SCRATCH_KIB_IN_MEMORY = 8 * 1024

BLOCK = 256 * 1024
"""Bytes of a file that are read at once."""

_ABSOLUTE = re.compile(r"/|[a-z][a-z0-9+.-]*:", re.IGNORECASE)

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def locate(value: object) -> ObjectStoragePath:
    """
    Return the file or folder that a parameter names.

    :param value: a path or URI, as text or any kind of path. Blanks around text are ignored. A relative path begins in
        the working directory, or with ``~`` at home: Airflow before 3.2 would let it begin at the root of the disk.
    :raises CorConfigurationError: if this Airflow refuses every URI.
    """
    if isinstance(value, ObjectStoragePath):
        return value
    text = os.fsdecode(value) if isinstance(value, os.PathLike) else str(value).strip()
    if not _ABSOLUTE.match(text):
        text = str(Path.cwd() / Path(text).expanduser())
    try:
        return ObjectStoragePath(text)
    except TypeError as error:
        if "incompatible with ObjectStoragePath" not in str(error):
            raise
        raise CorConfigurationError(
            f"This Airflow cannot open {text.partition(':')[0]}: URIs with the installed version of universal-pathlib. "
            "Install Airflow again with its constraints file, as Airflow's documentation describes, or only "
            "'universal-pathlib<0.3'."
        ) from error


def on_disk(path: ObjectStoragePath) -> Path | None:
    """Return the real path of a file on this machine, with all links followed; None in an object store."""
    place = _place(path)
    return None if place is None else Path(os.path.realpath(place))


def is_stream(path: ObjectStoragePath) -> bool:
    """Return whether a path is a stream, which accepts writes but keeps nothing: ``/dev/stdout``, a pipe."""
    place = _place(path)
    return place is not None and _is_stream(place)


def read(path: ObjectStoragePath) -> bytes | None:
    """Return the content of a file, or None if there is no such file."""
    try:
        content: bytes = path.fs.cat_file(path.path)
    except FileNotFoundError:
        return None
    return content


def open_to_read(path: ObjectStoragePath) -> IO[bytes] | None:
    """Open a file to read it piece by piece; None if there is no such file, such as for a folder."""
    path.fs.invalidate_cache()  # it does not know what other machines did since
    try:
        stream: IO[bytes] = path.fs.open(path.path, "rb")
    except (FileNotFoundError, IsADirectoryError):
        return None
    return stream


def read_head(path: ObjectStoragePath, size: int) -> bytes:
    """Return the first bytes of a file; none if there is no such file or it cannot be read."""
    with suppress(Exception):  # object store clients raise more than OSError
        place = on_disk(path)
        if place is None or place.is_file():
            content: bytes = path.fs.cat_file(path.path, start=0, end=size)
            return content
    return b""


def replace(path: ObjectStoragePath, content: bytes, *, before_replacing: Callable[[], None] = lambda: None) -> None:
    """
    Replace the content of a file atomically: at any moment it holds either the old or the new content.

    An object store takes a complete object. On this machine, the content is written to a file beside it, which is then
    renamed. (fsspec's own transactions write to the temporary folder. That may be on another disk, from which a file
    cannot be moved in one step.)

    :param before_replacing: called right before the file is replaced; if it raises an error, the file stays as it was.
    """
    if _place(path) is None:
        before_replacing()
        path.fs.pipe_file(path.path, content)
    else:
        with writing(path, before_replacing=before_replacing) as stream:
            stream.write(content)


def create(path: ObjectStoragePath, content: bytes) -> bool:
    """
    Create a file, and return whether it did not exist yet.

    If several processes try at the same time, exactly one succeeds: the object stores of Amazon, Google and Azure
    guarantee that. On this machine, a reader may see the file empty at that moment.
    """
    if place := _place(path):
        _make_folder(place.parent)
        try:  # fsspec would look first and then write, so that two could succeed
            number = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        except FileExistsError:
            return False
        with os.fdopen(number, "wb") as file:
            file.write(content)
        return True
    try:
        path.fs.pipe_file(path.path, content, mode="create")
    except FileExistsError:
        # The store's client may have repeated a request whose answer was lost.
        return read(path) == content
    return True


class NewFile(Protocol):
    """
    A file that is being written. Until it is finished, the file that it replaces stays.

    Its stream can be read, too, unless the path is a stream itself.
    """

    stream: IO[bytes]

    def finish(self, before_replacing: Callable[[], None] = lambda: None) -> None:
        """Put the complete file in its place; if that fails, nothing of it remains."""

    def discard(self) -> None:
        """Drop it."""


def begin(path: ObjectStoragePath) -> NewFile:
    """
    Begin to write a file piece by piece; a missing folder is made.

    On this machine it is written beside the file that it replaces, and renamed at the end. If the path is a link, its
    target is replaced. A stream such as ``/dev/stdout`` or a pipe is written to directly. For an object store, the file
    is collected on this machine first.
    """
    place = _place(path)
    if place is None:
        return _Upload(path)
    return _Stream(place) if _is_stream(place) else _Beside(Path(os.path.realpath(place)))


def scratch() -> sqlite3.Connection:
    """
    Return an empty database for what may not fit into memory: SQLite keeps little of it there, the rest on the disk.

    Its file has no name, so that nobody else can open it and nothing of it is left, even after a kill. It cannot be
    rolled back: after a failed write, nothing in it can be relied on.
    """
    database = sqlite3.connect("", isolation_level=None)
    database.execute(f"PRAGMA cache_size = -{SCRATCH_KIB_IN_MEMORY}")
    database.execute("PRAGMA temp_store = FILE")
    database.execute("PRAGMA journal_mode = OFF")
    return database


def scratch_tables(schema: str) -> sqlite3.Connection:
    """
    Return such a database with tables, in a transaction that never ends.

    That is several times faster than one for each statement, and nobody else sees the database.
    """
    database = scratch()
    database.executescript(schema)
    database.execute("BEGIN")
    return database


@contextmanager
def writing(path: ObjectStoragePath, *, before_replacing: Callable[[], None] = lambda: None) -> Iterator[IO[bytes]]:
    """Write a file piece by piece. It appears when the block ends, or not at all if the block ends in an error."""
    file = begin(path)
    try:
        yield file.stream
    except BaseException:
        file.discard()
        raise
    file.finish(before_replacing)


def try_writing(path: ObjectStoragePath) -> None:
    """
    Raise the error that writing a file would raise, as far as that shows beforehand.

    Missing folders are made. A file beside it is written and deleted again, and no other file is touched. A stream is
    left alone: whoever reads it would take the try for its end.
    """
    place = _place(path)
    if place is None:
        make_folder(path.parent)
        probe = path.parent / f"{path.name}.probe"
        path.fs.pipe_file(probe.path, b"")
        with suppress(Exception):  # a store may allow writing alone
            path.fs.rm_file(probe.path)
    elif not _is_stream(place):
        number, name = _open_beside(Path(os.path.realpath(place)))
        os.close(number)
        os.unlink(name)  # noqa: PTH108  # a name from mkstemp


def left_overs(path: ObjectStoragePath) -> list[Path]:
    """Return the unfinished files that killed processes left beside a file, newest first."""
    place = _place(path)
    return [] if place is None or _is_stream(place) else _left_overs(Path(os.path.realpath(place)))


def make_folder(folder: ObjectStoragePath) -> None:
    """Make a folder and its parents where they are missing. In a bucket there are none, and no bucket is made."""
    if place := _place(folder):
        _make_folder(place)
    elif folder.protocol not in _WITHOUT_FOLDERS:
        folder.mkdir(parents=True, exist_ok=True)


_WITHOUT_FOLDERS = {"s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "adl", "az"}
"""Object stores of Amazon, Google and Azure: to make a folder there would make a bucket if its name is mistyped."""


def names(folder: ObjectStoragePath) -> list[str]:
    """Return the current names in a folder; none if there is no such folder."""
    folder.fs.invalidate_cache()  # a cached listing misses what other machines did since
    try:
        return [path.rsplit("/", 1)[-1] for path in folder.fs.ls(folder.path, detail=False)]
    except FileNotFoundError:
        return []


def store_time(probe: ObjectStoragePath) -> float:
    """
    Return the time by the clock of the disk or object store, which :func:`modified` uses too.

    :param probe: a file that is written to read the clock, and then deleted.
    """
    replace(probe, b"")
    try:
        return modified(probe)
    finally:
        delete(probe)


def version(path: ObjectStoragePath) -> object:
    """Return something that any write to a file changes; None if there is no such file."""
    path.fs.invalidate_cache()  # it does not know what other machines did since
    try:
        about = path.fs.info(path.path)
        return about.get("size"), about.get("ETag") or about.get("etag"), path.fs.modified(path.path)
    except FileNotFoundError:
        return None


def modified(path: ObjectStoragePath) -> float:
    """Return when a file was last written, in seconds since the epoch."""
    path.fs.invalidate_cache()  # it does not know what other machines did since
    return float(path.fs.modified(path.path).timestamp())


def delete(path: ObjectStoragePath) -> None:
    """Delete a file if it exists."""
    with suppress(FileNotFoundError):
        path.fs.rm_file(path.path)


def _place(path: ObjectStoragePath) -> Path | None:
    """Return a path of this machine as fsspec opens it; None in an object store."""
    if (path.protocol or "file") not in {"file", "local"}:
        return None
    absolute: str = make_path_posix(path.path)
    return Path("/" + absolute.lstrip("/"))  # POSIX allows two leading slashes to mean something else


def _is_stream(place: Path) -> bool:
    try:
        mode = place.stat().st_mode
    except OSError:
        return False
    return _is_of_this_process(place) if stat.S_ISREG(mode) else not stat.S_ISDIR(mode)


def _is_of_this_process(place: Path) -> bool:
    """Return whether a path is a file descriptor, such as ``/dev/stdout`` redirected to a file."""
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(place.parent)
        if folder in {"/dev", "/dev/fd"} or folder.startswith("/proc/"):
            return True
        place = Path(folder, place.name)
        if not place.is_symlink():
            return False
        place = place.parent / place.readlink()
    return False


_MOST_LINKS = 40  # Linux follows as many


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make_folder(folder.parent)
    with suppress(FileExistsError):  # another process may have made it
        folder.mkdir(FOLDER_MODE)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def _open_beside(target: Path) -> tuple[int, str]:
    """Open a new file beside another one, for its owner alone, and return its descriptor and its name."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if target.is_symlink():  # realpath has followed all links, except circular ones
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(target))
    _make_folder(target.parent)
    with suppress(FileNotFoundError):
        target.lstat()  # a name that is too long
    return tempfile.mkstemp(dir=target.parent, prefix=_prefix(target))  # mkstemp's mode is 0600


class _Beside:
    """A file beside the one that it replaces, under a hidden name, synced to the disk before it is renamed."""

    def __init__(self, target: Path) -> None:
        for left_over in _left_overs(target):
            with suppress(FileNotFoundError):
                if _clock.timestamp() - left_over.stat().st_mtime > LONGEST_WRITE:
                    left_over.unlink()
        number, name = _open_beside(target)
        self.stream: IO[bytes] = os.fdopen(number, "w+b")
        self._target, self._name = target, name

    def finish(self, before_replacing: Callable[[], None] = lambda: None) -> None:
        try:
            self.stream.flush()
            os.fsync(self.stream.fileno())
            self.stream.close()
            before_replacing()
            os.replace(self._name, self._target)  # noqa: PTH105  # the atomic step, by its usual name
        except BaseException:
            self.discard()
            raise
        _sync_folder(self._target.parent)

    def discard(self) -> None:
        with suppress(OSError):
            self.stream.close()
        with suppress(FileNotFoundError):
            os.unlink(self._name)  # noqa: PTH108  # a name from mkstemp


class _Stream:
    """A stream, which is written to directly."""

    def __init__(self, place: Path) -> None:
        self.stream: IO[bytes] = place.open("ab")  # appends: what others wrote there stays

    def finish(self, before_replacing: Callable[[], None] = lambda: None) -> None:
        before_replacing()
        self.stream.close()

    def discard(self) -> None:
        with suppress(OSError):
            self.stream.close()


class _Upload:
    """A file collected on this machine, and uploaded to an object store as a whole."""

    def __init__(self, path: ObjectStoragePath) -> None:
        make_folder(path.parent)
        self.stream: IO[bytes] = tempfile.NamedTemporaryFile()  # noqa: SIM115  # closed below
        self._path = path

    def finish(self, before_replacing: Callable[[], None] = lambda: None) -> None:
        try:
            self.stream.flush()
            before_replacing()
            self._path.fs.put_file(self.stream.name, self._path.path)
        finally:
            self.discard()

    def discard(self) -> None:
        with suppress(OSError):
            self.stream.close()


def _prefix(target: Path) -> str:
    name = os.fsdecode(os.fsencode(target.name)[:_MOST_BYTES_OF_NAME])
    return f".{name}."


_MOST_BYTES_OF_NAME = 230  # file systems take 255


def _left_overs(target: Path) -> list[Path]:
    ours = re.compile(re.escape(_prefix(target)) + "[a-z0-9_]+")
    found = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(target.parent) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if ours.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    found.append((entry.stat().st_mtime, entry.path))
    return [Path(path) for _modified, path in sorted(found, reverse=True)]


def _sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut, where the file system can promise that."""
    number = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)
