"""Turns that pushes share over a real Redis, in real time: milliseconds of it."""

from __future__ import annotations

import logging
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis as redis_library

from cor_provider import _clock
from cor_provider.client import redis_client
from cor_provider.client.redis_client import redis_connector
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.push import shared_pace, shared_turns
from cor_provider.push.control import Sent
from cor_provider.push.shared_pace import SharedSent
from cor_provider.push.shared_turns import SharedTurns
from cor_provider.sandbox import Sandbox
from redis_server import Redis, running_redis
from support import Connect, leave

Join = Callable[..., SharedTurns]

INTERVAL = 0.01


@pytest.fixture(autouse=True)
def _real_time(waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_clock, "now", time.monotonic)
    monkeypatch.setattr(_clock, "wait", threading.Event.wait)


@pytest.fixture
def join(redis: Redis, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Join]:
    """Return a function that has another push join those of the test."""
    joined = []
    monkeypatch.setattr(redis_client, "ANSWER_SECONDS", 0.2)

    def make(ceiling: float | None = 1 / INTERVAL, port: int = redis.port) -> SharedTurns:
        monkeypatch.setenv("AIRFLOW_CONN_PACE", f"redis://127.0.0.1:{port}")
        joined.append(SharedTurns(redis_connector("pace"), request.node.name, ceiling))
        return joined[-1]

    yield make
    for turns in joined:
        turns.close()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that nobody else needs."""
    with running_redis(tmp_path) as redis:
        yield redis


def wait_for_turn(turns: SharedTurns) -> Sent:
    """Wait as a push does."""
    while not isinstance(taken := turns.take(0.0), Sent):
        time.sleep(taken)
    return taken


def take_turns(pushes: list[SharedTurns], seconds: float) -> list[list[Sent]]:
    """Have pushes take all the turns that they get, each in its thread; COR accepts them all."""
    end = time.monotonic() + seconds
    taken: list[list[Sent]] = [[] for _ in pushes]

    def push(number: int) -> None:
        while time.monotonic() < end:
            taken[number].append(wait_for_turn(pushes[number]))
            pushes[number].accepted(taken[number][-1])

    threads = [threading.Thread(target=push, args=(number,)) for number in range(len(pushes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def median_gap(taken: list[list[Sent]]) -> float:
    """Return the seconds between two turns, whoever got them."""
    times = sorted(sent.at for one in taken for sent in one)
    return statistics.median(later - earlier for earlier, later in pairwise(times))


def said(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    """Return what the log says of Redis, from a level on."""
    records = [one for one in caplog.records if one.name == shared_turns.__name__ and one.levelno >= level]
    return [one.getMessage() for one in records]


class TestShares:
    def test_pushes_get_equal_shares_of_what_there_is(self, join: Join) -> None:
        pushes = [join(), join(), join()]
        take_turns(pushes, 0.2)
        taken = take_turns(pushes, 0.4)
        fewest, most = min(map(len, taken)), max(map(len, taken))
        assert fewest >= 0.6 * most  # a busy machine lets a thread come late now and then
        assert 0.8 * INTERVAL < median_gap(taken) < 2 * INTERVAL

    def test_what_one_leaves_free_is_used_by_the_other_at_once(self, join: Join) -> None:
        one, other = join(), join()
        take_turns([one, other], 0.3)
        one.close()
        assert 0.8 * INTERVAL < median_gap(take_turns([other], 0.2)) < 2 * INTERVAL

    def test_a_refusal_to_one_pauses_all(self, join: Join) -> None:
        one, other = join(), join()
        sent = wait_for_turn(one)
        wait_for_turn(other)
        one.refused(sent, 30.0)
        assert one.pause == pytest.approx(30, abs=0.5)
        assert not isinstance(other.take(0.0), Sent)
        assert other.pause == pytest.approx(30, abs=0.5)

    def test_who_waits_since_others_were_refused_says_so_once(
        self, join: Join, caplog: pytest.LogCaptureFixture
    ) -> None:
        one, other = join(), join()
        sent = wait_for_turn(one)
        wait_for_turn(other)
        one.refused(sent, 30.0)
        one.take(0.0)
        assert said(caplog) == []  # what is refused to a push itself is said elsewhere
        for _ in range(3):
            other.take(0.0)
        (warning,) = said(caplog)
        assert warning == "COR has asked another push to wait, so this one waits too. Next try in 30 s."

    def test_refusals_that_come_together_are_told_together(self, join: Join, redis: Redis) -> None:
        turns = join(None)
        burst = [wait_for_turn(turns) for _ in range(20)]
        threads = [threading.Thread(target=turns.refused, args=(sent, 30.0)) for sent in burst]
        with redis_library.Redis(port=redis.port) as client:
            before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
            with turns._lock:
                for thread in threads:
                    thread.start()
                while len(turns._events) < len(burst):
                    time.sleep(0.001)
            for thread in threads:
                thread.join()
            assert client.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 2
        assert turns.pause > 29

    def test_what_the_last_push_learned_is_there_for_the_next(self, join: Join) -> None:
        first = join(None)
        for _ in range(5):
            sent = wait_for_turn(first)
            first.accepted(sent)
        first.refused(sent, 0.01)
        wait_for_turn(first)
        first.close()
        later = join(None)
        taken = [wait_for_turn(later) for _ in range(3)]
        assert taken[-1].rate < sent.rate

    def test_who_has_closed_tells_nothing_any_more(self, join: Join) -> None:
        turns = join()
        sent = wait_for_turn(turns)
        turns.close()
        turns.refused(sent, 30.0)
        turns.accepted(sent)
        turns.failed(sent)
        assert isinstance(join().take(0.0), SharedSent | float)
        assert join().pause == 0

    def test_that_it_is_shared_is_said_at_the_first_turn(
        self, join: Join, redis: Redis, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        turns = join()
        for _ in range(3):
            wait_for_turn(turns)
        assert said(caplog, logging.INFO) == [
            f"This push shares its pace over Redis at 127.0.0.1:{redis.port} (Connection 'pace')."
        ]


class TestWithoutRedis:
    def test_a_push_goes_on_at_about_its_share_and_says_so_once(
        self, join: Join, mortal: Redis, caplog: pytest.LogCaptureFixture
    ) -> None:
        pushes = [join(400, mortal.port) for _ in range(2)]
        for one in pushes:
            one.accepted(wait_for_turn(one))
        taken = take_turns(pushes, 0.4)
        mortal.stop()
        alone = wait_for_turn(pushes[0])
        assert not isinstance(alone, SharedSent)
        assert alone.rate < 0.8 * 400
        assert alone.rate == pytest.approx(len(taken[0]) / 0.4, rel=0.8)
        wait_for_turn(pushes[0])
        (warning,) = said(caplog)
        assert f"Redis at 127.0.0.1:{mortal.port} (Connection 'pace') cannot be reached: check" in warning

    def test_a_redis_that_was_never_there_is_no_obstacle(
        self, join: Join, closed_port: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        turns = join(None, closed_port)
        sent = turns.take(0.0)
        assert isinstance(sent, Sent)
        assert sent.rate == 40
        turns.accepted(sent)
        turns.failed(sent)
        turns.refused(sent, 7.0)
        assert turns.pause == pytest.approx(7, abs=0.1)
        assert len(said(caplog)) == 1

    def test_it_is_asked_again_after_a_while(
        self, join: Join, mortal: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caplog.set_level(logging.INFO)
        turns = join(400, mortal.port)
        wait_for_turn(turns)
        mortal.stop()
        alone = wait_for_turn(turns)
        mortal.start()
        assert not isinstance(wait_for_turn(turns), SharedSent)
        later = time.monotonic() + shared_turns.ASK_AGAIN
        monkeypatch.setattr(_clock, "now", lambda: later)
        assert isinstance(turns.take(0.0), SharedSent)
        assert "(Connection 'pace') answers again" in said(caplog, logging.INFO)[-1]
        turns.refused(alone, 30.0)
        assert turns.pause > 29
        turns.close()
        assert turns.seconds_alone == pytest.approx(shared_turns.ASK_AGAIN, abs=1)

    def test_the_seconds_without_it_count_to_the_end(self, join: Join, closed_port: int) -> None:
        turns = join(400, closed_port)
        wait_for_turn(turns)
        time.sleep(0.01)
        turns.close()
        assert 0.01 <= turns.seconds_alone < 1

    def test_a_redis_that_comes_and_goes_leaves_a_push_at_its_share(
        self, join: Join, mortal: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pushes = [join(400, mortal.port) for _ in range(4)]
        take_turns(pushes, 0.3)
        late = 0.0
        monkeypatch.setattr(_clock, "now", lambda: time.monotonic() + late)
        alone = []
        for _ in range(3):
            mortal.stop()
            alone.append(wait_for_turn(pushes[0]))
            assert not isinstance(alone[-1], SharedSent)
            mortal.start()
            late += shared_turns.ASK_AGAIN
            assert isinstance(wait_for_turn(pushes[0]), SharedSent)
        assert [sent.rate for sent in alone] == pytest.approx([alone[0].rate] * 3, rel=0.1)

    def test_a_refusal_that_redis_does_not_hear_of_pauses_the_push_all_the_same(
        self, join: Join, mortal: Redis
    ) -> None:
        turns = join(400, mortal.port)
        sent, later = wait_for_turn(turns), wait_for_turn(turns)
        mortal.stop()
        turns.refused(sent, 30.0)
        assert turns.pause == pytest.approx(30, abs=0.5)
        turns.refused(later, 40.0)
        assert turns.pause == pytest.approx(40, abs=0.5)

    def test_a_pause_outlives_redis(self, join: Join, mortal: Redis) -> None:
        one, other = join(400, mortal.port), join(400, mortal.port)
        sent = wait_for_turn(one)
        one.refused(sent, 30.0)
        other.take(0.0)
        mortal.stop()
        assert other.take(0.0) == pytest.approx(30, abs=0.5)

    def test_one_that_hangs_holds_a_push_up_for_its_timeout_only(self, join: Join, mortal: Redis) -> None:
        turns = join(400, mortal.port)
        wait_for_turn(turns)
        with mortal.frozen():
            start = time.monotonic()
            assert not isinstance(wait_for_turn(turns), SharedSent)
            assert time.monotonic() - start < 3
            turns.close()

    def test_a_key_that_is_another_s_is_no_obstacle(self, join: Join, redis: Redis) -> None:
        turns = join()
        wait_for_turn(turns)
        with redis_library.Redis(port=redis.port) as client:
            (key,) = [key for key in client.scan_iter() if key.endswith(b":turns") and b"another_s" in key]
            client.set(key, "text")
        assert not isinstance(wait_for_turn(turns), SharedSent)

    @pytest.mark.parametrize(
        "said",
        [
            ("", "nan", "", "", "40", "0"),
            ("", "-1", "", "", "40", "0"),
            ("", "inf", "", "", "40", "0"),
            ("", "1", "", "", "0", "0"),
            ("", "1", "", "", "inf", "0"),
            ("", "1", "", "", "40", "1e300"),
            ("", "1", "", "", "40", "nan"),
            ("nan", "0", "", "", "40", "0"),
            ("inf", "0", "", "", "40", "0"),
            ("1", "0"),
            (),
        ],
    )
    def test_one_that_says_what_nobody_can_do_is_no_obstacle(
        self, said: tuple[str, ...], join: Join, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script = "return {" + ", ".join(map(repr, said)) + "}"
        monkeypatch.setattr(shared_pace, "_script", lambda _: script)  # as if there were another one in Redis
        turns = join()
        sent = turns.take(0.0)
        assert isinstance(sent, Sent)
        assert not isinstance(sent, SharedSent)
        turns.refused(sent, 1.0)
        assert turns.pause == pytest.approx(1, abs=0.1)


class TestPush:
    """Through the hook, with a COR."""

    @pytest.fixture
    def connected(
        self, mortal: Redis, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[..., CorIntegrationsHook]:
        """Return a function that connects a hook to the sandbox and, for its pace, to the Redis."""

        def make(**fields: Any) -> CorIntegrationsHook:
            monkeypatch.setenv("AIRFLOW_CONN_PACE", mortal.connection())
            connect(extra={"pace_redis_conn_id": "pace"}, **fields)
            return CorIntegrationsHook()

        return make

    @pytest.mark.parametrize("ending", [Redis.stopped, Redis.frozen])
    def test_every_leave_is_sent_once_whatever_becomes_of_redis(
        self,
        ending: Callable[[Redis], AbstractContextManager[None]],
        connected: Callable[..., CorIntegrationsHook],
        mortal: Redis,
        sandbox: Sandbox,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        outcomes = connected().create_leaves(leave(f"L{number}") for number in range(120))
        done = [next(outcomes) for _ in range(40)]
        with ending(mortal):
            done += outcomes
        assert Counter(outcome.status for outcome in done) == {"created": 120}
        assert len(sandbox.requests) == len(sandbox.leaves) == 120
        (warning,) = said(caplog)
        assert "Until then this push finds its own pace, without the others." in warning

    def test_two_pushes_share_what_cor_accepts(
        self, connected: Callable[..., CorIntegrationsHook], caplog: pytest.LogCaptureFixture
    ) -> None:
        seed = {"source": "GLOBANT", "users": [{"id": "u1"}], "leave_types": [{"id": "vacation"}]}
        with Sandbox(seed=seed, rate_limit=100) as sandbox:
            created_at_the_end: list[int] = []
            ready = threading.Barrier(2)

            def push(name: str) -> None:
                hook = connected(host=sandbox.url)
                ready.wait(60)
                assert hook.create_all(leave(f"{name}{number}") for number in range(60))["created"] == 60
                created_at_the_end.append(len(sandbox.leaves))

            threads = [threading.Thread(target=push, args=(name,)) for name in "ab"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        first, last = created_at_the_end
        assert first >= 60 + 30  # whatever the two had to do before their first leaves
        assert last == 120
        assert said(caplog) == []

    def test_nothing_that_redis_was_ever_told_says_anything_of_anybody(
        self, connect: Connect, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with running_redis(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as redis:
            monkeypatch.setenv("AIRFLOW_CONN_PACE", redis.connection())
            connect(extra={"pace_redis_conn_id": "pace"})
            leaves = [leave(f"marked-leave-{number}") for number in range(30)]
            leaves.append(leave("marked-leave-30", user_id="marked-user", leave_type_id="marked-type"))
            list(CorIntegrationsHook().create_leaves(leaves))
            written = b"".join(path.read_bytes() for path in (tmp_path / "appendonlydir").iterdir())
        assert b"cor_provider:pace:{" in written
        assert b'["accepted"' in written
        for secret in ("marked", "u1", "vacation", "GLOBANT", sandbox.token, sandbox.url.rpartition("/")[2]):
            assert secret.encode() not in written

    def test_without_a_limit_the_pace_rises_as_it_does_for_one(
        self, connected: Callable[..., CorIntegrationsHook], mortal: Redis
    ) -> None:
        outcomes = connected().create_leaves(leave(f"L{number}") for number in range(300))
        assert {outcome.status for outcome in outcomes} == {"created"}
        with redis_library.Redis(port=mortal.port) as client:
            (turns,) = [client.hgetall(key) for key in client.scan_iter() if key.endswith(b":turns")]
        assert float(turns[b"rate"]) > 1000
