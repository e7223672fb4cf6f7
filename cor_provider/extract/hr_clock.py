"""Tell how far changes in an HR database reach by the clock that stamps them, and find out if that clock is misread."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from cor_provider.exceptions import CorConfigurationError

__all__ = ["newest_change"]

A_LITTLE = timedelta(minutes=15)
"""By how much the clocks of an application and of its database may differ."""


def newest_change(newest: datetime | None, *, now: datetime, zone: str, setting: str | None = None) -> str:
    """
    Return the moment of the newest change, as the next watermark of a database whose application stamps its rows.

    A watermark by the database's own clock loses changes if the application's clock is late, or if its time is read in
    a zone too far east: they seem to be older than the watermark. This one is late by as much as they are, so it loses
    none. Read each time with an overlap that is longer than any transaction, and than the clocks of several servers of
    the application differ. A day costs little where :class:`~cor_provider.extract.sent.SentLeave` drops what was sent.

    Changes from the future fail the run, since they show that the zone or a clock is wrong. A zone too far east cannot
    be told from a quiet weekend.

    :param newest: when the newest row was changed, as it is stored, without an offset; None if there are no rows.
    :param now: the database's own time at that moment, with an offset.
    :param zone: IANA name of the time zone in which the application writes, ``"UTC"`` for many.
    :param setting: what to correct if the zone is wrong, for the error; None if it cannot be.
    :return: a ``timestamptz`` as text: never later than now, and ``-infinity`` if there are no rows.
    :raises CorConfigurationError: if the newest change is in the future.
    """
    if newest is None:
        return "-infinity"
    # In the hour that a clock repeats in autumn, the earlier reading is the safe one.
    changed = newest.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(timezone.utc)
    if changed > now + A_LITTLE:
        ahead = round((changed - now) / timedelta(minutes=1))
        zone_first = f"Set {setting} to the time zone in which HR writes, or correct" if setting else "Correct"
        raise CorConfigurationError(
            f"HR's newest change is {ahead} minutes ahead of the database's clock. {zone_first} the clock of HR or of "
            "the database."
        )
    return str(min(changed, now.astimezone(timezone.utc)))
