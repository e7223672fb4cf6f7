"""
Approved absences of Personio into COR, every few hours: those counted in days, and those counted in hours.

It needs
  * ``pip install apache-airflow-providers-http``;
  * the Connection ``personio``, of type HTTP: Host ``https://api.personio.de``, Login the client id and Password the
    client secret of API credentials that may read absences;
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``) for what is
    extracted and for the reports. That is personal data: let few people read it, and delete what is some days old.

Personio's API v1 has an endpoint for each of the two, and neither tells of the other's. Each run reads all of both that
touches the window, page by page, and counts: unless both are complete, nothing is sent.

Absences that were cancelled or deleted are no longer among what is read, and so they are deleted from COR, if they were
put there by this DAG: the folder ``personio_to_cor/ledger`` remembers what was. Keep it; without it nothing is deleted.
If a run would delete more than a fifth, which is what lost rights look like, it fails before anything is sent. Absences
that end before the window stay as they are.

Absences in days are taken at the date that Personio writes, whatever the offset beside it. Those in hours are moments;
where they run from midnight to midnight in ``COMPANY_ZONE``, they are whole days. Which half of a day somebody takes
Personio does not say. Names, comments and certificates are not kept. Long-term leave that is not linked to an absence
type, which Personio keeps elsewhere, is not read. This creates no users and no leave types: COR refuses leave of those
that it does not know, and the report names each.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any, cast
from zoneinfo import ZoneInfo

import pendulum
from airflow.providers.common.compat.sdk import DAG, AirflowException, BaseHook, task
from airflow.providers.http.hooks.http import HttpHook
from requests import PreparedRequest

from cor_provider.extract.hr_http import mask_secret, read_json
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import Half, HalfDayPolicy, map_leave_type, overlaps, prefix_id, to_inclusive, to_spans
from cor_provider.operators.leaves import SyncLeavesOperator

# Your choice: which leave type of COR (its external id) stands for which of Personio. Project leads read COR, clients
# may, so that illness looks like any other absence. What is in neither goes out as "unmapped", which COR refuses: it is
# reported, where a filter would lose it.
LEAVE_TYPES = {"Paid vacation": "vacation", "Time off in lieu": "vacation", "Training": "training"}
SENSITIVE = {"Sick days", "Parental leave"}
COMPANY_ZONE = "Europe/Berlin"  # as in Personio's settings
# Your choice: how COR gets leave that begins or ends with half a day: as one leave with times ("span"), or as one of
# whole days and one for each half ("split").
POLICY: HalfDayPolicy = "span"
HALF_DAY: Half = "morning"  # your choice, for leave of half a day; longer leave begins at midday, or ends there
PAGE = 200  # Personio's largest

FOLDER = "{{ var.value.leave_exchange }}/personio_to_cor"
RUN = FOLDER + "/{{ run_id }}"


@task(multiple_outputs=True)
def extract(path: str) -> dict[str, Any]:
    """Write approved absences of a window, and return path and window: Airflow logs and keeps that."""
    today = datetime.now(ZoneInfo(COMPANY_ZONE)).date()
    window = first, last = today - timedelta(days=30), today + timedelta(days=365)
    hook = log_in()
    in_days = read_all(hook, "/v1/company/time-offs", window, step=1)  # their offset counts pages
    in_hours = read_all(hook, "/v1/company/absence-periods", window, step=PAGE)  # theirs counts rows
    leaves = (
        {**who_and_what(row), **part}
        for rows, lay in ((in_days, lay_days), (in_hours, lay_hours))
        for row in rows
        if row["status"] == "approved"
        for part in lay(row, window)
    )
    write_lines(path, leaves)
    return {"path": path, "window": [first.isoformat(), last.isoformat()]}


def log_in() -> HttpHook:
    """Exchange client id and secret for a token, which is good for 24 hours."""
    connection = BaseHook.get_connection("personio")
    credentials = {"client_id": connection.login, "client_secret": connection.password}
    hook = HttpHook("POST", http_conn_id="personio", auth_type=lambda *_: None)
    token = read_json(hook, "/v1/auth", json=credentials)["data"]["token"]
    mask_secret(token)

    def authorize(request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return HttpHook("GET", http_conn_id="personio", auth_type=lambda *_: authorize)


def read_all(hook: HttpHook, endpoint: str, window: tuple[date, date], *, step: int) -> list[dict[str, Any]]:
    """Return every row of a window, or fail: what is missing would look like cancelled."""
    rows: dict[Any, dict[str, Any]] = {}
    offset, total = 0, None
    while total is None or len(rows) < total:
        filters = {"start_date": str(window[0]), "end_date": str(window[1]), "limit": PAGE, "offset": offset}
        page = read_json(hook, endpoint, filters)
        if total not in {None, page["metadata"]["total_elements"]}:
            # Rows may have moved over to a page that was read before, and look cancelled.
            raise AirflowException(f"{endpoint}: changed between two pages. Nothing was sent to COR.")
        total = page["metadata"]["total_elements"]
        rows |= {row["attributes"]["id"]: row["attributes"] for row in page["data"]}
        if not page["data"] and len(rows) < total:
            raise AirflowException(f"{endpoint}: {len(rows)} rows of {total}. Nothing was sent to COR.")
        offset += step
    return list(rows.values())


def who_and_what(row: dict[str, Any]) -> dict[str, Any]:
    """Say whose absence it is, and of which type; the endpoints have two words for that."""
    absence_type = row.get("time_off_type") or row["absence_type"]
    return {
        "user_id": row["employee"]["attributes"]["id"]["value"],
        "leave_type_id": map_leave_type(absence_type["attributes"]["name"], LEAVE_TYPES, sensitive=SENSITIVE),
    }


def lay_days(row: dict[str, Any], window: tuple[date, date]) -> list[dict[str, Any]]:
    """Say when an absence in days is, if it touches the window: the date counts as it is written."""
    return lay_out_dates(
        row, date.fromisoformat(row["start_date"][:10]), date.fromisoformat(row["end_date"][:10]), window
    )


def lay_hours(row: dict[str, Any], window: tuple[date, date]) -> list[dict[str, Any]]:
    """Say when an absence in hours is: whole days if from midnight to midnight, of which the last is the day after."""
    start, end = (
        cast("datetime", pendulum.parse(row[key])).astimezone(ZoneInfo(COMPANY_ZONE)) for key in ("start", "end")
    )
    if start < end and start.time() == end.time() == time():
        return lay_out_dates(row, start.date(), to_inclusive(end.date()), window)
    if not overlaps(start.date(), end.date(), window):
        return []
    return [{"id": prefix_id("personio", row["id"]), "start": str(start), "end": str(end), "all_day": False}]


def lay_out_dates(row: dict[str, Any], first: date, last: date, window: tuple[date, date]) -> list[dict[str, Any]]:
    """Say when an absence of days is, of which the first and the last may be half."""
    if not overlaps(first, last, window):
        return []
    begins, ends = row.get("half_day_start"), row.get("half_day_end")
    return to_spans(
        prefix_id("personio", row["id"]),
        first,
        last,
        half_first=(HALF_DAY if begins or ends else None) if first == last else ("afternoon" if begins else None),
        half_last="morning" if ends and first < last else None,
        policy=POLICY,
        zone=COMPANY_ZONE,
    )


with DAG(
    dag_id="personio_to_cor",
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
