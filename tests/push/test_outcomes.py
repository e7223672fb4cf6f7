"""A push is sent while its outcomes are read: to forget that is noticed, and there is a way that reads them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cor_provider.exceptions import CorConfigurationError, CorLeavesRejectedError, CorPushIncompleteError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from support import Connect, leave

ZERO = dict.fromkeys(
    ("received", "created", "updated", "deleted", "existing", "unchanged", "rejected", "failed", "not_sent"), 0
)
Logged = Callable[[], str]


class TestOutcomes:
    @pytest.mark.parametrize("verb", ["create", "update", "delete"])
    def test_dropped_unread_they_say_that_nothing_was_sent(
        self, verb: str, hook: CorIntegrationsHook, sandbox: Sandbox, logged: Logged
    ) -> None:
        getattr(hook, f"{verb}_leaves")([leave()])
        assert f"Nothing was sent: the outcomes of {verb}_leaves were not read. Use {verb}_all, or" in logged()
        assert sandbox.requests == ()

    def test_read_in_part_they_say_nothing(self, hook: CorIntegrationsHook, logged: Logged) -> None:
        next(hook.create_leaves([leave(), leave("L2")]))
        assert "Nothing was sent" not in logged()

    def test_closed_on_purpose_they_say_nothing(self, hook: CorIntegrationsHook, logged: Logged) -> None:
        hook.create_leaves([leave()]).close()
        assert "Nothing was sent" not in logged()

    def test_their_block_ends_the_push(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        with hook.create_leaves((leave(f"L{number}") for number in range(100)), concurrency=2) as outcomes:
            next(outcomes)
        assert list(outcomes) == []
        assert len(sandbox.leaves) <= 4

    def test_an_error_thrown_in_stops_the_push(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        outcomes = hook.create_leaves((leave(f"L{number}") for number in range(100)), concurrency=2)
        next(outcomes)
        with pytest.raises(ZeroDivisionError):
            outcomes.throw(ZeroDivisionError())
        assert len(sandbox.leaves) <= 4


class TestAll:
    def test_everything_is_sent_and_counted(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        assert hook.create_all([leave(), leave("L2"), leave()]) == {**ZERO, "received": 3, "created": 2, "existing": 1}
        assert hook.update_all([leave(end="2026-05-13")]) == {**ZERO, "received": 1, "updated": 1}
        assert hook.delete_all([leave(), leave("L2")]) == {**ZERO, "received": 2, "deleted": 2}
        assert sandbox.leaves == ()

    def test_the_options_are_those_of_the_push(self, hook: CorIntegrationsHook) -> None:
        hook.create_leave(leave())
        assert hook.create_all([leave()], if_exists="update", concurrency=1)["updated"] == 1
        with pytest.raises(CorLeavesRejectedError):
            hook.update_all([leave("L2")], if_missing="fail")
        with pytest.raises(CorLeavesRejectedError):
            hook.delete_all([leave("L2")], if_missing="fail")

    def test_a_rejection_is_an_error_that_names_it_first(self, hook: CorIntegrationsHook) -> None:
        with pytest.raises(
            CorLeavesRejectedError,
            match=r"^UserNotFoundError 1, such as L2:\n  .*source GLOBANT(.|\n)*2 received: 1 created, 1 rejected",
        ):
            hook.create_all([leave(), leave("L2", user_id="nobody")])

    def test_some_may_be_tolerated(self, hook: CorIntegrationsHook) -> None:
        counts = hook.create_all([leave(), leave("L2", user_id="nobody")], max_rejected=1)
        assert counts == {**ZERO, "received": 2, "created": 1, "rejected": 1}

    def test_all_are_never_tolerated(self, hook: CorIntegrationsHook) -> None:
        with pytest.raises(CorLeavesRejectedError, match=r"which no limit tolerates .*: 1 received: 1 rejected"):
            hook.create_all([leave(user_id="nobody")], max_rejected=5)

    def test_nothing_is_not_everything(self, hook: CorIntegrationsHook) -> None:
        assert hook.create_all([]) == ZERO

    @pytest.mark.parametrize("records", [[leave()], [leave(), leave("L2"), {"id": "L3"}]])
    def test_what_could_not_be_sent_is_an_error_that_names_the_cause_first(
        self, records: list[dict[str, Any]], connect: Connect, closed_port: int
    ) -> None:
        connect(host=f"http://127.0.0.1:{closed_port}")
        with pytest.raises(
            CorPushIncompleteError,
            match=rf"^ConnectionError 1.*\n  COR does not answer at 127(.|\n)*{len(records)} received: ",
        ):
            CorIntegrationsHook().create_all(records, max_attempts=1, concurrency=1)

    def test_a_rate_limit_that_ended_it_says_when_to_come_back(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(429, headers={"Retry-After": "200"})
        with pytest.raises(CorPushIncompleteError) as raised:
            hook.create_all([leave()], max_wait=1)
        assert raised.value.retry_after == 200

    def test_an_error_of_the_connection_stays_what_it_is(self, connect: Connect) -> None:
        connect(password="expired")
        with pytest.raises(CorConfigurationError, match="COR refused the token"):
            CorIntegrationsHook().create_all([leave()])
