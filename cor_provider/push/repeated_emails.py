"""Find e-mail addresses that an input gives to several users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cor_provider.exceptions import CorConflictingRepeatError
from cor_provider.fields.email import comparable
from cor_provider.user import UnreadableUser, UserRequest

_REPEATED = "email: an earlier user of the input has this address, and COR takes each address once."


def refuse_repeated_emails(users: Iterable[UserRequest | UnreadableUser]) -> Iterator[UserRequest | UnreadableUser]:
    """
    Yield users as they come, but one whose address an earlier user has as one that is refused.

    The same external id may come again with its address: that is for :mod:`~cor_provider.push.seen_ids`. Users are few
    enough to remember.
    """
    ids: dict[str, str] = {}
    for user in users:
        if isinstance(user, UserRequest) and ids.setdefault(comparable(user.email), user.id) != user.id:
            yield UnreadableUser(user.id, CorConflictingRepeatError(_REPEATED))
        else:
            yield user
