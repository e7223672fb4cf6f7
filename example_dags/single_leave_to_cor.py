"""
Put one leave, typed into a form in Airflow, into COR: for somebody in HR who needs it there now.

It needs only the Connection `cor_default`, of type "COR Integrations": no folder, no file.

Change these first: LEAVE_TYPES; ZONES, where people work; `source`.

The form asks for what a row of HR would say:

    Leave             Employee      Type      First day   Last day    Of the first day  Of the last day  Time zone
    HR-LAP-2026-00010 HR-EMP-00012  Vacation  2026-05-11  2026-05-12  afternoon         all day          Europe/Madrid

Traps
  * Airflow stores the form with the run in plain text, and shows it to everybody who may see runs of this DAG. The
    audit log has it too, and OpenLineage gets it if you use it. So ask for ids, never for names or reasons, and offer
    no leave type that reveals illness or family matters; let only HR trigger the DAG and see its runs and the audit log
    (your auth manager grants that; FAB: the DAG's `access_control`); delete old runs and log rows with `airflow db
    clean --tables dag_run,log --skip-archive`, or else a copy stays. The logs, rendered templates and XComs of the task
    hold nothing of the leave except its id.
  * If COR already has the leave, it stays as it is and the run fails, since COR may not hold what was typed. Change or
    cancel leave in COR, or through a DAG that carries HR's changes. Type the id as that DAG writes it, so that both
    mean the same leave.
  * A morning is from 9 to 13, an afternoon from 13 to 18, where the employee works. For other hours, pass
    `WorkingHours` of `cor_provider.extract.spans` to `to_spans`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param

from cor_provider.extract.spans import to_spans
from cor_provider.operators.leaves import CreateLeaveOperator

# The leave types of COR in the form, by external id.
LEAVE_TYPES = {"vacation": "Vacation", "absence": "Any other absence", "training": "Training"}
# Where people work, which matters for half days only.
ZONES = ["Europe/Madrid", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Pacific/Auckland"]

ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^\S+$"}
DAY: dict[str, Any] = {"type": "string", "format": "date"}
PART: dict[str, Any] = {"type": "string", "enum": ["all day", "morning", "afternoon"], "section": "Half days"}
FORM = {
    "leave_id": Param(**ID, title="Leave", description="Its id in HR, as other DAGs write it: HR-LAP-2026-00010"),
    "user_id": Param(**ID, title="Employee", description="The id in HR, not the name: HR-EMP-00012"),
    "leave_type": Param("vacation", type="string", enum=list(LEAVE_TYPES), values_display=LEAVE_TYPES, title="Type"),
    "first_day": Param(**DAY, title="First day"),
    "last_day": Param(**DAY, title="Last day", description="Inclusive: the same day for one day of leave"),
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
    """Return the leave requests of the form."""
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
    "single_leave_to_cor",
    description="One leave, typed into a form, into COR",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params=FORM,
    user_defined_macros={"to_leaves": to_leaves},
    tags=["cor", "leave", "form"],
    doc_md=__doc__,
) as dag:
    CreateLeaveOperator(
        task_id="push",
        leave_requests="{{ to_leaves(params) | tojson }}",
        source="GLOBANT",  # the source of your users and leave types in COR
        if_exists="fail",  # the run must not look green if COR holds something else
    )
