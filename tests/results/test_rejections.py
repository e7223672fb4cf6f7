"""How many rejections are tolerated, and what is said of too many."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.results.rejections import RejectionLimits
from cor_provider.results.summary import Summary


def problem(limits: RejectionLimits, *, rejected: int, received: int) -> str | None:
    summary = Summary(Counter({"created": received - rejected, "rejected": rejected}))
    return limits.problem(summary, summary)


@pytest.mark.parametrize(
    ("limits", "rejected", "received", "is_tolerated"),
    [
        (RejectionLimits(), 0, 10, True),
        (RejectionLimits(), 1, 10, False),
        (RejectionLimits(2), 2, 10, True),
        (RejectionLimits(2), 3, 10, False),
        (RejectionLimits(0, 0.1), 1, 10, True),
        (RejectionLimits(0, 0.1), 2, 10, False),
        (RejectionLimits(5, 0.1), 5, 10, True),
        (RejectionLimits(5, 0.8), 8, 10, True),
        (RejectionLimits(0, 0.0), 0, 10, True),
        (RejectionLimits(0, 0.0), 1, 10, False),
        (RejectionLimits(), 0, 0, True),
    ],
)
def test_what_either_limit_tolerates_is_tolerated(
    limits: RejectionLimits, rejected: int, received: int, is_tolerated: bool
) -> None:
    assert (problem(limits, rejected=rejected, received=received) is None) == is_tolerated


@given(received=st.integers(1, 10_000), data=st.data())
def test_a_share_right_at_the_limit_is_tolerated_and_one_more_is_not(received: int, data: st.DataObject) -> None:
    rejected = data.draw(st.integers(0, received - 1))
    limits = RejectionLimits(0, float(f"{rejected / received!r}"))
    assert problem(limits, rejected=rejected, received=received) is None
    assert problem(limits, rejected=rejected + 1, received=received)


@pytest.mark.parametrize("limits", [RejectionLimits(10), RejectionLimits(0, 1.0)])
def test_if_everything_is_rejected_no_limit_tolerates_it(limits: RejectionLimits) -> None:
    assert problem(limits, rejected=3, received=3) == f"Everything was rejected, which no limit tolerates ({limits})"


def test_deletions_do_not_make_up_for_leave_requests_that_were_all_rejected() -> None:
    leaves, total = Summary(Counter({"rejected": 1})), Summary(Counter({"rejected": 1, "deleted": 5}))
    assert RejectionLimits(5).problem(leaves, total)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (RejectionLimits(1), "max_rejected=1"),
        (RejectionLimits(1, 0.25), "max_rejected=1 and max_rejected_fraction=0.25"),
    ],
)
def test_the_problem_names_the_limits(limits: RejectionLimits, words: str) -> None:
    assert problem(limits, rejected=5, received=10) == f"More leave was rejected than {words}"
