"""The rows of a JSON Lines file that a task wrote."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, TypeVar

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError, CorError

Row = TypeVar("Row")

_URI = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


def absolute(path: str) -> str:
    """Return a path from the working folder on, as a command takes it: Airflow 2 would begin at the root."""
    return path if _URI.match(path) else os.path.abspath(path)  # noqa: PTH100  # it is only text yet


def locate(path: str) -> ObjectStoragePath:
    """
    Return the file or folder that an argument names.

    :raises CorConfigurationError: if it is neither a path nor a URI, or its store cannot be used.
    """
    with explained(path):
        try:
            place = _files.locate(absolute(path))
            _ = place.fs
        except ValueError:
            raise CorConfigurationError(
                f"{path!r} is not a path, or a URI of a store that is installed here."
            ) from None
    return place


@contextmanager
def explained(path: object) -> Iterator[None]:
    """Say what to do about an error of an object store's client: each has errors of its own."""
    try:
        yield
    except (CorError, OSError, ImportError):
        raise
    except Exception as error:
        raise CorConfigurationError(
            f"{path} cannot be read ({type(error).__name__}): check the store and its Connection."
        ) from error


def read_rows(path: str, read: Callable[[Mapping[str, Any]], Row], *, what: str) -> Iterator[Row]:
    """
    Yield the rows of a file one by one.

    :param read: reads a row; it raises ``ValueError``, ``LookupError`` or ``TypeError`` if it is of another kind, and
        ``CorConfigurationError`` if something in it is wrong.
    :param what: what the file should be, and where it comes from.
    :raises CorConfigurationError: if there is no file, it is something else, or something in it is wrong.
    """
    with _open(path) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = _read(line, read)
            except CorConfigurationError as error:
                raise CorConfigurationError(f"{path}, line {number}: {error.message}") from None
            if row is None:
                raise CorConfigurationError(f"{path} is not {what}: line {number} is something else.")
            yield row


def _read(line: bytes, read: Callable[[Mapping[str, Any]], Row]) -> Row | None:
    try:
        return read(json.loads(line))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _open(path: str) -> IO[bytes]:
    file = locate(path)
    try:
        with explained(path):
            stream: IO[bytes] = file.fs.open(file.path, "rb")
    except FileNotFoundError:
        raise CorConfigurationError(f"there is no file {path}.") from None
    return stream
