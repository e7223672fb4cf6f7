"""One address for several users of an input."""

from __future__ import annotations

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from user_support import user


def test_a_second_user_of_an_address_is_rejected_before_it_is_sent(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    users = [user("E-1", email="ana@company.com"), user("E-2", email=" Ana@Company.COM"), user("E-3")]
    outcomes = list(hook.create_users(users, concurrency=1))
    assert sorted((outcome.position, outcome.status, outcome.error) for outcome in outcomes) == [
        (1, "created", None),
        (2, "rejected", "ConflictingRepeatError"),
        (3, "created", None),
    ]
    (rejected,) = (outcome for outcome in outcomes if outcome.status == "rejected")
    assert (rejected.message or "").startswith("email: ")
    assert len(sandbox.requests) == 2


def test_the_same_user_twice_is_no_such_case(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    outcomes = list(hook.create_users([user(), user(), user(last_name="Vega")]))
    assert [(outcome.status, outcome.error) for outcome in outcomes] == [
        ("created", None),
        ("existing", None),
        ("rejected", "ConflictingRepeatError"),
    ]
    assert len(sandbox.requests) == 1


def test_an_address_of_a_user_who_is_invalid_is_free(hook: CorIntegrationsHook) -> None:
    users = [user("E-1", email="ana@company.com", role_id="boss"), user("E-2", email="ana@company.com")]
    assert [outcome.status for outcome in hook.create_users(users)] == ["rejected", "created"]
