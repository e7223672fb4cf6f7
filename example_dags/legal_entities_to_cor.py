"""
Push approved leave of several legal entities, each with its own HR database, into COR every day.

It needs
  * a Connection per entity (`hr_ar`, `hr_de`, `hr_nz`): an SQL database with the table of the query below. For another
    layout, write a query with the same columns;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Pool `cor`, whose slots limit how many entities are pushed at once: `airflow pools set cor 2 "COR"`. The Extra
    `requests_per_second` of the Connection applies to each push, so multiply it by the slots;
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts and
    reports. They are personal data: restrict access, and delete old runs.

Change these first: `SOURCE`, `ENTITIES`, `LEAVE_TYPES`, `SENSITIVE`, `APPROVED_LEAVE`. Then trigger it with `dry_run`:
the log of each `extract` shows the first leaves as COR would get them.

It reads these columns. A part is `morning`, `afternoon` or NULL for the whole day:

    id | employee | leave_type | first_day  | last_day   | first_part | last_part
    17 | 1001     | Urlaub     | 2026-07-20 | 2026-07-22 | afternoon  | NULL

Traps
  * Leave that COR already has stays as it is, so a run may be repeated. Leave that an entity changes or cancels later
    stays in COR as it was: this adds leave, it is not a sync.
  * Entities use the same ids, so users and leave go to COR with the entity's name: `ar-17` is not `de-17`. Create the
    users in COR under such ids.
  * A row that cannot be read, for example with a part `AM`, is rejected in the report, and the others are pushed.
  * If a database is down or COR refuses an entity's leave, the others are pushed all the same, and the run fails at the
    end. Clear its failed tasks to run only that entity again.
  * Days and half days are those of the entity's time zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseHook, task, task_group

from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.spans import map_leave_type, prefix_id, read_day, to_spans
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.outcome import is_complete, returned_counts

SOURCE = "GLOBANT"  # the source of your users and leave types in COR
# The time zone of each entity. Its name is the prefix of its ids in COR.
ENTITIES = {"ar": "America/Argentina/Buenos_Aires", "de": "Europe/Berlin", "nz": "Pacific/Auckland"}
# Your choice: COR's leave types by HR's. Project leads read COR, clients may, so illness looks like any other absence.
# COR refuses "unmapped", so the report shows the others, where a filter would lose them.
LEAVE_TYPES = {"Vacaciones": "vacation", "Urlaub": "vacation", "Annual leave": "vacation"}
SENSITIVE = {"Enfermedad", "Krankheit", "Sick leave"}
MAX_REJECTED = 10  # your choice: tolerated rejections, which somebody reads about in the report

# Names and reasons stay in the database.
APPROVED_LEAVE = """
SELECT id, employee, leave_type, first_day, last_day, first_part, last_part
FROM leave_request
WHERE status = 'approved' AND first_day <= ? AND last_day >= ?
ORDER BY id
"""

ENTITY = "{{ entities[ti.map_index] }}"
FOLDER = f"{{{{ var.value.leave_exchange }}}}/legal_entities_to_cor/{{{{ run_id }}}}/{ENTITY}"


@task(map_index_template=ENTITY)
def extract(entity: str, path: str) -> str:
    """Write approved leave from 30 days ago to a year ahead, and return the path, which is all that Airflow stores."""
    today = datetime.now(ZoneInfo(ENTITIES[entity])).date()
    database = BaseHook.get_hook(f"hr_{entity}")
    window = (str(today + timedelta(days=365)), str(today - timedelta(days=30)))
    rows = database.get_records(APPROVED_LEAVE.replace("?", database.placeholder), window)
    leaves = to_leaves_or_rejected(
        rows, lambda row: to_leaves(entity, row), leave_id=lambda row: prefix_id(entity, row[0])
    )
    show_dry_run(write_lines(path, leaves), source=SOURCE)
    return path


def to_leaves(entity: str, row: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return the leave requests of a row of the query."""
    leave_id, employee, leave_type, first_day, last_day, first_part, last_part = row
    leave_id = prefix_id(entity, leave_id)
    leave_type_id = map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE)
    who_and_what = {"user_id": employee and prefix_id(entity, employee), "leave_type_id": leave_type_id}
    first, last = (read_day(day) for day in (first_day, last_day))
    spans = to_spans(leave_id, first, last, half_first=first_part, half_last=last_part, zone=ENTITIES[entity])
    return [{**who_and_what, **span} for span in spans]


@task(trigger_rule="none_skipped")  # so not in a dry run
def summarise(pushes: Sequence[dict[str, Any]] | None) -> dict[str, Any]:
    """Return the counts of every entity, and fail unless COR has taken everything."""
    # Pushes without counts are missing here, so the entity is read from the folder of the report.
    counts_of = {PurePosixPath(counts["report"]).parent.name: counts for counts in returned_counts(pushes)}
    summary = {entity: counts_of.get(entity, "its extract or push failed: see their logs") for entity in ENTITIES}
    complete = {entity for entity, counts in counts_of.items() if is_complete(counts, max_rejected=MAX_REJECTED)}
    if left := [entity for entity in ENTITIES if entity not in complete]:
        raise AirflowFailException(f"COR has not taken all leave of {', '.join(left)}: {summary}")
    return summary


@task_group
def one_entity(entity: str) -> Any:
    """Extract and push the leave of one entity."""
    return CreateLeaveOperator(
        task_id="push",
        leave_requests=extract(entity, f"{FOLDER}/leaves.jsonl"),
        source=SOURCE,
        if_exists="skip",  # "update" also sends changed dates, with a second request for each leave that COR has
        max_rejected=MAX_REJECTED,
        pool="cor",
        report_path=f"{FOLDER}/report.jsonl",
        map_index_template=ENTITY,
    ).output


with DAG(
    "legal_entities_to_cor",
    description="Leave of several legal entities, each with its own database, into COR",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params=dry_run_params(),
    user_defined_macros={"entities": list(ENTITIES)},
    tags=["cor", "leave", "sql"],
    doc_md=__doc__,
) as dag:
    pushes: Any = one_entity.expand(entity=list(ENTITIES))
    summarise(pushes)
