"""
Keep COR in step with approved leave of BambooHR, every few hours.

It needs
  * `pip install apache-airflow-providers-http`;
  * the Connection `bamboohr`, of type HTTP: Host `https://<company>.bamboohr.com`, Password an API key, and any text as
    Login. (BambooHR wants the key as user name; Airflow encrypts and masks the Password.)
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts, reports
    and the ledger. They are personal data: restrict access, and delete old runs.

Change these first: `SOURCE`, `COMPANY_ZONE`, `LEAVE_TYPES`, `SENSITIVE`, and how half days count: `POLICY`, `HALF_DAY`,
`HALF`. Then trigger it with `dry_run`: the log of `extract` shows the first leaves as COR would get them.

It reads these fields of each request; names, notes and reasons are not kept:

    {"id": "1342", "employeeId": "4", "status": {"status": "approved"}, "type": {"name": "Vacation"},
     "start": "2026-07-20", "end": "2026-07-21", "amount": {"unit": "days"},
     "dates": {"2026-07-20": "0.5", "2026-07-21": "1"}}

Traps
  * The key sees what its owner may see, and no error shows that leave is missing.
  * Leave that is gone is deleted from COR if this DAG created it: the folder `bamboohr_to_cor/ledger` remembers that,
    so keep it. Leave that ends before the window stays as it is.
  * A run that would delete more than a fifth, because its key has lost permissions for example, fails before it sends
    anything. In a small team, one cancelled leave is more: if it is right, trigger a run with a larger
    `max_delete_fraction`.
  * A request that cannot be read, for example with a blank amount or an unknown unit, is rejected in the report, and
    what COR has of it stays as it is.
  * BambooHR knows how much of each day somebody takes, but not when. Half days in the middle of a leave count as whole
    days. Weekends and holidays within a leave are part of it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, Param, task
from airflow.providers.http.hooks.http import HttpHook
from requests.auth import HTTPBasicAuth

from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.extract.hr_http import read_json
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.spans import Half, HalfDayPolicy, map_leave_type, overlaps, prefix_id, to_spans
from cor_provider.operators.leaves import SyncLeavesOperator

SOURCE = "GLOBANT"  # the source of your users and leave types in COR
# Your choice: COR's leave types by BambooHR's. Project leads read COR, clients may, so illness looks like any other
# absence. COR refuses "unmapped", so the report shows the others, where a filter would lose them.
LEAVE_TYPES = {"Vacation": "vacation", "Conference": "training"}
SENSITIVE = {"Sick", "Bereavement", "Parental"}
COMPANY_ZONE = "Europe/Madrid"  # for today's date and half days
POLICY: HalfDayPolicy = "span"  # your choice: "split" makes half days leaves of their own
HALF_DAY: Half = "morning"  # your choice, for leave of half a day; longer leave begins or ends at midday
HALF = {"days": 0.5, "hours": 4}  # up to this much of a day is a half day, by the unit of the leave type

FOLDER = "{{ var.value.leave_exchange }}/bamboohr_to_cor"
RUN = FOLDER + "/{{ run_id }}"


@task(multiple_outputs=True)
def extract(path: str) -> dict[str, Any]:
    """Write approved leave of the window, and return path and window, which is all that Airflow stores."""
    today = datetime.now(ZoneInfo(COMPANY_ZONE)).date()
    first, last = today - timedelta(days=30), today + timedelta(days=365)
    # The key is in Password, and BambooHR wants it as the user name.
    hook = HttpHook("GET", http_conn_id="bamboohr", auth_type=lambda _, key: HTTPBasicAuth(key, "x"))
    filters = {"start": first.isoformat(), "end": last.isoformat(), "status": "approved", "excludeNote": "1"}
    rows = read_json(hook, "/api/v1/time_off/requests", filters)
    leaves = to_leaves_or_rejected(
        rows, lambda row: to_leaves(row, (first, last)), leave_id=lambda row: prefix_id("bamboohr", row["id"])
    )
    show_dry_run(write_lines(path, leaves), source=SOURCE)
    return {"path": path, "window": [first.isoformat(), last.isoformat()]}


def to_leaves(row: dict[str, Any], window: tuple[date, date]) -> list[dict[str, Any]]:
    """Return the leave requests of a row; none if it is not approved, or outside the window."""
    if row["status"]["status"] != "approved":
        return []
    first, last = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
    if last < first:
        raise ValueError("The leave ends before it starts.")  # so that COR keeps what it has of it, all parts
    if not overlaps(first, last, window):
        return []
    amounts = row["dates"] or {}  # BambooHR sends an empty list for no days
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
    "bamboohr_to_cor",
    description="Approved leave of BambooHR, kept in step with COR",
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
    extracted: Any = extract(RUN + "/leaves.jsonl")
    SyncLeavesOperator(
        task_id="sync",
        leave_requests=extracted["path"],
        source=SOURCE,
        window=extracted["window"],
        ledger=FOLDER + "/ledger",
        max_deletes="{{ params.max_deletes }}",
        max_delete_fraction="{{ params.max_delete_fraction }}",
        max_rejected=10,
        report_path=RUN + "/report.jsonl",
    )
