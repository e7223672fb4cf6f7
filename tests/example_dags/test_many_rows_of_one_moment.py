"""The example DAGs with a watermark, after an import or a migration has stamped all rows with one moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from example_dags.postgres import start_transfer

ROWS = 10_000
INSERTS = {
    "frappe": """
        INSERT INTO "tabLeave Application" (name, employee, leave_type, from_date, to_date, modified)
        SELECT 'MANY-' || number, 'UTC', 'Annual Leave', '2026-09-01', '2026-09-01', '2026-05-01 08:00'
        FROM generate_series(%s, %s) AS number
    """,
    "odoo": """
        INSERT INTO hr_leave (id, employee_id, request_date_from, request_date_to, write_date)
        SELECT 10000 + number, 1, '2026-09-01', '2026-09-01', '2026-05-01 08:00'
        FROM generate_series(%s, %s) AS number
    """,
}


@pytest.mark.bulk
@pytest.mark.usefixtures("airflow_db")
@pytest.mark.parametrize("system", INSERTS)
def test_all_of_them_arrive_once_and_so_does_one_more(
    system: str, load_dag: Callable[[str], Any], leave_exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag = load_dag(f"postgres_{system}_to_cor")
    monkeypatch.setitem(dag.get_task("extract").python_callable.__globals__, "OVERLAP", timedelta())
    users = ("BUE", "BER", "AKL", "UTC", "MAD", "1", "2", "3")
    with start_transfer(
        dag, f"hr_{system}", f"{system}.sql", users=users, folder=leave_exchange, patch=monkeypatch
    ) as transfer:
        before = len(transfer.run().in_cor)
        transfer.database.execute(INSERTS[system], 1, ROWS)
        assert len(transfer.run().in_cor) == before + ROWS
        transfer.database.execute(INSERTS[system], ROWS + 1, ROWS + 1)
        last = transfer.run()
        assert len(last.in_cor) == before + ROWS + 1
        assert len(last.extracted) == 1
