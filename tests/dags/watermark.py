"""Returns what it reads, and advances the watermark."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from airflow_names import task
from cor_provider._compat import Asset, Variable, airflow_since, get_current_context
from cor_provider.extract.watermark import Watermark

HR = Asset("hr")
ANOTHER = Asset("another")


@task(inlets=[HR, ANOTHER])
def extract(since: str, of_hr: str, of_another: str) -> list[Any]:
    """Return what each watermark has a run read."""
    return [
        Watermark(asset, get_current_context()).begin(since, until=until)
        for asset, until in ((HR, of_hr), (ANOTHER, of_another))
    ]


@task(outlets=[HR])
def remember_as_before(value: str) -> None:
    """Store the watermark as the first version of this provider did."""
    if value and airflow_since("3.3"):
        store: Any = get_current_context()["asset_state_store"][HR]
        store.set("watermark", value)
    elif value:
        Variable.set("watermark_hr", value)


@task(outlets=[HR, ANOTHER])
def remember(readings: list[Any], rejected: str) -> None:
    """Advance the watermarks that are given an end, after a push with so many rejected."""
    pushes: list[dict[str, Any]] = [
        {"received": 9, "created": 9},
        {"received": 9, "rejected": int(rejected), "report": None},
    ]
    for asset, reading in zip((HR, ANOTHER), readings, strict=True):
        if reading["until"]:
            Watermark(asset, get_current_context()).advance(reading, pushes)


with DAG(
    "watermark",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"since": "", "of_hr": "", "of_another": "", "rejected": 0, "as_before": ""},
) as dag:
    readings: Any = extract("{{ params.since }}", "{{ params.of_hr }}", "{{ params.of_another }}")
    remember(readings, "{{ params.rejected }}")
    remember_as_before("{{ params.as_before }}")
