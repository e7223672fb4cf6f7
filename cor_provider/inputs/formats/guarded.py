"""Shared by the formats that a library reads: what the library raises is the file's fault, unless the store failed."""

from __future__ import annotations

from collections.abc import Callable
from io import SEEK_SET, BufferedReader, RawIOBase
from typing import TypeVar

from cor_provider.inputs.input_file import InputFile

Result = TypeVar("Result")


class Guarded(RawIOBase):
    """
    An open file whose content may be damaged. That is told from errors in reading it, which may pass.

    :param problem: what the error for a damaged file says.
    """

    def __init__(self, file: InputFile, stream: BufferedReader, problem: str) -> None:
        self._file, self._stream, self._problem = file, stream, problem
        self._has_failed = False

    def do(self, read: Callable[[], Result]) -> Result:
        """
        Have a library read something from this file.

        :raises CorConfigurationError: naming the file, if the library cannot. An error of the store stays as it is.
        """
        try:
            return read()
        except Exception:  # the libraries have many kinds for what may be wrong with a file
            if self._has_failed:
                raise
            raise self._file.error(self._problem) from None

    def readable(self) -> bool:
        """Return that it is for reading."""
        return True

    def seekable(self) -> bool:
        """Return that a library may jump in it."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Move to a position. In a damaged file that may be one before its beginning: nothing of the store's."""
        return self._stream.seek(offset, whence)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        try:
            return self._stream.read(size)
        except Exception:
            self._has_failed = True
            raise
