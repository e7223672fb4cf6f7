"""Many positions in an input, stored compactly."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator

from typing_extensions import Self


class Positions:
    """
    Ascending positions; there may be as many as there are leave requests.

    Each is stored as its distance from the previous one, seven bits per byte. The text form is also compressed.
    """

    def __init__(self) -> None:
        self._distances = bytearray()
        self._last = 0

    def __iter__(self) -> Iterator[int]:
        position = distance = shift = 0
        for byte in self._distances:
            distance |= (byte & 0x7F) << shift
            shift += 7
            if byte < _MORE:
                position += distance
                yield position
                distance = shift = 0

    def add(self, position: int) -> None:
        """
        Add a position.

        :param position: greater than all earlier ones.
        """
        distance, self._last = position - self._last, position
        while distance >= _MORE:
            self._distances.append(distance & 0x7F | _MORE)
            distance >>= 7
        self._distances.append(distance)

    def to_text(self) -> str:
        """Return the positions as text that JSON need not escape."""
        return b64encode(zlib.compress(self._distances, 9)).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the positions from the text that :meth:`to_text` returned."""
        positions = cls()
        positions._distances += zlib.decompress(b64decode(text))
        positions._last = max(positions, default=0)
        return positions


_MORE = 0x80  # the bit that marks a byte as followed by another one
