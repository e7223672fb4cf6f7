"""
HR's nightly file of leave, dropped on object storage, into COR: once all of it is there, and not before.

It needs
  * the Variable ``leave_exchange``: the URI of a folder for what is extracted and for the reports, such as
    ``file:///srv/leave``. That is personal data: let few people read it, and delete what is some days old;
  * HR's files in its folder ``drop``, or where the Variable ``leave_drop`` says, such as ``s3://hr_drop@bucket/leave``:
    that is the bucket's folder ``leave`` by the Connection ``hr_drop``, of type "Amazon Web Services", and needs
    ``pip install "apache-airflow-providers-amazon[s3fs]"``;
  * the Connection ``cor_default``, of type "COR Integrations".

The newest file is read: the names must sort by date. Its last line has to be a trailer with the number of rows. A file
without it, with more or fewer rows, or with a row cut short is refused before anything is sent, in an error with the
file and the counts; as it may still be on its way, the task tries again. A row that cannot be read, such as one without
a date, is rejected by itself and is in the report. A file of which COR has taken all is skipped, unless its content
changed or you name it when you trigger the DAG. Until then each run sends it again, which changes nothing else: so
leave of somebody whom COR does not know yet arrives as soon as COR does.

Cancelled leave is deleted from COR for as long as the file says that it is cancelled. What just vanishes from the file
stays: a file of all leave, with no word on what was cancelled, is for ``SyncLeavesOperator``. Nobody is told here if
HR stops delivering: the DAG skips.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta, timezone
from fnmatch import fnmatch
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    Asset,
    ObjectStoragePath,
    Param,
    get_current_context,
    task,
)

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import Half, map_leave_type, prefix_id, to_spans
from cor_provider.extract.watermark import Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# Your choice: how HR writes its file. Excel's export in much of Europe and Latin America has semicolons.
FILES, ENCODING, DELIMITER, DATE_FORMAT, TRAILER = "leave-*.csv", "utf-8-sig", ";", "%d/%m/%Y", "TRAILER"
# Your choice: HR's names of the columns. Others, such as names and notes, are not read.
LEAVE, EMPLOYEE, TYPE, STATUS = "Absence ID", "Personnel no.", "Absence type", "Status"
FIRST_DAY, LAST_DAY, HALF_DAY = "First day", "Last day", "Half day"
HALF_DAYS: dict[str, Half] = {"AM": "morning", "PM": "afternoon"}  # in leave of one day
APPROVED, CANCELLED = {"Approved"}, {"Cancelled", "Rejected"}  # what is neither, such as pending leave, is not sent
# Your choice: which leave type of COR stands for which of HR. What is not listed goes out as "unmapped", which COR
# refuses: it is reported, where a filter would lose it.
LEAVE_TYPES = {"Annual leave": "vacation", "Sickness": "absence", "Parental leave": "absence", "Training": "training"}
COMPANY_ZONE = "Europe/Madrid"  # of half days

DROP = "{{ var.value.get('leave_drop', '') or var.value.leave_exchange ~ '/drop' }}"
RUN = "{{ var.value.leave_exchange }}/csv_drop_to_cor/{{ run_id }}"
FILE = Asset("leave_drop")


@task(inlets=[FILE])
def extract(drop: str, name: str, run: str) -> str:
    """Write what is to be in COR and what is to go as files; return the name and digest of HR's file, and no more."""
    file = ObjectStoragePath(drop) / name if name else find_newest(ObjectStoragePath(drop))
    content = file.read_bytes()
    version = f"{file.name} {sha256(content).hexdigest()}"
    if not name and version == Watermark(FILE, get_current_context()).get():
        raise AirflowSkipException(f"COR has the leave of {file.name} already. Name the file to push it again.")
    rows = read_rows(file.name, content)
    write_lines(f"{run}/leaves.jsonl", [to_leave(row) for row in rows if row[STATUS] in APPROVED])
    write_lines(f"{run}/cancelled.jsonl", [to_leave(row) for row in rows if row[STATUS] in CANCELLED])
    return version


@task(outlets=[FILE])
def remember(version: str, *pushes: Any) -> None:
    """Have the next run skip this file, if COR took all of it."""
    Watermark(FILE, get_current_context()).advance(version, pushes)


def find_newest(drop: ObjectStoragePath) -> ObjectStoragePath:
    """Return the file whose name sorts last."""
    files = [path for path in drop.iterdir() if fnmatch(path.name, FILES)]
    if not files:
        raise AirflowException(f"There is no {FILES} in {drop}.")
    return max(files, key=lambda path: path.name)


def read_rows(name: str, content: bytes) -> list[dict[str, str]]:
    """Return the rows of a file if it is complete."""
    try:
        text = io.StringIO(content.decode(ENCODING), newline="")
        header, *rows, trailer = filter(None, csv.reader(text, delimiter=DELIMITER, strict=True))
    except (ValueError, csv.Error):  # among them too few lines, and a field whose closing quote is missing
        raise AirflowException(f"{name}: {len(content)} bytes are no complete file. Nothing was sent.") from None
    if trailer[0] != TRAILER:
        raise AirflowException(f"{name}: no {TRAILER} follows the {len(rows)} whole rows. Nothing was sent.")
    told = int(trailer[1]) if trailer[1:] and trailer[1].isdecimal() else None
    if told != len(rows):
        raise AirflowException(f"{name}: {len(rows)} rows, but {told} by its {TRAILER}. Nothing was sent.")
    if cut := sum(len(row) != len(header) for row in rows):
        raise AirflowException(f"{name}: {cut} of {len(rows)} rows have not {len(header)} fields. Nothing was sent.")
    if missing := {LEAVE, EMPLOYEE, TYPE, STATUS, FIRST_DAY, LAST_DAY, HALF_DAY} - set(header):
        raise AirflowFailException(f"{name}: has no column {', '.join(sorted(missing))}. Nothing was sent.")
    return [dict(zip(header, row, strict=True)) for row in rows]


def to_leave(row: dict[str, str]) -> dict[str, Any]:
    """Say in COR's terms what a row says."""
    leave: dict[str, Any] = {
        "id": prefix_id("hr", row[LEAVE]),
        "user_id": row[EMPLOYEE],
        "leave_type_id": map_leave_type(row[TYPE], LEAVE_TYPES),
    }
    try:
        first, last = to_date(row[FIRST_DAY]), to_date(row[LAST_DAY])
    except ValueError:
        return {**leave, "start": row[FIRST_DAY], "end": row[LAST_DAY]}  # the push says that it is no date
    half = HALF_DAYS.get(row[HALF_DAY])
    if half and first == last:
        return {**leave, **to_spans(leave["id"], first, last, half_first=half, zone=COMPANY_ZONE)[0]}
    return {**leave, "start": first.isoformat(), "end": last.isoformat()}


def to_date(text: str) -> date:
    """Read a date as HR writes it."""
    return datetime.strptime(text, DATE_FORMAT).replace(tzinfo=timezone.utc).date()


with DAG(
    dag_id="csv_drop_to_cor",
    schedule="0 4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(COMPANY_ZONE)),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},  # a file may still be on its way
    params={"file": Param(None, type=["null", "string"], description="Empty: the newest, if it is new")},
) as dag:
    options: dict[str, Any] = {"source": "GLOBANT", "max_rejected": 10}  # source: as your users were created in COR
    version: Any = extract(DROP, "{{ params.file or '' }}", RUN)
    delete = DeleteLeaveOperator(
        task_id="delete", leave_requests=RUN + "/cancelled.jsonl", report_path=RUN + "/report-delete.jsonl", **options
    )
    push = CreateLeaveOperator(
        task_id="push",
        leave_requests=RUN + "/leaves.jsonl",
        report_path=RUN + "/report.jsonl",
        if_exists="update",
        **options,
    )
    version >> delete >> push >> remember(version, delete.output, push.output)
