"""
The pace that the pushes of one COR account share: what Redis holds of it, and how it changes.

Two scripts in Redis, ``exchange.lua`` and ``conclude.lua``, keep the order of turns and the list of what has happened.
What follows from that is decided here, by one push at a time: whichever comes when it is due takes what all have seen,
has :class:`~cor_provider.push.control.Control` learn from it, and puts the outcome back. So no push leads, and what was
learned outlives each of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any, NamedTuple
from uuid import uuid4

from pydantic import TypeAdapter
from pydantic_core import to_json

from cor_provider import __version__
from cor_provider.push.control import MAX_CATCH_UP, Control, Sent
from cor_provider.push.pauses import MAX_PAUSE
from cor_provider.push.rate import Rate

LONGEST_INTERVAL = 1000.0
"""Seconds: that of the lowest ``requests_per_second``. A longer one is none that we have written."""

_SCRIPTS = ("exchange.lua", "conclude.lua")


class SharedSent(Sent):
    """A request that went out in a turn of the shared pace; its time is Redis's."""

    __slots__ = ()


class Event(NamedTuple):
    """
    What became of a request.

    :param kind: ``accepted``, ``refused`` or ``failed``.
    :param sent_at: by Redis's time; None if another than this pace gave the turn.
    """

    kind: str
    sent_at: float | None
    rate: float
    retry_after: float | None = None


class Reservation(NamedTuple):
    """The slot of a push that waits for its turn, as Redis has written it."""

    slot: str
    generation: str


@dataclass(frozen=True)
class Answer:
    """
    What Redis says.

    :ivar sent: the turn, if there is one, which is now.
    :ivar wait: seconds after which to ask again, if not.
    :ivar reservation: what to ask again with.
    :ivar rate: requests per second, of all pushes together.
    :ivar pause: seconds for which nobody may send yet.
    """

    sent: SharedSent | None
    wait: float
    reservation: Reservation | None
    rate: float
    pause: float

    @property
    def is_possible(self) -> bool:
        """Whether a push can do so. A script of ours says nothing else, but who knows what answers."""
        is_finite = all(map(math.isfinite, (self.wait, self.rate, *(self.sent or ()))))
        return is_finite and self.wait >= 0 and self.rate > 0 and 0 <= self.pause <= MAX_PAUSE


def account_key(base_url: str, credential: str) -> str:
    """Return what the pushes of one account have in common, and from which nobody can learn its credential."""
    return blake2b(f"{base_url}\n{credential}".encode(), digest_size=12).hexdigest()


def try_out(client: Any) -> None:
    """
    Do all that pushes do which share a pace, for an account that nobody has, and leave no key behind.

    Whatever goes wrong with Redis is raised as the client raises it.
    """
    for name in _SCRIPTS:  # one that Redis has already may be run by who may not load it
        client.script_load(_script(name))
    pace = SharedPace(client, f"test-{uuid4().hex}", math.inf)
    try:
        pace.exchange((), None, wants_turn=True)  # the first one has events to learn from, so it runs both scripts
    finally:
        with suppress(Exception):
            client.delete(*pace.keys)


class SharedPace:
    """
    The pace of one account in one Redis. Not safe to use from many threads.

    Whatever goes wrong with Redis is raised as the client raises it; for an answer that is none, ``ValueError``.

    :param client: of Redis, or of a cluster.
    :param account: see :func:`account_key`.
    :param ceiling: requests per second of all pushes together, at most; infinity for none.
    :ivar keys: what holds it.
    """

    def __init__(self, client: Any, account: str, ceiling: float) -> None:
        self._exchange, self._conclude = (client.register_script(_script(name)) for name in _SCRIPTS)
        prefix = f"cor_provider:pace:{{{account}}}:{__version__}"
        self.keys = [f"{prefix}:{name}" for name in ("turns", "events", "state", "lock")]
        self._ceiling = ceiling
        unknown = self._new_control()
        self._bounds = (1 / ceiling, unknown.interval, unknown.rate.per_second)
        self._token = uuid4().hex

    def exchange(self, events: Iterable[Event], reservation: Reservation | None, *, wants_turn: bool) -> Answer:
        """Tell what happened, and ask for a turn if one is wanted."""
        given, wait, slot, generation, rate, pause, *to_digest = map(
            _text,
            self._exchange(
                keys=self.keys,
                args=[
                    "1" if wants_turn else "",
                    *(reservation or ("", "")),
                    *map(repr, self._bounds),
                    self._token,
                    *map(json.dumps, events),
                ],
            ),
        )
        seconds = float(pause)
        if to_digest:
            seconds = self._digest(to_digest[0], to_digest[1:])
        answer = Answer(
            sent=SharedSent(float(given), float(rate)) if given else None,
            wait=float(wait),
            reservation=Reservation(slot, generation) if slot else None,
            rate=float(rate),
            pause=seconds,
        )
        if not answer.is_possible:
            raise ValueError
        return answer

    def _digest(self, state: str, events: Sequence[str]) -> float:
        """Learn from events, write down what follows, and return the seconds of the pause."""
        try:
            control, now, is_void = self._learn(
                _control_adapter().validate_json(state) if state else self._new_control(), events
            )
            if not (0 < control.interval <= LONGEST_INTERVAL and control.pauses.until <= now + MAX_PAUSE):
                raise ValueError
        except Exception:  # noqa: BLE001  # whatever it is, it is not what we have written: begin anew
            control, now, is_void = self._new_control(), 0.0, True
        self._conclude(
            keys=self.keys,
            args=[
                self._token,
                to_json(control, inf_nan_mode="constants", fallback=list),  # older pydantic knows no deque
                len(events),
                repr(control.interval),
                repr(control.rate.per_second),
                repr(1 - MAX_CATCH_UP if control.rate.may_catch_up else 1.0),
                f"{max(0.0, control.pauses.until):.6f}",
                "1" if is_void else "",
            ],
        )
        return max(0.0, control.pauses.until - now)

    def _learn(self, control: Control, events: Sequence[str]) -> tuple[Control, float, bool]:
        """Return what is known after the events, when the last was, and whether what was reserved before is void."""
        control.rate.ceiling = self._ceiling
        until, was_trying = control.pauses.until, control.pauses.is_trying
        now = -math.inf
        for text in events:
            stamp, _, what = text.partition(" ")
            now = float(stamp)
            kind, *details = json.loads(what)
            if kind == "sent":
                control.send(now)
                continue
            sent_at, rate, retry_after = details
            sent = Sent(now if sent_at is None else sent_at, rate)
            if kind == "accepted":
                control.accepted(sent, now)
            elif kind == "refused":
                control.refused(sent, now, retry_after)
            else:
                control.failed(sent)
        begins_a_pause = control.pauses.until > max(until, now)
        return control, now, begins_a_pause or (was_trying and not control.pauses.is_trying)

    def _new_control(self) -> Control:
        return Control(Rate(self._ceiling))


@cache
def _control_adapter() -> TypeAdapter[Control]:  # made when it is needed: it takes longer than to import all of this
    return TypeAdapter(Control)


def _script(name: str) -> str:
    return files("cor_provider.push").joinpath(name).read_text(encoding="utf-8")


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
