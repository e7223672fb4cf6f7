"""How many requests may be under way at once, after COR was overloaded."""

from __future__ import annotations

from cor_provider.push.width import Width


def test_it_halves_once_for_all_that_were_under_way_together() -> None:
    width = Width(8)
    width.decrease(sent_at=0.0, now=1.0)
    width.decrease(sent_at=0.5, now=1.1)
    width.decrease(sent_at=1.0, now=1.2)
    assert width.requests == 4


def test_it_halves_for_each_round_down_to_one() -> None:
    width = Width(8)
    sizes = []
    for moment in range(5):
        width.decrease(sent_at=moment + 0.5, now=moment + 0.9)
        sizes.append(width.requests)
    assert sizes == [4, 2, 1, 1, 1]


def test_it_widens_by_one_for_each_round_up_to_its_maximum() -> None:
    width = Width(4)
    width.decrease(sent_at=0.0, now=1.0)
    sizes = []
    for _ in range(2 + 1 + 3 + 1 + 10):  # a round is as many responses as may be under way
        width.increase()
        sizes.append(width.requests)
    assert sizes[:2] == [2, 2]
    assert sizes[2] == 3
    assert sizes[-1] == 4
