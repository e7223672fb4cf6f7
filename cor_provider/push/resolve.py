"""
The outcome of a leave request, from COR's response to one request.

Each function sends one request, and returns the outcome, or None if that takes another request. It raises a
``CorTransientError`` if the request should be sent again, a ``CorRecordError`` if the leave request is ``rejected``,
and any other error to stop the push. The external id is the key: if COR has it after a lost answer, this push sent it.

========  ==================================  ===========================================================
request   COR's response                      outcome
========  ==================================  ===========================================================
POST      done                                ``created``
POST      duplicate                           ``skip``: ``existing``; ``update``: PUT; ``fail``: ``rejected``
POST      duplicate, after a lost answer      ``update``: PUT; otherwise ``created``
PUT       done, after such a duplicate        ``updated``; after a lost answer ``created``
PUT       missing, after such a duplicate     ``rejected``: COR lacks the user or the leave type
PUT       done                                ``updated``
PUT       missing                             ``create``: POST, as with ``if_exists="update"``;
                                              ``skip``: ``unchanged``; ``fail``: ``rejected``
DELETE    done                                ``deleted``
DELETE    leave or user missing               ``skip``: ``deleted``, with the error; ``fail``: ``rejected``
DELETE    leave missing, after a lost answer  ``deleted``
========  ==================================  ===========================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cor_provider.client.leaves import LeavesEndpoint
from cor_provider.client.responses import is_unnamed_conflict
from cor_provider.client.success import read_cor_id
from cor_provider.exceptions import (
    CorDuplicateExternalIdError,
    CorLeaveNotFoundError,
    CorRecordError,
    CorUserNotFoundError,
)
from cor_provider.leave import LeaveKey, LeaveRequest
from cor_provider.outcome import LeaveOutcome, Status
from cor_provider.push.options import IfExists, IfMissing, IfMissingOnUpdate
from cor_provider.push.retry import Attempts


def resolve_create(
    leave: LeaveRequest, attempts: Attempts, endpoint: LeavesEndpoint, if_exists: IfExists
) -> LeaveOutcome | None:
    """Create a leave, or replace it once COR has said that it has it."""
    if attempts.existed is None:
        try:
            data = endpoint.create(leave)
        except CorRecordError as error:
            if not _says_that_cor_has_it(error, attempts):
                raise
            attempts.existed = not attempts.lost_answer
            if attempts.existed and if_exists == "fail":
                raise
        else:
            return _done(leave, "created", data)
        if if_exists == "update":
            return None
    if if_exists == "update":
        data = endpoint.update(leave, exists=True)
        return _done(leave, "updated" if attempts.existed else "created", data)
    return LeaveOutcome(leave.id, "existing" if attempts.existed else "created")


def resolve_update(
    leave: LeaveRequest, attempts: Attempts, endpoint: LeavesEndpoint, if_missing: IfMissingOnUpdate
) -> LeaveOutcome | None:
    """Replace a leave, or create it once COR has said that it is missing."""
    if attempts.missing:
        return resolve_create(leave, attempts, endpoint, "update")
    try:
        data = endpoint.update(leave)
    except CorLeaveNotFoundError as error:
        if if_missing == "fail":
            raise
        if if_missing == "skip":
            return LeaveOutcome.from_error(leave.id, "unchanged", error)
        # If an answer was lost before, its request had no effect.
        attempts.missing, attempts.lost_answer = True, False
        return None
    return _done(leave, "updated", data)


def resolve_delete(
    leave: LeaveKey, attempts: Attempts, endpoint: LeavesEndpoint, if_missing: IfMissing
) -> LeaveOutcome:
    """Delete a leave. If COR no longer has its user, the leave is gone too."""
    try:
        endpoint.delete(leave)
    except (CorLeaveNotFoundError, CorUserNotFoundError) as error:
        # An earlier request may have deleted the leave, but never its user.
        is_done = attempts.lost_answer and isinstance(error, CorLeaveNotFoundError)
        if not is_done:
            if if_missing == "fail":
                raise
            return LeaveOutcome.from_error(leave.id, "deleted", error)
    return LeaveOutcome(leave.id, "deleted")


def _done(leave: LeaveRequest, status: Status, data: Mapping[str, Any]) -> LeaveOutcome:
    """Return the outcome with COR's own ids of the leave and of its user, as far as COR returned them."""
    cor_id, cor_user_id = read_cor_id(data.get("id")), read_cor_id(data.get("userId"))
    return LeaveOutcome(leave.id, status, cor_id=cor_id, cor_user_id=cor_user_id)


def _says_that_cor_has_it(error: CorRecordError, attempts: Attempts) -> bool:
    """Recognise a duplicate: COR names it, or reports a conflict after a lost answer, which then caused it."""
    return isinstance(error, CorDuplicateExternalIdError) or (attempts.lost_answer and is_unnamed_conflict(error))
