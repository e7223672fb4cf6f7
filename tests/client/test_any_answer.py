"""
Whatever comes over the wire, there is an outcome, and it is one of success only if COR has said so.

A server answers with any status, headers and bytes, cut anywhere. What an answer says is judged here by other
code: another HTTP client reads it, and a few lines decide what may count as a success, as a duplicate, as missing.
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

from any_answers import ANSWERS, CONFIRMATIONS, Seen, gzip, honest, http_answer
from cor_provider.exceptions import CorConfigurationError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import LeaveOutcome
from one_shot_server import OneShotServer
from support import Connect, leave

PUSHES: dict[str, Callable[..., Iterator[LeaveOutcome]]] = {
    "create": lambda hook, leaves, **options: hook.create_leaves(leaves, **options),
    "create or update": lambda hook, leaves, **options: hook.create_leaves(leaves, if_exists="update", **options),
    "update": lambda hook, leaves, **options: hook.update_leaves(leaves, if_missing="skip", **options),
    "update or create": lambda hook, leaves, **options: hook.update_leaves(leaves, if_missing="create", **options),
    "delete": lambda hook, leaves, **options: hook.delete_leaves(leaves, **options),
}


def is_allowed(outcome: LeaveOutcome, seen: list[Seen]) -> bool:
    """Return whether the answers allow an outcome; an outcome that is no success is always allowed."""
    last = seen[-1] if seen else Seen("", b"")
    rules: dict[str, Callable[[], bool]] = {
        "created": lambda: last.may_confirm or (last.method == "POST" and last.is_conflict and len(seen) > 1),
        "updated": lambda: last.method == "PUT" and last.may_confirm,
        "deleted": lambda: (
            last.method == "DELETE" and (last.may_confirm or last.is_missing or last.says("UserNotFoundError", "CE001"))
        ),
        "existing": lambda: last.method == "POST" and last.is_duplicate,
        "unchanged": lambda: last.method == "PUT" and last.is_missing,
    }
    return rules.get(outcome.status, lambda: True)()


# The tests


@pytest.fixture(scope="module")
def server() -> Iterator[OneShotServer]:
    with OneShotServer() as server:
        yield server


@pytest.fixture
def push_to(server: OneShotServer, connect: Connect) -> Callable[..., list[LeaveOutcome]]:
    """Return a function that pushes to the server, and raises all but what stops a push."""
    connect(host=server.url)

    def push(operation: str, answers: list[bytes], *, leaves: int = 1) -> list[LeaveOutcome]:
        server.answer_with(answers)
        outcomes = []
        with suppress(CorConfigurationError):
            for outcome in PUSHES[operation](
                CorIntegrationsHook(), [leave(f"L{number}") for number in range(leaves)], **PATIENCE
            ):
                outcomes.append(outcome)  # noqa: PERF402  # kept, whatever is raised in the end
        return outcomes

    return push


PATIENCE: dict[str, Any] = {"concurrency": 1, "max_attempts": 2, "max_wait": 20}
repeatedly = settings(max_examples=600)


@given(operation=st.sampled_from(list(PUSHES)), answers=st.lists(ANSWERS, min_size=1, max_size=3))
@repeatedly
def test_there_is_an_outcome_and_it_is_one_that_the_answers_allow(
    operation: str, answers: list[bytes], push_to: Callable[..., list[LeaveOutcome]], server: OneShotServer
) -> None:
    (outcome,) = push_to(operation, answers)
    event(f"{operation}: {outcome.status}")
    assert is_allowed(outcome, [Seen(*one) for one in server.transcript])


@given(operation=st.sampled_from(list(PUSHES)), answers=st.lists(ANSWERS, min_size=1, max_size=5))
@settings(repeatedly, max_examples=100)
def test_every_leave_has_one_outcome(
    operation: str, answers: list[bytes], push_to: Callable[..., list[LeaveOutcome]]
) -> None:
    outcomes = push_to(operation, answers, leaves=4)
    assert Counter(outcome.leave_id for outcome in outcomes) == Counter(f"L{number}" for number in range(4))
    assert {outcome.position for outcome in outcomes} == {1, 2, 3, 4}


@given(data=st.data(), operation=st.sampled_from(["create", "update", "delete"]), lost=st.booleans())
@settings(repeatedly, max_examples=100)
def test_what_cor_documents_as_a_success_is_one_however_it_is_packed(
    data: st.DataObject, operation: str, lost: bool, push_to: Callable[..., list[LeaveOutcome]]
) -> None:
    method, done = {"create": ("POST", "created"), "update": ("PUT", "updated"), "delete": ("DELETE", "deleted")}[
        operation
    ]
    status, content = data.draw(st.sampled_from(CONFIRMATIONS[method]))
    body = json.dumps(content, indent=data.draw(st.sampled_from([None, 4]))).encode()
    answer = data.draw(
        st.sampled_from(
            [
                honest(status, body),
                honest(status, body, ("Content-Type", "text/html")),
                honest(status, b"\xef\xbb\xbf" + body, ("Connection", "close")),
                honest(status, gzip(body), ("Content-Encoding", "gzip")),
                http_answer(status, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), [("Transfer-Encoding", "chunked")]),
                http_answer(status, body, []),
            ]
        )
    )
    (outcome,) = push_to(operation, [answer[:-1], answer] if lost and answer[-1:] == b"}" else [answer])
    assert (outcome.status, outcome.error) == (done, None)
