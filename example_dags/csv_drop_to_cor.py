"""
Keep COR in step with HR's nightly CSV file of leave, of which only approved leave counts.

It needs
  * the Variable `leave_exchange`: the URI of a folder (`file:///srv/leave`) for the ledger and what each run writes.
    All of it is personal data: restrict access, and delete old runs;
  * HR's files in its folder `drop`, or where the Variable `leave_drop` says: `s3://hr_drop@bucket/leave` is read with
    the Connection `hr_drop`, after `pip install "apache-airflow-providers-amazon[s3fs]"`;
  * the Connection `cor_default`, of type "COR Integrations".

Change these first: COLUMNS; STATUSES, LEAVE_TYPES and HALVES; DATE_FORMAT; ZONE, where people work; SOURCE; and the
`window`, the days that the file covers.

HR writes `leave-2026-11-24.csv`, named by the day of the run in UTC:

    Absence ID;Personnel no.;Absence type;First day;Last day;Half day;Status
    4711;EMP-1001;Annual leave;01/12/2026;02/12/2026;;Approved

Traps
  * The file must be complete: approved leave of the window that is missing from it is deleted from COR. If much is
    missing, a guard sends nothing: check the file, then trigger a run with a higher `max_delete_fraction`. Let HR
    rename the file when it is complete. Until it is there, the task fails and Airflow tries again.
  * Only the newest file counts, so a missed day is made up by the next. A file older than one that a run has begun
    with is refused, even if its run is cleared. To go back, give it a later name (`leave-2026-11-24-b.csv`) and
    trigger a run with it.
  * Words that are not listed below refuse their row, and so does an id whose rows differ, or are approved in one place
    and cancelled in another: COR keeps what it has of it, and `report.jsonl` says why. Case and blanks do not matter.
  * Up to `max_rejected` refused rows leave the run green. Half days are from 9 to 13 and from 13 to 18 o'clock: give
    `to_spans` other `WorkingHours`. Leave outside the window of the sync is sent, too, and never deleted.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Asset, Param, task

from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.extract.files import Row, group_rows, read_rows
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.spans import Half, to_spans
from cor_provider.extract.watermark import Watermark
from cor_provider.operators.leaves import SyncLeavesOperator

COLUMNS = {
    "id": "Absence ID",
    "user_id": "Personnel no.",
    "type": "Absence type",
    "start": "First day",
    "end": "Last day",
    "half": "Half day",
    "status": "Status",
}
# What HR's words mean. Project leads read COR, clients may, so illness looks like any other absence.
STATUSES = {"approved": True, "requested": False, "rejected": False, "cancelled": False}
LEAVE_TYPES = {"annual leave": "vacation", "sickness": "absence"}
HALVES: dict[str, Half | None] = {"": None, "am": "morning", "pm": "afternoon"}
DATE_FORMAT = "%d/%m/%Y"
ZONE = "Europe/Madrid"
SOURCE = "GLOBANT"  # the source of your users and leave types in COR

DROP = "{{ var.value.get('leave_drop', '') or var.value.leave_exchange ~ '/drop' }}"
RUN = "{{ var.value.leave_exchange }}/csv_drop_to_cor/{{ run_id }}"
# Airflow 2 has no `run_after`, and the logical date of its scheduled runs is that of the day before.
_BEFORE_3 = "dag_run.data_interval_end if dag_run.run_type == 'scheduled' else dag_run.logical_date"
DAY = f"(dag_run.run_after | default({_BEFORE_3}, true) | ds)"
FILES = Asset("hr_leave_files")  # its watermark is the newest file that was sent


@task
def extract(file: str, folder: str) -> str:
    """Write the approved leave of HR's file, and return the path, which is all that Airflow stores."""
    rows = [*read_rows(file, COLUMNS, date_format=DATE_FORMAT)]
    statuses = Counter(word if (word := row.word("status")) in STATUSES else "(not listed)" for row in rows)
    logging.getLogger(__name__).info("Rows by status: %s", dict(statuses))
    leaves = to_leaves_or_rejected(group_rows(rows, "id"), to_leaves, leave_id=lambda rows: rows[0]["id"])
    path = write_lines(f"{folder}/{PurePosixPath(file).stem}.jsonl", leaves)
    show_dry_run(path, source=SOURCE)
    return path


def to_leaves(rows: list[Row]) -> list[dict[str, Any]]:
    """Return the leave of all rows of one id, if it is approved."""
    approved = {row.meaning("status", STATUSES) for row in rows}
    if len(approved) > 1:
        raise rows[0].error("status", "contradicts another row of this id")
    leaves = [to_leave(row) for row in rows] if approved == {True} else []
    if any(leave != leaves[0] for leave in leaves):
        raise rows[0].error("id", "is that of another leave, too")
    return leaves


def to_leave(row: Row) -> dict[str, Any]:
    """Return the leave request of a row."""
    first, last, half = row.day("start"), row.day("end"), row.meaning("half", HALVES)
    if half and first != last:
        raise row.error("half", "is only for leave of one day")
    (span,) = to_spans(row["id"], first, last, half_first=half, zone=ZONE)
    return {"user_id": row["user_id"], "leave_type_id": row.meaning("type", LEAVE_TYPES), **span}


def refuse_older_file(context: Any) -> None:
    """Let no older file undo a newer one, whichever task of whichever run is cleared."""
    file = PurePosixPath(context["ti"].xcom_pull(task_ids="extract")).stem
    newest = Watermark(FILES, context)
    if file < (before := newest.get() or ""):
        raise AirflowFailException(f"{file} is older than {before}, with which a run has begun. Nothing was sent.")
    newest.set(file)


with DAG(
    "csv_drop_to_cor",
    description="HR's nightly CSV file of leave: what is approved, kept in step with COR",
    schedule="0 4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},  # the file may still be on its way
    params={
        "file": Param(
            None,
            type=["null", "string"],
            pattern=r"^leave-\d{4}-\d\d-\d\d.*\.csv$",
            description="Empty: the file of the day of the run",
        ),
        "max_delete_fraction": Param(0.2, type="number", minimum=0, maximum=1, description="Share of the ledger"),
        **dry_run_params(),
    },
    tags=["cor", "leave", "file"],
    doc_md=__doc__,
) as dag:
    SyncLeavesOperator(
        task_id="sync",
        leave_requests=extract(DROP + "/{{ params.file or 'leave-' ~ " + DAY + " ~ '.csv' }}", RUN),
        window="{{ macros.ds_add(" + DAY + ", -31) }}/{{ macros.ds_add(" + DAY + ", 366) }}",
        ledger="{{ var.value.leave_exchange }}/csv_drop_to_cor/ledger",
        source=SOURCE,
        max_delete_fraction="{{ params.max_delete_fraction }}",
        max_rejected=10,
        report_path=RUN + "/report.jsonl",
        pre_execute=refuse_older_file,
        inlets=[FILES],
    )
