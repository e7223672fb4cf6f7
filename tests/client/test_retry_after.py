"""The ``Retry-After`` header."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from cor_provider.exceptions import CorRateLimitError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from support import error_of


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all: every test here says itself what is answered."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("7, 9", None),
        ("9" * 400, 366 * 24 * 3600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 24 * 3600),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0),
        ("Mon, 01 Jan 2001 00:00:00", 0.0),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds(
    header: str, seconds: float | None, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(429, headers={"Retry-After": header})
    error = error_of(hook)
    assert isinstance(error, CorRateLimitError)
    assert error.retry_after == seconds


def test_retry_after_is_read_as_a_date(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    moment = datetime.now(timezone.utc) + timedelta(seconds=60)
    sandbox.answer_next(429, headers={"Retry-After": format_datetime(moment, usegmt=True)})
    error = error_of(hook)
    assert isinstance(error, CorRateLimitError)
    assert error.retry_after is not None
    assert 50 < error.retry_after <= 60
