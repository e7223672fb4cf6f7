"""The example DAG for HR's spreadsheet: what is refused comes back, is corrected, and is handed in again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import leaves_in, whole_days

COLUMNS = ["Request", "Employee", "Name", "Kind", "From", "To"]
MAY = [date(2026, 5, number) for number in range(1, 32)]
GOOD = [[f"R-{number:02}", "E-7", "=Secret Name", "Vacation", MAY[number], MAY[number]] for number in range(30)]
REFUSED: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "R-91": ("UserNotFoundError", ["R-91", "E-8", "Secret", "Vacation", MAY[0], MAY[1]], {"Employee": "E-7"}),
    "R-92": ("LeaveTypeNotFoundError", ["R-92", "E-7", "Secret", "Jury duty", MAY[0], MAY[1]], {"Kind": "Training"}),
    "R-93": ("InvalidDateRangeError", ["R-93", "E-7", "Secret", "Sick", MAY[3], MAY[1]], {"To": MAY[4]}),
    "R-94": ("ValidationError", ["R-94", None, "Secret", "Sick", MAY[1], MAY[2]], {"Employee": "E-7"}),
    "R-95": ("ValidationError", ["R-95", "E-7", "Secret", "Sick", "soon", MAY[2]], {"From": MAY[2]}),
}


@pytest.fixture(scope="module")
def dag(load_dag: Callable[[str], Any]) -> Any:
    return load_dag("spreadsheet_to_cor")


@pytest.fixture
def cor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    leave_types = [{"id": one} for one in ("vacation", "absence", "training")]
    with Sandbox(seed={"source": "GLOBANT", "users": [{"id": "E-7"}], "leave_types": leave_types}) as sandbox:
        connection = {"conn_type": "cor", "host": sandbox.url, "password": sandbox.token}
        monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        yield sandbox


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None) -> Path:
    monkeypatch.setenv("AIRFLOW_VAR_LEAVE_EXCHANGE", f"file://{tmp_path}")
    return tmp_path


def write(path: Path, rows: list[list[Any]]) -> None:
    workbook = Workbook()
    workbook.active.title = "Cover"
    sheet = workbook.create_sheet("Absences")
    for row in [COLUMNS, *rows]:
        sheet.append(row)
    for (cell,) in sheet.iter_rows(min_row=2, min_col=3, max_col=3):
        cell.data_type = "s"  # a name that begins like a formula
    workbook.save(path)


def run(dag: Any, **conf: Any) -> tuple[str, str]:
    """Return the state of the task, and the run's id."""
    dag_run = dag.test(run_conf={"file": None, **conf})
    return str(dag_run.get_task_instances()[0].state), dag_run.run_id


def test_rejected_rows_are_corrected_in_a_spreadsheet_and_handed_in(dag: Any, cor: Sandbox, folder: Path) -> None:
    write(folder / "leave.xlsx", [*GOOD, *(row for _error, row, _correction in REFUSED.values())])
    with_rejections, run_id = run(dag)
    assert with_rejections == "failed"  # five of 35 are more than a tenth
    assert len(cor.leaves) == len(GOOD)

    rejected = folder / "spreadsheet_to_cor" / run_id / "rejected.xlsx"
    workbook = load_workbook(rejected)
    names, *rows = workbook.active.iter_rows()
    columns = [cell.value for cell in names]
    assert columns == ["error", "message", *COLUMNS]
    assert {row[2].value: row[0].value for row in rows} == {
        leave_id: error for leave_id, (error, _row, _correction) in REFUSED.items()
    }
    for row in rows:
        for column, value in REFUSED[row[2].value][2].items():
            row[columns.index(column)].value = value
    workbook.save(rejected)

    before = len(cor.requests)
    corrected, run_id = run(dag, file=str(rejected))
    assert corrected == "success"
    report = (folder / "spreadsheet_to_cor" / run_id / "report.jsonl").read_text().splitlines()
    assert [json.loads(row)["status"] for row in report] == ["created"] * len(REFUSED)
    assert len(cor.requests) - before == len(REFUSED)
    assert leaves_in(cor)["R-93"] == whole_days("E-7", "2026-05-04", "2026-05-05", "absence")
    assert not (folder / "spreadsheet_to_cor" / run_id / "rejected.xlsx").exists()


def test_up_to_a_tenth_of_rejections_is_tolerated(dag: Any, cor: Sandbox, folder: Path) -> None:
    write(folder / "leave.xlsx", [*GOOD[:27], *(row for _error, row, _correction in list(REFUSED.values())[:3])])
    assert run(dag)[0] == "success"
    assert len(cor.leaves) == 27


def test_a_kind_that_is_not_listed_is_not_told_to_cor(dag: Any, cor: Sandbox, folder: Path) -> None:
    write(folder / "leave.xlsx", [*GOOD, REFUSED["R-92"][1]])
    run(dag)
    assert "Jury duty" not in "".join(request.body.decode() for request in cor.requests)


def test_a_change_in_the_spreadsheet_reaches_cor(dag: Any, cor: Sandbox, folder: Path) -> None:
    write(folder / "leave.xlsx", GOOD[:1])
    run(dag)
    write(folder / "leave.xlsx", [[*GOOD[0][:5], MAY[20]]])
    assert run(dag)[0] == "success"
    assert leaves_in(cor) == {"R-00": whole_days("E-7", "2026-05-01", "2026-05-21")}
