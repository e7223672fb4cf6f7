"""What is news."""

from __future__ import annotations

import pytest

from cor_provider.notifications.change import news_of
from cor_provider.notifications.ending import Ending
from cor_provider.notifications.notice import News

FINE = Ending("push", counts={"received": 3})
NOTHING_CAME = Ending("push", counts={"received": 0})
NOT_OURS = Ending("extract")
REJECTED = Ending("push", counts={"received": 3}, causes=[{"status": "rejected", "error": "UserNotFoundError"}])
STOPPED = Ending("push", error="AuthenticationError", causes=REJECTED.causes)

BEFORE_REJECTED = frozenset({"rejected UserNotFoundError"})
BEFORE_STOPPED = frozenset({"task AuthenticationError"})


@pytest.mark.parametrize(
    ("ending", "before", "news"),
    [
        (FINE, frozenset(), None),
        (FINE, BEFORE_REJECTED, "gone"),
        (FINE, BEFORE_STOPPED, "gone"),
        (NOT_OURS, frozenset(), None),
        (NOT_OURS, BEFORE_STOPPED, "gone"),
        (NOTHING_CAME, frozenset(), None),
        (NOTHING_CAME, BEFORE_REJECTED, None),
        (NOTHING_CAME, BEFORE_STOPPED, "gone"),
        (REJECTED, frozenset(), "began"),
        (REJECTED, BEFORE_REJECTED, None),
        (REJECTED, BEFORE_STOPPED, "changed"),
        (STOPPED, frozenset(), "began"),
        (STOPPED, BEFORE_STOPPED, None),
        (STOPPED, BEFORE_REJECTED, "changed"),
    ],
)
def test_it_is_news_if_other_errors_appear_or_none_is_left(
    ending: Ending, before: frozenset[str], news: News | None
) -> None:
    assert news_of(ending, before) == news
