"""The pace that pushes share, against a real Redis: who gets turns, what is learned, and what is written down."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis as redis_library
from pydantic import TypeAdapter
from pydantic_core import to_json
from redis.cluster import RedisCluster

from benchmarks.simulated_limits import Bucket
from benchmarks.simulated_pushes import Push, Server, simulate
from cor_provider import __version__
from cor_provider.push.control import Control, Sent
from cor_provider.push.shared_pace import Answer, Event, Reservation, SharedPace, SharedSent, account_key, try_out
from redis_server import Redis, running_cluster

KEYS = {name: f"cor_provider:pace:{{account}}:{__version__}:{name}" for name in ("turns", "events", "state", "lock")}
NewPace = Callable[..., SharedPace]
SLOW = 0.01
"""Requests per second, so that the order of turns does not depend on how busy this machine is."""
LONG = 200.0
"""Seconds of a pause, likewise."""
SLACK = 20.0
"""Seconds of it that may pass before a test looks."""


@pytest.fixture
def client(redis: Redis) -> Iterator[Any]:
    with redis_library.Redis(port=redis.port) as client:
        client.flushall()
        yield client


@pytest.fixture
def new_pace(client: Any) -> NewPace:
    """Return a function that has another push join those of an account."""

    def make(ceiling: float = math.inf, account: str = "account") -> SharedPace:
        return SharedPace(client, account, ceiling)

    return make


def wait_for_a_turn(pace: SharedPace, *events: Event) -> SharedSent:
    """Ask again until there is a turn; what is waited for is milliseconds."""
    end = time.monotonic() + 10
    answer = pace.exchange(events, None, wants_turn=True)
    while answer.sent is None:
        assert time.monotonic() < end
        answer = pace.exchange((), answer.reservation, wants_turn=True)
    return answer.sent


def seconds_after(sent: SharedSent, answer: Answer) -> float:
    """Return how long after a request the turn is that somebody has reserved."""
    assert answer.reservation
    return float(answer.reservation.slot) - sent.at


def digest(pace: SharedPace) -> Answer:
    """Have what has happened be learned from now, as after a refusal."""
    return pace.exchange([Event("refused", 0.0, 1000.0)], None, wants_turn=False)


def wait_for_digest(client: Any) -> None:
    """Wait until all that has happened is learned from, which is by whoever asks."""
    end = time.monotonic() + 10
    while client.exists(KEYS["events"]):
        assert time.monotonic() < end
        SharedPace(client, "account", math.inf).exchange((), None, wants_turn=False)


def wait_for_rate(pace: SharedPace, is_it: Callable[[float], bool]) -> None:
    """Wait until the rate is such a one; what happened is learned from now and then."""
    end = time.monotonic() + 30
    while not is_it(pace.exchange((), None, wants_turn=False).rate):
        assert time.monotonic() < end


class TestTurns:
    def test_the_first_turn_is_now(self, new_pace: NewPace) -> None:
        answer = new_pace(100).exchange((), None, wants_turn=True)
        assert answer.sent
        assert answer.sent.rate == 40
        assert answer.reservation is None

    def test_a_turn_is_reserved_an_interval_after_the_last_one_even_if_that_is_another_push_s(
        self, new_pace: NewPace
    ) -> None:
        one, *others = (new_pace(SLOW) for _ in range(3))
        sent = wait_for_a_turn(one)
        answers = [pace.exchange((), None, wants_turn=True) for pace in others]
        assert [seconds_after(sent, answer) for answer in answers] == pytest.approx([100, 200], abs=0.001)
        assert 0 < answers[0].wait < 100

    def test_who_asks_again_keeps_the_turn(self, new_pace: NewPace) -> None:
        one, other = new_pace(SLOW), new_pace(SLOW)
        one.exchange((), None, wants_turn=True)
        first = one.exchange((), None, wants_turn=True)
        other.exchange((), None, wants_turn=True)
        again = one.exchange((), first.reservation, wants_turn=True)
        assert again.reservation == first.reservation
        assert again.wait < first.wait

    def test_who_has_sent_queues_up_behind_those_who_wait(self, new_pace: NewPace) -> None:
        one, *others = (new_pace(SLOW) for _ in range(3))
        sent = wait_for_a_turn(one)
        for pace in others:
            pace.exchange((), None, wants_turn=True)
        assert seconds_after(sent, one.exchange((), None, wants_turn=True)) == pytest.approx(300, abs=0.001)

    def test_neither_of_two_pushes_starves(self, new_pace: NewPace) -> None:
        paces = [new_pace(500), new_pace(500)]
        reservations: list[Reservation | None] = [None, None]
        order: list[int] = []
        while len(order) < 40:
            for number, pace in enumerate(paces):
                answer = pace.exchange((), reservations[number], wants_turn=True)
                reservations[number] = answer.reservation
                if answer.sent:
                    order.append(number)
        assert 10 <= sum(order) <= 30  # they alternate unless both were late: then whichever asks first is the first

    def test_accounts_know_nothing_of_each_other(self, new_pace: NewPace) -> None:
        for account in ("one", "other"):
            assert new_pace(1, account).exchange((), None, wants_turn=True).sent

    def test_the_lower_of_two_ceilings_holds_for_the_push_that_has_it(self, new_pace: NewPace) -> None:
        fast, slow = new_pace(), new_pace(SLOW)
        sent = wait_for_a_turn(fast)
        slow.exchange((), None, wants_turn=True)
        assert seconds_after(sent, slow.exchange((), None, wants_turn=True)) >= 100

    def test_without_a_burst_who_is_late_delays_those_behind(self, new_pace: NewPace, client: Any) -> None:
        pace = new_pace()
        pace.exchange((), None, wants_turn=True)
        client.set(KEYS["lock"], "somebody", px=1000)  # nobody learns that there may be a burst
        client.hset(KEYS["turns"], mapping={"interval": "0.02", "spacing": "1.0"})
        times = [wait_for_a_turn(pace).at for _ in range(4)]
        assert all(later - earlier >= 0.0199 for earlier, later in pairwise(times))


class TestLearning:
    def test_what_is_accepted_raises_the_rate_of_all(self, new_pace: NewPace) -> None:
        one, other = new_pace(), new_pace()
        for _ in range(4):
            sent = wait_for_a_turn(one)
            one.exchange([Event("accepted", *sent)], None, wants_turn=False)
        wait_for_rate(other, lambda rate: rate == 40 + 4 * 6)

    def test_a_refusal_pauses_all_at_once_and_voids_what_was_reserved(self, new_pace: NewPace) -> None:
        one, other = new_pace(), new_pace()
        sent = wait_for_a_turn(one)
        reserved = other.exchange((), None, wants_turn=True)
        assert reserved.wait < 0.1
        refusal = Event("refused", *sent, LONG)
        assert one.exchange([refusal], None, wants_turn=False).pause == pytest.approx(LONG, abs=0.1)
        answer = other.exchange((), reserved.reservation, wants_turn=True)
        assert answer.wait == pytest.approx(LONG, abs=SLACK)
        assert answer.pause == pytest.approx(LONG, abs=SLACK)
        assert answer.reservation != reserved.reservation

    def test_nobody_gets_a_turn_before_it_is_known_what_a_refusal_means(self, new_pace: NewPace, client: Any) -> None:
        one, other = new_pace(), new_pace()
        sent = wait_for_a_turn(one)
        client.set(KEYS["lock"], "somebody", px=1000)
        one.exchange([Event("refused", *sent, LONG)], None, wants_turn=False)
        answer = other.exchange((), None, wants_turn=True)
        assert answer.sent is None
        assert answer.wait < 0.1
        client.delete(KEYS["lock"])
        assert other.exchange((), None, wants_turn=False).pause > LONG - SLACK

    def test_a_refusal_of_what_another_pace_let_out_counts_from_now(self, new_pace: NewPace) -> None:
        pace = new_pace()
        wait_for_a_turn(pace)
        answer = pace.exchange([Event("refused", None, 40.0, 5.0)], None, wants_turn=False)
        assert answer.pause == pytest.approx(5, abs=0.1)

    def test_a_failure_of_another_kind_changes_nothing(self, new_pace: NewPace) -> None:
        pace = new_pace()
        sent = wait_for_a_turn(pace)
        answer = pace.exchange([Event("failed", *sent)], None, wants_turn=False)
        assert (answer.rate, answer.pause) == (40, 0)

    def test_what_was_learned_outlives_the_push(self, new_pace: NewPace) -> None:
        first = new_pace()
        for _ in range(3):
            sent = wait_for_a_turn(first)
        first.exchange([Event("refused", *sent, 0.0)], None, wants_turn=False)
        later = new_pace()
        wait_for_a_turn(later)
        wait_for_rate(later, lambda rate: rate < 40)

    def test_a_ceiling_is_the_one_of_whoever_learns(self, new_pace: NewPace) -> None:
        wait_for_a_turn(new_pace())
        pace = new_pace(7)
        digest(pace)
        assert pace.exchange((), None, wants_turn=False).rate <= 7


class TestAccidents:
    def test_who_is_killed_while_learning_holds_nobody_up(self, new_pace: NewPace, client: Any) -> None:
        one, other = new_pace(), new_pace()
        sent = wait_for_a_turn(one)
        client.set(KEYS["lock"], "of the dead", px=30)
        one.exchange([Event("refused", *sent, LONG)], None, wants_turn=False)
        answer = other.exchange((), None, wants_turn=False)
        while not answer.pause:
            answer = other.exchange((), None, wants_turn=False)
        assert answer.pause > LONG - SLACK

    def test_who_takes_too_long_to_learn_changes_nothing(self, new_pace: NewPace, client: Any) -> None:
        pace = new_pace()
        wait_for_a_turn(pace)
        before = client.get(KEYS["state"])
        client.set(KEYS["lock"], "another's", px=1000)
        pace._digest("", ['1.0 ["sent"]'])
        assert client.get(KEYS["state"]) == before
        assert client.get(KEYS["lock"]) == b"another's"

    @pytest.mark.parametrize(
        "garbage",
        [
            b"\xff\x00",
            b"{}",
            b'{"rate": {"value": "fast"}}',
            b'{"rate": {"value": NaN}}',
            b'{"rate": {"value": 0}}',
            b'{"rate": {"value": -1e300, "count": 7}}',
            b'{"pauses": {"until": 1e300, "is_trying": true, "rounds": 9}}',
            b"[" * 10_000,
        ],
    )
    def test_a_state_that_is_not_ours_is_dropped(self, garbage: bytes, new_pace: NewPace, client: Any) -> None:
        pace = new_pace()
        wait_for_a_turn(pace)
        client.set(KEYS["state"], garbage)
        digest(pace)
        assert 1 <= pace.exchange((), None, wants_turn=False).rate <= 40
        for _ in range(3):
            wait_for_a_turn(pace)
        begun_anew = json.loads(client.get(KEYS["state"]))
        assert not begun_anew["pauses"]["is_trying"]

    def test_turns_and_events_that_are_not_ours_hold_nobody_up(self, new_pace: NewPace, client: Any) -> None:
        pace = new_pace()
        wait_for_a_turn(pace)
        far_away = dict.fromkeys(("next_at", "paused_until", "last_at"), "1e300")
        client.hset(KEYS["turns"], mapping={**far_away, "interval": "soon", "rate": "?", "spacing": ""})
        client.rpush(KEYS["events"], b"\xff", "1.0 [", "1.0 {}", '1.0 ["accepted"]')
        digest(pace)
        assert wait_for_a_turn(pace).rate >= 1

    @pytest.mark.parametrize("value", ["0", "-1", "1e9", "inf", "-inf", "nan", "soon", ""])
    @pytest.mark.parametrize(
        "field", ["interval", "rate", "spacing", "next_at", "last_at", "paused_until", "digested_at", "generation"]
    )
    def test_a_number_that_is_not_ours_holds_nobody_up(
        self, field: str, value: str, new_pace: NewPace, client: Any
    ) -> None:
        pace = new_pace()
        wait_for_a_turn(pace)
        wait_for_digest(client)
        client.hset(KEYS["turns"], field, value)
        sent = [wait_for_a_turn(pace) for _ in range(3)]
        assert all(0 < one.rate <= 1e9 for one in sent)
        wait_for_digest(client)

    def test_an_event_that_is_not_ours_is_dropped_even_if_it_is_the_last(self, new_pace: NewPace, client: Any) -> None:
        pace = new_pace()
        wait_for_a_turn(pace)
        client.rpush(KEYS["events"], "x")
        client.hset(KEYS["turns"], "digested_at", "0")
        pace.exchange((), None, wants_turn=False)
        assert not client.exists(KEYS["events"])

    @pytest.mark.parametrize("missing", ["turns", "events", "state", "lock"])
    def test_a_key_that_redis_drops_before_a_refusal_was_learned_from_holds_nobody_up(
        self, missing: str, new_pace: NewPace, client: Any
    ) -> None:
        one, other = new_pace(), new_pace()
        sent = wait_for_a_turn(one)
        client.set(KEYS["lock"], "of the dead", px=30)
        one.exchange([Event("refused", *sent, 0.1)], None, wants_turn=False)
        client.delete(KEYS[missing])
        wait_for_a_turn(other)

    def test_a_lock_without_an_end_is_none_of_ours(self, new_pace: NewPace, client: Any) -> None:
        one, other = new_pace(), new_pace()
        sent = wait_for_a_turn(one)
        client.delete(KEYS["lock"])
        client.rpush(KEYS["lock"], "another's")
        one.exchange([Event("refused", *sent, 0.1)], None, wants_turn=False)
        wait_for_a_turn(other)

    def test_a_clock_that_is_set_back_begins_anew(self, new_pace: NewPace, client: Any) -> None:
        pace = new_pace(1)
        wait_for_a_turn(pace)
        reserved = pace.exchange((), None, wants_turn=True)
        in_an_hour = float(client.time()[0]) + 3600
        client.hset(KEYS["turns"], mapping={"seen_at": in_an_hour, "next_at": in_an_hour + 1})
        assert pace.exchange((), reserved.reservation, wants_turn=True).sent

    def test_events_that_nobody_learns_from_are_dropped_in_the_end(self, new_pace: NewPace, client: Any) -> None:
        pace = new_pace()
        wait_for_a_turn(pace)
        client.set(KEYS["lock"], "somebody", px=1000)
        client.rpush(KEYS["events"], *["1.0 x"] * 10_000)
        pace.exchange([Event("accepted", 1.0, 1.0)] * 50, None, wants_turn=False)
        assert client.llen(KEYS["events"]) == 10_000

    def test_a_redis_that_forgets_its_scripts_is_told_them_again(self, new_pace: NewPace, client: Any) -> None:
        pace = new_pace()
        wait_for_a_turn(pace)
        client.script_flush()
        wait_for_a_turn(pace)


class TestWhatIsWritten:
    def test_the_keys_have_one_hash_tag_and_expire(self, new_pace: NewPace, client: Any) -> None:
        digest(new_pace())
        keys = set(client.scan_iter())
        assert {KEYS["turns"].encode(), KEYS["state"].encode()} <= keys <= {key.encode() for key in KEYS.values()}
        assert {key.partition("{")[2].partition("}")[0] for key in KEYS.values()} == {"account"}
        assert all(0 < client.pttl(key) <= 3_600_000 for key in keys)

    def test_it_works_in_a_cluster(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        with (
            running_cluster(tmp_path_factory.mktemp("cluster")) as redis,
            RedisCluster(host="127.0.0.1", port=redis.port) as cluster,
        ):
            pace = SharedPace(cluster, "account", math.inf)
            sent = wait_for_a_turn(pace)
            assert pace.exchange([Event("refused", *sent, LONG)], None, wants_turn=False).pause > LONG - SLACK

    def test_it_works_with_a_client_that_decodes(self, redis: Redis) -> None:
        with redis_library.Redis(port=redis.port, decode_responses=True) as client:
            wait_for_a_turn(SharedPace(client, "decoded", math.inf))

    def test_the_key_of_an_account_tells_nothing_but_whether_it_is_the_same(self) -> None:
        key = account_key("https://cor.example", "token-4711")
        assert key == account_key("https://cor.example", "token-4711")
        assert key != account_key("https://cor.example", "token-4712")
        assert key != account_key("https://other.example", "token-4711")
        assert len(key) == 24
        assert int(key, 16)

    @pytest.mark.parametrize("retry_after", ["seconds", "none"])
    def test_what_is_known_comes_back_exactly(self, retry_after: str) -> None:
        adapter = TypeAdapter(Control)

        class Checked(Control):
            def send(self, now: float, late: float = 0.0) -> Sent:
                sent = super().send(now, late)
                text = to_json(self, inf_nan_mode="constants", fallback=list)
                again = adapter.validate_json(text)
                assert to_json(again, inf_nan_mode="constants", fallback=list) == text
                assert again.interval == self.interval
                assert again.rate.sent_at == self.rate.sent_at
                seen.append(len(json.loads(text)["rate"]["sent_at"]))
                return sent

        seen: list[int] = []
        push = Push(600)
        simulate(Server(Bucket(50, 5), 0.05, retry_after), [push], 1, shared=Checked())
        assert push.refused
        assert len(seen) == 600 + push.refused


class TestTryingOut:
    def test_no_key_is_left_and_no_account_is_touched(self, client: Any, new_pace: NewPace) -> None:
        new_pace().exchange((), None, wants_turn=True)
        keys = {key: client.dump(key) for key in client.scan_iter()}
        try_out(client)
        assert {key: client.dump(key) for key in client.scan_iter()} == keys

    def test_both_scripts_run(self, client: Any) -> None:
        client.config_resetstat()
        try_out(client)
        assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == 2

    def test_the_user_of_the_documentation_may_do_all_of_it_and_one_who_may_less_is_found_out(
        self, client: Any, redis: Redis
    ) -> None:
        page = (Path(__file__).parents[2] / "docs" / "connection.md").read_text()
        (rules,) = re.findall(r"^ACL SETUSER airflow (.*)$", page, re.MULTILINE)
        commands = re.findall(r"\+\S+", rules)

        def set_user(*left_out: str) -> None:
            client.script_flush()
            kept = [rule for rule in rules.split() if rule not in left_out]
            client.execute_command("ACL", "SETUSER", "airflow", "reset", *kept)

        set_user()
        with redis_library.Redis(port=redis.port, username="airflow", password="PASSWORD") as user:
            try_out(user)
            for command in commands:
                set_user(command)
                with pytest.raises(redis_library.ResponseError):
                    try_out(user)
                user.connection_pool.disconnect()
        client.execute_command("ACL", "DELUSER", "airflow")
