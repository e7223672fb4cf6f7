"""
The errors of this provider, by meaning rather than by HTTP status.

::

    CorError                                the base of all; an AirflowException
    ├── CorConfigurationError               every leave would fail alike; Airflow does not retry it
    │   ├── CorAuthenticationError          COR does not accept the token
    │   ├── CorPermissionError              the token may not write leave
    │   ├── CorInvalidSourceError           COR does not know this metadata.source
    │   ├── CorLedgerError                  the ledger cannot be read, or belongs to another sync
    │   └── CorPlanChangedError             the plan of a sync is not the approved one
    ├── CorRecordError                      this leave request or user is refused; sending it again cannot help
    │   ├── CorValidationError              a field is missing or invalid
    │   ├── CorUnreadableRowError           the extract could not turn a row of HR into leave
    │   ├── CorUserNotFoundError            the user has no mapping in COR
    │   ├── CorLeaveTypeNotFoundError       the leave type has no mapping in COR
    │   ├── CorInvalidDateRangeError        it ends before it starts
    │   ├── CorDuplicateExternalIdError     COR has this external id, of a leave or of a user
    │   ├── CorConflictingRepeatError       the input has this external id twice and contradicts itself
    │   ├── CorLeaveNotFoundError           COR has no leave with this external id
    │   ├── CorDuplicateEmailError          COR has a user with this e-mail address
    │   └── CorInvalidRoleError             the role of a user is none of COR's
    ├── CorTransientError                   the same request may succeed later
    │   ├── CorRateLimitError               COR asks to slow down
    │   ├── CorServerError                  COR failed
    │   ├── CorConnectionError              no response arrived
    │   └── CorUnexpectedAnswerError        the response does not say whether COR did it
    ├── CorDeleteGuardError                 a sync would delete more than it may; Airflow does not retry it
    ├── CorDriftError                       an audit found more drift than tolerated; Airflow does not retry it
    ├── CorLedgerBusyError                  another sync is using the ledger; Airflow retries it
    ├── CorLeavesRejectedError              the end of a push: more rejections than tolerated; Airflow does not retry it
    ├── CorUserGuardError                   a task would create more users than it may; Airflow does not retry it
    ├── CorUsersRejectedError               the end of a task: more users rejected than tolerated; no retry either
    └── CorPushIncompleteError              the end of a task: leave is still to be sent or read; Airflow retries it

No error contains a request or a response: they may hold health data, and errors end up in logs.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from cor_provider._compat import AirflowException, AirflowFailException
from cor_provider.fields.sources import KNOWN_SOURCES

__all__ = [
    "CorAuthenticationError",
    "CorConfigurationError",
    "CorConflictingRepeatError",
    "CorConnectionError",
    "CorDeleteGuardError",
    "CorDriftError",
    "CorDuplicateEmailError",
    "CorDuplicateExternalIdError",
    "CorError",
    "CorInvalidDateRangeError",
    "CorInvalidRoleError",
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
    "CorUnreadableRowError",
    "CorUserGuardError",
    "CorUserNotFoundError",
    "CorUsersRejectedError",
    "CorValidationError",
]


class CorError(AirflowException):
    """
    The base of every error between Airflow and COR.

    :param message: what is wrong and what to do about it; each class has a default.
    :param name: the error's name as reports show it; COR's own name if COR gave one.
    :param code: COR's code (``ZC004``), if COR gave one.
    :param status: the HTTP status, if there was a response.
    """

    default_name: ClassVar[str] = "CorError"
    default_message: ClassVar[str] = "COR did not do what it was asked to do."
    advice: ClassVar[str | None] = None
    """What to do about all leave requests with this error, in place of the message; it may contain ``{source}``."""

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
    default_message = "The COR connection or a parameter of the task is wrong."


class CorAuthenticationError(CorConfigurationError):
    """COR does not accept the token."""

    default_name = "AuthenticationError"
    default_message = (
        "COR refused the token (401): put a valid bearer token into the Password\n"
        "of the COR connection (it typically expires after one hour) or, if the connection has an API key, "
        "check what COR allows that key to do."
    )


class CorPermissionError(CorConfigurationError):
    """The token is valid but may not do this."""

    default_name = "PermissionError"
    default_message = (
        "COR does not let this token write leave (403): check the API key's role and scope,\n"
        "and that the COR connection's Host is the base URL of COR's Integrations API."
    )


class CorInvalidSourceError(CorConfigurationError):
    """COR does not know this ``metadata.source``."""

    default_name = "InvalidSourceError"
    default_message = (
        "COR does not know this source: use the one under which users and leave types were created in COR. "
        f"It documents {', '.join(KNOWN_SOURCES)}."
    )


class CorLedgerError(CorConfigurationError):
    """The ledger of a sync cannot be read, or belongs to another sync."""

    default_name = "LedgerError"


class CorPlanChangedError(CorConfigurationError):
    """The plan of a sync is not the approved one; nothing was sent."""

    default_name = "PlanChangedError"


class CorRecordError(CorError):
    """COR, or our own validation, refused one leave request, or one user."""

    default_name = "RecordError"
    default_message = "COR refused this leave request without naming the reason."


class CorValidationError(CorRecordError):
    """A field is missing or invalid."""

    default_name = "ValidationError"
    default_message = "COR finds a field of this leave request missing or invalid."


class CorUnreadableRowError(CorRecordError):
    """The extract could not turn a row of HR into leave. A sync leaves all that the row may be as it is."""

    default_name = "UnreadableRowError"
    default_message = "The extract could not read this row."


class CorUserNotFoundError(CorRecordError):
    """The external user id has no mapping in COR."""

    default_name = "UserNotFoundError"
    default_message = (
        "COR has no user with this external id: create it through the Integrations API, under the same source."
    )
    advice = "create these users in COR under {source}{lost_zeros}"


class CorLeaveTypeNotFoundError(CorRecordError):
    """The external leave type id has no mapping in COR."""

    default_name = "LeaveTypeNotFoundError"
    default_message = "COR has no leave type with this external id: create or map it, under the same source."
    advice = "map these leave types in COR under {source}, or translate them with the parameter values"


class CorInvalidDateRangeError(CorRecordError):
    """The leave ends before it starts."""

    default_name = "InvalidDateRangeError"
    default_message = "The leave ends before it starts."
    advice = "correct start and end: the leave ends before it starts."


class CorDuplicateExternalIdError(CorRecordError):
    """COR already has a leave, or a user, with this external id under this source."""

    default_name = "DuplicateExternalIdError"
    default_message = "COR already has a leave with this external id under this source."
    advice = "COR has leave under these external ids: set if_exists, or approve a plan that may overwrite it."


class CorConflictingRepeatError(CorRecordError):
    """The input has this external id twice, with different content."""

    default_name = "ConflictingRepeatError"
    default_message = "The input has this external id twice, with different content; only the first was sent."
    advice = "correct the input: it has these external ids twice, with different content."


class CorLeaveNotFoundError(CorRecordError):
    """COR has no leave with this external id under this source."""

    default_name = "LeaveNotFoundError"
    default_message = "COR has no leave with this external id under this source."


class CorDuplicateEmailError(CorRecordError):
    """COR has a user with this e-mail address."""

    default_name = "DuplicateEmailError"
    default_message = (
        "COR has a user with this e-mail address, perhaps a deleted one. No documented call gives an existing user an "
        "external id: look in COR who has the address. If it is this person, ask COR's support to map the user to the "
        "external id; if it is not, change the address there or in HR."
    )


class CorInvalidRoleError(CorRecordError):
    """The role of a user is none of COR's."""

    default_name = "InvalidRoleError"
    default_message = (
        "COR does not accept the role of this user: use 1 to 6, which are C-Level, Director, Project Manager, "
        "Collaborator, Freelancer and Client."
    )


class CorTransientError(CorError):
    """
    The same request may succeed later.

    :param retry_after: seconds that COR asked to wait, if it did.
    :param lost_answer: whether COR may have done the work although no response says so.
    """

    default_name = "TransientError"
    default_message = "COR could not do this for now."

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
    """COR asks to slow down, and has not done the work."""

    default_name = "RateLimitError"
    default_message = "COR asks to slow down (429)."


class CorServerError(CorTransientError):
    """COR failed on its side."""

    default_name = "ServerError"
    default_message = "COR failed on its side."


class CorConnectionError(CorTransientError):
    """
    No response arrived.

    :param too_large: whether one began to arrive, and was too large to be read.
    """

    default_name = "ConnectionError"
    default_message = "COR could not be reached, or its answer was lost."

    def __init__(self, message: str | None = None, *, too_large: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.too_large = too_large


class CorUnexpectedAnswerError(CorTransientError):
    """The response does not say whether COR did what it was asked to do, so it counts as lost."""

    default_name = "UnexpectedAnswerError"
    default_message = "COR's response does not say whether COR did what it was asked to do."


class CorDeleteGuardError(CorError, AirflowFailException):
    """A sync would delete more than it may; nothing was sent."""

    default_name = "DeleteGuardError"


class CorDriftError(CorError, AirflowFailException):
    """COR holds more leave otherwise than the ledger says than an audit tolerates."""

    default_name = "DriftError"


class CorLedgerBusyError(CorError):
    """
    Another sync is using the ledger; two at once would undo each other's work.

    :param reason: which sync it is, in words.
    :param retry_after: seconds after which the ledger is free, unless the other sync still runs then.
    :param again: what to run again then.
    """

    default_name = "LedgerBusyError"

    def __init__(self, reason: str, *, retry_after: float | None = None, again: str = "task") -> None:
        when = f"in {math.ceil(retry_after)} seconds or later" if retry_after else "later"
        super().__init__(f"The ledger is in use: {reason}. Run this {again} again {when}: that is safe.")
        self.reason = reason
        self.retry_after = retry_after


class CorLeavesRejectedError(CorError, AirflowFailException):
    """More leave requests were rejected than the task tolerates."""

    default_name = "LeavesRejectedError"


class CorUsersRejectedError(CorError, AirflowFailException):
    """More users were rejected than the task tolerates."""

    default_name = "UsersRejectedError"


class CorUserGuardError(CorError, AirflowFailException):
    """A task would create more users than it may; nothing was sent."""

    default_name = "UserGuardError"


class CorPushIncompleteError(CorError):
    """
    Some leave is still to be sent, or to be read in an audit; running the task again is safe and does it.

    :param retry_after: seconds that COR asked to wait, if its rate limit ended the push.
    """

    default_name = "PushIncompleteError"

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after
