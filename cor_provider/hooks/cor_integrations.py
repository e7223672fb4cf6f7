"""The hook to COR's Integrations API."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from functools import cached_property
from typing import Any, Literal, get_args
from urllib.parse import quote

from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector
from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from cor_provider.client import form as connection_form
from cor_provider.client.responses import (
    NOT_ASSOCIATED,
    Operation,
    is_unnamed_conflict,
    not_associated,
    read_answer,
    read_cor_id,
)
from cor_provider.client.session import CorSession
from cor_provider.client.settings import CorSettings
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorDuplicateExternalIdError,
    CorError,
    CorLeaveNotFoundError,
    CorRecordError,
    CorTransientError,
    CorUnexpectedAnswerError,
    CorUserNotFoundError,
)
from cor_provider.leave import (
    Leave,
    LeaveKey,
    LeaveRequest,
    UnreadableLeave,
    read_external_id,
    read_leave,
    read_leave_key,
)
from cor_provider.outcome import LeaveOutcome, Status
from cor_provider.push.engine import Send, push
from cor_provider.push.pace import Permit, always
from cor_provider.push.retry import Attempts, RetryLimits

IfExists = Literal["skip", "update", "fail"]
IfMissing = Literal["skip", "fail"]
IfMissingOnUpdate = Literal["create", "skip", "fail"]


def check_choice(name: str, value: object, choices: Any) -> None:
    """
    Check an option that has a few possible values, those of a ``Literal``.

    :raises ValueError: naming the option.
    """
    if value not in get_args(choices):
        raise ValueError(f"{name}: expected one of {', '.join(get_args(choices))}; got {value!r}.")


def check_limits(concurrency: int, max_rejected: int = 0) -> None:
    """
    Check the numbers that bound a push.

    :raises ValueError: naming the one that is wrong.
    """
    if not isinstance(concurrency, int) or concurrency < 1:
        raise ValueError(f"concurrency: expected at least 1; got {concurrency!r}.")
    if not isinstance(max_rejected, int) or max_rejected < 0:
        raise ValueError(f"max_rejected: expected a number from 0; got {max_rejected!r}.")


WRITTEN = {"created", "updated", "deleted"}
LEAVES_PATH = "/v2/integrations/leaves"
_CHECK_API_URL = "check the COR connection's Extra api_url."
_NOT_COR = f"{{}} did not answer as COR does: {_CHECK_API_URL}"


class CorIntegrationsHook(BaseHook):
    """
    Sends leave to COR's Integrations API.

    The API takes one leave per request and has no endpoint that reads leave back
    (developers.projectcor.com/api-reference/integrations/user-leaves). Nothing touches the network or the Connection
    before it is needed.

    :param cor_conn_id: the Airflow Connection of type ``cor``.
    :param source: ``metadata.source``, the namespace of external ids; the Connection's extra ``source`` by default.
    """

    conn_name_attr = "cor_conn_id"
    default_conn_name = "cor_default"
    conn_type = "cor"
    hook_name = "COR Integrations"

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the fields of the Connection's form, for Airflow before 3.2."""
        return connection_form.widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return how the form shows the fields that every Connection has, for Airflow before 3.2."""
        return connection_form.field_behaviour()

    def __init__(self, cor_conn_id: str = default_conn_name, *, source: str | None = None) -> None:
        super().__init__()
        self.cor_conn_id = cor_conn_id
        self.source = source
        self._lock = threading.RLock()

    def get_conn(self) -> CorSession:
        """
        Return the authenticated session, the same one each time.

        :raises CorConfigurationError: if the Connection cannot work.
        """
        with self._lock:  # the threads of a push share one session
            return self._session

    def create_leave(self, leave: LeaveRequest | Mapping[str, Any], *, source: str | None = None) -> dict[str, Any]:
        """
        Create a leave and return COR's ``data`` (``id`` is COR's own id of it); empty if the answer holds none.

        It is sent once, as by the two methods below; :meth:`create_leaves` and :meth:`delete_leaves` are patient.

        :param leave: a :class:`LeaveRequest`, or a mapping that it accepts.
        :param source: ``metadata.source``; the hook's by default.
        :raises CorRecordError: if COR or our own validation refuses it; ``CorDuplicateExternalIdError`` if COR has it.
        :raises CorConfigurationError: if no leave can be created with this Connection and source.
        :raises CorTransientError: if the same request may succeed later.
        """
        return self._send("create", _as_leave(leave).to_payload(self.check_source(source)))

    def update_leave(self, leave: LeaveRequest | Mapping[str, Any], *, source: str | None = None) -> dict[str, Any]:
        """
        Replace the leave that COR has under this external id, and return COR's ``data``.

        Parameters and errors are those of :meth:`create_leave`; ``CorLeaveNotFoundError`` if COR does not have it.
        """
        payload = _as_leave(leave).to_payload(self.check_source(source))
        return self._send("update", payload, leave_id=payload.pop("id"))

    def delete_leave(self, leave_id: str, *, user_id: str, source: str | None = None) -> dict[str, Any]:
        """
        Delete the leave that COR has under this external id, and return COR's ``data``.

        :param leave_id: external leave id.
        :param user_id: external id of the user whose leave it is: COR wants it in the body.
        :param source: ``metadata.source``; the hook's by default.
        :raises CorLeaveNotFoundError: if COR does not have it; else as :meth:`create_leave`.
        """
        payload = {"userId": read_external_id("user_id", user_id), "metadata": {"source": self.check_source(source)}}
        return self._send("delete", payload, leave_id=read_external_id("leave_id", leave_id))

    def check_source(self, source: str | None = None) -> str:
        """
        Return the ``metadata.source`` that would be sent.

        :param source: the call's own.
        :raises CorConfigurationError: if the Connection cannot work or names no source where one is needed.
        """
        source = source or self.source or self._settings.source
        if not source:
            raise CorConfigurationError(
                "No source: give the task source=..., or set it in the COR connection's extra. It is the one under "
                "which users and leave types were created in COR."
            )
        return source

    @property
    def leaves_url(self) -> str:
        """
        The endpoint that leave is sent to.

        :raises CorConfigurationError: if the Connection cannot work.
        """
        return self._settings.host + LEAVES_PATH

    @property
    def web_url(self) -> str:
        """
        Where people see the leave that COR holds.

        :raises CorConfigurationError: if the Connection cannot work.
        """
        return self._settings.web_url

    def derive_key(self, purpose: str, *, secret: str | None = None) -> bytes:
        """
        Return a key that only who knows the Connection's secret can have.

        :param purpose: what it is for; another purpose gives another key, and so do another Host and source.
        :param secret: of the Connection's secrets, another one than its Password.
        :raises CorConfigurationError: if the Connection cannot work.
        """
        bound_to = f"{purpose} {self._settings.host} {self.check_source()}"
        return hmac.digest((secret or self._settings.password).encode(), bound_to.encode(), "sha256")

    @property
    def ledger_key(self) -> bytes:
        """
        The key of a sync's ledger: from the extra ``ledger_secret``, or else from the Connection's secret.

        :raises CorConfigurationError: if the Connection cannot work.
        """
        return self.derive_key("ledger", secret=self._settings.ledger_secret)

    def create_leaves(
        self,
        leaves: Iterable[LeaveRequest | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_exists: IfExists = "skip",
        concurrency: int = 8,
        max_attempts: int = RetryLimits.max_attempts,
        max_wait: float = RetryLimits.max_wait,
        stopping: threading.Event | None = None,
        permit: Permit = always,
    ) -> Iterator[LeaveOutcome]:
        """
        Create leaves and yield what became of each as it settles; closing the iterator stops sending.

        Rejections and transport failures are outcomes. A leave request is sent again, after a while, when COR could
        not be reached, failed, asked to slow down, or answered neither that it did it nor that it did not; when one
        runs out of attempts the push stops. An external id that the input repeats is sent once.

        :param leaves: any iterable; it is read as it is sent, never held.
        :param source: ``metadata.source``; the hook's by default.
        :param if_exists: an external id that COR has is ``existing`` (``"skip"``), is overwritten and ``updated``
            (``"update"``), or is ``rejected`` (``"fail"``). A 409 that COR gives no name is a rejection, since it may
            be about anything; but not after a lost answer, which it then explains.
        :param concurrency: how many requests may be under way at once.
        :param max_attempts: how often one leave request is sent; an answer of 429 does not count.
        :param max_wait: seconds that the push may spend waiting in all.
        :param stopping: set it, from any thread, to stop sending and still get every outcome.
        :param permit: asked right before each request, in the thread that sends it; where it says no, the push stops.
        :raises ValueError: at once, for an option that cannot be.
        :raises CorConfigurationError: once every leave request has its outcome, if every one would fail alike.
        """
        check_choice("if_exists", if_exists, IfExists)

        def send(leave: LeaveRequest, attempts: Attempts) -> LeaveOutcome | None:
            return self._settle_create(leave, source, if_exists, attempts)

        return self._push(
            map(read_leave, leaves),
            send,
            concurrency=concurrency,
            limits=RetryLimits(max_attempts, max_wait),
            stopping=stopping,
            permit=permit,
        )

    def update_leaves(
        self,
        leaves: Iterable[LeaveRequest | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_missing: IfMissingOnUpdate = "create",
        concurrency: int = 8,
        max_attempts: int = RetryLimits.max_attempts,
        max_wait: float = RetryLimits.max_wait,
        stopping: threading.Event | None = None,
        permit: Permit = always,
    ) -> Iterator[LeaveOutcome]:
        """
        Replace leaves and yield what became of each as it settles, with the retries of :meth:`create_leaves`.

        COR's ``ZC001`` says that it lacks the leave, or else its user or its leave type. With ``"create"`` COR is made
        to say which: it then creates the leave, or names what it lacks. After a lost answer, a leave is ``created`` if
        COR said before that it did not have it, and has it now; ``updated`` if COR had it, whoever put it there. An
        external id that the input repeats is ``unchanged``.

        :param leaves: any iterable; it is read as it is sent, never held.
        :param if_missing: an external id that COR does not have is created and ``created`` (``"create"``); is
            ``unchanged``, with the error that says why (``"skip"``); or is ``rejected`` (``"fail"``).
        """
        check_choice("if_missing", if_missing, IfMissingOnUpdate)

        def send(leave: LeaveRequest, attempts: Attempts) -> LeaveOutcome | None:
            return self._settle_update(leave, source, if_missing, attempts)

        return self._push(
            map(read_leave, leaves),
            send,
            concurrency=concurrency,
            limits=RetryLimits(max_attempts, max_wait),
            stopping=stopping,
            permit=permit,
            repeated="unchanged",
        )

    def delete_leaves(
        self,
        leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_missing: IfMissing = "skip",
        concurrency: int = 8,
        max_attempts: int = RetryLimits.max_attempts,
        max_wait: float = RetryLimits.max_wait,
        stopping: threading.Event | None = None,
        permit: Permit = always,
    ) -> Iterator[LeaveOutcome]:
        """
        Delete leaves and yield what became of each as it settles, with the retries of :meth:`create_leaves`.

        An external id that the input repeats is ``deleted`` each time.

        :param leaves: mappings with ``id`` and ``user_id``, or leave requests.
        :param if_missing: leave that COR does not have is ``deleted`` too, with the error that says why (``"skip"``),
            or ``rejected`` (``"fail"``); after a lost answer it is ``deleted`` in any case. Leave of a user that COR
            does not have (``UserNotFoundError``) is gone with the user: it is ``deleted`` or ``rejected`` likewise, but
            always with the error, whatever was lost before.
        """
        check_choice("if_missing", if_missing, IfMissing)

        def send(leave: LeaveKey, attempts: Attempts) -> LeaveOutcome:
            return self._settle_delete(leave, source, if_missing, attempts)

        return self._push(
            map(read_leave_key, leaves),
            send,
            concurrency=concurrency,
            limits=RetryLimits(max_attempts, max_wait),
            stopping=stopping,
            permit=permit,
            repeated="deleted",
        )

    def test_connection(self) -> tuple[bool, str]:
        """
        Ask COR who we are, which changes nothing: GET ``/me`` of the main API (developers.projectcor.com/quickstart).

        :return: whether COR accepts the token, and what to do if not; never a token or a body.
        """
        try:
            url = f"{self._settings.main_api()}/me"
            answer = self._request("GET", url, "test")
        except CorUnexpectedAnswerError:
            return False, _NOT_COR.format(url)
        except (CorAuthenticationError, CorTransientError) as error:
            return False, error.message
        except CorError as error:
            return False, error.message if error.status is None else f"{url} answered {error.status}: {_CHECK_API_URL}"
        except Exception as error:  # noqa: BLE001  # what is returned here ends in the browser
            return False, f"The connection could not be tested ({type(error).__name__})."
        if "id" not in answer:
            return False, _NOT_COR.format(url)
        return (
            True,
            "COR's main API accepts the token. The Integrations API has nothing that could be asked for a test.",
        )

    @property
    def _settings(self) -> CorSettings:
        with self._lock:
            return self._read_settings

    @cached_property
    def _read_settings(self) -> CorSettings:
        try:
            connection = self.get_connection(self.cor_conn_id)
        except AirflowNotFoundException:
            raise CorConfigurationError(
                f"The connection {self.cor_conn_id!r} does not exist: create it in Airflow, of the type "
                f"{self.hook_name}, or name another one as cor_conn_id."
            ) from None
        return CorSettings.from_connection(connection)

    @cached_property
    def _session(self) -> CorSession:
        return CorSession(self._settings)

    def _push(
        self,
        leaves: Iterable[Leave | UnreadableLeave],
        send: Send[Leave],
        *,
        concurrency: int,
        limits: RetryLimits,
        stopping: threading.Event | None,
        permit: Permit,
        repeated: Status = "existing",
    ) -> Iterator[LeaveOutcome]:
        check_limits(concurrency)
        requests_per_second = None
        with suppress(CorConfigurationError):  # each leave request meets the same error, as its outcome
            requests_per_second = self._settings.requests_per_second
        outcomes = push(
            leaves,
            send,
            concurrency=concurrency,
            requests_per_second=requests_per_second,
            limits=limits,
            stopping=stopping or threading.Event(),
            permit=permit,
            repeated=repeated,
        )
        return self._tell_lineage(outcomes)

    def _tell_lineage(self, outcomes: Generator[LeaveOutcome]) -> Iterator[LeaveOutcome]:
        """Tell Airflow that COR was written to, once it was."""
        told = False
        with closing(outcomes):
            for outcome in outcomes:
                if not told and outcome.status in WRITTEN:
                    get_hook_lineage_collector().add_output_asset(context=self, uri=self.leaves_url)
                    told = True
                yield outcome

    def _settle_create(
        self, leave: LeaveRequest, source: str | None, if_exists: IfExists, attempts: Attempts
    ) -> LeaveOutcome | None:
        # The external id is the key: after a lost answer, the leave that COR has is the one sent before.
        if attempts.existed is None:
            try:
                data = self.create_leave(leave, source=source)
            except CorRecordError as error:
                if not _says_that_cor_has_it(error, attempts):
                    raise
                attempts.existed = not attempts.lost_answer
                if attempts.existed and if_exists == "fail":
                    raise
            else:
                return LeaveOutcome(leave.id, "created", cor_id=_cor_id(data))
            if if_exists == "update":
                return None
        if if_exists == "update":
            try:
                data = self.update_leave(leave, source=source)
            except CorLeaveNotFoundError as error:
                # COR has just said that it has the leave; what it lacks is the user or the leave type.
                raise not_associated(error.status) if error.code == NOT_ASSOCIATED else error from None
            return LeaveOutcome(leave.id, "updated" if attempts.existed else "created", cor_id=_cor_id(data))
        return LeaveOutcome(leave.id, "existing" if attempts.existed else "created")

    def _settle_update(
        self, leave: LeaveRequest, source: str | None, if_missing: IfMissingOnUpdate, attempts: Attempts
    ) -> LeaveOutcome | None:
        if not attempts.missing:
            try:
                data = self.update_leave(leave, source=source)
            except CorLeaveNotFoundError as error:
                if if_missing == "fail":
                    raise
                if if_missing == "skip":
                    return LeaveOutcome.of_error(leave.id, "unchanged", error)
                # Whatever answer was lost before, nothing came of it.
                attempts.missing, attempts.lost_answer = True, False
                return None
            return LeaveOutcome(leave.id, "updated", cor_id=_cor_id(data))
        return self._settle_create(leave, source, "update", attempts)

    def _settle_delete(
        self, leave: LeaveKey, source: str | None, if_missing: IfMissing, attempts: Attempts
    ) -> LeaveOutcome:
        try:
            self.delete_leave(leave.id, user_id=leave.user_id, source=source)
        except (CorLeaveNotFoundError, CorUserNotFoundError) as error:
            # What was sent before has deleted the leave, but not its user.
            is_done = attempts.lost_answer and isinstance(error, CorLeaveNotFoundError)
            if not is_done:
                if if_missing == "fail":
                    raise
                return LeaveOutcome.of_error(leave.id, "deleted", error)
        return LeaveOutcome(leave.id, "deleted")

    def _send(self, operation: Operation, payload: dict[str, Any], *, leave_id: str | None = None) -> dict[str, Any]:
        # The three pages under developers.projectcor.com/api-reference/integrations/user-leaves
        method = {"create": "POST", "update": "PUT", "delete": "DELETE"}[operation]
        path = f"/{quote(leave_id, safe='')}" if leave_id is not None else ""
        return self._request(method, self.leaves_url + path, operation, json=payload)

    def _request(self, method: str, url: str, operation: Operation, **kwargs: Any) -> dict[str, Any]:
        """Send a request, once more with a fresh token if there is one, and return what COR hands back."""
        session = self.get_conn()
        response = session.request(method, url, **kwargs)
        try:
            return read_answer(response, operation)
        except CorAuthenticationError:
            if not session.bearer.replace_token(response):
                raise
        return read_answer(session.request(method, url, **kwargs), operation)


def _as_leave(leave: LeaveRequest | Mapping[str, Any]) -> LeaveRequest:
    return leave if isinstance(leave, LeaveRequest) else LeaveRequest.model_validate(leave)


def _cor_id(data: Mapping[str, Any]) -> int | None:
    return read_cor_id(data.get("id"))


def _says_that_cor_has_it(error: CorRecordError, attempts: Attempts) -> bool:
    """Tell a duplicate: it has a name, or comes after a lost answer, when the leave sent before is in the way."""
    return isinstance(error, CorDuplicateExternalIdError) or (attempts.lost_answer and is_unnamed_conflict(error))
