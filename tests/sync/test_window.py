"""The window of a sync."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.sync.window import Window


@pytest.mark.parametrize(
    "value",
    [
        ["2026-05-01", "2026-05-31"],
        ("2026-05-01T00:00:00+02:00", " 2026-05-31 "),
        ["2026-05-01T00:00:00Z", "2026-05-31T00:00:00Z"],
        ["2026-05-01T00:00:00.0Z", "2026-05-31T00:00:00+0200"],
        ["20260501", "20260531T235959"],
        "2026-05-01/2026-05-31",
        [date(2026, 5, 1), datetime(2026, 5, 31, 23, tzinfo=timezone.utc)],
    ],
)
def test_a_window_is_two_dates(value: object) -> None:
    assert Window.read(value) == Window(date(2026, 5, 1), date(2026, 5, 31))


@pytest.mark.parametrize("value", [None, "", "2026-05-01", ["2026-05-01"], ["a", "b"], 5, ["2026-05-02", "2026-05-01"]])
def test_what_is_no_window_is_an_error(value: object) -> None:
    with pytest.raises(CorConfigurationError, match="window: "):
        Window.read(value)


def test_it_is_written_as_it_is_read() -> None:
    window = Window(date(2026, 5, 1), date(2026, 5, 31))
    assert Window.read(str(window)) == window
