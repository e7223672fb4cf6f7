"""
The outcome of a user, from COR's response to one request; see :mod:`~cor_provider.push.resolve`.

The external id is the key. A duplicate address alone does not tell who has it: the user of this external id, since COR
may check the address before the id, or somebody else. So a second request asks for the external id, with a PUT that
changes nothing; with ``if_exists="update"`` it is the update itself.

=======  ===========================================  ================================================================
request  COR's response                               outcome
=======  ===========================================  ================================================================
POST     done                                         ``created``
POST     duplicate id                                 ``skip``: ``existing``; ``update``: PUT; ``fail``: ``rejected``
POST     duplicate id, after a lost answer            PUT: it may be our own user
PUT      done, after a duplicate id                   ``updated``; after a lost answer as below
PUT      refused, after a duplicate id and a lost     ``update``: ``rejected``; otherwise ``created``: COR does not say
         answer                                       whose it is
POST     duplicate address                            ``fail``: ``rejected``; otherwise PUT
POST     duplicate address, or a 409 without a name,  PUT: it may be our own user
         after a lost answer
PUT      done, after such a refusal                   as after a duplicate id; after a lost answer ``created``, but if
                                                      COR shows another address of the user, then this push did not
                                                      create it: it existed before
PUT      refused, after such a refusal                ``rejected``, with the first refusal
=======  ===========================================  ================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from cor_provider.client.responses import is_unnamed_conflict
from cor_provider.client.success import read_cor_id
from cor_provider.client.users import UsersEndpoint
from cor_provider.exceptions import (
    CorConfigurationError,
    CorDuplicateEmailError,
    CorDuplicateExternalIdError,
    CorRecordError,
)
from cor_provider.fields.email import same_address
from cor_provider.outcome import Status, UserOutcome
from cor_provider.push.options import IfExists
from cor_provider.push.retry import Attempts
from cor_provider.user import UserRequest


def resolve_create_user(
    user: UserRequest, attempts: Attempts, endpoint: UsersEndpoint, if_exists: IfExists
) -> UserOutcome | None:
    """Create a user. Once COR has said that it has the user, or may have it, a second request settles what is open."""
    if attempts.existed is not None:
        return _settle(user, attempts, endpoint, if_exists)
    try:
        data = endpoint.create(user)
    except CorRecordError as error:
        if not _may_have_it(error, attempts):
            raise
        existed = not attempts.lost_answer
        if existed and if_exists == "fail":
            raise
        attempts.existed, attempts.refusal = existed, error
        is_settled = existed and if_exists == "skip" and isinstance(error, CorDuplicateExternalIdError)
        return UserOutcome(user.id, "existing") if is_settled else None
    return _done(user, "created", data)


def _settle(user: UserRequest, attempts: Attempts, endpoint: UsersEndpoint, if_exists: IfExists) -> UserOutcome:
    """Update the user, or only ask for it, and raise the refusal of the create if COR does not have it."""
    assert attempts.refusal  # noqa: S101  # otherwise nothing is open
    has_id = isinstance(attempts.refusal, CorDuplicateExternalIdError)
    try:
        data = endpoint.update(user.to_update(), exists=has_id) if if_exists == "update" else endpoint.show(user.id)
    except (CorRecordError, CorConfigurationError) as error:
        if not isinstance(error, CorRecordError) and error.status not in _WITHOUT_A_NAME:
            raise
        if not has_id:
            raise attempts.refusal from None
        if if_exists == "update":
            raise
        return UserOutcome(user.id, "created")
    existed = attempts.existed or _has_another_address(user, data)
    if existed and if_exists == "fail":
        raise CorDuplicateExternalIdError(_OTHER_ADDRESS)
    if not existed:
        return _done(user, "created", data)
    return _done(user, "updated" if if_exists == "update" else "existing", data)


_WITHOUT_A_NAME = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
"""
With these, another server than COR may have answered, which would stop the push. But COR has just answered the create.
"""

_OTHER_ADDRESS = "COR already has a user with this external id under this source, with another e-mail address."


def _may_have_it(error: CorRecordError, attempts: Attempts) -> bool:
    """Return whether COR has the user, or may have it: a conflict without a name may come from our own lost request."""
    is_duplicate = isinstance(error, (CorDuplicateExternalIdError, CorDuplicateEmailError))
    return is_duplicate or (attempts.lost_answer and is_unnamed_conflict(error))


def _has_another_address(user: UserRequest, data: Mapping[str, Any]) -> bool:
    email = data.get("email")
    return isinstance(email, str) and not same_address(email, user.email)


def _done(user: UserRequest, status: Status, data: Mapping[str, Any]) -> UserOutcome:
    return UserOutcome(user.id, status, cor_id=read_cor_id(data.get("id")))
