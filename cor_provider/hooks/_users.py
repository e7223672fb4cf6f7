"""What the hook does about users. Creating one reaches people: docs/users.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from typing_extensions import Unpack

from cor_provider.client.users import USERS_PATH, UsersEndpoint
from cor_provider.hooks._connected import ConnectedHook, iterable
from cor_provider.outcome import UserOutcome
from cor_provider.push.options import IfExists, Options, check_choice, read_options
from cor_provider.push.outcomes import Outcomes
from cor_provider.push.repeated_emails import refuse_repeated_emails
from cor_provider.push.resolve_users import resolve_create_user
from cor_provider.user import UnreadableUser, UserRequest, UserUpdate, read_user


class UserVerbs(ConnectedHook):
    """The verbs for users."""

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
        return self._push_records(
            "create_users",
            refuse_repeated_emails(map(read_user, iterable("create_users", users, "user"))),
            partial(resolve_create_user, if_exists=if_exists),
            lambda: self._users_endpoint(source),
            push_options,
            repeated="existing",
            outcome_type=UserOutcome,
            find_url=lambda: self.users_url,
        )

    @property
    def users_url(self) -> str:
        """
        The URL of COR's user endpoint.

        :raises CorConfigurationError: if the Connection is unusable.
        """
        return self._settings.host + USERS_PATH

    def _users_endpoint(self, source: str | None = None) -> UsersEndpoint:
        return UsersEndpoint(self.get_conn(), self.users_url, self.check_source(source))
