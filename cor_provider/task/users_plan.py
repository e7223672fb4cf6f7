"""The plan of users: whom a task would create in COR, and whether these are the approved ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConflictingRepeatError, CorPlanChangedError, CorUserGuardError
from cor_provider.fields.role import ROLES
from cor_provider.pages.calendar import TEMPLATES
from cor_provider.push.options import IfExists
from cor_provider.push.seen_ids import SeenIds
from cor_provider.sync.approval import reading_plan
from cor_provider.sync.page import page_of
from cor_provider.user import UnreadableUser, UserRequest


@dataclass(frozen=True)
class UsersPlan:
    """
    Whom a task would create.

    COR cannot be asked whom it has, so these are all valid users of the input, each once.

    :param users: in the order of the input.
    :param records: what is to be sent: the input, but a user who contradicts an earlier one as one who is refused. So
        nobody is sent who is not in the plan.
    :param source: COR's ``metadata.source``.
    :param if_exists: ``update`` if a user whom COR has is changed.
    :param id: unique, even among plans of the same users.
    """

    users: tuple[UserRequest, ...]
    records: tuple[UserRequest | UnreadableUser, ...]
    source: str
    if_exists: IfExists
    id: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def of(cls, records: Iterable[UserRequest | UnreadableUser], *, source: str, if_exists: IfExists) -> UsersPlan:
        """Return the plan for an input."""
        users, to_send = [], []
        with SeenIds() as seen:
            for record in records:
                comparison = seen.add(record) if isinstance(record, UserRequest) else None
                if isinstance(record, UserRequest) and comparison == "new":
                    users.append(record)
                is_conflict = comparison == "different"
                to_send.append(UnreadableUser(record.id, CorConflictingRepeatError()) if is_conflict else record)
        return cls(tuple(users), tuple(to_send), source, if_exists)

    @property
    def counts(self) -> dict[str, int]:
        """How many users would be created, and how many records are refused."""
        rejected = sum(isinstance(record, UnreadableUser) for record in self.records)
        return {"create": len(self.users), "rejected": rejected}

    def check_number(self, max_creates: int | None) -> None:
        """
        Refuse a plan that creates too many users.

        :raises CorUserGuardError: with their number and the limit.
        """
        count = len(self.users)
        if max_creates is not None and count > max_creates:
            raise CorUserGuardError(
                f"The task would create {count} users, more than max_creates={max_creates}.\nCOR may send each of them "
                "mail, and users cost seats. COR cannot be asked whom it has already, so these count too.\n"
                f"Nothing was sent. If all of them are meant, set max_creates={count} for this run."
            )

    def check_approval(self, path: str) -> None:
        """
        Refuse a plan other than the approved one.

        :param path: path or URI of the approved plan.
        :raises CorPlanChangedError: with the number of differences.
        :raises CorConfigurationError: if there is no such plan.
        """
        approved = _read_approved(path)
        if any(row["operation"] != self.operation for row in approved.values()):
            raise CorPlanChangedError(
                "The approved plan was made with another if_exists. Nothing was sent. Give both tasks the same one."
            )
        planned = {row["id"]: _compared(row) for row in self.rows()}
        new = sum(user_id not in approved for user_id in planned)
        gone = sum(user_id not in planned for user_id in approved)
        different = sum(approved.get(user_id, row) != row for user_id, row in planned.items())
        if new or gone or different:
            raise CorPlanChangedError(
                f"The plan is not the approved one: {new} users are new, {gone} are gone, {different} are different. "
                "Nothing was sent. Ask for a new approval."
            )

    @property
    def operation(self) -> str:
        """What is done with each user, in the rows of the plan."""
        return "create or update" if self.if_exists == "update" else "create"

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the written plan. They are people's data."""
        for user in self.users:
            fields = {name: value for name, value in user.to_payload(self.source).items() if name != "metadata"}
            yield {"operation": self.operation, **fields, "source": self.source, "plan": self.id}

    def write(self, path: ObjectStoragePath) -> ObjectStoragePath | None:
        """Write the plan, and a page of it beside it; return the path of the page, None if there is none."""
        _files.make_folder(path.parent)
        with _files.writing(path) as stream:
            stream.writelines((json.dumps(row, ensure_ascii=False) + "\n").encode() for row in self.rows())
        page = page_of(path)
        if page:
            template = TEMPLATES.get_template("users_plan.html.jinja")
            parts = template.generate(
                source=self.source,
                users=self.users,
                roles=ROLES,
                counts=self.counts,
                may_update=self.if_exists == "update",
            )
            with _files.writing(page) as stream:
                stream.writelines(part.encode() for part in parts)
        return page


def _read_approved(path: str) -> dict[str, dict[str, Any]]:
    """Return what is compared of each approved user, by external id."""
    approved: dict[str, dict[str, Any]] = {}
    with reading_plan(path) as rows:
        for row in rows:
            if row["operation"] not in {"create", "create or update"} or row["id"] in approved or not row["email"]:
                raise ValueError
            approved[row["id"]] = _compared(row)
    return approved


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "plan"}
