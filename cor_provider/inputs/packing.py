"""Files packed with gzip: unpacked while they are read, and told from files that are not packed."""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from io import BufferedReader, RawIOBase
from typing import Any

from cor_provider.exceptions import CorConfigurationError

ENDING = ".gz"

MAGIC = b"\x1f\x8b"
"""What gzip begins with."""

Refuse = Callable[[str], CorConfigurationError]
"""Returns the error for a file, given what is wrong with it."""


def is_packed(name: str) -> bool:
    """Return whether a file is packed, by its name."""
    return name.lower().endswith(ENDING)


def without_ending(name: str) -> str:
    """Return the name of a file as it is once unpacked."""
    return name[: -len(ENDING)] if is_packed(name) else name


@contextmanager
def unpacked(
    stored: BufferedReader[Any], name: str, refuse: Refuse, *, seekable: bool = False
) -> Iterator[BufferedReader[Any]]:
    """
    Return the content of a file, unpacked if its name ends in ``.gz``.

    :param stored: the file as it is stored.
    :param seekable: whether the reader jumps in the content. If it is packed, it is then unpacked to a temporary file.
    :raises CorConfigurationError: if the name does not say whether it is packed, or, also later, if it is damaged.
    :raises EOFError: also later, if a packed file is cut off. Airflow tries again: the rest may be on its way.
    """
    head = stored.peek(len(MAGIC))[: len(MAGIC)]
    if not is_packed(name):
        if head == MAGIC:
            raise refuse(f"is gzip: add {ENDING} to its name.")
        yield stored
    elif len(head) < len(MAGIC):
        raise _cut_off(refuse)
    elif head != MAGIC:
        raise refuse(f"is not gzip: remove {ENDING} from its name, or pack it.")
    else:
        with BufferedReader(_Unpacked(stored, refuse), _CHUNK) as content:
            if not seekable:
                yield content
                return
            with tempfile.TemporaryFile() as file, BufferedReader(file.raw, _CHUNK) as copy:  # nobody else can open it
                shutil.copyfileobj(content, file, _CHUNK)
                file.flush()
                copy.seek(0)
                yield copy


_CHUNK = 64 * 1024
"""Bytes that are unpacked at once. When a file turns out to be cut off, what is in the last of them is not read."""


class _Unpacked(RawIOBase):
    """The content of a gzip file. An error in it names the file; an error of the store is passed on."""

    def __init__(self, stored: BufferedReader, refuse: Refuse) -> None:
        self._refuse = refuse
        self._content = GzipFile(fileobj=stored, mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader passes no other
        try:
            return self._content.readinto(buffer)
        except EOFError:
            raise _cut_off(self._refuse) from None
        except (BadGzipFile, zlib.error):
            raise self._refuse("is damaged: gzip cannot unpack all of it. Write it again.") from None


def _cut_off(refuse: Refuse) -> EOFError:
    return EOFError(refuse("is cut off: the rest may be on its way. If not, write it again.").message)
