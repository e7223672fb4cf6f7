"""
One leave, typed into a form in Airflow, into COR: for somebody in HR who needs it there now.

It needs the Connection ``cor_default``, of type "COR Integrations", and nothing else: no folder, no file.

Airflow stores what is typed with the run, in plain text, and shows it to whoever may see runs of this DAG; the audit
log has it too, and OpenLineage is told, if you use it. So
  * ask for ids, never for names or reasons, and offer no type of leave that tells of illness or family;
  * let nobody but HR trigger the DAG and see its runs and the audit log: that is for the roles of your auth manager to
    say (with FAB's, the DAG's ``access_control``);
  * delete runs and the log's rows when they are some days old: ``airflow db clean --tables dag_run,log
    --skip-archive``, since it keeps a copy otherwise. COR has the leave then.
What Airflow logs of the task, its rendered templates and its XComs hold nothing of the leave but its id.

A morning is from 9 to 13, an afternoon from 13 to 18, where the employee works; other hours are ``WorkingHours`` of
``cor_provider.extract.spans``, which ``to_spans`` takes.

A leave that COR has is left as it is, and the run fails and says so, since COR may not hold what was typed. Nothing is
cancelled or corrected here: that is done in COR, or by a transfer that brings what HR changes. It brings the same leave
only if it goes by the same id, so type the id as the transfer writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param

from cor_provider.extract.spans import to_spans
from cor_provider.operators.leaves import CreateLeaveOperator

# Your choice: the leave types of COR (their external ids) that may be typed, and what they are called in the form.
LEAVE_TYPES = {"vacation": "Vacation", "absence": "Any other absence", "training": "Training"}
# Your choice: where people work. It matters to half days alone: a whole day is that day, wherever.
ZONES = ["Europe/Madrid", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Pacific/Auckland"]

ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^\S+$"}
DAY: dict[str, Any] = {"type": "string", "format": "date"}
PART: dict[str, Any] = {"type": "string", "enum": ["all day", "morning", "afternoon"], "section": "Half days"}
FORM = {
    "leave_id": Param(**ID, title="Leave", description="Its id in HR, as the transfer writes it: HR-LAP-2026-00010"),
    "user_id": Param(**ID, title="Employee", description="The id in HR, not the name: HR-EMP-00012"),
    "leave_type": Param("vacation", type="string", enum=list(LEAVE_TYPES), values_display=LEAVE_TYPES, title="Type"),
    "first_day": Param(**DAY, title="First day"),
    "last_day": Param(**DAY, title="Last day", description="It is leave too: the same day, for one day of leave"),
    "first_part": Param(
        "all day", **PART, title="Of the first day", description="Before other days, a morning is all day"
    ),
    "last_part": Param(
        "all day", **PART, title="Of the last day", description="After other days, an afternoon is all day"
    ),
    "zone": Param(
        ZONES[0], type="string", enum=ZONES, title="Time zone", description="Where they work", section="Half days"
    ),
}


def to_leaves(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say in COR's terms what the form says."""
    who_and_what = {"user_id": form["user_id"], "leave_type_id": form["leave_type"]}
    spans = to_spans(
        form["leave_id"],
        date.fromisoformat(form["first_day"]),
        date.fromisoformat(form["last_day"]),
        half_first=None if form["first_part"] == "all day" else form["first_part"],
        half_last=None if form["last_part"] == "all day" else form["last_part"],
        zone=form["zone"],
    )
    return [{**who_and_what, **span} for span in spans]


with DAG(
    dag_id="single_leave_to_cor",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params=FORM,
    user_defined_macros={"to_leaves": to_leaves},
) as dag:
    CreateLeaveOperator(
        task_id="push",
        leave_requests="{{ to_leaves(params) | tojson }}",
        source="GLOBANT",  # as your users and leave types were created in COR
        if_exists="fail",  # somebody waits for the answer, so that a leave which is not as typed must not look well
    )
