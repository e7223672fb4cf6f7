"""
The seal of a file: a last line from which any later change to the file shows.

It holds a keyed MAC, and a checksum that finds accidents even after the key has changed. The MAC proves that the file
is as somebody with the key wrote it. A reader that accepts a file of another key, as a ledger must once a token has
changed, has only the checksum, which anybody can compute.
"""

from __future__ import annotations

import hashlib
import hmac
import re

_SEAL = re.compile(rb'\{"mac": "([0-9a-f]{64})", "sha256": "([0-9a-f]{64})"\}\n')


def seal(body: bytes, key: bytes) -> bytes:
    """Return a file's lines with the seal below them."""
    return body + _line(body, hmac.digest(key, body, "sha256").hex().encode())


def unseal(content: bytes, key: bytes | None) -> bytes:
    """
    Return the lines above the seal.

    :param key: None if it is not the one that the file was sealed with: then only the checksum is compared.
    :raises ValueError: if the file is not exactly as it was sealed.
    """
    end = content.rfind(b"\n", 0, -1) + 1
    body, line = content[:end], content[end:]
    match = _SEAL.fullmatch(line)
    if not match or line != _line(body, match[1]):
        raise ValueError
    if key is not None and not hmac.compare_digest(hmac.digest(key, body, "sha256").hex().encode(), match[1]):
        raise ValueError
    return body


def _line(body: bytes, mac: bytes) -> bytes:
    checksum = hashlib.sha256(body)
    checksum.update(mac)
    return b'{"mac": "%b", "sha256": "%b"}\n' % (mac, checksum.hexdigest().encode())
