"""
Pushes against a limit, in simulated time: what the package decides is real, its threads and the network are not.

One list of events, each at its time. A request reaches the server a little after it is sent, and its answer comes when
the latency is over. A push makes at most ``MOST_PER_SECOND`` requests, as its CPU time allows, and a wait ends a little
late, as waits do.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from benchmarks.simulated_limits import Limit
from cor_provider.push.control import Control, Sent
from cor_provider.push.pauses import seconds_after_refusals

MOST_PER_SECOND = 1000.0

WAITS_END_LATE = 10_000  # by a ten-thousandth of a second, on average

SHARED_LATE = 0.02
"""Seconds until pushes that share a control learn of an answer to one of them."""

RETRY_AFTER = ("seconds", "none", "date")
"""What a refusal says: whole seconds, rounded up, at least one; nothing; an HTTP date, at least one second on."""


@dataclass
class Push:
    """
    One push, and what became of it.

    :param starts_at: seconds.
    """

    leaves: int
    concurrency: int = 32
    starts_at: float = 0.0
    ended_at: float = math.nan
    refused: int = 0
    accepted_at: list[float] = field(default_factory=list)

    @property
    def refused_share(self) -> float:
        return self.refused / (self.refused + len(self.accepted_at))

    def per_second(self, since: float, until: float) -> float:
        """Return how many were accepted per second within a stretch of time."""
        return sum(since <= moment < until for moment in self.accepted_at) / (until - since)


@dataclass(frozen=True)
class Server:
    """
    :param limit: what it accepts.
    :param latency: seconds of an answer, give or take a fifth.
    :param retry_after: what it says when it refuses; one of ``RETRY_AFTER``.
    :param others: when requests arrive that are not ours, until the end of the simulation.
    """

    limit: Limit
    latency: float
    retry_after: str = "seconds"
    others: Callable[[float], float] | None = None


def simulate(server: Server, pushes: list[Push], seed: int, *, shared: Control | None = None) -> None:
    """
    Run the pushes until all have ended.

    :param shared: the control of all of them together, which learns of an answer a little late; None if each has its
        own.
    """
    _Simulation(server, pushes, random.Random(seed), shared).run()  # noqa: S311  # repeatable, and no cryptography


def ideal_seconds(limit: Limit, leaves: int, latency: float, concurrency: int) -> float:
    """
    Return how long somebody needs who knows the limit, and sends each request the moment that it would be accepted.

    The number of requests at once, and those that a push can make in a second, bound that one too.
    """
    now = 0.0
    done: list[float] = []
    for _ in range(leaves):
        if len(done) >= concurrency:
            now = max(now, heapq.heappop(done))
        while wait := limit.take(now, latency):
            now += wait
        heapq.heappush(done, now + latency)
        now += 1 / MOST_PER_SECOND
    return max(done)


@dataclass
class _State:
    """Where one push stands."""

    push: Push
    control: Control
    left: int
    ready: deque[int] = field(default_factory=deque)
    """Refused and waiting for their next turn: how often each was refused in a row."""
    busy: int = 0
    under_way: int = 0
    free_at: float = 0.0
    turn_at: float = math.inf


class _Simulation:
    def __init__(self, server: Server, pushes: list[Push], chance: random.Random, shared: Control | None) -> None:
        self._server = server
        self._chance = chance
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._numbers = count()
        self._states = [_State(push, shared or Control(), push.leaves) for push in pushes]
        self._learn_late = SHARED_LATE if shared else 0.0
        self._second_offset = chance.random()
        self._skew = chance.uniform(-0.3, 0.3)

    def run(self) -> None:
        for state in self._states:
            self._at(state.push.starts_at, self._turn, state)
        if self._server.others:
            self._at(0.0, self._other)
        self._running = len(self._states)
        while self._running:
            now, _, action, arguments = heapq.heappop(self._events)
            action(now, *arguments)

    def _at(self, moment: float, action: Callable[..., None], *arguments: object) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), action, arguments))

    def _other(self, now: float) -> None:
        assert self._server.others is not None
        self._server.limit.take(now, self._server.latency)
        self._at(self._server.others(now), self._other)

    def _turn(self, now: float, state: _State) -> None:
        """Send what may be sent now, and come again when more may."""
        late = 0.0
        if now >= state.turn_at:
            late = max(0.0, now - state.control.next_at)
            state.turn_at = math.inf
        while state.under_way < state.push.concurrency and (
            state.ready or (state.left and state.busy < state.push.concurrency)
        ):
            due = max(state.control.next_at, state.free_at)
            if due > now:
                turn_at = due + self._chance.expovariate(WAITS_END_LATE)
                if turn_at < state.turn_at:
                    state.turn_at = turn_at
                    self._at(state.turn_at, self._turn, state)
                return
            self._send(now, state, late)
            late = 0.0

    def _send(self, now: float, state: _State, late: float) -> None:
        refusals = 0
        if state.ready:
            refusals = state.ready.popleft()
        else:
            state.left -= 1
            state.busy += 1
        state.under_way += 1
        state.free_at = now + 1 / MOST_PER_SECOND
        sent = state.control.send(now, late)
        latency = self._server.latency * self._chance.uniform(0.8, 1.2)
        self._at(
            now + self._server.latency * 0.1 + self._chance.uniform(0.0001, 0.0003),
            self._arrive,
            state,
            sent,
            latency,
            refusals,
        )

    def _arrive(self, now: float, state: _State, sent: Sent, latency: float, refusals: int) -> None:
        wait = self._server.limit.take(now, latency * 0.8)
        self._at(now + latency * 0.9 + 0.0001, self._answer, state, sent, wait, refusals)

    def _answer(self, now: float, state: _State, sent: Sent, wait: float, refusals: int) -> None:
        state.under_way -= 1
        push = state.push
        if wait:
            push.refused += 1
            retry_after = self._retry_after(now, wait)
            self._learn(now, lambda now: state.control.refused(sent, now, retry_after))
            if retry_after is None:
                self._at(now + seconds_after_refusals(refusals + 1), self._be_ready, state, refusals + 1)
            else:
                state.ready.append(refusals + 1)
        else:
            push.accepted_at.append(now)
            self._learn(now, lambda now: state.control.accepted(sent, now))
            state.busy -= 1
            if not state.left and not state.busy:
                push.ended_at = now
                self._running -= 1
                return
        self._turn(now, state)

    def _learn(self, now: float, learn: Callable[[float], None]) -> None:
        if self._learn_late:
            self._at(now + self._learn_late, learn)
        else:
            learn(now)

    def _be_ready(self, now: float, state: _State, refusals: int) -> None:
        state.ready.append(refusals)
        self._turn(now, state)

    def _retry_after(self, now: float, wait: float) -> float | None:
        if self._server.retry_after == "none":
            return None
        if self._server.retry_after == "seconds":
            return max(1.0, math.ceil(wait))
        asked = math.floor(now + self._second_offset + max(1.0, wait))
        return max(0.0, asked - (now + self._second_offset + self._skew))
