"""Returns the watermark that it finds, and stores another one."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from airflow_names import task
from cor_provider._compat import Asset, get_current_context
from cor_provider.extract.watermark import Watermark

HR = Asset("hr")
ANOTHER = Asset("another")


@task(inlets=[HR])
def extract() -> str | None:
    """Return the watermark."""
    return Watermark(HR, get_current_context()).get()


@task(outlets=[HR, ANOTHER])
def remember(of_hr: str, of_another: str, rejected: str) -> None:
    """Advance the watermarks that are given, after a push with so many rejected."""
    pushes: list[dict[str, Any]] = [
        {"received": 9, "created": 9},
        {"received": 9, "rejected": int(rejected), "report": None},
    ]
    for asset, value in ((HR, of_hr), (ANOTHER, of_another)):
        if value:
            Watermark(asset, get_current_context()).advance(value, pushes)


with DAG(
    "watermark",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"of_hr": "", "of_another": "", "rejected": 0},
) as dag:
    extract() >> remember("{{ params.of_hr }}", "{{ params.of_another }}", "{{ params.rejected }}")
