"""
Whatever comes over the wire, a user has an outcome, and it is one of success only if COR has said so.

The answers are those with which leave is tested, and COR's about users; a few lines decide what they may count as.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from any_answers import ANSWERS, JSON, KEYS, Seen, honest
from cor_provider.exceptions import CorConfigurationError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import UserOutcome
from one_shot_server import OneShotServer
from support import Connect
from user_support import user

USER = {"id": 8546, "email": "e-0@company.com", "first_name": "Ana", "last_name": "Suárez", "role_id": 4}
ENVELOPE = {"statusCode": 201, "status": "success", "data": USER}
REFUSALS = [
    (409, {"error": "DuplicateEmailError"}),
    (409, {"error": "DuplicateExternalIdError"}),
    (400, {"name": "CORCustomError", "code": "ZC004"}),
    (400, {"error": "InvalidRoleError"}),
    (404, {"code": "ZC001", "message": "The entity is not associated"}),
    (404, {"code": "ZC002", "message": "User position not found"}),
    (409, {}),
]


def body_of(content: Any) -> bytes:
    return json.dumps(content).encode()


MORE = st.sampled_from([USER, ENVELOPE]).flatmap(
    lambda body: st.dictionaries(KEYS, JSON, max_size=2).map(lambda more: honest(200, body_of({**body, **more})))
)
CONFIRMED = st.sampled_from([honest(status, body_of(body)) for status in (200, 201) for body in (USER, ENVELOPE)])
REFUSED = st.sampled_from([honest(status, body_of(body)) for status, body in REFUSALS])
ABOUT_USERS = st.one_of(ANSWERS, MORE, CONFIRMED, REFUSED, REFUSED)


def confirms(seen: Seen) -> bool:
    """Return whether an answer may confirm: it has a whole number as an id, and no sign of failure."""
    has_id = any(type(place.get("id")) is int and 0 < place["id"] < 10**18 for place in seen.places)
    return seen.status in {200, 201} and has_id and not seen.is_failure


def is_allowed(outcome: UserOutcome, seen: list[Seen]) -> bool:
    """Return whether the answers allow an outcome; an outcome that is no success is always allowed."""
    last = seen[-1] if seen else Seen("", b"")
    rules: dict[str, Callable[[], bool]] = {
        # A duplicate after a lost answer, and then no word about whose it is: the lost request did it.
        "created": lambda: (
            confirms(last)
            or (last.method == "PUT" and any(one.method == "POST" and one.is_duplicate for one in seen[1:]))
        ),
        "updated": lambda: last.method == "PUT" and confirms(last),
        "existing": lambda: last.is_duplicate if last.method == "POST" else confirms(last),
    }
    return rules.get(outcome.status, lambda: True)()


@pytest.fixture(scope="module")
def server() -> Iterator[OneShotServer]:
    with OneShotServer() as server:
        yield server


Push = Callable[[str, list[bytes], int], list[UserOutcome]]


@pytest.fixture
def push_to(server: OneShotServer, connect: Connect) -> Push:
    """Return a function that pushes to the server, and raises all but what stops a push."""
    connect(host=server.url)

    def push(if_exists: Any, answers: list[bytes], users: int) -> list[UserOutcome]:
        server.answer_with(answers)
        patience: dict[str, Any] = {"concurrency": 1, "max_attempts": 2, "max_wait": 20}
        records = [user(f"E-{number}") for number in range(users)]
        outcomes = []
        with suppress(CorConfigurationError):
            for outcome in CorIntegrationsHook().create_users(records, if_exists=if_exists, **patience):
                outcomes.append(outcome)  # noqa: PERF402  # kept, whatever is raised in the end
        return outcomes

    return push


IF_EXISTS = st.sampled_from(["skip", "update", "fail"])


@given(if_exists=IF_EXISTS, answers=st.lists(ABOUT_USERS, min_size=1, max_size=3))
@settings(max_examples=500)
def test_there_is_an_outcome_and_it_is_one_that_the_answers_allow(
    if_exists: str, answers: list[bytes], push_to: Push, server: OneShotServer
) -> None:
    (outcome,) = push_to(if_exists, answers, 1)
    event(f"{if_exists}: {outcome.status}")
    assert is_allowed(outcome, [Seen(*one) for one in server.transcript])


@given(if_exists=IF_EXISTS, answers=st.lists(ABOUT_USERS, min_size=1, max_size=5))
@settings(max_examples=100)
def test_every_user_has_one_outcome(if_exists: str, answers: list[bytes], push_to: Push) -> None:
    outcomes = push_to(if_exists, answers, 4)
    assert Counter(outcome.user_id for outcome in outcomes) == Counter(f"E-{number}" for number in range(4))
    assert {outcome.position for outcome in outcomes} == {1, 2, 3, 4}
