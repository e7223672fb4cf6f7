"""
Approved leave of BambooHR into COR, every few hours.

It needs
  * ``pip install apache-airflow-providers-http``;
  * the Connection ``bamboohr``, of type HTTP: Host ``https://<company>.bamboohr.com``, Password an API key, and any
    text as Login. (BambooHR wants the key as the user name; Airflow encrypts and masks what is in Password.) The key
    shows what its owner may see: with less than everybody's leave, leave is missing and no error says so;
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``) for what is
    extracted and for the reports. That is personal data: let few people read it, and delete what is some days old.

BambooHR cannot say what changed, so that each run reads all leave that touches the window. If that fails, nothing is
sent. ``Retry-After`` is heeded, with a 429 and with a 503, which BambooHR sent until September 2026.

Leave that was cancelled is no longer among what is read, and so it is deleted from COR, if this DAG put it there: the
folder ``bamboohr_to_cor/ledger`` remembers what it did. Keep it; without it nothing is deleted. If a run would delete
more than a fifth, which is what a key with fewer rights looks like, it fails before anything is sent. Leave that ends
before the window stays as it is.

BambooHR knows how much of each day somebody takes, but not when: half days in the middle of a leave count as whole
ones, and so does anything above half. Names, notes and reasons are not kept. Weekends and holidays within a leave are
part of it. This creates no users and no leave types: COR refuses leave of those that it does not know, and the report
names each.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, task
from airflow.providers.http.hooks.http import HttpHook
from requests.auth import HTTPBasicAuth

from cor_provider.extract.hr_http import read_json
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import Half, HalfDayPolicy, map_leave_type, overlaps, prefix_id, to_spans
from cor_provider.operators.leaves import SyncLeavesOperator

# Your choice: which leave type of COR (its external id) stands for which of BambooHR. Project leads read COR, clients
# may, so that illness looks like any other absence. What is in neither goes out as "unmapped", which COR refuses: it is
# reported, where a filter would lose it.
LEAVE_TYPES = {"Vacation": "vacation", "Conference": "training"}
SENSITIVE = {"Sick", "Bereavement", "Parental"}
COMPANY_ZONE = "Europe/Madrid"  # of today's date, and of half days
# Your choice: how COR gets leave that begins or ends with half a day: as one leave with times ("span"), or as one of
# whole days and one for each half ("split").
POLICY: HalfDayPolicy = "span"
HALF_DAY: Half = "morning"  # your choice, for leave of half a day; longer leave begins at midday, or ends there
HALF = {"days": 0.5, "hours": 4}  # up to how much of a day is half of it, by the unit of the leave type

FOLDER = "{{ var.value.leave_exchange }}/bamboohr_to_cor"
RUN = FOLDER + "/{{ run_id }}"


@task(multiple_outputs=True)
def extract(path: str) -> dict[str, Any]:
    """Write approved leave of a window, and return path and window: Airflow logs and keeps that."""
    today = datetime.now(ZoneInfo(COMPANY_ZONE)).date()
    first, last = today - timedelta(days=30), today + timedelta(days=365)
    # The key is in Password, and BambooHR wants it as the user name.
    hook = HttpHook("GET", http_conn_id="bamboohr", auth_type=lambda _, key: HTTPBasicAuth(key, "x"))
    filters = {"start": first.isoformat(), "end": last.isoformat(), "status": "approved", "excludeNote": "1"}
    rows = read_json(hook, "/api/v1/time_off/requests", filters)
    write_lines(path, (leave for row in rows for leave in to_leaves(row, (first, last))))
    return {"path": path, "window": [first.isoformat(), last.isoformat()]}


def to_leaves(row: dict[str, Any], window: tuple[date, date]) -> list[dict[str, Any]]:
    """Say in COR's terms what a request says; nothing if it is not approved, or outside the window."""
    first, last = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
    if row["status"]["status"] != "approved" or not overlaps(first, last, window):
        return []
    amounts = row["dates"] or {}  # an empty list stands for no days
    begins, ends = (0 < float(amounts.get(str(day), 0)) <= HALF[row["amount"]["unit"]] for day in (first, last))
    parts = to_spans(
        prefix_id("bamboohr", row["id"]),
        first,
        last,
        half_first=("afternoon" if first < last else HALF_DAY) if begins else None,
        half_last="morning" if ends and first < last else None,
        policy=POLICY,
        zone=COMPANY_ZONE,
    )
    leave_type = map_leave_type(row["type"]["name"], LEAVE_TYPES, sensitive=SENSITIVE)
    return [{"user_id": row["employeeId"], "leave_type_id": leave_type, **part} for part in parts]


with DAG(
    dag_id="bamboohr_to_cor",
    schedule="0 */4 * * *",  # the window is by today's date, not by the run's data interval: any schedule will do
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
) as dag:
    extracted: Any = extract(RUN + "/leaves.jsonl")
    SyncLeavesOperator(
        task_id="sync",
        leave_requests=extracted["path"],
        source="GLOBANT",  # as your users and leave types were created in COR
        window=extracted["window"],
        ledger=FOLDER + "/ledger",
        max_rejected=10,
        report_path=RUN + "/report.jsonl",
    )
