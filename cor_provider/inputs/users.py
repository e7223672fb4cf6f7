"""Users in any form that a task accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from cor_provider.inputs.files import OnOpen
from cor_provider.inputs.reading import OnRecord, Reading, keep_none, open_any, want_all
from cor_provider.inputs.records import iter_records
from cor_provider.inputs.translation import PLAIN_USERS, Translation
from cor_provider.user import UnreadableUser, UserRequest, read_user


def iter_users(
    users: object,
    *,
    translation: Translation = PLAIN_USERS,
    on_open: OnOpen = open_any,
    on_record: OnRecord = keep_none,
    is_wanted: Callable[[UserRequest | UnreadableUser], bool] = want_all,
) -> Iterator[UserRequest | UnreadableUser]:
    """
    Read users one by one, as :func:`~cor_provider.inputs.leaves.iter_leaves` reads leave requests.

    :param users: a :class:`UserRequest` or a mapping that it accepts; otherwise as for leave requests.
    :param is_wanted: returns whether a user is to be yielded. Positions count those who are.
    """
    reading = Reading(partial(read_user, label=translation.label), UnreadableUser, translation)
    yield from reading.iterate(iter_records(users, on_open, translation), on_record, is_wanted)
