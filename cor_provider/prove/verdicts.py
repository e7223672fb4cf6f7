"""What the replies of a trial say of each assumption."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, NamedTuple

from cor_provider import _clock
from cor_provider.audit.compare import is_deleted
from cor_provider.audit.compare import judge as compare
from cor_provider.client.responses import is_unnamed_missing_user
from cor_provider.client.success import read_cor_id
from cor_provider.contract.assumptions import ASSUMPTIONS, Assumption
from cor_provider.exceptions import (
    CorConfigurationError,
    CorConnectionError,
    CorDuplicateExternalIdError,
    CorError,
    CorInvalidDateRangeError,
    CorLeaveNotFoundError,
    CorLeaveTypeNotFoundError,
    CorTransientError,
    CorUnexpectedAnswerError,
)
from cor_provider.prove.trial import Reply, Trial
from cor_provider.sync.ledger_entry import LeaveVersion, LedgerEntry

Result = Literal["holds", "does not hold", "could not be tried"]


@dataclass(frozen=True)
class Verdict:
    """
    What a trial says of an assumption.

    :param found: what COR answered, in words; if it is as assumed, what that leaves open, or empty.
    :param accepted: whether COR confirmed something else than is assumed, rather than refusing it.
    """

    assumption: Assumption
    result: Result
    found: str = ""
    accepted: bool = False

    @property
    def meaning(self) -> str:
        """What it means for a DAG."""
        assumption = self.assumption
        if self.result == "holds":
            return f"{assumption.gives} {self.found}".rstrip()
        if self.result == "does not hold":
            return f"{self.found} {(self.accepted and assumption.accepted) or assumption.otherwise}"
        return f"Not known: {self.found}"


def verdicts(trial: Trial) -> list[Verdict]:
    """Return the verdict on each assumption, in the order of the list."""
    return [_verdict(assumption, trial) for assumption in ASSUMPTIONS]


def _verdict(assumption: Assumption, trial: Trial) -> Verdict:
    if assumption.untried:
        return Verdict(assumption, "could not be tried", assumption.untried)
    try:
        finding = _CHECKS[assumption.key](trial)
    except _Untried as reason:
        return Verdict(assumption, "could not be tried", str(reason))
    return Verdict(assumption, *finding)


class _Finding(NamedTuple):
    """What a check finds: the last fields of a ``Verdict``."""

    result: Result
    found: str = ""
    accepted: bool = False


_HOLDS = _Finding("holds")


def _differs(found: str, *, accepted: bool = False) -> _Finding:
    return _Finding("does not hold", found, accepted)


class _Untried(Exception):  # noqa: N818  # its text is the reason
    """An assumption could not be tried."""


def _answers(trial: Trial) -> _Finding:
    replies = [_reply(trial, name) for name in ("create", "update", "delete")]
    for reply in replies:
        if isinstance(reply.error, CorUnexpectedAnswerError):
            return _differs(f"COR answered {reply.error.status} in a form that it does not document.")
    for reply in replies:
        _require_answer(reply)
        if reply.error:
            raise _Untried("COR refused the update or the delete.")
    return _HOLDS


def _ids(trial: Trial) -> _Finding:
    for name in ("create", "update"):
        reply = _reply(trial, name)
        if reply.error:
            raise _Untried(f"the {name} was not answered as documented.")
        if not all(read_cor_id((reply.data or {}).get(key)) for key in ("id", "userId")):
            return _differs(f"COR's answer to the {name} has no such ids.")
    return _HOLDS


def _duplicate(trial: Trial) -> _Finding:
    again = _reply(trial, "create again")
    if again.error is None and _reply(trial, "create").error:
        raise _Untried("it is not known whether COR had the leave already.")
    return _refused_as(CorDuplicateExternalIdError, again)


def _dates(trial: Trial) -> _Finding:
    return _refused_as(CorInvalidDateRangeError, _reply(trial, "end before start"))


def _leave_type(trial: Trial) -> _Finding:
    return _refused_as(CorLeaveTypeNotFoundError, _reply(trial, "unknown leave type"))


def _refused(trial: Trial) -> _Finding:
    pairs = (("end before start", "delete of the refused dates"), ("unknown leave type", "delete of the refused type"))
    deletes = [_reply(trial, delete) for create, delete in pairs if _is_refused(_reply(trial, create))]
    if any(reply.error is None for reply in deletes):
        _require_telling_deletes(trial)
        return _differs("COR deleted leave that it had refused.")
    if not any(isinstance(reply.error, CorLeaveNotFoundError) for reply in deletes):
        raise _Untried("COR's answers to the deletes do not say whether it had that leave.")
    return _HOLDS


def _update(trial: Trial) -> _Finding:
    reply = _reply(trial, "update")
    _require_clear_answer(reply)
    if reply.error:
        return _differs(_in_words(reply.error))
    before, after = (read_cor_id((_reply(trial, name).data or {}).get("id")) for name in ("create", "update"))
    if not before or not after:
        raise _Untried("COR took the update, but its answers do not say which leave it replaced.")
    if before != after:
        return _differs("COR's own id is another one now.", accepted=True)
    return _Finding("holds", _left_open_by_the_list(trial))


def _update_missing(trial: Trial) -> _Finding:
    refused = _refused_as(CorLeaveNotFoundError, _reply(trial, "update of an unknown id"))
    if refused is not _HOLDS:
        return refused
    deleted = _reply(trial, "delete of the refused update")
    if deleted.error is None:
        _require_telling_deletes(trial)
        return _differs("COR had created the leave all the same.")
    if not isinstance(deleted.error, CorLeaveNotFoundError):
        raise _Untried("COR's answer to the delete does not say whether it had that leave.")
    return _HOLDS


def _delete_missing(trial: Trial) -> _Finding:
    create_again, delete_again = _reply(trial, "create again"), _reply(trial, "delete again")
    may_be_there_twice = not create_again.error or not (delete_again.error or _is_refused(create_again))
    if _reply(trial, "delete").error or may_be_there_twice:
        raise _Untried("it is not known whether COR still had the leave.")
    return _refused_as(CorLeaveNotFoundError, delete_again)


def _named_404(trial: Trial) -> _Finding:
    errors = [reply.error for name, reply in trial.replies.items() if reply.error and name != "list"]
    errors = [error for error in errors if error.status == HTTPStatus.NOT_FOUND]
    if not errors:
        raise _Untried("COR answered no 404.")
    if any(map(_is_nameless_404, errors)):
        return _differs("COR answered 404 without a name.")
    return _HOLDS


def _main_api(trial: Trial) -> _Finding:
    reply = _listed(trial)
    if reply.error:
        return _differs(_in_words(reply.error, address="Extra api_url"))
    if _row(trial) is None:
        raise _Untried("COR's list does not show the leave yet. COR may need an hour for that.")
    return _HOLDS


def _days(trial: Trial) -> _Finding:
    shown = _shown(trial)
    if shown == "nothing":
        raise _Untried("COR's main API did not show the leave.")
    if shown == "unreadable":
        raise _Untried("COR's main API shows the leave without days that can be read.")
    # The list may still show the leave as it was before the update.
    return _differs("COR's main API shows other days.") if shown == "others" else _HOLDS


_CHECKS: Mapping[str, Callable[[Trial], _Finding]] = {
    "answers": _answers,
    "ids": _ids,
    "duplicate": _duplicate,
    "dates": _dates,
    "leave_type": _leave_type,
    "refused": _refused,
    "update": _update,
    "update_missing": _update_missing,
    "delete_missing": _delete_missing,
    "named_404": _named_404,
    "main_api": _main_api,
    "days": _days,
}


def _reply(trial: Trial, name: str) -> Reply:
    if name not in trial.replies:
        raise _Untried("the trial ended before.")
    return trial.replies[name]


def _listed(trial: Trial) -> Reply:
    if "list" not in trial.replies:
        raise _Untried("COR's answers do not have its own ids.")
    reply = trial.replies["list"]
    _require_answer(reply)
    return reply


def _row(trial: Trial) -> Mapping[str, Any] | None:
    leave, _ = trial.cor_ids
    rows: Iterable[Mapping[str, Any]] = _listed(trial).rows
    rows = (row for row in rows if not is_deleted(row))
    return next((row for row in rows if leave and read_cor_id(row.get("id")) == leave), None)


def _shown(trial: Trial) -> Literal["new", "old", "others", "unreadable", "nothing"]:
    """Return which days COR's main API shows for the leave; it tolerates what an audit does."""
    if (row := _row(trial)) is None:
        return "nothing"
    entries = [LedgerEntry((LeaveVersion.of(leave),), written_at=0) for leave in (trial.moved, trial.leave)]
    new, old = (compare(entry, row, now=_clock.timestamp()).finding for entry in entries)
    if new == "confirmed":
        return "new"
    if old == "confirmed":
        return "old"
    return "others" if "changed" in (new, old) else "unreadable"


def _left_open_by_the_list(trial: Trial) -> str:
    """Return what an update that COR confirmed leaves open; go on only if COR's list does not speak against it."""
    try:
        shown = _shown(trial)
    except _Untried:
        shown = "nothing"
    if shown == "old":
        raise _Untried(
            "COR confirmed the update, but its main API still shows the days before it. COR may need an hour for that."
        )
    if shown == "others":
        raise _Untried("COR confirmed the update, but its main API shows days that were never sent.")
    return "" if shown == "new" else "COR's answer is all that is known: its main API did not show the days."


def _refused_as(expected: type[CorError], reply: Reply) -> _Finding:
    if reply.error is None:
        return _differs("COR did not refuse it.", accepted=True)
    _require_clear_answer(reply)
    return _HOLDS if isinstance(reply.error, expected) else _differs(_in_words(reply.error))


def _is_refused(reply: Reply) -> bool:
    return reply.error is not None and not isinstance(reply.error, CorTransientError)


def _require_answer(reply: Reply) -> None:
    """Go on only if COR answered; a failure that may pass says nothing about COR."""
    if isinstance(reply.error, CorConnectionError):
        raise _Untried("no answer of COR arrived.")
    if reply.error and reply.error.status is None:  # it was not even asked
        raise _Untried(" ".join(reply.error.message.split()))
    if isinstance(reply.error, CorTransientError) and not isinstance(reply.error, CorUnexpectedAnswerError):
        raise _Untried(f"COR answered {reply.error.status}.")


def _require_clear_answer(reply: Reply) -> None:
    """Go on only if COR's answer also says whether it did what was asked."""
    _require_answer(reply)
    if isinstance(reply.error, CorUnexpectedAnswerError):
        raise _Untried(f"COR answered {reply.error.status} in a form that does not say whether it did that.")


def _require_telling_deletes(trial: Trial) -> None:
    """Go on only if a delete that COR confirms says that there was leave to delete."""
    if _reply(trial, "delete again").error is None:
        raise _Untried("COR confirmed the second delete of a leave too, so its answer does not say what it had.")


def _in_words(error: CorError, *, address: str = "Host") -> str:
    """
    Return what COR answered to a request.

    :param address: the field of the Connection with the address that was asked.
    """
    if _is_nameless_404(error):
        return f"COR answered 404 without a name, which looks like a wrong {address}."
    return f"COR answered {error.status}, which reports call {error.name}."


def _is_nameless_404(error: CorError) -> bool:
    # The classes below it have names.
    is_from_elsewhere = error.status == HTTPStatus.NOT_FOUND and type(error) is CorConfigurationError
    return is_from_elsewhere or is_unnamed_missing_user(error)
