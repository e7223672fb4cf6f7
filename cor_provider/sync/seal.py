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


class Seal:
    """
    The seal of a file, made while its lines are written, or compared while they are read.

    :param key: None if the file was sealed with another key; then only the checksum is compared.
    """

    def __init__(self, key: bytes | None) -> None:
        self._mac = None if key is None else hmac.new(key, digestmod="sha256")
        self._checksum = hashlib.sha256()

    def add(self, lines: bytes) -> None:
        """Add the next lines, or any part of them."""
        self._checksum.update(lines)
        if self._mac:
            self._mac.update(lines)

    @property
    def line(self) -> bytes:
        """The seal of all lines so far."""
        assert self._mac  # noqa: S101  # who writes a file has the key
        return self._line(self._mac.hexdigest().encode())

    def check(self, line: bytes) -> None:
        """
        Compare the lines with the seal below them.

        :raises ValueError: if they were changed after they were sealed.
        """
        match = _SEAL.fullmatch(line)
        if not match or line != self._line(match[1]):
            raise ValueError
        if self._mac and not hmac.compare_digest(self._mac.hexdigest().encode(), match[1]):
            raise ValueError

    def _line(self, mac: bytes) -> bytes:
        checksum = self._checksum.copy()
        checksum.update(mac)
        return b'{"mac": "%b", "sha256": "%b"}\n' % (mac, checksum.hexdigest().encode())
