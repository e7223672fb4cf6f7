"""
Push approved leave of several legal entities, each with its own HR database, into COR every day.

If a database is down or COR refuses an entity's leave, the others are pushed all the same, and the run fails at the
end. Clear its failed tasks to run only that entity again.

It needs
  * a Connection per entity (`hr_ar`, `hr_de`, `hr_nz`): an SQL database with the table of the query below. For another
    layout, write a query with the same columns;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Pool `cor`, whose slots limit how many entities are pushed at once: `airflow pools set cor 2 "COR"`. The Extra
    `requests_per_second` of the Connection applies to each push, so multiply it by the slots;
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts and
    reports. They are personal data: restrict access, and delete old runs.

Entities use the same ids, so users and leave go to COR with the entity's name: `ar-17` is not `de-17`. Days and half
days are those of the entity's time zone. Leave that COR already has stays as it is, so a run may be repeated. Leave
that an entity changes or cancels later stays in COR as it was: this adds leave, it is not a sync.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseHook, task, task_group

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import map_leave_type, prefix_id, to_spans
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.outcome import is_complete

# The time zone of each entity. Its name is the prefix of its ids in COR.
ENTITIES = {"ar": "America/Argentina/Buenos_Aires", "de": "Europe/Berlin", "nz": "Pacific/Auckland"}
# Your choice: COR's leave types by HR's. Project leads read COR, clients may, so illness looks like any other absence.
# COR refuses "unmapped", so the report shows the others, where a filter would lose them.
LEAVE_TYPES = {"Vacaciones": "vacation", "Urlaub": "vacation", "Annual leave": "vacation"}
SENSITIVE = {"Enfermedad", "Krankheit", "Sick leave"}
MAX_REJECTED = 10  # your choice: tolerated rejections, which somebody reads about in the report

# Names and reasons stay in the database. A part is 'morning', 'afternoon' or NULL for the whole day.
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
    return write_lines(path, (leave for row in rows for leave in to_leaves(entity, row)))


def to_leaves(entity: str, row: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return the leave requests of a row of the query."""
    leave_id, employee, leave_type, first_day, last_day, first_part, last_part = row
    leave_id = prefix_id(entity, leave_id)
    leave_type_id = map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE)
    who_and_what = {"user_id": employee and prefix_id(entity, employee), "leave_type_id": leave_type_id}
    try:
        first, last = (datetime.fromisoformat(str(day)).date() for day in (first_day, last_day))
    except ValueError:  # the push rejects it, and the report shows it
        return [{**who_and_what, "id": leave_id, "start": str(first_day), "end": str(last_day)}]
    spans = to_spans(leave_id, first, last, half_first=first_part, half_last=last_part, zone=ENTITIES[entity])
    return [{**who_and_what, **span} for span in spans]


@task(trigger_rule="all_done")
def summarise(pushes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts of every entity, and fail unless COR has taken everything."""
    # Pushes without counts are missing here, so the entity is read from the folder of the report.
    counts_of = {PurePosixPath(counts["report"]).parent.name: counts for counts in pushes[:]}
    summary = {entity: counts_of.get(entity, "no counts") for entity in ENTITIES}
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
        source="GLOBANT",  # the source of your users and leave types in COR
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
    user_defined_macros={"entities": list(ENTITIES)},
    tags=["cor", "leave", "sql"],
    doc_md=__doc__,
) as dag:
    pushes: Any = one_entity.expand(entity=list(ENTITIES))
    summarise(pushes)
