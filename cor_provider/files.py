"""Files that are there whole or not at all, on this machine or in an object store."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import clock

LONGEST_WRITE = 3600.0
"""Seconds: nobody is still writing a file that long."""


def read(path: ObjectStoragePath) -> bytes | None:
    """Return what a file holds, or None if it is not there."""
    try:
        content: bytes = path.fs.cat_file(path.path)
    except FileNotFoundError:
        return None
    return content


def replace(path: ObjectStoragePath, content: bytes) -> None:
    """
    Put new content into a file, so that at any instant it holds the old or the new.

    An object store takes an object whole. On this machine the content is written beside the file, which then changes
    its name: fsspec's own transactions write it to the folder for temporary files, which may be on another disk, and
    from there it could not be moved in one step.
    """
    if _is_on_a_disk(path):
        os.replace(_write_beside(path, content), path.path)  # noqa: PTH105  # the step that counts, by its name
        _keep_names(Path(path.path).parent)
    else:
        path.fs.pipe_file(path.path, content)


def create(path: ObjectStoragePath, content: bytes) -> bool:
    """
    Make a file that nobody else has made, and return whether it was not there yet.

    Of all that try at the same time, one succeeds. S3, Google's and Azure's object stores can promise that. On this
    machine, whoever reads the file at that moment may find it empty.
    """
    if _is_on_a_disk(path):
        target = Path(path.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("xb") as file:  # fsspec would look and then write, which two can do at once
                file.write(content)
        except FileExistsError:
            return False
        return True
    try:
        path.fs.pipe_file(path.path, content, mode="create")
    except FileExistsError:
        # A store's client sends a request again when the answer to the first is lost.
        return read(path) == content
    return True


def names(folder: ObjectStoragePath) -> list[str]:
    """Return the names of the files in a folder, as they are now; none if there is no such folder."""
    folder.fs.invalidate_cache()  # of what other machines did since, a cached listing knows nothing
    try:
        return [path.rsplit("/", 1)[-1] for path in folder.fs.ls(folder.path, detail=False)]
    except FileNotFoundError:
        return []


def modified(path: ObjectStoragePath) -> float:
    """Return when a file was written last, in seconds since the epoch."""
    return float(path.fs.modified(path.path).timestamp())


def delete(path: ObjectStoragePath) -> None:
    """Delete a file, if it is there."""
    with suppress(FileNotFoundError):
        path.fs.rm_file(path.path)


def _is_on_a_disk(path: ObjectStoragePath) -> bool:
    return (path.protocol or "file") in {"file", "local"}


def _write_beside(path: ObjectStoragePath, content: bytes) -> Path:
    """Write a file, down to the disk, with a name that nobody looks for."""
    target = Path(path.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    for left_over in target.parent.glob(f".{target.name}.*"):  # by a process that was killed
        with suppress(FileNotFoundError):
            if clock.timestamp() - left_over.stat().st_mtime > LONGEST_WRITE:
                left_over.unlink()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(file.name)  # noqa: PTH108  # as it was made
            raise
    return Path(file.name)


def _keep_names(folder: Path) -> None:
    """Have the names in a folder outlive a power cut, where its file system can promise that."""
    number = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)
