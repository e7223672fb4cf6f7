"""
Files that are there whole or not at all, on this machine or in an object store.

They hold people's data. Those on this machine are for their owner alone, from their first moment on, and so are the
folders that are made for them; in an object store, access is what the store gives.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from airflow.providers.common.compat.sdk import ObjectStoragePath
from fsspec.implementations.local import make_path_posix  # type: ignore[import-untyped]

from cor_provider import _clock

LONGEST_WRITE = 3600.0
"""Seconds: nobody is still writing a file that long without a word."""

OWNER_ALONE = 0o600
FOLDER_OF_OWNER_ALONE = 0o700


def locate(value: object) -> ObjectStoragePath:
    """
    Return the file or folder that a parameter names.

    :param value: its path or URI, as text or any kind of path; blanks around text are none of it.
    """
    if isinstance(value, ObjectStoragePath):
        return value
    if isinstance(value, os.PathLike):
        return ObjectStoragePath(os.fsdecode(value))
    return ObjectStoragePath(str(value).strip())


def on_disk(path: ObjectStoragePath) -> Path | None:
    """Return where a file is or would be on this machine, once all links are followed; None in an object store."""
    place = _place(path)
    return None if place is None else Path(os.path.realpath(place))


def is_stream(path: ObjectStoragePath) -> bool:
    """Tell what takes what is written but keeps nothing: ``/dev/stdout``, a pipe."""
    place = _place(path)
    return place is not None and _is_stream(place)


def read(path: ObjectStoragePath) -> bytes | None:
    """Return what a file holds, or None if it is not there."""
    try:
        content: bytes = path.fs.cat_file(path.path)
    except FileNotFoundError:
        return None
    return content


def begins_with(path: ObjectStoragePath, size: int) -> bytes:
    """Return the beginning of a file; nothing, if there is no file or it cannot be read."""
    with suppress(Exception):  # a store's client raises what it likes
        place = on_disk(path)
        if place is None or place.is_file():
            content: bytes = path.fs.cat_file(path.path, start=0, end=size)
            return content
    return b""


def replace(path: ObjectStoragePath, content: bytes, *, before_replacing: Callable[[], None] = lambda: None) -> None:
    """
    Put new content into a file, so that at any instant it holds the old or the new.

    :param before_replacing: called right before the step that counts; what it raises leaves the file as it was.

    An object store takes an object whole. On this machine the content is written beside the file, which then changes
    its name: fsspec's own transactions write it to the folder for temporary files, which may be on another disk, and
    from there it could not be moved in one step.
    """
    if _place(path) is None:
        before_replacing()
        path.fs.pipe_file(path.path, content)
    else:
        with writing(path) as stream:
            stream.write(content)
            before_replacing()


def create(path: ObjectStoragePath, content: bytes) -> bool:
    """
    Make a file that nobody else has made, and return whether it was not there yet.

    Of all that try at the same time, one succeeds. S3, Google's and Azure's object stores can promise that. On this
    machine, whoever reads the file at that moment may find it empty.
    """
    if place := _place(path):
        _make_folder(place.parent)
        try:  # fsspec would look and then write, which two can do at once
            number = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE)
        except FileExistsError:
            return False
        with os.fdopen(number, "wb") as file:
            file.write(content)
        return True
    try:
        path.fs.pipe_file(path.path, content, mode="create")
    except FileExistsError:
        # A store's client sends a request again when the answer to the first is lost.
        return read(path) == content
    return True


class NewFile(Protocol):
    """A file that is being written; what it is to replace stays as it is until it is finished."""

    stream: IO[bytes]

    def finish(self) -> None:
        """Have it be there, whole; if that fails, nothing is left of it."""

    def discard(self) -> None:
        """Have it not be there."""


def begin(path: ObjectStoragePath) -> NewFile:
    """
    Begin to write a file piece by piece; its folder is made if need be.

    On this machine it is written beside what it is to replace, and then changes its name. What a link leads to is
    replaced, and not the link. What is no file, such as ``/dev/stdout`` or a pipe, is written to at once. For an object
    store it is collected on this machine.
    """
    place = _place(path)
    if place is None:
        return _Upload(path)
    return _Straight(place) if _is_stream(place) else _Beside(Path(os.path.realpath(place)))


@contextmanager
def writing(path: ObjectStoragePath) -> Iterator[IO[bytes]]:
    """Write a file piece by piece: it is there, whole, when the block ends, and not at all if that ends in an error."""
    file = begin(path)
    try:
        yield file.stream
    except BaseException:
        file.discard()
        raise
    file.finish()


def left_overs(path: ObjectStoragePath) -> list[Path]:
    """Return what processes that were killed have left of a file that they were writing: the newest first."""
    place = _place(path)
    return [] if place is None or _is_stream(place) else _left_overs(Path(os.path.realpath(place)))


def make_folder(folder: ObjectStoragePath) -> None:
    """Make a folder and those around it, where they are not there yet."""
    if place := _place(folder):
        _make_folder(place)
    else:
        folder.mkdir(parents=True, exist_ok=True)


def names(folder: ObjectStoragePath) -> list[str]:
    """Return the names of the files in a folder, as they are now; none if there is no such folder."""
    folder.fs.invalidate_cache()  # of what other machines did since, a cached listing knows nothing
    try:
        return [path.rsplit("/", 1)[-1] for path in folder.fs.ls(folder.path, detail=False)]
    except FileNotFoundError:
        return []


def store_time(probe: ObjectStoragePath) -> float:
    """
    Return what time it is by the clock that :func:`modified` goes by: the disk's, or the object store's.

    :param probe: a file that is written to find out, and deleted again.
    """
    replace(probe, b"")
    try:
        return modified(probe)
    finally:
        delete(probe)


def modified(path: ObjectStoragePath) -> float:
    """Return when a file was written last, in seconds since the epoch."""
    path.fs.invalidate_cache()  # of what other machines did since, it knows nothing
    return float(path.fs.modified(path.path).timestamp())


def delete(path: ObjectStoragePath) -> None:
    """Delete a file, if it is there."""
    with suppress(FileNotFoundError):
        path.fs.rm_file(path.path)


def _place(path: ObjectStoragePath) -> Path | None:
    """Return what a path of this machine is to fsspec, which opens it; None for one of an object store."""
    if (path.protocol or "file") not in {"file", "local"}:
        return None
    absolute: str = make_path_posix(path.path)
    return Path("/" + absolute.lstrip("/"))  # to POSIX, two slashes in front may be something else


def _is_stream(place: Path) -> bool:
    try:
        mode = place.stat().st_mode
    except OSError:
        return False
    return _is_of_this_process(place) if stat.S_ISREG(mode) else not stat.S_ISDIR(mode)


def _is_of_this_process(place: Path) -> bool:
    """Tell what is open already, such as ``/dev/stdout`` that somebody has led into a file."""
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(place.parent)
        if folder in {"/dev", "/dev/fd"} or folder.startswith("/proc/"):
            return True
        place = Path(folder, place.name)
        if not place.is_symlink():
            return False
        place = place.parent / place.readlink()
    return False


_MOST_LINKS = 40  # as many as Linux follows


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make_folder(folder.parent)
    with suppress(FileExistsError):  # somebody else has made it meanwhile
        folder.mkdir(FOLDER_OF_OWNER_ALONE)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


class _Beside:
    """Written beside what it replaces, with a name that nobody looks for, down to the disk."""

    def __init__(self, target: Path) -> None:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
        if target.is_symlink():  # links that lead round in circles are all that is left of links here
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(target))
        _make_folder(target.parent)
        for left_over in _left_overs(target):
            with suppress(FileNotFoundError):
                if _clock.timestamp() - left_over.stat().st_mtime > LONGEST_WRITE:
                    left_over.unlink()
        number, name = tempfile.mkstemp(dir=target.parent, prefix=_prefix(target))  # for the owner alone
        self.stream: IO[bytes] = os.fdopen(number, "wb")
        self._target, self._name = target, name

    def finish(self) -> None:
        try:
            self.stream.flush()
            os.fsync(self.stream.fileno())
            self.stream.close()
            os.replace(self._name, self._target)  # noqa: PTH105  # the step that counts, by its name
        except BaseException:
            self.discard()
            raise
        _keep_names(self._target.parent)

    def discard(self) -> None:
        with suppress(OSError):
            self.stream.close()
        with suppress(FileNotFoundError):
            os.unlink(self._name)  # noqa: PTH108  # as it was made


class _Straight:
    """Written to where it goes, since that cannot be replaced."""

    def __init__(self, place: Path) -> None:
        self.stream: IO[bytes] = place.open("ab")  # of what others have written there, nothing is lost

    def finish(self) -> None:
        self.stream.close()

    def discard(self) -> None:
        with suppress(OSError):
            self.stream.close()


class _Upload:
    """Collected on this machine, and handed to an object store as a whole."""

    def __init__(self, path: ObjectStoragePath) -> None:
        make_folder(path.parent)
        self.stream: IO[bytes] = tempfile.NamedTemporaryFile()  # noqa: SIM115  # closed below
        self._path = path

    def finish(self) -> None:
        try:
            self.stream.flush()
            self._path.fs.put_file(self.stream.name, self._path.path)
        finally:
            self.discard()

    def discard(self) -> None:
        with suppress(OSError):
            self.stream.close()


def _prefix(target: Path) -> str:
    name = os.fsdecode(os.fsencode(target.name)[:_MOST_BYTES_OF_NAME])
    return f".{name}."


_MOST_BYTES_OF_NAME = 230  # a file system takes 255


def _left_overs(target: Path) -> list[Path]:
    ours = re.compile(re.escape(_prefix(target)) + "[a-z0-9_]+")
    found = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(target.parent) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if ours.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    found.append((entry.stat().st_mtime, entry.path))
    return [Path(path) for _modified, path in sorted(found, reverse=True)]


def _keep_names(folder: Path) -> None:
    """Have the names in a folder outlive a power cut, where its file system can promise that."""
    number = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)
