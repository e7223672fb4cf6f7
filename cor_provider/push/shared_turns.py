"""
Turns that pushes share: those that use one COR account ask one Redis, each in its process and on its machine.

While Redis is away, a push goes on by itself, at about its share.
"""

from __future__ import annotations

import logging
import math
import statistics
import threading
from collections import deque
from contextlib import suppress
from itertools import pairwise
from typing import Any

from cor_provider import _clock
from cor_provider.client.redis_client import RedisConnector
from cor_provider.client.redis_errors import explain
from cor_provider.push.control import Control, Sent
from cor_provider.push.pauses import MAX_PAUSE
from cor_provider.push.rate import Rate
from cor_provider.push.shared_pace import Answer, Event, Reservation, SharedPace, SharedSent
from cor_provider.push.turns import OwnTurns
from cor_provider.push.waiting import SHORT_PAUSE

ASK_AGAIN = 10.0
"""Seconds until Redis is asked again after it was away."""

LONGEST_WAIT = 0.25
"""Seconds: how long a push waits before it asks whether its turn still is when it was."""

MOST_EVENTS = 1000
"""How many answers of COR are kept for the next word with Redis; there is one at each turn."""

REMEMBERED_TURNS, FEW_TURNS = 30, 10
"""From how many of its turns a push tells its share; from fewer than a few only if it knew none before."""

log = logging.getLogger(__name__)


class SharedTurns:
    """
    The turns of one push among those that share a pace.

    :param connect: connects to Redis, with short timeouts.
    :param account: what the pushes that share have in common; see :func:`~cor_provider.push.shared_pace.account_key`.
    :param ceiling: requests per second of all of them together, at most; None for as many as COR accepts.
    """

    def __init__(self, connect: RedisConnector, account: str, ceiling: float | None) -> None:
        self._connect = connect
        self._account = account
        self._ceiling = ceiling
        self._lock = threading.Lock()
        self._client: Any = None
        self._pace: SharedPace | None = None
        self._has_shared = False
        self._own: OwnTurns | None = None
        """What gives the turns while Redis is away."""
        self._own_since = math.inf
        self._on_own = 0.0
        self._ask_at = -math.inf
        self._reservation: Reservation | None = None
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._given_at: deque[float] = deque(maxlen=REMEMBERED_TURNS)
        self._rate: float | None = None
        self._share: float | None = None
        """Requests per second of this push among the others, when Redis was last left."""
        self._paused_until = -math.inf
        self._said_until = -math.inf
        """Until when this push is known to pause by who reads its log."""

    def take(self, late: float) -> Sent | float:
        """Return a turn, or the seconds after which to ask again."""
        with self._lock:
            answer = self._ask(wants_turn=True)
            if answer is None:
                return self._own_turns().take(late)
            self._reservation = answer.reservation
            if answer.sent is None:
                self._say_pause(answer.pause)
                return min(answer.wait, LONGEST_WAIT)
            self._given_at.append(answer.sent.at)
            return answer.sent

    def accepted(self, sent: Sent) -> None:
        """Learn that COR accepts what is sent."""
        if isinstance(sent, SharedSent):
            self._events.append(Event("accepted", *sent))
        elif own := self._own:
            own.accepted(sent)

    def failed(self, sent: Sent) -> None:
        """Learn that a request failed for another reason."""
        if isinstance(sent, SharedSent):
            self._events.append(Event("failed", *sent))
        elif own := self._own:
            own.failed(sent)

    def refused(self, sent: Sent, retry_after: float | None) -> None:
        """Learn that COR refuses what is sent, and let all know at once."""
        is_shared = isinstance(sent, SharedSent)
        if not is_shared and (own := self._own):
            own.refused(sent, retry_after)
            return
        self._events.append(Event("refused", sent.at if is_shared else None, sent.rate, retry_after))
        with self._lock:
            if self._events and self._ask(wants_turn=False):  # otherwise another thread has passed it on meanwhile
                self._paused_until = max(self._paused_until, _clock.now() + min(retry_after or 0.0, MAX_PAUSE))
                self._said_until = self._paused_until

    @property
    def pause(self) -> float:
        """Seconds for which nothing may be sent yet, as far as this push has heard."""
        own = self._own
        return own.pause if own else max(0.0, self._paused_until - _clock.now())

    @property
    def seconds_alone(self) -> float:
        """Seconds for which Redis could not be used, once this is closed."""
        return self._on_own

    def close(self) -> None:
        """Tell the rest of what was learned if Redis is there, and let go of it."""
        with self._lock:
            if self._pace and self._events:
                with suppress(Exception):
                    self._exchange(self._take_events(), wants_turn=False)
            self._disconnect()
            if self._own:
                self._on_own += _clock.now() - self._own_since
            self._own_turns()  # an answer that comes later is nobody's business any more
            self._ask_at = math.inf

    def _say_pause(self, seconds: float) -> None:
        """Say why nothing is sent, if COR has told another push. What it tells this one, the retries say."""
        until = _clock.now() + seconds
        if seconds >= SHORT_PAUSE and until >= self._said_until + SHORT_PAUSE:
            self._said_until = until
            log.warning("COR has asked another push to wait, so this one waits too. Next try in %.0f s.", seconds)

    def _ask(self, *, wants_turn: bool) -> Answer | None:
        """Tell Redis what happened, and ask it; return None while it is away."""
        events = self._take_events()
        if self._own is None or _clock.now() >= self._ask_at:
            try:
                return self._exchange(events, wants_turn=wants_turn)
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not keep leave from being sent
                self._go_on_without(error)
        for event in events:
            if event.kind == "refused":
                self._own_turns().refused(Sent(_clock.now(), event.rate), event.retry_after)
        return None

    def _exchange(self, events: list[Event], *, wants_turn: bool) -> Answer:
        if self._pace is None:
            self._client = self._connect()
            self._pace = SharedPace(self._client, self._account, self._ceiling or math.inf)
        answer = self._pace.exchange(events, self._reservation if wants_turn else None, wants_turn=wants_turn)
        self._rate = answer.rate
        self._paused_until = _clock.now() + answer.pause
        if self._own:
            self._own = None
            self._on_own += _clock.now() - self._own_since
            log.info("%s answers again: from now on this push shares its pace.", self._connect.name)
        elif wants_turn and not self._has_shared:
            log.info("This push shares its pace over %s.", self._connect.name)
        self._has_shared = self._has_shared or wants_turn
        return answer

    def _go_on_without(self, error: Exception) -> None:
        self._disconnect()
        self._ask_at = _clock.now() + ASK_AGAIN
        if self._own is None:
            log.warning(
                "%s %s Until then this push finds its own pace, without the others. It asks Redis again every %.0f "
                "seconds.",
                self._connect.name,
                explain(error),
                ASK_AGAIN,
            )
            self._own_turns()

    def _own_turns(self) -> OwnTurns:
        if self._own is None:
            self._own = OwnTurns(self._ceiling, self._on_our_own())
            self._own_since = _clock.now()
            self._given_at.clear()
        return self._own

    def _on_our_own(self) -> Control:
        """Return a control that begins at about the share that this push had."""
        control = Control(Rate(self._ceiling or math.inf), next_at=max(self._paused_until, _clock.now()))
        if self._rate is not None:
            gaps = [later - earlier for earlier, later in pairwise(self._given_at)]
            if gaps and (self._share is None or len(gaps) >= FEW_TURNS):
                self._share = 1 / min(max(statistics.median(gaps), 1 / self._rate), ASK_AGAIN)
            control.rate.plateau = control.rate.resumed = control.rate.value = self._share or self._rate
        control.pauses.until = self._paused_until
        return control

    def _take_events(self) -> list[Event]:
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def _disconnect(self) -> None:
        client, self._client, self._pace, self._reservation = self._client, None, None, None
        if client is not None:
            with suppress(Exception):
                client.close()
