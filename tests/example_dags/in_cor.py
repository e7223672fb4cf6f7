"""What COR is to hold after a run of an example DAG, what it does hold, and what Airflow keeps of that run."""

from __future__ import annotations

from datetime import date, datetime, time, timezone
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from airflow.utils.session import create_session
from sqlalchemy import text

from cor_provider.sandbox import Sandbox

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=timezone.utc)  # in Auckland, it is the 16th


class InCor(NamedTuple):
    """A leave as COR is to hold it."""

    user_id: str
    leave_type_id: str
    start: str
    end: str
    all_day: bool


def whole_days(user_id: str, first: str, last: str, leave_type_id: str = "vacation") -> InCor:
    return InCor(user_id, leave_type_id, f"{first}T00:00:00-00:00", f"{last}T23:59:00-00:00", all_day=True)


def timed(user_id: str, start: str, end: str, leave_type_id: str = "vacation") -> InCor:
    """Times are in UTC, to the minute."""
    return InCor(user_id, leave_type_id, f"{start}:00-00:00", f"{end}:00-00:00", all_day=False)


def utc(day: str, wall_time: time, zone: str) -> str:
    """Return a moment as COR is to hold it."""
    moment = datetime.combine(date.fromisoformat(day), wall_time, ZoneInfo(zone))
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def leaves_in(cor: Sandbox) -> dict[str, InCor]:
    """Return every leave that COR holds, by its external id."""
    return {
        one.external_id: InCor(one.user_id, one.leave_type_id, one.start, one.end, one.all_day) for one in cor.leaves
    }


class Clock(datetime):
    """Stands still."""

    @classmethod
    def now(cls, tz: Any = None) -> Clock:
        return cls.fromtimestamp(NOW.timestamp(), tz)


def xcoms_and_rendered_fields(dag_id: str, run_id: str = "%") -> str:
    """Return what Airflow keeps of the runs of a DAG, or of one, and shows to whoever may see them."""
    queries = (
        "SELECT value FROM xcom WHERE dag_id = :dag_id AND run_id LIKE :run_id",
        "SELECT rendered_fields FROM rendered_task_instance_fields WHERE dag_id = :dag_id AND run_id LIKE :run_id",
    )
    names = {"dag_id": dag_id, "run_id": run_id}
    with create_session() as session:
        # Not the rows themselves: text of theirs leaves out what is in the middle.
        return "\n".join(str(value) for query in queries for value in session.execute(text(query), names).scalars())
