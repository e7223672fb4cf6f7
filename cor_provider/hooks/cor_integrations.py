"""The hook to COR's Integrations API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Any

from typing_extensions import Unpack

from cor_provider._compat import get_hook_lineage_collector
from cor_provider.client import form as connection_form
from cor_provider.client.call import call
from cor_provider.client.leaves import LEAVES_PATH, LeavesEndpoint
from cor_provider.client.success import read_cor_id
from cor_provider.client.user_leaves import USER_LEAVES_PATH, PageSizes, UserLeaves, all_rows
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorError,
    CorTransientError,
    CorUnexpectedAnswerError,
)
from cor_provider.hooks._connected import iterable
from cor_provider.hooks._users import UserVerbs
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
from cor_provider.push.resolve import resolve_create, resolve_delete, resolve_update
from cor_provider.push.retry import Attempts

__all__ = ["CorIntegrationsHook"]

_CHECK_API_URL = "check the COR connection's Extra api_url."
_NOT_COR = f"{{}} did not respond as COR does: {_CHECK_API_URL}"


class CorIntegrationsHook(UserVerbs):
    """
    Sends leave and users to COR's Integrations API, and reads back what COR holds.

    The API takes one leave per request, and none of its endpoints reads leave back
    (developers.projectcor.com/api-reference/integrations/user-leaves); COR's main API does, by COR's own ids. The hook
    touches neither the network nor the Connection before it needs them.

    :param cor_conn_id: the Airflow Connection of type ``cor``.
    :param source: ``metadata.source``, the namespace of external ids; defaults to the Connection's extra
        ``source``.
    """

    # Airflow asks the class itself for both, not those above it.
    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the fields of the Connection's form, for Airflow before 3.2."""
        return connection_form.widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return how the form shows the standard fields of a Connection, for Airflow before 3.2."""
        return connection_form.field_behaviour()

    def __init__(self, cor_conn_id: str = UserVerbs.default_conn_name, *, source: str | None = None) -> None:
        super().__init__(cor_conn_id, source=source)
        self._page_sizes = PageSizes()

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

    @property
    def leaves_url(self) -> str:
        """
        The URL of COR's leave endpoint.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self._settings.host + LEAVES_PATH

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

    @property
    def _user_leaves(self) -> UserLeaves:
        return UserLeaves(self.get_conn(), self.user_leaves_url)

    def _endpoint(self, source: str | None = None) -> LeavesEndpoint:
        return LeavesEndpoint(self.get_conn(), self.leaves_url, self.check_source(source))

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
        push_options = read_options(method, options)
        return self._push_records(
            method,
            map(read, iterable(method, leaves, "leave request")),
            resolve,
            lambda: self._endpoint(source),
            push_options,
            repeated=repeated,
            outcome_type=LeaveOutcome,
            find_url=lambda: self.leaves_url,
            instead=f"{verb}_all, or ",
        )


def _as_leave(leave: LeaveRequest | Mapping[str, Any]) -> LeaveRequest:
    return leave if isinstance(leave, LeaveRequest) else LeaveRequest.model_validate(leave)
