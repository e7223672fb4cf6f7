"""
The errors of this provider, by what they mean rather than by the status they came with.

::

    CorError                                what all of them are; an AirflowException
    ├── CorConfigurationError               every leave would fail alike; Airflow does not retry it
    │   ├── CorAuthenticationError          COR does not accept the token
    │   ├── CorPermissionError              the token may not write leave
    │   ├── CorInvalidSourceError           COR does not know this metadata.source
    │   ├── CorLedgerError                  the ledger cannot be read, or is not this sync's
    │   └── CorPlanChangedError             what a sync would do is not what was approved
    ├── CorRecordError                      this leave request is refused; sending it again unchanged cannot help
    │   ├── CorValidationError              a field is missing or not readable
    │   ├── CorUserNotFoundError            the user has no mapping in COR
    │   ├── CorLeaveTypeNotFoundError       the leave type has no mapping in COR
    │   ├── CorInvalidDateRangeError        it ends before it starts
    │   ├── CorDuplicateExternalIdError     COR has a leave with this external id
    │   ├── CorConflictingRepeatError       the input holds this external id twice and contradicts itself
    │   └── CorLeaveNotFoundError           COR has no leave with this external id
    ├── CorTransientError                   the same request may succeed later
    │   ├── CorRateLimitError               COR asks to slow down
    │   ├── CorServerError                  COR failed
    │   ├── CorConnectionError              no answer arrived
    │   └── CorUnexpectedAnswerError        what arrived says neither that COR did it nor that it did not
    ├── CorDeleteGuardError                 a sync would delete more than it may; Airflow does not retry it
    ├── CorLedgerBusyError                  another sync works on the ledger; Airflow retries it
    ├── CorLeavesRejectedError              a push's end: more rejections than tolerated; Airflow does not retry it
    └── CorPushIncompleteError              a push's end: leave is still to be sent; Airflow retries it

No error carries a request or an answer: their texts may be health data, and errors end in logs.
"""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from cor_provider._sources import KNOWN_SOURCES

__all__ = [
    "CorAuthenticationError",
    "CorConfigurationError",
    "CorConflictingRepeatError",
    "CorConnectionError",
    "CorDeleteGuardError",
    "CorDuplicateExternalIdError",
    "CorError",
    "CorInvalidDateRangeError",
    "CorInvalidSourceError",
    "CorLeaveNotFoundError",
    "CorLeaveTypeNotFoundError",
    "CorLeavesRejectedError",
    "CorLedgerBusyError",
    "CorLedgerError",
    "CorPermissionError",
    "CorPlanChangedError",
    "CorPushIncompleteError",
    "CorRateLimitError",
    "CorRecordError",
    "CorServerError",
    "CorTransientError",
    "CorUnexpectedAnswerError",
    "CorUserNotFoundError",
    "CorValidationError",
]


class CorError(AirflowException):
    """
    Anything that went wrong between Airflow and COR.

    :param message: what happened and what to do about it; the class knows a fitting text.
    :param name: the error's name as reports show it; COR's own name where COR gave one.
    :param code: COR's code (``ZC004``), where COR gave one.
    :param status: the HTTP status, where there was an answer.
    """

    default_name: ClassVar[str] = "CorError"
    default_message: ClassVar[str] = "COR did not do what was asked."

    def __init__(
        self,
        message: str | None = None,
        *,
        name: str | None = None,
        code: str | None = None,
        status: int | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.name = name or self.default_name
        self.code = code
        self.status = status
        super().__init__(self.message)


class CorConfigurationError(CorError, AirflowFailException):
    """The Connection or the operator's parameters are wrong, so every leave would fail alike."""

    default_name = "ConfigurationError"
    default_message = "The COR connection or the task's parameters do not work."


class CorAuthenticationError(CorConfigurationError):
    """COR does not accept the token."""

    default_name = "AuthenticationError"
    default_message = (
        "COR refused the token (401): put a valid bearer token into the COR connection's Password (they typically "
        "live one hour), or, where an API key is given, check what COR allows that key."
    )


class CorPermissionError(CorConfigurationError):
    """The token is valid but may not do this."""

    default_name = "PermissionError"
    default_message = (
        "COR accepted the token but does not let it write leave (403): check the API key's role and scope, and that "
        "the COR connection's Host is the base URL of COR's Integrations API."
    )


class CorInvalidSourceError(CorConfigurationError):
    """COR does not know the value of ``metadata.source``."""

    default_name = "InvalidSourceError"
    default_message = (
        "COR does not know this source: use the one under which users and leave types were created in COR. "
        f"It documents {', '.join(KNOWN_SOURCES)}."
    )


class CorLedgerError(CorConfigurationError):
    """The ledger of a sync cannot be read, or is not this sync's."""

    default_name = "LedgerError"


class CorPlanChangedError(CorConfigurationError):
    """What a sync would do is not what was approved; nothing was sent."""

    default_name = "PlanChangedError"


class CorRecordError(CorError):
    """COR, or our own validation, refused one leave request."""

    default_name = "RecordError"
    default_message = "COR refused this leave request without a name for the reason."


class CorValidationError(CorRecordError):
    """A field of the leave request is missing or cannot be read."""

    default_name = "ValidationError"
    default_message = "COR found a field of this leave request missing or malformed."


class CorUserNotFoundError(CorRecordError):
    """The external user id has no mapping in COR."""

    default_name = "UserNotFoundError"
    default_message = "COR has no user with this external id: create it through the Integrations API, same source."


class CorLeaveTypeNotFoundError(CorRecordError):
    """The external leave type id has no mapping in COR."""

    default_name = "LeaveTypeNotFoundError"
    default_message = "COR has no leave type with this external id: create or map it, under the same source."


class CorInvalidDateRangeError(CorRecordError):
    """The leave ends before it starts."""

    default_name = "InvalidDateRangeError"
    default_message = "The leave ends before it starts."


class CorDuplicateExternalIdError(CorRecordError):
    """COR already has a leave with this external id under this source."""

    default_name = "DuplicateExternalIdError"
    default_message = "COR already has a leave with this external id under this source."


class CorConflictingRepeatError(CorRecordError):
    """The input holds this external id twice, and the second says something else than the first."""

    default_name = "ConflictingRepeatError"
    default_message = "The input holds this external id twice and says two different things; only the first was sent."


class CorLeaveNotFoundError(CorRecordError):
    """COR has no leave with this external id under this source."""

    default_name = "LeaveNotFoundError"
    default_message = "COR has no leave with this external id under this source."


class CorTransientError(CorError):
    """
    The same request may succeed later.

    :param retry_after: seconds that COR asked to wait, where it said so.
    :param lost_answer: whether COR may have done the work although no answer says so.
    """

    default_name = "TransientError"
    default_message = "COR could not answer for now."

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        lost_answer: bool = True,
        **details: Any,
    ) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after
        self.lost_answer = lost_answer


class CorRateLimitError(CorTransientError):
    """COR asks to slow down, and did not do the work."""

    default_name = "RateLimitError"
    default_message = "COR asks to slow down (429)."


class CorServerError(CorTransientError):
    """COR failed on its side."""

    default_name = "ServerError"
    default_message = "COR failed on its side."


class CorConnectionError(CorTransientError):
    """No answer arrived."""

    default_name = "ConnectionError"
    default_message = "COR could not be reached, or its answer was lost."


class CorUnexpectedAnswerError(CorTransientError):
    """An answer that says neither that COR did what was asked nor that it did not: as good as none."""

    default_name = "UnexpectedAnswerError"
    default_message = "COR's answer does not say whether COR did what was asked."


class CorDeleteGuardError(CorError, AirflowFailException):
    """A sync would delete more than it may; nothing was sent."""

    default_name = "DeleteGuardError"


class CorLedgerBusyError(CorError):
    """
    Another sync works on the ledger, and two at once would undo each other's work.

    :param reason: who it is, in words.
    """

    default_name = "LedgerBusyError"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The ledger is in use: {reason}. Running this task again later is safe.")


class CorLeavesRejectedError(CorError, AirflowFailException):
    """More leave requests were rejected than the task tolerates."""

    default_name = "LeavesRejectedError"


class CorPushIncompleteError(CorError):
    """
    Some leave is not settled; running the task again is safe and sends the rest.

    :param retry_after: seconds that COR asked to wait, if its rate limit ended the push.
    """

    default_name = "PushIncompleteError"

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after
