"""
Create in COR the users whom leave needs and COR lacks, after a person has approved them, and push the leave again.

It needs
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`). It holds personal
    data: restrict access, and delete old runs;
  * in its folder `users_for_leave_to_cor` HR's exports `leave.jsonl` and `people.csv`. The `id` of a person is the
    `user_id` of leave.

Change these first: SOURCE, and MAX_CREATES, the number of users that a run may create.

A line of `leave.jsonl`, and of `people.csv` with what else COR takes of a user:

    {"id": "L-1", "user_id": "E-7", "leave_type_id": "vacation", "start": "2026-05-11", "end": "2026-05-12"}

    id,email,first_name,last_name
    E-7,ana.diaz@example.com,Ana,Díaz

Each run pushes the leave. If COR rejects some because it lacks their users, the run plans these users, and nobody else
of `people.csv`. The approver finds their number under "Required Actions" in Airflow, and in the folder a page that
shows them. Once approved, exactly these users are created, and the leave is pushed again. If nobody is missing, nobody
is asked, and no request about users is sent.

Traps
  * COR may send each new user mail, and users cost seats. Users who leave `people.csv` stay in COR, and so does
    cancelled leave: see `approved_sync_to_cor` for a sync. No status is read: the file must hold approved leave only.
  * Leave types must be in COR already: no documented call creates them.
  * The task `push` fails in a run that finds missing users: that is how the run knows them. The run fails only if leave
    is still rejected at its end, as when the plan was rejected: then the last push says why, and the next run asks
    again. If `people.csv` has changed since the plan, nobody is created.
  * Before Airflow 3.1, no task can ask a person. There, a run ends with the plan, and a second DAG,
    `users_for_leave_to_cor_apply`, carries it out: trigger that DAG with the plan's path, which `plan` returns.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Param, task
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.operators.users import CreateUsersOperator

FOLDER = "{{ var.value.leave_exchange }}/users_for_leave_to_cor"
RUN = FOLDER + "/{{ run_id }}"
SOURCE = "GLOBANT"  # the source of your leave types in COR, and so of the users
MAX_CREATES = 100  # more users in one run are a mistake, whoever approves them
MAX_REJECTED = 10  # of the people whom leave needs, so many may be wrong in people.csv
LEAVE: dict[str, Any] = {"leave_requests": FOLDER + "/leave.jsonl", "source": SOURCE}
USERS: dict[str, Any] = {
    "users": FOLDER + "/people.csv",
    "source": SOURCE,
    "max_creates": MAX_CREATES,
    "max_rejected": MAX_REJECTED,
}
DEFAULTS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 2},
    "description": "Creates the users whom leave needs in COR, after a person has approved them",
    "tags": ["cor", "leave", "users", "approval"],
    "doc_md": __doc__,
}


@task.branch(trigger_rule="all_done")
def choose(planned: dict[str, int], pushed: dict[str, int]) -> str | None:
    """Choose between asking for approval, pushing again to say what is wrong, and nothing: all leave is in."""
    if planned["create"] > MAX_CREATES:
        raise AirflowFailException(
            f"{planned['create']} users are more than MAX_CREATES={MAX_CREATES}. Nobody was asked."
        )
    if planned["rejected"] > MAX_REJECTED:
        raise AirflowFailException(
            f"{planned['rejected']} people are rejected, more than MAX_REJECTED={MAX_REJECTED}. Nobody was asked."
        )
    if planned["create"]:
        return "approve"
    return "push_again" if pushed["rejected"] else None


with DAG(dag_id="users_for_leave_to_cor", schedule="0 6 * * 1-5", **DEFAULTS) as dag:
    push: Any = CreateLeaveOperator(task_id="push", report_path=RUN + "/leave.jsonl", **LEAVE)
    plan: Any = CreateUsersOperator(
        task_id="plan",
        plan_only=True,
        plan_path=RUN + "/users.jsonl",
        only_for=push.output,
        trigger_rule="all_done",  # the push has failed if users are missing
        **USERS,
    )
    if AIRFLOW_V_3_1_PLUS:
        from airflow.providers.standard.operators.hitl import ApprovalOperator

        approve = ApprovalOperator(
            task_id="approve",
            subject="Create these users in COR?",
            body="{{ ti.xcom_pull(task_ids='plan', key='planned')['create'] }} to create. COR may send each of them "
            "mail, and users cost seats. The page `" + RUN + "/users.html` shows them.",
            response_timeout=timedelta(hours=20),
            retries=0,  # do not ask again if nobody answered
        )
        create = CreateUsersOperator(
            task_id="create",
            approved_plan=RUN + "/users.jsonl",
            only_for=RUN + "/leave.jsonl",
            report_path=RUN + "/users_report.jsonl",
            **USERS,
        )
        push_again = CreateLeaveOperator(
            task_id="push_again",
            report_path=RUN + "/leave_again.jsonl",
            trigger_rule="none_failed_min_one_success",  # `create` is skipped if nobody is to be created
            **LEAVE,
        )
        choose(plan.output["planned"], push.output) >> [approve, push_again]
        approve >> create >> push_again

if not AIRFLOW_V_3_1_PLUS:
    approved = Param(type="string", pattern=r"\.jsonl$", title="The approved plan", description="What `plan` returned")
    with DAG(dag_id="users_for_leave_to_cor_apply", schedule=None, params={"plan": approved}, **DEFAULTS):
        found = "{{ params.plan | replace('/users.jsonl', '/leave.jsonl') }}"
        CreateUsersOperator(
            task_id="create", approved_plan="{{ params.plan }}", only_for=found, **USERS
        ) >> CreateLeaveOperator(task_id="push_again", report_path=RUN + "/leave_again.jsonl", **LEAVE)
