"""
Keep COR in step with approved absences of Personio, those counted in days and those counted in hours.

It needs
  * the Connection `personio`, of type HTTP (`pip install apache-airflow-providers-http`): Host
    `https://api.personio.de`, Login the client id and Password the client secret of credentials that may read absences;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder for personal data: restrict access, and delete old runs.

Change these first: `SOURCE`, `COMPANY_ZONE`, `LEAVE_TYPES`, `SENSITIVE`, and how half days count: `POLICY`, `HALF_DAY`.
Then trigger it with `dry_run`: the log of `extract` shows the first leaves as COR would get them.

It reads these attributes of each absence; names, comments and certificates are not kept. In hours, `start` and `end`
stand for the dates, and `absence_type` for `time_off_type`:

    {"id": 1342, "status": "approved", "start_date": "2026-07-20T00:00:00+0200", "end_date": "2026-07-21T00:00:00+0200",
     "half_day_start": 1, "half_day_end": 0, "time_off_type": {"attributes": {"name": "Paid vacation"}},
     "employee": {"attributes": {"id": {"value": 4}}}}

Traps
  * Absences that are gone are deleted from COR if this DAG created them: the folder `personio_to_cor/ledger` remembers
    that, so keep it.
  * A run that would delete more than a fifth sends nothing. In a small team, one cancelled absence is more: if it is
    right, trigger a run with a larger `max_delete_fraction`.
  * An absence that cannot be read is rejected in the report, and what COR has of it stays as it is.
  * Absences in hours are whole days if they run from midnight to midnight.
  * Personio's documents disagree on whether `offset` counts rows or pages: either is read. If a page is missing, or
    absences come and go while several pages are read, nothing is sent, and Airflow tries again.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, BaseHook, Param, task
from airflow.providers.http.hooks.http import HttpHook

from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.extract.hr_http import mask_secret, read_json
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.pages import read_all_pages
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.spans import (
    Half,
    HalfDayPolicy,
    map_leave_type,
    overlaps,
    prefix_id,
    read_moment,
    span_between,
    to_spans,
)
from cor_provider.operators.leaves import SyncLeavesOperator

SOURCE = "GLOBANT"  # the source of your users and leave types in COR
# Your choice: COR's leave types by Personio's. Clients may read COR, so illness looks like any other absence there.
LEAVE_TYPES = {"Paid vacation": "vacation", "Time off in lieu": "vacation", "Training": "training"}
SENSITIVE = {"Sick days", "Parental leave"}
COMPANY_ZONE = "Europe/Berlin"  # as in Personio's settings
POLICY: HalfDayPolicy = "span"  # your choice: "split" makes half days leaves of their own
HALF_DAY: Half = "morning"  # your choice, for leave of half a day; longer leave begins or ends at midday
PAGE = 200  # Personio's largest
FOLDER = "{{ var.value.leave_exchange }}/personio_to_cor"


@task(multiple_outputs=True)
def extract(path: str) -> dict[str, Any]:
    """Write approved absences of the window, and return path and window, which is all that Airflow stores."""
    today = datetime.now(ZoneInfo(COMPANY_ZONE)).date()
    window = first, last = today - timedelta(days=30), today + timedelta(days=365)
    login = log_in()
    rows = read_all(login, "/v1/company/time-offs", window) + read_all(login, "/v1/company/absence-periods", window)
    leaves = to_leaves_or_rejected(
        rows, lambda row: to_leaves(row, window), leave_id=lambda row: prefix_id("personio", row["id"])
    )
    show_dry_run(write_lines(path, leaves), source=SOURCE)
    return {"path": path, "window": [first.isoformat(), last.isoformat()]}


def log_in() -> dict[str, str]:
    """Exchange client id and secret for a token, which is valid for 24 hours, and return its header."""
    connection = BaseHook.get_connection("personio")
    credentials = {"client_id": connection.login, "client_secret": connection.password}
    hook = HttpHook("POST", http_conn_id="personio", auth_type=lambda *_: None)
    mask_secret(token := read_json(hook, "/v1/auth", json=credentials)["data"]["token"])
    return {"Authorization": f"Bearer {token}"}


def read_all(login: dict[str, str], endpoint: str, window: tuple[date, date]) -> list[dict[str, Any]]:
    """Return every row of the window, or fail: missing rows would look cancelled."""
    hook = HttpHook("GET", http_conn_id="personio", auth_type=lambda *_: None)
    filters = {"start_date": str(window[0]), "end_date": str(window[1]), "limit": PAGE}

    def read(offset: int) -> tuple[list[dict[str, Any]], int]:
        page = read_json(hook, endpoint, {**filters, "offset": offset}, headers=login)
        return [row["attributes"] for row in page["data"]], page["metadata"]["total_elements"]

    return read_all_pages(read, row_id=itemgetter("id"))


def to_leaves(row: dict[str, Any], window: tuple[date, date]) -> list[dict[str, Any]]:
    """Return the leave requests of an absence that touches the window; none if it is not approved."""
    if row["status"] != "approved":
        return []
    name = (row.get("time_off_type") or row["absence_type"])["attributes"]["name"]
    leave_type = map_leave_type(name, LEAVE_TYPES, sensitive=SENSITIVE)
    leave = {"user_id": row["employee"]["attributes"]["id"]["value"], "leave_type_id": leave_type}
    leave_id = prefix_id("personio", row["id"])
    if "time_off_type" not in row:  # in hours
        start, end = (read_moment(row[key]) for key in ("start", "end"))
        span = span_between(leave_id, start, end, zone=COMPANY_ZONE)
        first, last = (at.astimezone(ZoneInfo(COMPANY_ZONE)).date() for at in (start, end))
        return [{**leave, **span}] if overlaps(first, last, window) else []
    first, last = (date.fromisoformat(row[key][:10]) for key in ("start_date", "end_date"))  # whatever their offset
    if last < first:
        raise ValueError("The absence ends before it starts.")  # so that COR keeps what it has of it, all parts
    if not overlaps(first, last, window):
        return []
    halves: dict[str, Any] = {"policy": POLICY, "zone": COMPANY_ZONE}
    if row.get("half_day_start"):
        halves["half_first"] = "afternoon" if first < last else HALF_DAY
    if row.get("half_day_end"):
        halves["half_last"] = "morning" if first < last else HALF_DAY
    return [{**leave, **span} for span in to_spans(leave_id, first, last, **halves)]


with DAG(
    "personio_to_cor",
    description="Approved absences of Personio, kept in step with COR",
    schedule="0 */4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={
        **dry_run_params(),
        "max_deletes": Param(None, type=["null", "integer"], minimum=0, description="Empty: any number"),
        "max_delete_fraction": Param(0.2, type="number", minimum=0, maximum=1, description="Share of what COR has"),
    },
    tags=["cor", "leave", "http"],
    doc_md=__doc__,
) as dag:
    extracted: Any = extract(FOLDER + "/{{ run_id }}/leaves.jsonl")
    SyncLeavesOperator(
        task_id="sync",
        leave_requests=extracted["path"],
        source=SOURCE,
        window=extracted["window"],
        ledger=FOLDER + "/ledger",
        max_deletes="{{ params.max_deletes }}",
        max_delete_fraction="{{ params.max_delete_fraction }}",
        max_rejected=10,
        report_path=FOLDER + "/{{ run_id }}/report.jsonl",
    )
