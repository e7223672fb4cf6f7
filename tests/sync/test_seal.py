"""The seal of a file: which changes to the file it shows, with the key and without."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cor_provider.sync.seal import Seal

BODY = b'{"id": "L1"}\n{"id": "L2"}\n'


def seal(body: bytes, key: bytes) -> bytes:
    one = Seal(key)
    one.add(body)
    return body + one.line


def unseal(content: bytes, key: bytes | None) -> bytes:
    end = content.rfind(b"\n", 0, -1) + 1
    one = Seal(key)
    one.add(content[:end])
    one.check(content[end:])
    return content[:end]


lines = st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=4).map(b"".join)


@given(body=lines, key=st.binary(max_size=40))
def test_a_sealed_file_gives_back_its_lines(body: bytes, key: bytes) -> None:
    assert unseal(seal(body, key), key) == body
    assert unseal(seal(body, key), None) == body


@pytest.mark.parametrize("key", [b"key", None])
@given(data=st.data())
def test_a_file_that_is_cut_off_or_altered_anywhere_is_refused(key: bytes | None, data: st.DataObject) -> None:
    sealed = seal(BODY, b"key")
    first, last = sorted((data.draw(st.integers(0, len(sealed))), data.draw(st.integers(0, len(sealed)))))
    altered = sealed[:first] + data.draw(st.binary(max_size=10)) + sealed[last:]
    assume(altered != sealed)
    with pytest.raises(ValueError, match=r"^$"):
        unseal(altered, key)


def test_the_seal_of_another_key_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^$"):
        unseal(seal(BODY, b"guess"), b"key")


def test_a_forged_checksum_deceives_only_a_reader_without_the_key() -> None:
    forged = b'{"id": "L7"}\n'
    mac = b"0" * 64
    checksum = hashlib.sha256(forged + mac).hexdigest().encode()
    content = forged + b'{"mac": "%b", "sha256": "%b"}\n' % (mac, checksum)
    assert unseal(content, None) == forged
    with pytest.raises(ValueError, match=r"^$"):
        unseal(content, b"key")


@given(content=st.binary(max_size=300))
def test_bytes_of_any_other_kind_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        unseal(content, None)


@given(first=lines, second=lines)
def test_lines_may_come_one_after_another(first: bytes, second: bytes) -> None:
    one = Seal(b"key")
    one.add(first)
    one.add(second)
    assert first + second + one.line == seal(first + second, b"key")
