"""Damage of a file, told from errors of its store."""

from __future__ import annotations

from io import SEEK_END, BufferedReader, BytesIO, RawIOBase

import pytest

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats.guarded import Guarded
from cor_provider.inputs.input_file import InputFile

FILE = InputFile("leave.x", path=ObjectStoragePath("/leave.x"))


def test_a_guarded_file_is_read_like_any_other() -> None:
    file = Guarded(FILE, BufferedReader(BytesIO(b"abcdef")), "is damaged.")
    assert (file.read(2), file.tell(), file.seek(-1, SEEK_END), file.read()) == (b"ab", 2, 5, b"f")
    assert file.readable()
    assert file.seekable()


def test_what_a_library_raises_names_the_file_and_hides_the_cause() -> None:
    file = Guarded(FILE, BufferedReader(BytesIO(b"abcdef")), "is damaged.")
    with pytest.raises(CorConfigurationError, match=r"^leave_requests: leave\.x: is damaged\.$") as refusal:
        file.do(lambda: file.seek(-9))
    assert refusal.value.__suppress_context__


def test_an_error_of_the_store_stays_as_it_is() -> None:
    class Unsteady(RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise ConnectionResetError(104, "reset")

    file = Guarded(FILE, BufferedReader(Unsteady()), "is damaged.")
    with pytest.raises(ConnectionResetError):
        file.do(file.read)
