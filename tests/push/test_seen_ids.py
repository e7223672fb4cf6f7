"""The same external id twice in one input."""

from __future__ import annotations

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from support import leave


class TestRepeats:
    def test_an_identical_repeat_is_existing_without_a_request(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        outcomes = list(hook.create_leaves([leave(), leave(), leave(allDay=True)]))
        assert [outcome.status for outcome in outcomes] == ["created", "existing", "existing"]
        assert len(sandbox.requests) == 1

    def test_a_repeat_that_says_something_else_is_rejected(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        outcomes = list(hook.create_leaves([leave(), leave(end="2026-05-30")], if_exists="update"))
        assert [(outcome.status, outcome.error) for outcome in outcomes] == [
            ("created", None),
            ("rejected", "ConflictingRepeatError"),
        ]
        assert len(sandbox.requests) == 1

    def test_a_repeat_of_a_refused_one_is_sent(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        outcomes = list(hook.create_leaves([leave(user_id="nobody"), leave(), leave()]))
        assert [outcome.status for outcome in outcomes] == ["rejected", "created", "existing"]
