"""The hook to COR's Integrations API."""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from functools import cache, cached_property, partial
from typing import Any, TypeVar

from typing_extensions import Unpack

from cor_provider._compat import AirflowNotFoundException, BaseHook, airflow_since, get_hook_lineage_collector
from cor_provider.client import form as connection_form
from cor_provider.client.call import call
from cor_provider.client.leaves import LEAVES_PATH, LeavesEndpoint
from cor_provider.client.redis_client import RedisConnector, redis_connector
from cor_provider.client.redis_errors import explain
from cor_provider.client.session import CorSession
from cor_provider.client.settings import CorSettings
from cor_provider.client.success import read_cor_id
from cor_provider.client.user_leaves import USER_LEAVES_PATH, PageSizes, UserLeaves, all_rows
from cor_provider.client.users import USERS_PATH, UsersEndpoint
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorError,
    CorTransientError,
    CorUnexpectedAnswerError,
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
from cor_provider.outcome import LeaveOutcome, Status, UserOutcome
from cor_provider.push.engine import OutcomeT, RecordT, Send, push
from cor_provider.push.options import (
    IfExists,
    IfMissing,
    IfMissingOnUpdate,
    Options,
    check_choice,
    read_options,
)
from cor_provider.push.outcomes import Outcomes, count_all
from cor_provider.push.reading import Ask, read_each
from cor_provider.push.repeated_emails import refuse_repeated_emails
from cor_provider.push.resolve import resolve_create, resolve_delete, resolve_update
from cor_provider.push.resolve_users import resolve_create_user
from cor_provider.push.retry import Attempts
from cor_provider.push.shared_pace import account_key, try_out
from cor_provider.push.shared_turns import SharedTurns
from cor_provider.push.traffic import Traffic
from cor_provider.push.turns import OwnTurns, Turns
from cor_provider.records.external_ids import UnreadableRecord
from cor_provider.records.record import Record
from cor_provider.user import UnreadableUser, UserRequest, UserUpdate, read_user

__all__ = ["CorIntegrationsHook"]

WRITTEN = {"created", "updated", "deleted"}
_CHECK_API_URL = "check the COR connection's Extra api_url."
_UNREAD = "the outcomes of {method} were not read. Use {instead}a for loop over the outcomes."
_NOT_COR = f"{{}} did not respond as COR does: {_CHECK_API_URL}"


class CorIntegrationsHook(BaseHook):
    """
    Sends leave and users to COR's Integrations API, and reads back what COR holds.

    The API takes one leave per request, and none of its endpoints reads leave back
    (developers.projectcor.com/api-reference/integrations/user-leaves); COR's main API does, by COR's own ids. The hook
    touches neither the network nor the Connection before it needs them.

    :param cor_conn_id: the Airflow Connection of type ``cor``.
    :param source: ``metadata.source``, the namespace of external ids; defaults to the Connection's extra
        ``source``.
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
        """Return how the form shows the standard fields of a Connection, for Airflow before 3.2."""
        return connection_form.field_behaviour()

    def __init__(self, cor_conn_id: str = default_conn_name, *, source: str | None = None) -> None:
        super().__init__()
        self.cor_conn_id = cor_conn_id
        self.source = source
        self.traffic = Traffic()
        """How COR took the requests of the pushes so far."""
        self._lock = threading.RLock()
        self._page_sizes = PageSizes()

    def get_conn(self) -> CorSession:
        """
        Return the authenticated session, the same one each time.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        with self._lock:  # the threads of a push share one session
            return self._session

    def create_leave(self, leave: LeaveRequest | Mapping[str, Any], *, source: str | None = None) -> dict[str, Any]:
        """
        Create a leave and return COR's ``data`` (its ``id`` is COR's own); empty if the response has none.

        This and the two methods below send one request, without retries; :meth:`create_leaves` and its siblings retry.

        :param leave: a :class:`~cor_provider.leave.LeaveRequest`, or a mapping that it accepts.
        :param source: ``metadata.source``; defaults to the hook's.
        :raises CorRecordError: if COR or our own validation refuses it; ``CorDuplicateExternalIdError`` if COR has it.
        :raises CorConfigurationError: if no leave can be created with this Connection and source.
        :raises CorTransientError: if the same request may succeed later.
        """
        leave = _as_leave(leave)
        return self._endpoint(source).create(leave)

    def update_leave(self, leave: LeaveRequest | Mapping[str, Any], *, source: str | None = None) -> dict[str, Any]:
        """
        Replace the leave that COR has under this external id, and return COR's ``data``.

        Parameters and errors are those of :meth:`create_leave`; ``CorLeaveNotFoundError`` if COR does not have it.
        """
        leave = _as_leave(leave)
        return self._endpoint(source).update(leave)

    def delete_leave(self, leave_id: str, *, user_id: str, source: str | None = None) -> dict[str, Any]:
        """
        Delete the leave that COR has under this external id, and return COR's ``data``.

        :param leave_id: external leave id.
        :param user_id: external id of the user whose leave it is, which COR requires.
        :param source: ``metadata.source``; defaults to the hook's.
        :raises CorLeaveNotFoundError: if COR does not have it; other errors are those of :meth:`create_leave`.
        """
        leave = LeaveKey(read_external_id("leave_id", leave_id), read_external_id("user_id", user_id))
        return self._endpoint(source).delete(leave)

    def check_source(self, source: str | None = None) -> str:
        """
        Return the ``metadata.source`` to send.

        :param source: overrides the hook's and the Connection's.
        :raises CorConfigurationError: if there is none, or the Connection is unusable.
        """
        source = source or self.source or self._settings.source
        if not source:
            raise CorConfigurationError(
                "No source: pass source=... to the task, or set the COR connection's Extra source. Use the one under "
                "which users and leave types were created in COR."
            )
        return source

    @property
    def leaves_url(self) -> str:
        """
        The URL of COR's leave endpoint.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self._settings.host + LEAVES_PATH

    @property
    def users_url(self) -> str:
        """
        The URL of COR's user endpoint.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self._settings.host + USERS_PATH

    @property
    def longest_request(self) -> float:
        """
        The most seconds that one request can take, with a new token before it, and once more after a 401.

        :raises CorConfigurationError: if the Connection cannot work.
        """
        return 4 * self._settings.timeout

    @property
    def web_url(self) -> str:
        """
        Where people see the leave in COR.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self._settings.web_url

    def derive_key(self, purpose: str, *, secret: str | None = None) -> bytes:
        """
        Derive a key from the Connection's secret.

        :param purpose: what the key is for; each purpose, Host and source has a key of its own.
        :param secret: the secret to derive it from; defaults to the Connection's Password.
        :raises CorConfigurationError: if the Connection is unusable.
        """
        bound_to = f"{purpose} {self._settings.host} {self.check_source()}"
        return hmac.digest((secret or self._settings.password).encode(), bound_to.encode(), "sha256")

    @property
    def ledger_key(self) -> bytes:
        """
        The key of a sync's ledger, from the extra ``ledger_secret`` or else from the Connection's Password.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self.derive_key("ledger", secret=self._settings.ledger_secret)

    def create_leaves(
        self,
        leaves: Iterable[LeaveRequest | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_exists: IfExists = "skip",
        **options: Unpack[Options],
    ) -> Outcomes[LeaveOutcome]:
        """
        Create leaves and yield each outcome as soon as it is known; closing the iterator stops sending.

        Nothing is sent unless the outcomes are read. To send everything and only get the counts, use
        :meth:`create_all`.

        Rejections and transport failures are outcomes. A leave request is sent again, after a wait, if COR could not be
        reached, failed, asked to slow down, or gave no clear answer; if one runs out of attempts, the push stops. An
        external id that the input repeats is sent once.

        :param leaves: any iterable; it is read as it is sent, never held in memory.
        :param source: ``metadata.source``; defaults to the hook's.
        :param if_exists: an external id that COR has is ``existing`` (``"skip"``), is overwritten and ``updated``
            (``"update"``), or is ``rejected`` (``"fail"``). A 409 without a name is a rejection, since it may be about
            anything, except after a lost answer, which explains it.
        :param options: ``concurrency``, ``max_attempts``, ``max_wait``, ``stopping`` and ``permit``; see
            :class:`~cor_provider.push.options.PushOptions`.
        :raises TypeError: at once, for a single leave request, text, or an option that does not exist.
        :raises ValueError: at once, for an invalid option.
        :raises CorConfigurationError: after the last outcome, if every leave request would fail alike.
        """
        check_choice("if_exists", if_exists, IfExists)
        resolve = partial(resolve_create, if_exists=if_exists)
        return self._push("create", read_leave, leaves, resolve, source=source, repeated="existing", options=options)

    def create_all(
        self,
        leaves: Iterable[LeaveRequest | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_exists: IfExists = "skip",
        max_rejected: int = 0,
        **options: Unpack[Options],
    ) -> dict[str, int]:
        """
        Create leaves as :meth:`create_leaves` does, to the end, and return the counts: ``received``, and each status.

        :param max_rejected: how many rejected leave requests are tolerated, unless everything is rejected.
        :raises CorPushIncompleteError: if leave ``failed`` or was ``not_sent``; calling it again sends the rest.
        :raises CorLeavesRejectedError: if more was rejected than tolerated. Airflow does not retry the task.
        """
        outcomes = self.create_leaves(leaves, source=source, if_exists=if_exists, **options)
        return count_all(outcomes, max_rejected=max_rejected, find_source=lambda: self.check_source(source))

    def update_leaves(
        self,
        leaves: Iterable[LeaveRequest | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_missing: IfMissingOnUpdate = "create",
        **options: Unpack[Options],
    ) -> Outcomes[LeaveOutcome]:
        """
        Replace leaves and yield each outcome as soon as it is known, with the retries of :meth:`create_leaves`.

        COR's ``ZC001`` means that it lacks the leave, its user or its leave type. With ``"create"``, a second request
        shows which: COR creates the leave, or names what is missing. After a lost answer, a leave is ``created`` if COR
        first reported it missing and has it now, and ``updated`` if COR had it, no matter who put it there.
        An external id that the input repeats is ``unchanged``.

        :param leaves: any iterable; it is read as it is sent, never held in memory.
        :param if_missing: an external id that COR does not have is created and ``created`` (``"create"``); is
            ``unchanged``, with the error that explains it (``"skip"``); or is ``rejected`` (``"fail"``).
        """
        check_choice("if_missing", if_missing, IfMissingOnUpdate)
        resolve = partial(resolve_update, if_missing=if_missing)
        return self._push("update", read_leave, leaves, resolve, source=source, repeated="unchanged", options=options)

    def update_all(
        self,
        leaves: Iterable[LeaveRequest | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_missing: IfMissingOnUpdate = "create",
        max_rejected: int = 0,
        **options: Unpack[Options],
    ) -> dict[str, int]:
        """Replace leaves as :meth:`update_leaves` does, to the end; the rest is as in :meth:`create_all`."""
        outcomes = self.update_leaves(leaves, source=source, if_missing=if_missing, **options)
        return count_all(outcomes, max_rejected=max_rejected, find_source=lambda: self.check_source(source))

    def delete_leaves(
        self,
        leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_missing: IfMissing = "skip",
        **options: Unpack[Options],
    ) -> Outcomes[LeaveOutcome]:
        """
        Delete leaves and yield each outcome as soon as it is known, with the retries of :meth:`create_leaves`.

        An external id that the input repeats is ``deleted`` each time.

        :param leaves: mappings with ``id`` and ``user_id``, or leave requests.
        :param if_missing: leave that COR does not have is ``deleted`` too, with the error that explains it
            (``"skip"``), or ``rejected`` (``"fail"``); after a lost answer it is ``deleted`` in any case. Leave of a
            user that COR does not have (``UserNotFoundError``) is gone with the user: it is ``deleted`` or
            ``rejected`` likewise, but always with the error, even after a lost answer.
        """
        check_choice("if_missing", if_missing, IfMissing)
        resolve = partial(resolve_delete, if_missing=if_missing)
        return self._push("delete", read_leave_key, leaves, resolve, source=source, repeated="deleted", options=options)

    def delete_all(
        self,
        leaves: Iterable[LeaveRequest | LeaveKey | UnreadableLeave | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_missing: IfMissing = "skip",
        max_rejected: int = 0,
        **options: Unpack[Options],
    ) -> dict[str, int]:
        """Delete leaves as :meth:`delete_leaves` does, to the end; the rest is as in :meth:`create_all`."""
        outcomes = self.delete_leaves(leaves, source=source, if_missing=if_missing, **options)
        return count_all(outcomes, max_rejected=max_rejected, find_source=lambda: self.check_source(source))

    def create_user(self, user: UserRequest | Mapping[str, Any], *, source: str | None = None) -> dict[str, Any]:
        """
        Create a user and return it as COR shows it (its ``id`` is COR's own). It may get mail, and a seat.

        This and :meth:`update_user` send one request, without retries; :meth:`create_users` retries.

        :param user: a :class:`~cor_provider.user.UserRequest`, or a mapping that it accepts.
        :param source: ``metadata.source``; defaults to the hook's. It must be that of the user's leave.
        :raises CorRecordError: if COR or our own validation refuses it; ``CorDuplicateExternalIdError`` if COR has it,
            ``CorDuplicateEmailError`` if COR has its address.
        :raises CorConfigurationError: if no user can be created with this Connection and source.
        :raises CorTransientError: if the same request may succeed later.
        """
        user = user if isinstance(user, UserRequest) else UserRequest.model_validate(user)
        return self._users_endpoint(source).create(user)

    def update_user(
        self, user: UserUpdate | UserRequest | Mapping[str, Any], *, source: str | None = None
    ) -> dict[str, Any]:
        """
        Change what is given of the user that COR has under this external id, and return the user as COR shows it.

        The rest stays as it is, and so does the address: COR documents no update of it, so an ``email`` is ignored.

        :param user: a :class:`~cor_provider.user.UserUpdate`, or a mapping that it accepts; or a
            :class:`~cor_provider.user.UserRequest`.
        :raises CorUserNotFoundError: if COR does not have it; other errors are those of :meth:`create_user`.
        """
        if isinstance(user, UserRequest):
            user = user.to_update()
        update = user if isinstance(user, UserUpdate) else UserUpdate.model_validate(user)
        return self._users_endpoint(source).update(update)

    def create_users(
        self,
        users: Iterable[UserRequest | UnreadableUser | Mapping[str, Any]],
        *,
        source: str | None = None,
        if_exists: IfExists = "skip",
        **options: Unpack[Options],
    ) -> Outcomes[UserOutcome]:
        """
        Create users and yield each outcome as soon as it is known, with the pace and retries of :meth:`create_leaves`.

        Each user who is created may get mail, and a seat. No push of leave calls this.

        An external id that the input repeats is sent once. A user whose address an earlier one of the input has is
        ``rejected`` without being sent. If COR has the address of a user, a second request asks whether it has it under
        this external id; if so, the user is ``existing``. After a lost answer, a user that COR has is ``created``.

        :param users: any iterable; it is read as it is sent.
        :param source: ``metadata.source``; defaults to the hook's. It must be that of the users' leave.
        :param if_exists: an external id that COR has is ``existing`` (``"skip"``), is given all that is given here
            except for the address and is ``updated`` (``"update"``), or is ``rejected`` (``"fail"``).
        :param options: those of :meth:`create_leaves`.
        :raises TypeError: at once, for a single user, text, or an option that does not exist.
        :raises ValueError: at once, for an invalid option.
        :raises CorConfigurationError: after the last outcome, if every user would fail alike.
        """
        check_choice("if_exists", if_exists, IfExists)
        push_options = read_options("create_users", options)
        records = refuse_repeated_emails(map(read_user, _iterable("create_users", users, "user")))
        send = self._sender(partial(resolve_create_user, if_exists=if_exists), lambda: self._users_endpoint(source))
        outcomes = push(records, send, push_options, turns=self._turns(), repeated="existing", outcome_type=UserOutcome)
        written = self._report_lineage(outcomes, lambda: self.users_url)
        return Outcomes(written, _UNREAD.format(method="create_users", instead=""))

    def leaves_in_cor(self, cor_user_id: int) -> Iterator[Mapping[str, Any]]:
        """
        Yield the leave that COR's main API holds for a user: GET ``/user/leaves``, a request for each page.

        Requests are not sent again. COR may show a change only an hour later, and shows deleted leave too, with
        ``deleted_at``. The last request is the one that finds nothing more; stop reading earlier to save it.

        :param cor_user_id: COR's own id of the user, as ``data.userId`` of its answers and the reports have it.
        :return: rows as COR sends them: ``id`` (COR's own, as ``data.id`` of its answers), ``user_id``,
            ``leave_type_id``, ``start``, ``end`` and more. Each comes once; external ids are not among them.
        :raises ValueError: at once, if it is no such id.
        :raises CorRecordError: if COR refuses this user; ``CorUserNotFoundError`` if it has none of this id.
        :raises CorPermissionError: if COR does not let the token read this user's leave, or anybody's.
        :raises CorConfigurationError: if no user's leave can be read with this Connection.
        :raises CorTransientError: if the same request may succeed later.
        """
        if (cor_id := read_cor_id(cor_user_id)) is None:
            raise ValueError("cor_user_id: expected COR's own id of a user, which is a whole number above 0.")
        return all_rows(lambda offset: self._user_leaves.page(cor_id, offset), self._page_sizes)

    def leaves_of_users(
        self,
        cor_user_ids: Iterable[int],
        *,
        expected: Callable[[int], Collection[int]] | None = None,
        **options: Unpack[Options],
    ) -> Generator[tuple[int, list[dict[str, Any]] | CorError]]:
        """
        Read what :meth:`leaves_in_cor` yields for many users, with the pace and the retries of :meth:`create_leaves`.

        :param cor_user_ids: COR's own ids of users.
        :param expected: returns COR's own ids of the leave that a user should have, and is called in your thread. Once
            all of it is found, a page with fewer rows than others is taken for the last one, without a request that
            makes sure: most users take one request then. Rows that COR may have after that are not read.
        :param options: those of :meth:`create_leaves`. Once ``stopping`` is set, the rest is not read.
        :return: each user with all rows, or with the error of this user: a ``CorRecordError`` or
            ``CorPermissionError`` if COR refused this user, a ``CorTransientError`` if it failed at each attempt (of
            which there are three while it lists others), a ``CorConfigurationError`` if it answered about this user
            as a wrong ``api_url`` does.
        :raises CorError: after what was read, the error that every user would meet, or the last one if COR failed at
            several in a row, or refused all of the first 100, or answered about all as a wrong ``api_url`` does.
        """

        def read(user: tuple[int, Collection[int] | None], ask: Ask) -> list[dict[str, Any]]:
            _ = self._redis  # raises an error if there is one that cannot be used
            endpoint, (cor_user_id, ids) = self._user_leaves, user
            page = partial(endpoint.page, cor_user_id)
            return list(all_rows(lambda offset: ask(lambda: page(offset)), self._page_sizes, expected=ids))

        keys = ((cor_user_id, expected and expected(cor_user_id)) for cor_user_id in cor_user_ids)
        users = read_each(keys, read, read_options("leaves_of_users", options), turns=self._turns())
        with closing(users):
            for number, ((cor_user_id, _), rows) in enumerate(users):
                if not number:
                    get_hook_lineage_collector().add_input_asset(context=self, uri=self.user_leaves_url)
                yield cor_user_id, rows

    @property
    def user_leaves_url(self) -> str:
        """
        The URL of the main API's list of a user's leave.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self._settings.main_api() + USER_LEAVES_PATH

    def test_connection(self) -> tuple[bool, str]:
        """
        Ask COR's main API whose token this is: GET ``/me`` (developers.projectcor.com/quickstart). It changes nothing.

        :return: whether COR accepts the token, and what to do if not; never a token or a body.
        """
        try:
            url = f"{self._settings.main_api()}/me"
            data = call(self.get_conn(), "GET", url, "test")
        except CorUnexpectedAnswerError:
            return False, _NOT_COR.format(url)
        except (CorAuthenticationError, CorTransientError) as error:
            return False, error.message
        except CorError as error:
            return (
                False,
                error.message if error.status is None else f"{url} answered {error.status}: {_CHECK_API_URL}",
            )
        except Exception as error:  # noqa: BLE001  # the browser shows what this returns
            return False, f"The connection test itself failed ({type(error).__name__})."
        if "id" not in data:
            return False, _NOT_COR.format(url)
        return (
            True,
            "COR's main API accepts the token. The Integrations API has no read-only endpoint to test.",
        )

    def test_redis(self) -> tuple[bool, str] | None:
        """
        Do in the Redis over which pushes share their pace what a push does; None if they share none.

        :return: whether it works, and what that means for a push; if not, it may do so later.
        :raises CorConfigurationError: if it cannot work before a setting of the Connection, or of Redis, is corrected.
        """
        connect = self._redis
        if connect is None:
            return None
        try:
            with closing(connect()) as client:
                try_out(client)
        except Exception as error:  # noqa: BLE001  # as when a push uses it
            trouble = explain(error)
            message = f"{connect.name} {trouble} Until then, each push finds its own pace."
            if trouble.is_setting:
                raise CorConfigurationError(message) from None
            return False, message
        return True, f"{connect.name} works: pushes share their pace."

    @property
    def _settings(self) -> CorSettings:
        with self._lock:
            return self._read_settings

    @cached_property
    def _read_settings(self) -> CorSettings:
        try:
            connection = self.get_connection(self.cor_conn_id)
        except AirflowNotFoundException:
            variable = f"AIRFLOW_CONN_{self.cor_conn_id.upper()}"
            # Airflow 3.0 and 3.1 find no Connection whose Extra they cannot read.
            may_be_extra = (
                ""
                if airflow_since("3.2") or not airflow_since("3.0")
                else " If it is there, its Extra is not a JSON object."
            )
            if os.environ.get(variable):
                raise CorConfigurationError(
                    f"The environment variable {variable} is set, but Airflow cannot read a Connection from it: write "
                    f"it as JSON or as a URI, and check the quotes around it.{may_be_extra}"
                ) from None
            raise CorConfigurationError(
                f"The connection {self.cor_conn_id!r} does not exist: create it in Airflow with the type "
                f"{self.hook_name}, or set cor_conn_id to another one.{may_be_extra}"
            ) from None
        return CorSettings.from_connection(connection)

    @cached_property
    def _session(self) -> CorSession:
        return CorSession(self._settings)

    @property
    def _user_leaves(self) -> UserLeaves:
        return UserLeaves(self.get_conn(), self.user_leaves_url)

    def _endpoint(self, source: str | None = None) -> LeavesEndpoint:
        return LeavesEndpoint(self.get_conn(), self.leaves_url, self.check_source(source))

    def _users_endpoint(self, source: str | None = None) -> UsersEndpoint:
        return UsersEndpoint(self.get_conn(), self.users_url, self.check_source(source))

    def _push(
        self,
        verb: str,
        read: Callable[[Any], Leave | UnreadableLeave],
        leaves: Iterable[Any],
        resolve: Callable[[Leave, Attempts, LeavesEndpoint], LeaveOutcome | None],
        *,
        source: str | None,
        repeated: Status,
        options: Options,
    ) -> Outcomes[LeaveOutcome]:
        method = f"{verb}_leaves"
        push_options, leaves = read_options(method, options), map(read, _iterable(method, leaves, "leave request"))
        send = self._sender(resolve, lambda: self._endpoint(source))
        outcomes = push(leaves, send, push_options, turns=self._turns(), repeated=repeated, outcome_type=LeaveOutcome)
        written = self._report_lineage(outcomes, lambda: self.leaves_url)
        return Outcomes(written, _UNREAD.format(method=method, instead=f"{verb}_all, or "))

    def _sender(
        self, resolve: Callable[[RecordT, Attempts, Endpoint], OutcomeT | None], make_endpoint: Callable[[], Endpoint]
    ) -> Send[RecordT, OutcomeT]:
        @cache
        def endpoint() -> Endpoint:  # an error is not kept: each record meets it again
            _ = self._redis  # raises an error if there is one that cannot be used
            return make_endpoint()

        def send(record: RecordT, attempts: Attempts) -> OutcomeT | None:
            return resolve(record, attempts, endpoint())

        return send

    def _turns(self) -> Turns:
        requests_per_second = None
        with suppress(CorConfigurationError):  # each leave request meets the same error, as its outcome
            settings = self._settings
            requests_per_second = settings.requests_per_second
            if connect := self._redis:
                account = account_key(settings.host, settings.login or settings.password)
                turns = SharedTurns(connect, account, requests_per_second)
                return self.traffic.watch(turns, shared_over=connect.name)
        return self.traffic.watch(OwnTurns(requests_per_second))

    @property
    def _redis(self) -> RedisConnector | None:
        """
        What connects to the Redis over which pushes share their pace; None if they do not.

        :raises CorConfigurationError: if the Connection names a Redis that cannot be used.
        """
        with self._lock:
            return self._redis_connector

    @cached_property
    def _redis_connector(self) -> RedisConnector | None:
        conn_id = self._settings.pace_redis_conn_id
        return redis_connector(conn_id) if conn_id else None

    def _report_lineage(self, outcomes: Generator[OutcomeT], find_url: Callable[[], str]) -> Generator[OutcomeT]:
        """Report COR to Airflow's lineage after the first write."""
        is_reported = False
        with closing(outcomes):
            for outcome in outcomes:
                if not is_reported and outcome.status in WRITTEN:
                    get_hook_lineage_collector().add_output_asset(context=self, uri=find_url())
                    is_reported = True
                yield outcome


def _as_leave(leave: LeaveRequest | Mapping[str, Any]) -> LeaveRequest:
    return leave if isinstance(leave, LeaveRequest) else LeaveRequest.model_validate(leave)


def _iterable(method: str, records: Iterable[T], what: str) -> Iterable[T]:
    """Refuse what can be iterated over, but not record by record."""
    if isinstance(records, (str, bytes, bytearray, os.PathLike, Mapping, Record, LeaveKey, UnreadableRecord)):
        raise TypeError(
            f"{method}: expected an iterable of {what}s, such as a list, not a single {type(records).__name__}. "
            f"For one {what}, pass [{what.partition(' ')[0]}]. The operators read files and JSON text."
        )
    return records


T = TypeVar("T")
Endpoint = TypeVar("Endpoint")
