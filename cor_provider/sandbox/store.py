"""What the sandbox holds in memory: the users, the mappings, and the leaves."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from cor_provider.sandbox.errors import Refusal

DOCUMENTED_LEAVE_ID = 12345
"""COR's id of the leave in its documented example."""


def leave_id_at(seconds: float) -> int:
    """
    Return an id of leave that says when it is, such as 261127175047000: all of earlier times are smaller.

    :param seconds: the time, since the epoch. A thousand ids fit into each second.
    """
    return int(datetime.fromtimestamp(seconds, timezone.utc).strftime("%y%m%d%H%M%S000"))


@dataclass(frozen=True)
class StoredLeave:
    """
    A leave as the sandbox holds it: external ids as sent, and ``cor_id`` as COR would assign it.

    ``external_id`` is empty for leave that was added by hand. Only the main API still shows deleted leave.
    """

    external_id: str
    source: str
    cor_id: int
    user_id: str
    leave_type_id: str
    start: str
    end: str
    all_day: bool
    created_at: str
    updated_at: str
    deleted_at: str | None = None


@dataclass(frozen=True)
class StoredUser:
    """A user as the sandbox holds it: external ids as sent, and ``cor_id`` as COR would assign it."""

    external_id: str
    source: str
    cor_id: int
    email: str | None
    first_name: str
    last_name: str
    created_at: str
    updated_at: str
    phone: str | None = None
    position: str | None = None
    department: str | None = None
    role_id: int | None = None
    daily_hours: float = 8
    user_position_id: str | None = None
    seniority_id: str | None = None

    @property
    def name(self) -> str:
        """Both names, as people read them."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class StoredMail:
    """A mail that COR would have sent to a user who was created: the link for a password."""

    email: str
    name: str
    sent_at: str


class Store:
    """Users and mappings, all keyed by (source, external id), and leaves. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.time, *, first_leave_id: int = DOCUMENTED_LEAVE_ID) -> None:
        self.users: dict[tuple[str, str], str] = {}
        self.profiles: dict[tuple[str, str], StoredUser] = {}
        self.mails: list[StoredMail] = []
        self.checks_email_first = False
        """Which of a new user's ids and address is checked first; COR does not document it."""
        self.positions: set[tuple[str, str]] = set()
        self.seniorities: set[tuple[str, str]] = set()
        self.leave_types: dict[tuple[str, str], str] = {}
        self.user_cor_ids: dict[tuple[str, str], int] = {}
        self.leave_type_cor_ids: dict[tuple[str, str], int] = {}
        self._emails: set[str] = set()
        self._users_by_cor_id: dict[int, tuple[str, str]] = {}
        self._cor_ids: dict[tuple[str, str], int] = {}
        # By COR's id, the deleted ones too; and the same by user, or an audit of thousands would read all for each.
        self._leaves: dict[int, StoredLeave] = {}
        self._leaves_of_user: defaultdict[tuple[str, str], dict[int, StoredLeave]] = defaultdict(dict)
        self._clock = clock
        self._lock = threading.Lock()
        self._next_leave_id = itertools.count(first_leave_id)
        # As in COR's documented example, so that those of a seed are the same at each start.
        self._next_leave_type_id = itertools.count(54321)
        self._next_user_id = itertools.count(67890)

    @property
    def leaves(self) -> tuple[StoredLeave, ...]:
        """Every leave held now, in the order in which they were created."""
        with self._lock:
            return tuple(leave for leave in self._leaves.values() if leave.deleted_at is None)

    def leaves_of_user(self, user_cor_id: int) -> list[StoredLeave] | None:
        """Return every leave of a user by COR's id, newest first, deleted ones too; None if nobody has this id."""
        with self._lock:
            user = self._users_by_cor_id.get(user_cor_id)
            if user is None or user not in self.users:
                return None
            own = self._leaves_of_user[user]
            return [own[cor_id] for cor_id in sorted(own, reverse=True)]

    def now(self) -> str:
        """Return the time in the form of COR's ``created_at``."""
        return datetime.fromtimestamp(self._clock(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def add_user(self, source: str, external_id: str, name: str, email: str | None = None) -> int:
        """
        Register a user whom COR has had for long, without a mail, and return COR's id.

        :raises Refusal: if the external id or the email is taken.
        """
        first_name, _, last_name = name.partition(" ")
        with self._lock:
            return self._add_user(source, external_id, email, first_name=first_name, last_name=last_name).cor_id

    def create_user(self, *, source: str, external_id: str, email: str, **fields: Any) -> StoredUser:
        """
        Store a new user, and note the mail that COR would send.

        :raises Refusal: if the external id or the email is taken, or if the position or the seniority is unknown.
        """
        with self._lock:
            user = self._add_user(source, external_id, email, **fields)
            self.mails.append(StoredMail(email, user.name, user.created_at))
            return user

    def update_user(self, *, source: str, external_id: str, **fields: Any) -> StoredUser:
        """
        Change these fields of a user.

        :raises Refusal: if the user, the position or the seniority is unknown.
        """
        key = (source, external_id)
        with self._lock:
            if key not in self.profiles:
                raise Refusal("ZC001")
            self._check_position(source, fields)
            return self._hold_user(replace(self.profiles[key], **fields, updated_at=self.now()))

    def delete_user(self, *, source: str, external_id: str) -> StoredUser:
        """
        Delete a user, with its leave, and return what it was; the address stays taken.

        :raises Refusal: if the user is unknown.
        """
        with self._lock:
            user = self.profiles.get((source, external_id))
            if user is None:
                raise Refusal("ZC001")
            self._remove_user(source, external_id)
            return user

    def remove_user(self, source: str, external_id: str) -> None:
        """Remove a user, and with the user the leave that belongs to it, as when an employee leaves the firm."""
        with self._lock:
            self._remove_user(source, external_id)

    def add_leave_type(self, source: str, external_id: str, name: str) -> None:
        """
        Register a leave type.

        :raises Refusal: if the external id is taken.
        """
        key = (source, external_id)
        with self._lock:
            if key in self.leave_types:
                raise Refusal("DuplicateExternalIdError")
            self.leave_types[key] = name
            self.leave_type_cor_ids[key] = next(self._next_leave_type_id)

    def create_leave(
        self, *, source: str, external_id: str, user_id: str, leave_type_id: str, start: str, end: str, all_day: bool
    ) -> StoredLeave:
        """
        Store a new leave.

        :raises Refusal: if the user or the leave type is unknown, or if the external id is taken.
        """
        key = (source, external_id)
        with self._lock:
            self._check_mappings(source, user_id, leave_type_id)
            if key in self._cor_ids:
                raise Refusal("DuplicateExternalIdError")
            leave = self._add(
                external_id=external_id,
                source=source,
                user_id=user_id,
                leave_type_id=leave_type_id,
                start=start,
                end=end,
                all_day=all_day,
            )
            self._cor_ids[key] = leave.cor_id
            return leave

    def update_leave(
        self, *, source: str, external_id: str, user_id: str, leave_type_id: str, start: str, end: str, all_day: bool
    ) -> StoredLeave:
        """
        Replace a leave, except for its ids and its ``created_at``.

        :raises Refusal: if the leave, the user or the leave type is unknown.
        """
        key = (source, external_id)
        with self._lock:
            if key not in self._cor_ids:
                raise Refusal("ZC001")
            self._check_mappings(source, user_id, leave_type_id)
            leave = replace(
                self._leaves[self._cor_ids[key]],
                user_id=user_id,
                leave_type_id=leave_type_id,
                start=start,
                end=end,
                all_day=all_day,
                updated_at=self.now(),
            )
            self._hold(leave)
            return leave

    def delete_leave(self, *, source: str, external_id: str, user_id: str) -> None:
        """
        Delete a leave; its external id is free again.

        :raises Refusal: if the leave is unknown, or another user's.
        """
        key = (source, external_id)
        with self._lock:
            if key not in self._cor_ids:
                raise Refusal("LeaveNotFoundError")
            leave = self._leaves[self._cor_ids[key]]
            if leave.user_id != user_id:
                raise Refusal("UserNotFoundError")
            self._delete(leave)

    def remove_leave(self, source: str, external_id: str) -> None:
        """Delete a leave by its external id, as somebody may do in COR itself."""
        self.delete_by_hand(self._cor_ids[source, external_id])

    def delete_by_hand(self, cor_id: int) -> None:
        """
        Delete a leave, as somebody may do in COR itself; its external id is free again.

        :raises LookupError: if there is no such leave.
        """
        with self._lock:
            self._delete(self._held(cor_id))

    def move_by_hand(self, cor_id: int, start: str, end: str, all_day: bool) -> StoredLeave:
        """
        Give a leave other dates, as somebody may do in COR itself.

        :raises LookupError: if there is no such leave.
        """
        with self._lock:
            leave = replace(self._held(cor_id), start=start, end=end, all_day=all_day, updated_at=self.now())
            self._hold(leave)
            return leave

    def add_by_hand(
        self,
        user_cor_id: int,
        start: str,
        end: str,
        all_day: bool,
        *,
        leave_type_cor_id: int | None = None,
    ) -> StoredLeave:
        """
        Store a new leave that has no external id, as somebody may do in COR itself.

        :param leave_type_cor_id: by default, the first leave type of the user's source.
        :raises LookupError: if the user is unknown, or the leave type, in the user's source.
        """
        with self._lock:
            source, user_id = self._users_by_cor_id.get(user_cor_id, ("", ""))
            if (source, user_id) not in self.users:
                raise LookupError(f"There is no user {user_cor_id}")
            types = {self.leave_type_cor_ids[key]: key[1] for key in self.leave_types if key[0] == source}
            if leave_type_cor_id is None:
                leave_type_cor_id = next(iter(types), 0)
            if leave_type_cor_id not in types:
                raise LookupError(f"The source {source} has no such leave type")
            return self._add(
                external_id="",
                source=source,
                user_id=user_id,
                leave_type_id=types[leave_type_cor_id],
                start=start,
                end=end,
                all_day=all_day,
            )

    def clear_leaves(self) -> None:
        """Forget all leaves, the deleted ones too; users and leave types stay."""
        with self._lock:
            self._cor_ids.clear()
            self._leaves.clear()
            self._leaves_of_user.clear()

    def _add_user(self, source: str, external_id: str, email: str | None, **fields: Any) -> StoredUser:
        key, address = (source, external_id), email and email.strip().casefold()
        taken = {"DuplicateExternalIdError": key in self.users, "DuplicateEmailError": address in self._emails}
        for name in sorted(taken, reverse=not self.checks_email_first):
            if taken[name]:
                raise Refusal(name)
        self._check_position(source, fields)
        if address is not None:
            self._emails.add(address)
        now, cor_id = self.now(), next(self._next_user_id)
        self.user_cor_ids[key] = cor_id
        self._users_by_cor_id[cor_id] = key
        return self._hold_user(StoredUser(external_id, source, cor_id, email, created_at=now, updated_at=now, **fields))

    def _remove_user(self, source: str, external_id: str) -> None:
        del self.users[source, external_id], self.profiles[source, external_id]
        for leave in self._leaves_of_user.pop((source, external_id), {}).values():
            del self._leaves[leave.cor_id]
            if leave.deleted_at is None and leave.external_id:
                del self._cor_ids[leave.source, leave.external_id]

    def _hold_user(self, user: StoredUser) -> StoredUser:
        key = (user.source, user.external_id)
        self.profiles[key] = user
        self.users[key] = user.name
        return user

    def _check_position(self, source: str, fields: Mapping[str, Any]) -> None:
        known = {"user_position_id": self.positions, "seniority_id": self.seniorities}
        for name, mapped in known.items():
            if fields.get(name) is not None and (source, fields[name]) not in mapped:
                raise Refusal("ZC002")

    def _add(self, **fields: Any) -> StoredLeave:
        now = self.now()
        leave = StoredLeave(cor_id=next(self._next_leave_id), created_at=now, updated_at=now, **fields)
        self._hold(leave)
        return leave

    def _held(self, cor_id: int) -> StoredLeave:
        leave = self._leaves.get(cor_id)
        if leave is None or leave.deleted_at is not None:
            raise LookupError(f"There is no leave {cor_id}")
        return leave

    def _hold(self, leave: StoredLeave) -> None:
        before = self._leaves.get(leave.cor_id, leave)
        self._leaves_of_user[before.source, before.user_id].pop(leave.cor_id, None)
        self._leaves_of_user[leave.source, leave.user_id][leave.cor_id] = leave
        self._leaves[leave.cor_id] = leave

    def _delete(self, leave: StoredLeave) -> None:
        self._hold(replace(leave, deleted_at=self.now()))
        if leave.external_id:
            del self._cor_ids[leave.source, leave.external_id]

    def _check_mappings(self, source: str, user_id: str, leave_type_id: str) -> None:
        if (source, user_id) not in self.users:
            raise Refusal("UserNotFoundError")
        if (source, leave_type_id) not in self.leave_types:
            raise Refusal("LeaveTypeNotFoundError")
