"""
Keep COR in step with a file of leave, after a person has approved the changes.

It needs
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`). It holds personal
    data: restrict access, and delete old runs;
  * in its folder `approved_sync_to_cor` the file `leaves.jsonl`: all leave of this year and the next that COR should
    hold. HR's export replaces the complete file; so can the `extract` of another example, without its push.

Change these first: `source`, in SYNC; WITHOUT_APPROVAL; WINDOW, the days that the file covers.

Each line of the file is a leave as COR takes it:

    {"id": "L-1", "user_id": "E-7", "leave_type_id": "vacation", "start": "2026-05-11", "end": "2026-05-12"}

Each run first makes a plan and sends nothing. The approver finds the counts under "Required Actions" in Airflow, with a
link to the task's tab "Leave" that shows the changes per user on a calendar. The tab needs `show_leave_in_ui = True` in
section `[cor]` of Airflow's configuration; the folder has the same calendar as a page.

Traps
  * Leave that is no longer in the file is deleted from COR if this DAG created it: the folder's `ledger` remembers
    that, so keep it. An empty file is always refused. No status is read: the file must hold approved leave only.
  * Leave that COR may already have, as on the first run, is counted separately: creating it overwrites COR's.
  * The run carries out exactly the approved plan. If leave has changed in the meantime, in the file or in COR through
    this DAG, it fails and sends nothing, and the next run makes a new plan. A plan that nobody answers fails the run.
    Until then, no other run starts.
  * On a disk, only the user that Airflow's workers run as can read the page; in an object store, let the approver read
    the folder.
  * Before Airflow 3.1, no task can ask a person. There, a run ends with the plan, and a second DAG,
    `approved_sync_to_cor_apply`, carries it out: trigger that DAG with the plan's path, which the task `plan` returns.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from cor_provider.operators.leaves import SyncLeavesOperator

# Your choice: which changes need no approval: none of them (set()), or new leave ({"create"}), as long as it
# overwrites nothing that COR may have. You can add "update", "overwrite", "delete" and "forget". A plan that has any
# other change goes to the approver as a whole.
WITHOUT_APPROVAL: set[str] = set()
WINDOW = "{{ macros.datetime.now().year }}-01-01/{{ macros.datetime.now().year + 1 }}-12-31"

FOLDER = "{{ var.value.leave_exchange }}/approved_sync_to_cor"
RUN = FOLDER + "/{{ run_id }}"
SYNC: dict[str, Any] = {
    "leave_requests": FOLDER + "/leaves.jsonl",
    "source": "GLOBANT",  # the source of your users and leave types in COR
    "window": WINDOW,
    "ledger": FOLDER + "/ledger",
    "max_delete_fraction": 1.0,  # the approver sees how many leaves would be deleted
    "max_rejected": 10,
}
DEFAULTS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 2},
    "description": "Keeps COR in step with a file of leave, after a person has approved the changes",
    "tags": ["cor", "leave", "approval"],
    "doc_md": __doc__,
}


@task.branch
def choose(planned: dict[str, int]) -> str | None:
    """Choose between asking for approval and applying the plan at once; choose nothing if nothing would change."""
    changes = {change for change in ("update", "delete", "forget") if planned[change]}
    if planned["may_overwrite"]:
        changes.add("overwrite")
    if planned["create"] > planned["may_overwrite"]:
        changes.add("create")
    if not changes:
        return None
    return "apply" if changes <= WITHOUT_APPROVAL else "approve"


with DAG(dag_id="approved_sync_to_cor", schedule="0 6 * * 1-5", **DEFAULTS) as dag:
    plan: Any = SyncLeavesOperator(task_id="plan", plan_only=True, plan_path=RUN + "/plan.jsonl", **SYNC)

    if AIRFLOW_V_3_1_PLUS:
        from airflow.providers.standard.operators.hitl import ApprovalOperator

        approve = ApprovalOperator(
            task_id="approve",
            subject="Make these changes of leave in COR?",
            body=(
                "{% set planned = ti.xcom_pull(task_ids='plan', key='planned') %}"
                "{{ planned['create'] }} to create ({{ planned['may_overwrite'] }} of these overwrite if COR has it), "
                "{{ planned['update'] }} to update, {{ planned['delete'] }} to delete, "
                "{{ planned['forget'] }} to forget, {{ planned['unchanged'] }} unchanged, "
                "{{ planned['rejected'] }} rejected.\n\n"
                "[The tab Leave](dags/{{ dag.dag_id }}/runs/{{ run_id | urlencode }}/tasks/plan/plugin/leave) shows "
                "whose leave changes, and when. So does the page `" + RUN + "/plan.html`."
            ),
            response_timeout=timedelta(hours=20),
            retries=0,  # do not ask again if nobody answered
        )
        apply = SyncLeavesOperator(
            task_id="apply",
            approved_plan=RUN + "/plan.jsonl",
            report_path=RUN + "/report.jsonl",
            trigger_rule="none_failed_min_one_success",  # `approve` is skipped if no approval is needed
            **SYNC,
        )
        choose(plan.output["planned"]) >> [approve, apply]
        approve >> apply

if not AIRFLOW_V_3_1_PLUS:
    approved = Param(type="string", pattern=r"\.jsonl$", title="The approved plan", description="What `plan` returned")
    with DAG(dag_id="approved_sync_to_cor_apply", schedule=None, params={"plan": approved}, **DEFAULTS):
        SyncLeavesOperator(
            task_id="apply", approved_plan="{{ params.plan }}", report_path=RUN + "/report.jsonl", **SYNC
        )
