"""How far changes reach by the clock that stamps them, and which clocks are refused."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.extract.hr_clock import newest_change

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=timezone.utc)


def reached(newest: datetime | None, zone: str = "Europe/Madrid", now: datetime = NOW) -> str:
    return newest_change(newest, now=now, zone=zone, setting="COMPANY_ZONE")


def test_the_next_watermark_is_the_newest_change_by_its_own_clock() -> None:
    assert reached(datetime(2026, 6, 15, 13, 30)) == "2026-06-15 11:30:00+00:00"


def test_a_quiet_weekend_is_no_error() -> None:
    assert reached(datetime(2026, 6, 12, 18, 0)) == "2026-06-12 16:00:00+00:00"


def test_clocks_may_differ_a_little_but_no_watermark_is_later_than_now() -> None:
    assert reached(datetime(2026, 6, 15, 14, 10)) == "2026-06-15 12:00:00+00:00"


@pytest.mark.parametrize("zone", ["Europe/London", "America/Argentina/Buenos_Aires"])
def test_changes_from_the_future_name_what_to_set(zone: str) -> None:
    with pytest.raises(CorConfigurationError, match=r"\d+ minutes ahead of the database's clock. Set COMPANY_ZONE to"):
        reached(datetime(2026, 6, 15, 14, 0), zone)


def test_where_the_zone_is_sure_only_a_clock_can_be_wrong() -> None:
    with pytest.raises(CorConfigurationError, match=r"database's clock. Correct the clock of HR or of the database"):
        newest_change(datetime(2026, 6, 15, 13, 0), now=NOW, zone="UTC")


def test_the_hour_that_a_clock_repeats_is_not_the_future() -> None:
    now = datetime(2026, 10, 25, 0, 59, tzinfo=timezone.utc)  # 02:59 in Madrid, for the first time
    assert reached(datetime(2026, 10, 25, 2, 58), now=now) == "2026-10-25 00:58:00+00:00"
    assert reached(datetime(2026, 10, 25, 2, 2), now=now + timedelta(minutes=4)) == "2026-10-25 00:02:00+00:00"


def test_without_rows_everything_is_read_next_time() -> None:
    assert reached(None) == "-infinity"
