"""Digests: of all that is sent, and keyed."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.leave import LeaveRequest
from cor_provider.sync.digest import Digests
from support import leave

DIGESTS = Digests(b"key")


def read(**fields: Any) -> LeaveRequest:
    return LeaveRequest.model_validate(leave(**fields))


@pytest.mark.parametrize(
    "change",
    [{"user_id": "u2"}, {"leave_type_id": "x"}, {"start": "2026-05-10"}, {"end": "2026-05-13"}, {"id": "L2"}],
)
def test_it_is_of_all_that_is_sent(change: dict[str, str]) -> None:
    assert DIGESTS.of(read()) == DIGESTS.of(read(note="not sent"))
    assert DIGESTS.of(read()) != DIGESTS.of(read(**change))


def test_that_of_hours_differs_from_that_of_whole_days() -> None:
    day, hours = read(start="2026-05-11", end="2026-05-11"), ("2026-05-11T00:00:00Z", "2026-05-11T23:59:00Z")
    assert DIGESTS.of(day) != DIGESTS.of(read(start=hours[0], end=hours[1], all_day=False))


def test_it_is_keyed() -> None:
    assert Digests(b"other").of(read()) != DIGESTS.of(read())
    assert Digests(b"other").key_check != DIGESTS.key_check


ids = st.text(max_size=20).map(lambda text: f"x{text}x").filter(str.isprintable)


@given(leave_id=ids, user_id=ids, leave_type_id=ids, is_timed=st.booleans())
def test_it_is_the_one_that_earlier_versions_have_written(
    leave_id: str, user_id: str, leave_type_id: str, is_timed: bool
) -> None:
    days = {"start": "2026-05-11T09:00:00+02:00", "end": "2026-05-11T13:00:00+02:00"} if is_timed else {}
    one = read(id=leave_id, user_id=user_id, leave_type_id=leave_type_id, all_day=not is_timed, **days)
    text = json.dumps(one.to_payload("")).encode()
    assert DIGESTS.of(one) == hmac.digest(b"key", text, "sha256").hex()[:32]
