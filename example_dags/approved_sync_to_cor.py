"""
Leave kept in step with COR, once a person has approved what would change.

It needs
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``). That is
    personal data: let few people read it, and delete the folders of runs that are some days old;
  * in its folder ``approved_sync_to_cor`` the file ``leaves.jsonl``: all leave of this year and the next that COR is to
    hold. HR's export replaces it as a whole, or the ``extract`` of another example does, in place of its push.

Each run plans, and sends nothing yet. The approver finds the counts under "Required Actions" in Airflow, and in the
folder a page that shows on a calendar what would change, whose and when. Leave that COR may have from elsewhere, as on
the first run, is counted apart: to create it is to overwrite that. On a disk it is for the user alone that
Airflow's workers run as; in an object store, let the approver read the folder too. What is approved is done, that and
nothing else: if leave changed meanwhile, in the file or in COR through this DAG, the run fails with the number of
differences, nothing is sent, and the next run plans anew. A plan that is rejected is not done, and one that nobody
answers fails the run. Until then no other run begins.

Leave that was cancelled, which is no longer in the file, is deleted from COR if this DAG put it there: the folder's
``ledger`` remembers. Keep it; without it nothing is deleted. An empty file is always refused.

Before Airflow 3.1 no task can ask a person. There, a run ends with the plan, and a second DAG,
``approved_sync_to_cor_apply``, does the plan whose path is typed when it is triggered: the task ``plan`` returns it.
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
    "source": "GLOBANT",  # as your users and leave types were created in COR
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
    "description": "Leave kept in step with COR, once a person has approved the changes",
    "tags": ["cor", "leave", "approval"],
    "doc_md": __doc__,
}


@task.branch
def choose(planned: dict[str, int]) -> str | None:
    """Have the plan approved, or done without asking; nothing follows if nothing would change."""
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
                "{{ planned['create'] }} to create ({{ planned['may_overwrite'] }} may overwrite what COR has), "
                "{{ planned['update'] }} to update, {{ planned['delete'] }} to delete, "
                "{{ planned['forget'] }} to forget, {{ planned['unchanged'] }} unchanged, "
                "{{ planned['rejected'] }} rejected.\n\n"
                "Whose leave, and when, is shown by the page `" + RUN + "/plan.html`."
            ),
            response_timeout=timedelta(hours=20),
            retries=0,  # who did not answer is not asked again
        )
        apply = SyncLeavesOperator(
            task_id="apply",
            approved_plan=RUN + "/plan.jsonl",
            report_path=RUN + "/report.jsonl",
            trigger_rule="none_failed_min_one_success",  # `approve` is skipped where nobody need be asked
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
