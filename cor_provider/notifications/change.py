"""What has changed since the last notice."""

from __future__ import annotations

from dataclasses import dataclass

from cor_provider._compat import Context
from cor_provider.notifications.ending import Ending, read_ending
from cor_provider.notifications.memory import Memory
from cor_provider.notifications.notice import News, Notice

KEY = "cor_leave_change"
"""Where the context keeps it, for the other notifiers of the task: once stored, it would be news no more."""


@dataclass
class Change:
    """
    What has changed since the last notice.

    :param notice: what to tell people; None if nothing has changed.
    :param before: what was wrong when the last notice was sent.
    """

    notice: Notice | None
    memory: Memory
    now: frozenset[str]
    before: frozenset[str]
    has_failed: bool = False
    is_stored: bool = False

    def delivered(self) -> None:
        """Remember it, unless somebody did not get it."""
        if not self.has_failed and not self.is_stored:
            self.memory.set(self.now)
            self.is_stored = True

    def failed(self) -> None:
        """Have the next run send it again."""
        self.has_failed = True
        if self.is_stored:
            self.memory.set(self.before)
            self.is_stored = False


def find_change(context: Context) -> Change:
    """
    Find out what has changed.

    :param context: the context of a task's callback.
    """
    known: object = context.get(KEY)
    if isinstance(known, Change):
        return known
    memory, ending = Memory(context), read_ending(context)
    before = memory.get() or frozenset()
    news = news_of(ending, before)
    change = Change(Notice(news, ending) if news else None, memory, ending.kinds, before)
    context[KEY] = change  # type: ignore[literal-required]
    return change


def news_of(ending: Ending, before: frozenset[str]) -> News | None:
    """
    Return what is new about an ending, or None if nothing is.

    :param before: what was wrong when the last notice was sent.
    """
    if ending.kinds == before:
        return None
    if ending.kinds:
        return "changed" if before else "began"
    was_rejected = any(kind.startswith("rejected ") for kind in before)
    return None if was_rejected and ending.says_nothing_of_rejections else "gone"
