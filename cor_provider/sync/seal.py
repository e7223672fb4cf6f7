"""
The seal of a file: a last line that reveals any later change to the file.

It holds a keyed MAC and a checksum. The MAC proves that the file is exactly as a holder of the key wrote it. A ledger
must stay readable after its key has changed with the token; then only the checksum is left. It reveals accidents, but
anybody can compute it.
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

    :param key: None if the file was sealed with another key; then only the checksum is compared.
    :raises ValueError: if the file was changed after it was sealed.
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
