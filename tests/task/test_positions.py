"""Positions: what comes back from their compact form."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from cor_provider.task.positions import Positions


@given(st.lists(st.integers(1, 10**6)).map(lambda distances: [*accumulate(distances)]), st.integers(0, 20))
def test_positions_are_what_they_were(expected: list[int], when: int) -> None:
    positions = Positions()
    for number, position in enumerate(expected):
        if number == when:
            positions = Positions.from_text(positions.to_text())
        positions.add(position)
    assert list(positions) == list(Positions.from_text(positions.to_text())) == expected
