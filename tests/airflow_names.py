"""Airflow's names that only tests use, wherever this Airflow has them; the others are in `cor_provider._compat`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cor_provider import _compat

if TYPE_CHECKING:
    from airflow.sdk import task
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from airflow.sdk.lineage import HookLineageCollector
else:
    task = _compat._find("task", ("airflow.sdk", "airflow.decorators"))
    AirflowTaskTimeout = _compat._find("AirflowTaskTimeout", ("airflow.sdk.exceptions", "airflow.exceptions"))
    HookLineageCollector = _compat._find("HookLineageCollector", ("airflow.sdk.lineage", "airflow.lineage.hook"))

__all__ = ["AirflowTaskTimeout", "HookLineageCollector", "task"]
