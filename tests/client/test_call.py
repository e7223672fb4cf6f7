"""One request: its token is replaced once, and its response read."""

from __future__ import annotations

import pytest

from cor_provider.exceptions import (
    CorAuthenticationError,
)
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from support import Connect, leave


class TestApiKey:
    @pytest.fixture
    def hook(self, connect: Connect) -> CorIntegrationsHook:
        connect(login="api-key-4711", password="client-secret-0815")
        return CorIntegrationsHook()

    def test_a_refused_token_is_replaced_once(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_leave(leave())
        sandbox.revoke_tokens()
        hook.create_leave(leave("L2"))
        assert [request.path for request in sandbox.requests] == [
            *("/v1/oauth/token", "/v2/integrations/leaves", "/v2/integrations/leaves"),
            *("/v1/oauth/token", "/v2/integrations/leaves"),
        ]

    def test_a_token_refused_twice_is_an_authentication_error(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(401)
        sandbox.answer_next(401)
        with pytest.raises(CorAuthenticationError):
            hook.create_leave(leave())


def test_a_refused_token_fails_without_a_retry(connect: Connect, sandbox: Sandbox) -> None:
    connect(password="expired")
    with pytest.raises(CorAuthenticationError, match="bearer token"):
        CorIntegrationsHook().create_leave(leave())
    assert len(sandbox.requests) == 1
