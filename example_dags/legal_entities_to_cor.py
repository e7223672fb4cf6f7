"""
Approved leave of several legal entities, each with an HR database of its own, pushed into COR every day.

Each entity goes its own way: its extract, then its push. One whose database is down, or whose leave COR turns away,
leaves the others alone; the run fails at the end, and says what became of each. Clear the failed tasks of the run then,
and nothing but that entity's way is gone again.

It needs
  * for each entity, a Connection named by it (``hr_ar``, ``hr_de``, ``hr_nz``): an SQL database with a table as the
    query below reads it. For another layout, write another query that gives the same columns. The database's provider
    is a package, such as ``apache-airflow-providers-postgres``;
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Pool ``cor``, whose slots are how many entities may be pushed at once: ``airflow pools set cor 2 "COR"``.
    The extra ``requests_per_second`` of the Connection holds for each push: COR gets at most that, times the slots;
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``) for what is
    extracted and for the reports. That is personal data: let few people read the folder, and delete what is some days
    old.

Entities number their people and leave alike, so both go to COR under the entity's name: ``ar-17`` is not ``de-17``.
A day is a day in the entity's own time zone, and so is the working day of which somebody takes half.

Leave that COR has is left as it is, so a run may be repeated; what HR changes later arrives with
``if_exists="update"``. Leave that an entity cancels after it was pushed stays in COR: this adds leave, it is not a
sync. It creates no users and no leave types either: COR refuses leave of those that it does not know, and the report
names each.
"""

from __future__ import annotations

import logging
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

# The entities by name, which is the prefix of their ids in COR, and the time zone of each.
ENTITIES = {
    "ar": "America/Argentina/Buenos_Aires",
    "de": "Europe/Berlin",
    "nz": "Pacific/Auckland",
}
# Your choice: which leave type of COR (its external id) stands for which of HR's. Project leads read COR, clients may,
# so that illness looks like any other absence. What is in neither goes out as "unmapped", which COR refuses: it is
# reported, where a filter would lose it.
LEAVE_TYPES = {"Vacaciones": "vacation", "Urlaub": "vacation", "Annual leave": "vacation"}
SENSITIVE = {"Enfermedad", "Krankheit", "Sick leave"}
# Your choice: a few refused leaves are for somebody to read about in the report; more fail the entity's push.
MAX_REJECTED = 10

# No name and no reason leaves the database. A part, 'morning' or 'afternoon', is what is leave of the first or the last
# day; NULL is all of it.
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
    """Write approved leave of the last 30 and the next 365 days, and return the path: Airflow logs and keeps that."""
    today = datetime.now(ZoneInfo(ENTITIES[entity])).date()
    database = BaseHook.get_hook(f"hr_{entity}")
    window = (str(today + timedelta(days=365)), str(today - timedelta(days=30)))
    rows = database.get_records(APPROVED_LEAVE.replace("?", database.placeholder), window)
    return write_lines(path, (leave for row in rows for leave in to_leaves(entity, row)))


def to_leaves(entity: str, row: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Say in COR's terms what a row of the query says."""
    leave_id, employee, leave_type, first_day, last_day, first_part, last_part = row
    leave_id = prefix_id(entity, leave_id)
    who_and_what = {
        "user_id": employee and prefix_id(entity, employee),
        "leave_type_id": map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE),
    }
    try:
        first, last = (datetime.fromisoformat(str(day)).date() for day in (first_day, last_day))
    except ValueError:  # the push rejects what is no date, so that somebody reads of it
        return [{**who_and_what, "id": leave_id, "start": str(first_day), "end": str(last_day)}]
    spans = to_spans(leave_id, first, last, half_first=first_part, half_last=last_part, zone=ENTITIES[entity])
    return [{**who_and_what, **span} for span in spans]


@task(trigger_rule="all_done")
def summarise(pushes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Say what became of every entity, and fail unless all is settled."""
    # A push that did not come to an account is not among them, so that a report's folder tells whose account it is.
    accounts = {PurePosixPath(counts["report"]).parent.name: counts for counts in pushes[:]}
    summary = {entity: accounts.get(entity, "no account of a push") for entity in ENTITIES}
    for entity, account in summary.items():
        logging.getLogger(__name__).info("%s: %s", entity, account)
    settled = {entity for entity, counts in accounts.items() if is_complete(counts, max_rejected=MAX_REJECTED)}
    if left := [entity for entity in ENTITIES if entity not in settled]:
        raise AirflowFailException(f"Leave is left to be sent of {', '.join(left)}: {summary}")
    return summary


@task_group
def one_entity(entity: str) -> Any:
    """Carry the leave of one entity."""
    return CreateLeaveOperator(
        task_id="push",
        leave_requests=extract(entity, f"{FOLDER}/leaves.jsonl"),
        source="GLOBANT",  # as your users and leave types were created in COR
        if_exists="skip",  # "update" sends changed dates too, with a second request for each leave that COR has
        max_rejected=MAX_REJECTED,
        pool="cor",
        report_path=f"{FOLDER}/report.jsonl",
        map_index_template=ENTITY,
    ).output


with DAG(
    dag_id="legal_entities_to_cor",
    schedule="@daily",  # the window is by today's date, not by the run's data interval: any schedule will do
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    user_defined_macros={"entities": list(ENTITIES)},
) as dag:
    pushes: Any = one_entity.expand(entity=list(ENTITIES))
    summarise(pushes)
