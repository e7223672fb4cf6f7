"""Whatever happens, and at whichever call, nothing is left in COR, or it is said what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cor_provider import _clock
from cor_provider.client.leaves import LeavesEndpoint
from cor_provider.exceptions import CorError
from cor_provider.prove.leftovers import MOST_ROUNDS, SECONDS_TO_ARRIVE, Leftovers, all_deleted
from cor_provider.prove.trial import SECONDS_BETWEEN_CALLS, Trial
from cor_provider.sandbox import Sandbox
from lying_cor import REFUSALS, Behaviour, LyingCor
from prove_support import CALLS, trial
from support import Connect


@pytest.fixture(autouse=True)
def _connected(connect: Connect) -> None:
    connect()


def run(tried: Trial) -> list[str]:
    """Run a trial to whatever end, and return what could not be deleted."""
    told: list[str] = []
    with suppress(CorError, KeyboardInterrupt, ZeroDivisionError), all_deleted(tried.leftovers, told.extend):
        tried.run()
    return told


HAPPENINGS: dict[str, Callable[[Sandbox], object]] = {
    "the answer is lost": lambda sandbox: sandbox.drop_next(),
    "the request is lost": lambda sandbox: sandbox.drop_next(commit=False),
    "COR fails after its work": lambda sandbox: sandbox.answer_next(500, commit=True),
    "COR fails before its work": lambda sandbox: sandbox.answer_next(503),
    "COR asks to slow down": lambda sandbox: sandbox.answer_next(429, headers={"Retry-After": "7"}),
    "the answer makes no sense": lambda sandbox: sandbox.answer_next(202, {"queued": 1}, commit=True),
    "a gateway gives up": lambda sandbox: sandbox.answer_next(504, b"<html>", commit=True),
    "the token is refused": lambda sandbox: sandbox.answer_next(401),
    "Ctrl-C": lambda sandbox: (_ for _ in ()).throw(KeyboardInterrupt),
    "a bug": lambda sandbox: 1 / 0,
}


@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize("call", CALLS)
def test_whatever_happens_at_a_call_nothing_is_left(sandbox: Sandbox, call: str, happening: str) -> None:
    assert run(trial(call, lambda: HAPPENINGS[happening](sandbox))) == []
    assert sandbox.leaves == ()


@pytest.mark.parametrize("status", [303, 307])
@pytest.mark.parametrize("location", ["http://[bad", "http://a b:99999999/", "//", "http://127.0.0.1:1/"])
def test_what_cor_carries_out_and_redirects_is_deleted(sandbox: Sandbox, location: str, status: int) -> None:
    sandbox.answer_next(status, headers={"Location": location}, commit=True)
    assert run(trial()) == []
    assert [one.method for one in sandbox.requests] == ["POST", "DELETE"]
    assert sandbox.leaves == ()


@pytest.mark.parametrize("call", CALLS)
def test_if_cor_stays_down_what_it_may_hold_is_named(sandbox: Sandbox, call: str) -> None:
    told = run(trial(call, sandbox.go_down))
    assert {one.external_id for one in sandbox.leaves} <= set(told)
    assert set(told) <= {"prove-1", "prove-1-dates", "prove-1-type", "prove-1-unknown"}


def test_what_cor_wrongly_accepts_is_deleted_too(sandbox: Sandbox) -> None:
    done = {"statusCode": 201, "status": "success", "data": {"id": 1, "userId": 2}}
    sandbox.store.add_leave_type("GLOBANT", "prove-1-type", "Accepted")
    tried = trial("end before start", lambda: sandbox.answer_next(201, done))
    assert run(tried) == []
    assert tried.replies["unknown leave type"].error is None
    assert sandbox.leaves == ()


def test_a_request_that_may_be_under_way_is_given_time_to_arrive(sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.drop_next(commit=False)
    assert run(trial()) == []
    assert waits == [SECONDS_TO_ARRIVE]
    assert [one.method for one in sandbox.requests] == ["POST", "DELETE", "DELETE"]


def test_it_gives_up_after_some_tries_with_growing_waits(sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.go_down()
    assert run(trial()) == ["prove-1"]
    assert waits == [2.0**attempt for attempt in range(MOST_ROUNDS - 1)]


def test_it_waits_for_all_that_is_left_at_once(sandbox: Sandbox, waits: list[float]) -> None:
    def accept_and_go_down() -> None:
        sandbox.answer_next(500)
        sandbox.go_down(after=1)

    told = run(trial("end before start", accept_and_go_down))
    assert told == ["prove-1", "prove-1-dates", "prove-1-type", "prove-1-unknown"]
    assert len(waits) == len(CALLS) - 1 + MOST_ROUNDS - 1


def test_where_cor_cannot_be_reached_at_all_nothing_was_created(connect: Connect, closed_port: int) -> None:
    connect(host=f"http://127.0.0.1:{closed_port}")
    assert run(trial()) == []


def test_a_second_interruption_says_what_is_left(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Leftovers, "_delete", interrupt)
    told = run(trial("create again", interrupt))
    assert [one.external_id for one in sandbox.leaves] == told
    assert told == ["prove-1"]


@pytest.fixture
def late(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the leave arrive in COR while somebody waits."""
    fields = {"user_id": "u1", "leave_type_id": "vacation", "start": "2016-05-09", "end": "2016-05-09", "all_day": True}

    def arrives_meanwhile(*_: object) -> None:
        if not sandbox.leaves:
            sandbox.store.create_leave(source="GLOBANT", external_id="prove-1", **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(_clock, "wait", arrives_meanwhile)


@pytest.mark.usefixtures("late")
def test_a_create_that_arrives_after_the_first_delete_is_deleted(sandbox: Sandbox) -> None:
    sandbox.drop_next(commit=False)
    assert run(trial()) == []
    assert [one.method for one in sandbox.requests] == ["POST", "DELETE", "DELETE"]
    assert sandbox.leaves == ()


@pytest.mark.usefixtures("late")
def test_a_create_that_was_interrupted_may_arrive_too(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LeavesEndpoint, "create", interrupt)
    assert run(trial()) == []
    assert [one.method for one in sandbox.requests] == ["DELETE", "DELETE"]
    assert sandbox.leaves == ()


def test_where_cor_refuses_to_delete_it_asks_no_more(sandbox: Sandbox) -> None:
    def interrupt() -> None:
        sandbox.answer_next(403)
        raise KeyboardInterrupt

    assert run(trial("create again", interrupt)) == ["prove-1"]
    assert [one.method for one in sandbox.requests] == ["POST", "DELETE"]


def test_a_leave_that_is_gone_already_is_not_waited_for(sandbox: Sandbox, waits: list[float]) -> None:
    def gone_and_interrupted() -> None:
        sandbox.delete_by_hand(12345)
        raise KeyboardInterrupt

    assert run(trial("create again", gone_and_interrupted)) == []
    assert [one.method for one in sandbox.requests] == ["POST", "DELETE"]
    assert waits == [SECONDS_BETWEEN_CALLS]


@pytest.mark.parametrize("style", ["no user", "no name"])
def test_only_what_says_that_there_is_no_such_leave_is_believed(sandbox: Sandbox, style: str) -> None:
    sandbox.answer_next(404, REFUSALS["no user"][1], commit=True)  # the create, which COR carries out all the same
    sandbox.answer_next(*REFUSALS[style])
    assert run(trial()) == ["prove-1"]
    assert [one.external_id for one in sandbox.leaves] == ["prove-1"]


@pytest.mark.parametrize("call", CALLS[1:])
def test_what_cor_refused_and_carried_out_is_deleted_also_if_the_trial_is_cut(sandbox: Sandbox, call: str) -> None:
    sandbox.store.add_leave_type("GLOBANT", "prove-1-type", "Carried out")

    def refuse() -> None:
        sandbox.answer_next(404, REFUSALS["no type"][1], commit=True)

    def cut() -> None:
        raise KeyboardInterrupt

    happenings = {"unknown leave type": refuse}
    assert run(trial(happenings | {call: cut})) == []
    assert sandbox.leaves == ()


def test_a_token_that_is_refused_from_the_beginning_leaves_nothing(sandbox: Sandbox) -> None:
    sandbox.revoke_tokens()
    assert run(trial()) == []
    assert len(sandbox.requests) == 1


def test_under_a_source_that_cor_does_not_know_nothing_can_be_left(sandbox: Sandbox) -> None:
    sandbox.answer_next(*REFUSALS["no source"])
    assert run(trial()) == []
    assert len(sandbox.requests) == 1


def test_after_a_token_that_expired_what_is_left_is_named(sandbox: Sandbox) -> None:
    assert run(trial("update", sandbox.revoke_tokens)) == ["prove-1", "prove-1-dates", "prove-1-type"]


def test_a_refused_leave_is_deleted_all_the_same(sandbox: Sandbox) -> None:
    sandbox.answer_next(404, {"error": "UserNotFoundError"}, commit=True)
    assert run(trial()) == []
    assert [one.method for one in sandbox.requests] == ["POST", "DELETE"]
    assert sandbox.leaves == ()


@pytest.fixture(scope="module")
def lying() -> Iterator[LyingCor]:
    with LyingCor() as cor:
        yield cor


def cut_run(lying: LyingCor, connect: Connect, cuts: Collection[int]) -> list[str]:
    """Run a trial, interrupted after the answers of these numbers, and return what could not be deleted."""
    connect(host=lying.url, extra={"api_url": f"{lying.url}/v1"})
    answers = count()

    def interrupt(*_: object, **__: object) -> None:
        if next(answers) in cuts:
            raise KeyboardInterrupt

    tried = trial()
    tried.leftovers._endpoint.session.hooks["response"].append(interrupt)
    return run(tried)


ANSWERS = ("truth", "lost", *REFUSALS)
MOST_REQUESTS = len(CALLS) + 4 * MOST_ROUNDS


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("unique", [True, False])
def test_wherever_it_is_cut_a_cor_that_lies_about_what_it_wrote_holds_nothing_untold(
    lying: LyingCor, connect: Connect, answer: str, unique: bool
) -> None:
    writes = CALLS.index("list")
    for lies in (1, writes, writes + 1, len(CALLS)):
        for cut in range(len(CALLS) + 1):
            lying.begin([Behaviour(answer=answer)] * lies, unique=unique)
            told = cut_run(lying, connect, {cut})
            assert set(+lying.held) <= set(told), (lies, cut)


BEHAVIOURS = st.builds(Behaviour, st.booleans(), st.sampled_from(ANSWERS))


@settings(max_examples=200)
@given(
    script=st.lists(BEHAVIOURS, max_size=MOST_REQUESTS),
    unique=st.booleans(),
    cuts=st.sets(st.integers(0, MOST_REQUESTS), max_size=2),
)
def test_whatever_cor_does_and_says_it_holds_nothing_or_that_is_told(
    lying: LyingCor, connect: Connect, script: list[Behaviour], unique: bool, cuts: set[int]
) -> None:
    lying.begin(script, unique=unique)
    told = cut_run(lying, connect, cuts)
    assert set(+lying.held) <= set(told)
