"""What became of several pushes together, such as those of a mapped task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from cor_provider._compat import load_lazy


def add_up(pushes: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """
    Add up the counts that pushes have returned.

    :param pushes: the counts of each push: a list of them, or the ``output`` of a mapped operator, which holds those of
        failed pushes too. Of a push that ended without an account, it holds nothing: compare ``received`` with what
        there was to send.
    """
    total: Counter[str] = Counter()
    for counts in load_lazy(pushes):  # type: ignore[attr-defined]  # an iterable it was, and is
        total.update({status: count for status, count in counts.items() if isinstance(count, int)})
    return total


def is_settled(counts: Mapping[str, int], *, max_rejected: int = 0) -> bool:
    """
    Tell whether there is nothing left to do about what was pushed.

    :param counts: of one push, or those of several added up.
    :param max_rejected: how many rejected leave requests are tolerated.
    """
    return not counts["failed"] and not counts["not_sent"] and counts["rejected"] <= max_rejected
