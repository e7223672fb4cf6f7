"""The hook: what goes over the wire to COR, and what comes of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorDuplicateExternalIdError,
    CorInvalidDateRangeError,
    CorLeaveNotFoundError,
    CorLeaveTypeNotFoundError,
    CorServerError,
    CorUserNotFoundError,
    CorValidationError,
)
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveKey, LeaveRequest
from cor_provider.sandbox import Sandbox
from one_shot_server import OneShotServer
from support import Connect, leave


class TestRequests:
    def test_nothing_is_touched_before_it_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AIRFLOW_CONN_COR_DEFAULT", raising=False)
        hook = CorIntegrationsHook("no_such_connection")
        hook.create_leaves([leave()])

    def test_the_session_is_the_same_each_time(self, hook: CorIntegrationsHook) -> None:
        assert isinstance(hook.get_conn(), requests.Session)
        assert hook.get_conn() is hook.get_conn()


class TestErrors:
    @pytest.mark.parametrize(
        ("record", "error"),
        [
            (leave(user_id="nobody"), CorUserNotFoundError),
            (leave(leave_type_id="none"), CorLeaveTypeNotFoundError),
            (leave(end="2026-05-10"), CorInvalidDateRangeError),
            (leave(start="soon"), CorValidationError),
            (leave("taken"), CorDuplicateExternalIdError),
        ],
    )
    def test_the_five_documented_errors_of_create_have_their_classes(
        self, record: dict[str, Any], error: type[Exception], hook: CorIntegrationsHook
    ) -> None:
        hook.create_leave(leave("taken"))
        with pytest.raises(error):
            hook.create_leave(record)

    def test_what_cor_does_not_have_cannot_be_changed(self, hook: CorIntegrationsHook) -> None:
        with pytest.raises(CorLeaveNotFoundError):
            hook.update_leave(leave())
        with pytest.raises(CorLeaveNotFoundError):
            hook.delete_leave("L1", user_id="u1")

    @pytest.mark.parametrize(("leave_id", "user_id", "field"), [("", "u1", "leave_id"), ("L1", None, "user_id")])
    def test_a_delete_without_an_id_is_refused(
        self, leave_id: str, user_id: Any, field: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        with pytest.raises(CorValidationError, match=f"^{field}: "):
            hook.delete_leave(leave_id, user_id=user_id)
        assert sandbox.requests == ()


class TestPushLeaves:
    def test_every_leave_request_has_an_outcome_in_its_turn(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        outcomes = list(
            hook.create_leaves(
                [
                    leave(),
                    leave("L2", user_id="nobody"),
                    LeaveRequest.model_validate(leave("L3")),
                    {"id": "L4"},
                    leave(),
                ],
                concurrency=1,
            )
        )
        assert [(outcome.leave_id, outcome.status, outcome.error, outcome.attempts) for outcome in outcomes] == [
            ("L1", "created", None, 1),
            ("L2", "rejected", "UserNotFoundError", 1),
            ("L4", "rejected", "ValidationError", 0),
            ("L3", "created", None, 1),
            ("L1", "existing", None, 0),
        ]
        assert [outcome.cor_id for outcome in outcomes] == [
            *(sandbox.leaves[0].cor_id, None, None, sandbox.leaves[1].cor_id, None)
        ]

    @pytest.mark.parametrize(
        ("if_exists", "status", "end"),
        [("skip", "existing", "05-12"), ("update", "updated", "05-20"), ("fail", "rejected", "05-12")],
    )
    def test_if_exists_says_what_becomes_of_a_leave_that_cor_has(
        self, if_exists: Any, status: str, end: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_leave(leave())
        (outcome,) = hook.create_leaves([leave(end="2026-05-20")], if_exists=if_exists)
        assert outcome.status == status
        assert outcome.error == ("DuplicateExternalIdError" if status == "rejected" else None)
        assert sandbox.leaves[0].end == f"2026-{end}T23:59:00-00:00"

    def test_a_configuration_error_is_raised_after_the_last_outcome(self, connect: Connect, sandbox: Sandbox) -> None:
        connect(password="expired")
        pushed = CorIntegrationsHook().create_leaves([leave(), leave("L2")], concurrency=1)
        outcomes = [next(pushed), next(pushed)]
        with pytest.raises(CorAuthenticationError):
            next(pushed)
        assert [(outcome.status, outcome.error) for outcome in outcomes] == [
            ("failed", "AuthenticationError"),
            ("not_sent", None),
        ]
        assert len(sandbox.requests) == 1

    def test_leaves_are_read_as_they_are_sent(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        read: list[str] = []

        def endless() -> Iterator[dict[str, Any]]:
            for number in itertools.count(1):
                read.append(f"L{number}")
                yield leave(f"L{number}")

        pushed = hook.create_leaves(endless(), concurrency=2)
        assert {next(pushed).leave_id for _ in range(3)} < set(read)
        assert len(read) <= 3 + 2 + 1

    def test_closing_the_iterator_stops_sending(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        pushed = hook.create_leaves((leave(f"L{number}") for number in range(100)), concurrency=2)
        next(pushed)
        pushed.close()
        assert list(pushed) == []
        assert len(sandbox.leaves) <= 4

    @pytest.mark.parametrize(
        ("method", "choice"),
        [
            ("create_leaves", {"if_exists": "replace"}),
            ("update_leaves", {"if_missing": "replace"}),
            ("delete_leaves", {"if_missing": "create"}),
        ],
    )
    @pytest.mark.parametrize("options", [{}, {"concurrency": 0}, {"max_attempts": 0}, {"max_wait": -1}])
    def test_options_that_cannot_be_are_refused_at_once(
        self, method: str, choice: dict[str, Any], options: dict[str, Any], hook: CorIntegrationsHook
    ) -> None:
        options = options or choice
        with pytest.raises(ValueError, match=next(iter(options))):
            getattr(hook, method)([], **options)


class TestTestConnection:
    def test_a_good_token_passes(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        passed, message = hook.test_connection()
        assert passed
        assert "accepts the token" in message
        assert [(request.method, request.path) for request in sandbox.requests] == [("GET", "/v1/me")]

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"password": "expired-token"}, "COR refused the token"),
            ({"password": ""}, "has no Password"),
            ({"extra": {"api_url": "http://127.0.0.1:1/v1"}}, "COR does not answer at 127.0.0.1:1: connection refused"),
            ({"login": "api-key-4711", "password": "wrong-secret"}, "check the COR connection's Login"),
            ({"conn_type": "cor", "host": "http://example.com"}, "Host must begin with https://"),
        ],
    )
    def test_the_message_names_the_problem_but_not_the_secret(
        self, fields: dict[str, Any], message: str, connect: Connect
    ) -> None:
        connect(**fields)
        passed, shown = CorIntegrationsHook().test_connection()
        assert not passed
        assert message in shown
        assert "expired-token" not in shown
        assert "wrong-secret" not in shown

    def test_a_wrong_api_url_is_named(self, connect: Connect, sandbox: Sandbox) -> None:
        connect(extra={"api_url": f"{sandbox.url}/v7"})
        assert CorIntegrationsHook().test_connection() == (
            False,
            f"{sandbox.url}/v7/me answered 404: check the COR connection's Extra api_url.",
        )

    @pytest.mark.parametrize("body", [b"<html>Welcome</html>", b'{"message": "Welcome"}', b"{}", b"", b'{"id": "a"}'])
    def test_an_answer_that_is_not_cors_fails_and_names_the_api_url(self, body: bytes, connect: Connect) -> None:
        with OneShotServer() as server:
            server.answer_with([b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)])
            connect(extra={"api_url": server.url})
            assert CorIntegrationsHook().test_connection() == (
                False,
                f"{server.url}/me did not respond as COR does: check the COR connection's Extra api_url.",
            )

    def test_a_connection_that_does_not_exist_fails(self) -> None:
        passed, _ = CorIntegrationsHook("no_such_connection").test_connection()
        assert not passed


def test_a_server_error_has_its_status(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(502, b"<html>Bad gateway</html>")
    with pytest.raises(CorServerError) as raised:
        hook.create_leave(leave())
    assert raised.value.status == 502


EveryPush = pytest.mark.parametrize("method", ["create_leaves", "update_leaves", "delete_leaves"])


@EveryPush
class TestMisuse:
    @pytest.mark.parametrize(
        "leaves",
        [
            *("/data/leave.csv", "[]", b"[]", Path("leave.csv"), leave()),
            *(LeaveRequest.model_validate(leave()), LeaveKey("L1", "u1")),
        ],
        ids=lambda leaves: type(leaves).__name__,
    )
    def test_what_is_no_iterable_of_leave_requests_is_refused_with_what_to_pass(
        self, method: str, leaves: Any, hook: CorIntegrationsHook
    ) -> None:
        with pytest.raises(TypeError, match=rf"^{method}: expected an iterable .* pass \[leave\]"):
            getattr(hook, method)(leaves)

    def test_an_option_that_does_not_exist_is_named_with_those_that_do(
        self, method: str, hook: CorIntegrationsHook
    ) -> None:
        with pytest.raises(TypeError, match=f"^{method}: there is no option concurency. The options are concurrency, "):
            getattr(hook, method)([], concurency=4)

    def test_any_iterable_is_taken(self, method: str, hook: CorIntegrationsHook) -> None:
        hook.create_leave(leave())
        for leaves in ([leave()], (leave(),), iter([leave()]), {"L1": leave()}.values()):
            assert [outcome.leave_id for outcome in getattr(hook, method)(leaves)] == ["L1"]


class TestReading:
    def test_many_users_are_read_and_a_refused_one_has_its_error(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_all([leave(), leave("L2"), leave("L3", user_id="u2")])
        ids = [sandbox.store.user_cor_ids["GLOBANT", user] for user in ("u1", "u2")]
        read = dict(hook.leaves_of_users([*ids, 1]))
        rows = {user: {row["id"] for row in rows} for user, rows in read.items() if isinstance(rows, list)}
        held = {one.external_id: one.cor_id for one in sandbox.leaves}
        assert rows == {ids[0]: {held["L1"], held["L2"]}, ids[1]: {held["L3"]}}
        assert isinstance(read[1], CorUserNotFoundError)

    def test_a_user_whose_expected_leave_is_found_takes_one_request(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_all([leave(), leave("L2", user_id="u2")])
        ids = [sandbox.store.user_cor_ids["GLOBANT", user] for user in ("u1", "u2")]
        held = {sandbox.store.user_cor_ids["GLOBANT", one.user_id]: [one.cor_id] for one in sandbox.leaves}
        sandbox.clear_requests()
        assert sorted(user for user, _ in hook.leaves_of_users(ids, expected=held.__getitem__)) == ids
        assert len(sandbox.requests) == 2

    def test_a_user_whose_expected_leave_is_not_found_takes_a_few_requests(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_leave(leave())
        user = sandbox.store.user_cor_ids["GLOBANT", "u1"]
        sandbox.clear_requests()
        assert [user for user, _ in hook.leaves_of_users([user], expected=lambda _: {1})] == [user]
        assert ["offset=1&" in one.query for one in sandbox.requests] == [True, False, False, False]

    def test_the_pace_is_that_of_the_connection(self, connect: Connect, sandbox: Sandbox, waits: list[float]) -> None:
        connect(extra={"requests_per_second": 2})
        hook = CorIntegrationsHook()
        hook.create_leave(leave())
        user = sandbox.store.user_cor_ids["GLOBANT", "u1"]
        assert len(list(hook.leaves_of_users([user] * 5, expected=lambda _: [], concurrency=1))) == 5
        assert sum(waits) == pytest.approx(2, abs=0.01)

    @pytest.mark.parametrize("extra", [{"pace_redis_conn_id": "none"}, {"api_url": ""}])
    def test_a_connection_that_cannot_work_is_an_error_once_it_is_read(
        self, extra: dict[str, Any], connect: Connect
    ) -> None:
        connect(extra=extra)
        users = CorIntegrationsHook().leaves_of_users([1, 2])
        with pytest.raises(CorConfigurationError):
            list(users)

    def test_an_option_that_does_not_exist_is_named(self, hook: CorIntegrationsHook) -> None:
        with pytest.raises(TypeError, match="leaves_of_users: there is no option speed"):
            list(hook.leaves_of_users([], speed=1))  # type: ignore[call-arg]
