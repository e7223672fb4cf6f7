"""Tasks that end as the run says, whose notices go to whom the tests listen for."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from airflow import DAG
from airflow.providers.apprise.notifications.apprise import AppriseNotifier
from airflow.providers.slack.notifications.slack import SlackNotifier

from cor_provider import exceptions
from cor_provider._compat import AirflowSkipException, BaseOperator, Context, airflow_since
from cor_provider.notifications import LeaveNotifier

by_apprise = LeaveNotifier(AppriseNotifier(title="{{ leave.subject }}", body="{{ leave.text }}"))
by_slack = LeaveNotifier(SlackNotifier(text="{{ leave.slack }}"))
by_both = LeaveNotifier(*by_slack.notifiers, *by_apprise.notifiers)
with_file = LeaveNotifier(*by_apprise.notifiers, attach="rejected")

ERRORS = {**vars(exceptions), "AirflowSkipException": AirflowSkipException, "ValueError": ValueError}


class Ending(BaseOperator):
    """Ends as the run says."""

    def __init__(self, number: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.number = number

    def execute(self, context: Context) -> None:
        """Publish the XComs of the run, and raise its error."""
        ending = (context["dag_run"].conf or {})[f"{self.task_id}{self.number or ''}"]
        if ending.get("is_killed"):
            give_up(context["ti"])
            raise AirflowSkipException  # this process has nothing to tell any more
        for key, value in ending.get("xcoms", {}).items():
            context["ti"].xcom_push(key=key, value=value)
        if error := ending.get("error"):
            raise ERRORS[error]("the message of the error")


def give_up(task_instance: Any) -> None:
    """Do what Airflow does in another process, once it sees that the process of a task was killed."""
    why = "Task did not emit heartbeat within time limit"
    if not airflow_since("3.0"):
        task_instance.handle_failure(why)
        return
    names = ("id", "task_id", "dag_id", "run_id", "try_number", "dag_version_id", "map_index")
    request = import_module("airflow.callbacks.callback_requests").TaskCallbackRequest(
        filepath=__file__,
        bundle_name="tests-dags",
        bundle_version=None,
        msg=why,
        ti={name: getattr(task_instance, name) for name in names},
        task_callback_type="failed",
        context_from_server=task_instance._ti_context_from_server,
    )
    log = import_module("structlog").get_logger()
    dags = SimpleNamespace(dags={task_instance.dag_id: task_instance.task.dag})
    import_module("airflow.dag_processing.processor")._execute_task_callbacks(dags, request, log)


def noticed(notifiers: Any) -> dict[str, Any]:
    """Return the callbacks of a task."""
    return {"on_failure_callback": notifiers, "on_success_callback": notifiers}


with DAG("noticed", schedule=None, tags=["test"]) as dag:
    Ending(task_id="push", **noticed(by_apprise))
    Ending(task_id="both", **noticed(by_both))
    Ending(task_id="two", **noticed([by_apprise, by_slack]))
    Ending(task_id="attached", **noticed(with_file))
    Ending.partial(task_id="mapped", **noticed(by_apprise)).expand(number=[1, 2])
