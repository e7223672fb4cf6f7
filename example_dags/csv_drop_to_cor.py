"""
Push HR's nightly CSV file of leave from object storage into COR, but only a complete file.

It needs
  * the Variable `leave_exchange`: the URI of a folder (`file:///srv/leave`) for extracts and reports. They are personal
    data: restrict access, and delete old runs;
  * HR's files in its folder `drop`, or where the Variable `leave_drop` says: `s3://hr_drop@bucket/leave` is read with
    the Connection `hr_drop`, after `pip install "apache-airflow-providers-amazon[s3fs]"`;
  * the Connection `cor_default`, of type "COR Integrations".

The newest file is read, so names must sort by date. Its last line must be a trailer with the number of rows. An
incomplete file may still be on its way: the task fails before anything is sent, and Airflow tries again. An unreadable
row is rejected. Once COR has taken all of a file, it is skipped until it changes or you name it when you trigger the
DAG. Cancelled leave is deleted from COR; leave that vanishes from the file stays: for that, use `SyncLeavesOperator`.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatch
from hashlib import sha256
from typing import Any

from airflow.providers.common.compat import sdk
from airflow.providers.common.compat.sdk import DAG, Asset, ObjectStoragePath, Param, task

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import Half, map_leave_type, prefix_id, to_spans
from cor_provider.extract.watermark import Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# Your choice: the format of HR's file, its columns and its values. Other columns are not read.
FILES, ENCODING, DELIMITER, DATE_FORMAT, TRAILER = "leave-*.csv", "utf-8-sig", ";", "%d/%m/%Y", "TRAILER"
COLUMNS = ("Absence ID", "Personnel no.", "Absence type", "Status", "First day", "Last day", "Half day")
LEAVE, EMPLOYEE, TYPE, STATUS, FIRST_DAY, LAST_DAY, HALF_DAY = COLUMNS
HALF_DAYS: dict[str, Half] = {"AM": "morning", "PM": "afternoon"}  # in leave of one day
APPROVED, CANCELLED = {"Approved"}, {"Cancelled", "Rejected"}  # anything else, such as pending leave, is not sent
# COR's leave types by HR's. COR refuses "unmapped", so the report shows the others.
LEAVE_TYPES = {"Annual leave": "vacation", "Sickness": "absence", "Parental leave": "absence", "Training": "training"}

DROP = "{{ var.value.get('leave_drop', '') or var.value.leave_exchange ~ '/drop' }}"
RUN = "{{ var.value.leave_exchange }}/csv_drop_to_cor/{{ run_id }}"
FILE = Asset("leave_drop")


@task(inlets=[FILE])
def extract(drop: str, name: str, run: str) -> str:
    """Write current and cancelled leave as files; return name and digest of HR's file, which Airflow stores."""
    newest = max((one.name for one in ObjectStoragePath(drop).iterdir() if fnmatch(one.name, FILES)), default="")
    if not (name or newest):
        raise sdk.AirflowException(f"There is no {FILES} in {drop}.")
    file = ObjectStoragePath(drop) / (name or newest)
    content = file.read_bytes()
    version = f"{file.name} {sha256(content).hexdigest()}"
    if not name and version == Watermark(FILE).get():
        raise sdk.AirflowSkipException(f"COR has the leave of {file.name} already. Name the file to push it again.")
    rows = read_rows(file.name, content)
    write_lines(f"{run}/leaves.jsonl", [to_leave(row) for row in rows if row[STATUS] in APPROVED])
    write_lines(f"{run}/cancelled.jsonl", [to_leave(row) for row in rows if row[STATUS] in CANCELLED])
    return version


def read_rows(name: str, content: bytes) -> list[dict[str, str]]:
    """Return the rows of a file if it is complete."""
    try:
        text = io.StringIO(content.decode(ENCODING), newline="")
        header, *rows, trailer = filter(None, csv.reader(text, delimiter=DELIMITER, strict=True))
    except (ValueError, csv.Error):
        raise sdk.AirflowException(f"{name}: {len(content)} bytes are not a complete file. Nothing was sent.") from None
    if trailer[0] != TRAILER:
        raise sdk.AirflowException(f"{name}: no {TRAILER} follows the {len(rows)} rows. Nothing was sent.")
    if not (trailer[1:] and trailer[1].isdecimal() and int(trailer[1]) == len(rows)):
        raise sdk.AirflowException(f"{name}: {len(rows)} rows, but {trailer} at the end. Nothing was sent.")
    if cut := sum(len(row) != len(header) for row in rows):
        raise sdk.AirflowException(f"{name}: {cut} of {len(rows)} rows lack fields. Nothing was sent.")
    if missing := set(COLUMNS) - set(header):
        raise sdk.AirflowFailException(f"{name}: has no column {', '.join(sorted(missing))}. Nothing was sent.")
    return [dict(zip(header, row, strict=True)) for row in rows]


def to_leave(row: dict[str, str]) -> dict[str, Any]:
    """Return the leave request of a row."""
    leave_id = prefix_id("hr", row[LEAVE])
    leave = {"id": leave_id, "user_id": row[EMPLOYEE], "leave_type_id": map_leave_type(row[TYPE], LEAVE_TYPES)}
    try:
        first, last = (datetime.strptime(row[day], DATE_FORMAT).date() for day in (FIRST_DAY, LAST_DAY))  # noqa: DTZ007
    except ValueError:  # the push rejects it
        return {**leave, "start": row[FIRST_DAY], "end": row[LAST_DAY]}
    half = HALF_DAYS.get(row[HALF_DAY]) if first == last else None
    return {**leave, **to_spans(leave_id, first, last, half_first=half, zone="Europe/Madrid")[0]}


@task(outlets=[FILE])
def remember(version: str, *pushes: Any) -> None:
    """Let the next run skip this file, if COR took all of it."""
    Watermark(FILE).advance(version, pushes)


with DAG(
    "csv_drop_to_cor",
    description="HR's nightly CSV file into COR, if it is complete",
    schedule="0 4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},  # a file may still be on its way
    params={"file": Param(None, type=["null", "string"], description="Empty: the newest, if it is new")},
    tags=["cor", "leave", "file"],
    doc_md=__doc__,
) as dag:
    options: dict[str, Any] = {"source": "GLOBANT", "max_rejected": 10}  # the source of your users in COR
    version: Any = extract(DROP, "{{ params.file or '' }}", RUN)
    delete = DeleteLeaveOperator(
        task_id="delete", leave_requests=RUN + "/cancelled.jsonl", report_path=RUN + "/report-delete.jsonl", **options
    )
    options |= {"report_path": RUN + "/report.jsonl", "if_exists": "update"}
    push = CreateLeaveOperator(task_id="push", leave_requests=RUN + "/leaves.jsonl", **options)
    version >> delete >> push >> remember(version, delete.output, push.output)
