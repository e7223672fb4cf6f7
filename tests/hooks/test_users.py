"""The hook's verbs for users: what they refuse at once, and what they leave alone."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from cor_provider.user import UserRequest
from support import Connect, leave
from user_support import user


@pytest.mark.parametrize("users", [user(), UserRequest(**user()), "people.csv", b"[]"])
def test_what_is_no_iterable_of_users_is_refused_with_what_to_pass(users: Any, hook: CorIntegrationsHook) -> None:
    with pytest.raises(TypeError, match=r"create_users: expected an iterable of users.* pass \[user\]"):
        hook.create_users(users)


def test_an_option_that_does_not_exist_is_named(hook: CorIntegrationsHook) -> None:
    with pytest.raises(TypeError, match="create_users: there is no option retries"):
        hook.create_users([user()], retries=3)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="if_exists: expected one of skip, update, fail"):
        hook.create_users([user()], if_exists="delete")  # type: ignore[arg-type]


def test_nothing_is_sent_unless_it_is_read_and_the_log_says_so(
    hook: CorIntegrationsHook, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    hook.create_users([user()])
    gc.collect()
    assert "the outcomes of create_users were not read. Use a for loop over the outcomes." in caplog.text
    assert sandbox.requests == ()


def test_no_push_of_leave_creates_a_user(connect: Connect) -> None:
    with Sandbox(empty=True, seed={"source": "GLOBANT", "leave_types": [{"id": "vacation"}]}) as cor:
        connect(host=cor.url)
        hook = CorIntegrationsHook()
        (refused,) = hook.create_leaves([leave(user_id="E-1")])
        assert (refused.status, refused.error, cor.users) == ("rejected", "UserNotFoundError", ())
        (created,) = hook.create_users([user("E-1")])
        (sent,) = hook.create_leaves([leave(user_id="E-1")])
    assert (created.status, sent.status) == ("created", "created")
    assert sent.cor_user_id == created.cor_id


def test_closing_the_iterator_stops_sending(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    with hook.create_users((user(f"E-{number}") for number in range(100)), concurrency=1) as outcomes:
        next(outcomes)
    assert len(sandbox.requests) < 5


def test_cors_limit_is_kept(connect: Connect) -> None:
    with Sandbox(rate_limit=20) as cor:
        connect(host=cor.url)
        hook = CorIntegrationsHook()
        outcomes = [outcome.status for outcome in hook.create_users([user(f"E-{number}") for number in range(30)])]
    assert outcomes == ["created"] * 30
    assert len(cor.mails) == 30
