"""What goes wrong with a request, by chance or on demand."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

Send = Callable[..., requests.Response]


def statuses(sandbox: Sandbox, send: Send, leave: dict[str, Any], count: int) -> list[int]:
    """Return the status of each of `count` requests, 0 for no answer."""

    def status(number: int) -> int:
        try:
            return send(sandbox, "POST", "leaves", {**leave, "id": str(number)}).status_code
        except requests.ConnectionError:
            return 0

    return [status(number) for number in range(count)]


# --- lost answers


def test_a_request_can_be_dropped_before_anything_is_done(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    sandbox.drop_next(commit=False)

    with pytest.raises(requests.ConnectionError):
        send(sandbox, "POST", "leaves", leave)

    assert sandbox.leaves == ()
    assert len(sandbox.requests) == 1


def test_drops_by_chance_lose_the_answer_and_keep_the_leave(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(drop_rate=0.5, random_seed=1) as sandbox:
        seen = statuses(sandbox, send, leave, 20)

    assert set(seen) == {0, 201}
    assert len(sandbox.leaves) == 20


def test_drops_leave_no_trace_in_the_servers_log(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.drop_next()
    with pytest.raises(requests.ConnectionError):
        send(sandbox, "POST", "leaves", leave)

    assert [record for record in caplog.records if record.name.startswith(("uvicorn", "asyncio"))] == []


# --- server errors


def test_server_errors_by_chance_do_nothing(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(error_rate=1, random_seed=1) as sandbox:
        seen = statuses(sandbox, send, leave, 20)

    assert set(seen) == {500, 502, 503, 504}
    assert sandbox.leaves == ()


def test_server_errors_come_at_about_the_rate_asked_for(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(error_rate=0.3, random_seed=1) as sandbox:
        seen = statuses(sandbox, send, leave, 100)

    assert 20 <= sum(status >= 500 for status in seen) <= 40


def test_the_same_random_seed_gives_the_same_faults(send: Send, leave: dict[str, Any]) -> None:
    runs = []
    for _ in range(2):
        with Sandbox(error_rate=0.3, drop_rate=0.3, random_seed=7) as sandbox:
            runs.append(statuses(sandbox, send, leave, 20))

    assert runs[0] == runs[1]


def test_a_503_has_the_form_of_the_error_style_and_a_502_is_a_page(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(error_rate=1, random_seed=1, error_style="ok-failed") as sandbox:
        answers = {answer.status_code: answer for answer in (send(sandbox, "POST", "leaves", leave) for _ in range(20))}

    assert answers[503].json()["errors"] == [{"error_code": "Service Unavailable", "message": "Service Unavailable"}]
    assert answers[502].headers["content-type"].startswith("text/html")


# --- the rate limit


def test_above_the_rate_limit_the_answer_is_429_with_retry_after(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(rate_limit=0.1, clock=lambda: 1_000_000.0) as sandbox:
        first = send(sandbox, "POST", "leaves", leave)
        second = send(sandbox, "POST", "leaves", {**leave, "id": "another"})

    assert first.status_code == 201
    assert second.status_code == 429
    assert second.headers["Retry-After"] == "10"
    assert second.json() == {
        "statusCode": 429,
        "status": "error",
        "error": "Too Many Requests",
        "message": "Too Many Requests",
    }
    assert len(sandbox.leaves) == 1


def test_a_client_that_waits_for_retry_after_is_served_again(send: Send, leave: dict[str, Any]) -> None:
    now = [1_000_000.0]
    with Sandbox(rate_limit=2, clock=lambda: now[0]) as sandbox:
        assert statuses(sandbox, send, leave, 2) == [201, 429]
        now[0] += 0.5
        assert statuses(sandbox, send, {**leave, "metadata": {}}, 2) == [400, 429]


def test_a_burst_is_a_tenth_of_the_limit(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(rate_limit=30, clock=lambda: 1_000_000.0) as sandbox:
        assert statuses(sandbox, send, leave, 5) == [201, 201, 201, 429, 429]


# --- latency


def test_latency_delays_all_requests_at_the_same_time(send: Send, leave: dict[str, Any]) -> None:
    started = time.monotonic()
    with Sandbox(latency_ms=1000) as sandbox, ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda n: send(sandbox, "POST", "leaves", {**leave, "id": str(n)}), range(100)))

    assert {answer.status_code for answer in answers} == {201}
    assert min(answer.elapsed.total_seconds() for answer in answers) >= 1
    assert time.monotonic() - started < 60  # one after the other, it would be 100


# --- answers on demand


def test_a_queued_answer_replaces_the_work(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    sandbox.answer_next(429, {"message": "slow down"}, headers={"Retry-After": "7"})

    answer = send(sandbox, "POST", "leaves", leave)

    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (429, {"message": "slow down"}, "7")
    assert sandbox.leaves == ()
    assert send(sandbox, "POST", "leaves", leave).status_code == 201


def test_a_queued_answer_can_follow_the_work(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    sandbox.answer_next(504, b"<h1>504</h1>", headers={"Content-Type": "text/html"}, commit=True)

    answer = send(sandbox, "POST", "leaves", leave)

    assert (answer.status_code, answer.content) == (504, b"<h1>504</h1>")
    assert len(sandbox.leaves) == 1


def test_queued_faults_happen_in_their_order(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    sandbox.answer_next(500)
    sandbox.drop_next()
    sandbox.answer_next(204)

    assert statuses(sandbox, send, leave, 4) == [500, 0, 204, 201]


@pytest.mark.parametrize(("body", "sent"), [(None, b"null"), ("text", b'"text"'), ([], b"[]"), (b"", b"")])
def test_a_queued_body_is_json_unless_it_is_bytes(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], body: Any, sent: bytes
) -> None:
    sandbox.answer_next(400, body)

    assert send(sandbox, "POST", "leaves", leave).content == sent


# --- what faults concern


def test_the_list_of_a_users_leave_is_disturbed_too(sandbox: Sandbox) -> None:
    def ask() -> requests.Response:
        headers = {"Authorization": "Bearer sandbox-token"}
        return requests.get(f"{sandbox.api_url}/user/leaves?usersId=67890", headers=headers, timeout=60)

    sandbox.answer_next(429)
    sandbox.drop_next()

    assert ask().status_code == 429
    with pytest.raises(requests.ConnectionError):
        ask()
    assert ask().json() == []
    sandbox.go_down()
    assert ask().status_code == 500


def test_the_list_of_a_users_leave_counts_against_the_rate_limit(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(rate_limit=0.1, latency_ms=1, clock=lambda: 1_000_000.0) as sandbox:
        send(sandbox, "POST", "leaves", leave)
        refused = requests.get(f"{sandbox.api_url}/user/leaves", timeout=60)

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")


def test_only_requests_for_leave_and_users_are_disturbed() -> None:
    with Sandbox(error_rate=1, rate_limit=0.001) as sandbox:
        sandbox.answer_next(500)
        for _ in range(2):
            me = requests.get(f"{sandbox.api_url}/me", headers={"Authorization": "Bearer sandbox-token"}, timeout=60)
            assert me.status_code == 200
        token_url = f"{sandbox.api_url}/oauth/token?grant_type=client_credentials"
        assert requests.post(token_url, auth=("sandbox-key", "sandbox-secret"), timeout=60).status_code == 200
        assert requests.get(sandbox.url, timeout=60).status_code == 200


@pytest.mark.parametrize(
    "out_of_range",
    [{"error_rate": 1.1}, {"drop_rate": -0.1}, {"latency_ms": -1}, {"rate_limit": 0}, {"error_style": "rude"}],
)
def test_a_parameter_out_of_range_is_refused_by_its_name(out_of_range: dict[str, Any]) -> None:
    (name,) = out_of_range

    with pytest.raises(ValueError, match=name):
        Sandbox(**out_of_range)


# --- down and up again


def test_it_goes_down_after_some_requests_until_faults_are_cleared(
    sandbox: Sandbox, send: Send, leave: dict[str, Any]
) -> None:
    sandbox.go_down(after=2)
    assert statuses(sandbox, send, leave, 4) == [201, 201, 500, 500]
    sandbox.clear_faults()
    assert send(sandbox, "POST", "leaves", {**leave, "id": "L9"}).status_code == 201


def test_cleared_faults_do_not_happen(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    sandbox.answer_next(503)
    sandbox.drop_next()
    sandbox.clear_faults()
    assert statuses(sandbox, send, leave, 2) == [201, 201]
