"""Which leave COR may hold because of this command, and how it is deleted again."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cor_provider import _clock
from cor_provider.client.leaves import LeavesEndpoint
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConnectionError,
    CorError,
    CorInvalidSourceError,
    CorLeaveNotFoundError,
    CorPermissionError,
    CorTransientError,
)
from cor_provider.leave import LeaveKey

MOST_ROUNDS = 6
"""How often COR is asked to delete what is left."""

LONGEST_WAIT = 60.0
SECONDS_TO_ARRIVE = 5.0
"""A request whose answer was lost may still be under way: after that long, COR is asked to delete the leave again."""


class Leftovers:
    """
    The leave that COR may hold because of this command.

    What is sent counts as held from the moment before it is sent, also if COR refuses it: that it has nothing then is
    only assumed. It counts until COR has confirmed as many deletes, or says that there is no such leave.
    """

    def __init__(self, endpoint: LeavesEndpoint, user_id: str) -> None:
        self._endpoint = endpoint
        self._user_id = user_id
        self._held: Counter[str] = Counter()
        self._under_way: set[str] = set()
        self._refused: set[str] = set()
        self._writes = 0

    @property
    def ids(self) -> list[str]:
        """The external ids of the leave that COR may hold."""
        return [leave_id for leave_id, count in self._held.items() if count > 0]

    @property
    def had_any(self) -> bool:
        """Whether COR may have had any leave because of this command, at any time."""
        return self._writes > 0

    @contextmanager
    def writing(self, leave_id: str) -> Iterator[None]:
        """Note what a create or an update leaves in COR; some servers create what they are to update."""
        self._held[leave_id] += 1
        self._writes += 1
        try:
            yield
        except CorError as error:
            if _had_no_effect(error):
                self._held[leave_id] -= 1
                self._writes -= 1
            elif isinstance(error, CorTransientError):
                self._under_way.add(leave_id)
            raise
        except BaseException:
            self._under_way.add(leave_id)
            raise

    @contextmanager
    def deleting(self, leave_id: str) -> Iterator[None]:
        """
        Note what a request to delete a leave leaves in COR.

        Only ``CorLeaveNotFoundError`` says that it has none: a ``CorUserNotFoundError`` may be about a user who was
        removed from the mappings, while the leave is still there.
        """
        try:
            yield
        except CorLeaveNotFoundError:
            if leave_id not in self._under_way:
                self._held[leave_id] = 0
            raise
        self._held[leave_id] -= 1

    def delete_all(self) -> None:
        """Delete what COR may hold. What it may hold even then is in ``ids``."""
        for attempt in range(MOST_ROUNDS):
            waits = [self._delete(leave_id, attempt) for leave_id in self.ids if leave_id not in self._refused]
            if not waits or attempt == MOST_ROUNDS - 1:
                return
            if (longest := max(waits)) > 0:
                _wait(longest)

    def _delete(self, leave_id: str, attempt: int) -> float:
        """Try to delete a leave, and return the seconds after which to try again if COR may still hold it."""
        try:
            with self.deleting(leave_id):
                self._endpoint.delete(LeaveKey(leave_id, self._user_id))
        except CorLeaveNotFoundError:
            if leave_id in self._under_way:
                self._under_way.remove(leave_id)
                return SECONDS_TO_ARRIVE
        except CorTransientError as error:
            return min(error.retry_after or 2.0**attempt, LONGEST_WAIT)
        except CorError:
            self._refused.add(leave_id)
        return 0.0


@contextmanager
def all_deleted(leftovers: Leftovers, tell: Callable[[list[str]], None]) -> Iterator[None]:
    """
    Delete all that is left at the end, whatever that end is.

    :param tell: is called with the ids of the leave that COR may still hold, if any, also if deleting is interrupted.
    """
    try:
        yield
    finally:
        try:
            leftovers.delete_all()
        finally:
            tell(leftovers.ids)


def _had_no_effect(error: CorError) -> bool:
    """Return whether COR did not get a request, or not a token or a source that it knows: then it does nothing."""
    if isinstance(error, CorConnectionError):
        return not error.lost_answer
    return error.status is None or isinstance(
        error, (CorAuthenticationError, CorPermissionError, CorInvalidSourceError)
    )


def _wait(seconds: float) -> None:
    _clock.wait(threading.Event(), seconds)
