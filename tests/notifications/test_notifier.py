"""When there is a notice and when not, in tasks that Airflow runs."""

from __future__ import annotations

import base64
import copy
import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, cast

import pytest
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from sqlalchemy import text

from cor_provider._compat import Context
from cor_provider.exceptions import CorUsersRejectedError
from cor_provider.notifications import LeaveNotifier
from cor_provider.operators.users import CreateUsersOperator
from cor_provider.sandbox import Sandbox
from notice_receivers import HttpReceiver
from support import Connect
from sync_support import TaskInstance
from user_support import MARKERS, PERSONAL

FINE = {"xcoms": {"summary": {"received": 30, "created": 30, "source": "GLOBANT", "causes": []}}}
NOTHING_CAME = {"xcoms": {"summary": {"received": 0, "source": "GLOBANT", "causes": []}}}
KILLED = {"is_killed": True}
NO_TOKEN = {"error": "CorAuthenticationError", "xcoms": {"summary": {"received": 2, "not_sent": 2, "causes": []}}}


def cause(error: str = "UserNotFoundError", count: int = 1, status: str = "rejected", **fields: Any) -> dict[str, Any]:
    return {"status": status, "error": error, "count": count, "example": "L-7", "advice": "the advice.", **fields}


def rejected(*causes: dict[str, Any], error: str | None = "CorLeavesRejectedError", **xcoms: Any) -> dict[str, Any]:
    causes = causes or (cause(),)
    count = sum(one["count"] for one in causes)
    summary = {"received": 30, "created": 30 - count, "rejected": count, "source": "GLOBANT", "causes": [*causes]}
    return {"error": error, "xcoms": {"summary": summary, **xcoms}}


Night = Callable[..., list[str]]


@pytest.fixture(scope="module")
def dag(load_dag: Callable[[str], Any], airflow_db: None) -> Any:
    return load_dag("noticed")


@pytest.fixture(autouse=True)
def forgotten(airflow_db: None) -> Iterator[None]:
    """No test knows of the notices of another."""
    with create_session() as session:
        session.query(Variable).delete()
    yield
    with create_session() as session:
        session.execute(text("DROP TRIGGER IF EXISTS read_only"))


@pytest.fixture
def night(dag: Any, receiver: HttpReceiver) -> Night:
    """Run the DAG with an ending for some of its tasks, and return the subjects of the notices by Apprise."""

    def run(**endings: Any) -> list[str]:
        before = len(receiver.of("/apprise"))
        dag.partial_subset({name.rstrip("12") for name in endings}).test(run_conf=endings)
        return [body["title"] for body in receiver.of("/apprise")[before:]]

    return run


def remembered() -> dict[str, Any]:
    with create_session() as session:
        return {one.key: json.loads(one.val) for one in session.query(Variable)}


BEGAN = "1 of 30 leave requests was rejected: push of noticed"
GONE = "Nothing is wrong with leave any more: push of noticed"


def test_there_is_one_notice_when_rejections_begin_and_one_when_they_are_gone(night: Night) -> None:
    assert night(push=FINE) == []
    assert night(push=rejected()) == [BEGAN]
    assert night(push=rejected()) == []
    assert night(push=FINE) == [GONE]
    assert night(push=FINE) == []
    assert night(push=rejected()) == [BEGAN]


def test_other_counts_are_no_news(night: Night) -> None:
    night(push=rejected(cause(count=1, example="L-7")))
    assert night(push=rejected(cause(count=20, example="L-8"))) == []


def test_other_errors_are_news(night: Night) -> None:
    night(push=rejected())
    (subject,) = night(push=rejected(cause(), cause("LeaveTypeNotFoundError")))
    assert subject == "2 of 30 leave requests were rejected: push of noticed"
    assert len(night(push=rejected(cause("LeaveTypeNotFoundError")))) == 1


def test_tolerated_rejections_are_news_although_the_task_succeeds(night: Night) -> None:
    assert night(push=rejected(error=None)) == [BEGAN]
    assert night(push=rejected()) == []


def test_nothing_coming_in_does_not_say_that_nothing_is_rejected_any_more(night: Night) -> None:
    night(push=rejected())
    assert night(push=NOTHING_CAME) == []
    assert night(push=rejected()) == []
    assert night(push=FINE) == [GONE]


@pytest.mark.not_on_airflow("3.0", "3.1", "3.2")  # their `DAG.test` does not hand the error to callbacks
def test_nothing_coming_in_says_that_the_task_works_again(night: Night) -> None:
    night(push=NO_TOKEN)
    assert night(push=NOTHING_CAME) == [GONE]


def test_a_skipped_task_is_no_news(night: Night) -> None:
    night(push=rejected())
    assert night(push={"error": "AirflowSkipException"}) == []
    assert night(push=rejected()) == []


@pytest.mark.not_on_airflow("3.0", "3.1", "3.2")  # their `DAG.test` does not hand the error to callbacks
def test_an_error_that_stops_the_task_is_news_once(night: Night, receiver: HttpReceiver) -> None:
    assert night(push=NO_TOKEN) == ["AuthenticationError stopped the task: push of noticed"]
    assert "the message of the error" in receiver.of("/apprise")[-1]["message"]
    assert night(push=NO_TOKEN) == []


@pytest.mark.not_on_airflow("3.0", "3.1", "3.2")  # their `DAG.test` does not hand the error to callbacks
def test_an_error_that_is_not_ours_is_not_quoted(night: Night, receiver: HttpReceiver) -> None:
    assert night(push={"error": "ValueError"}) == ["ValueError stopped the task: push of noticed"]
    assert "the message of the error" not in receiver.of("/apprise")[-1]["message"]


def test_a_task_that_airflow_gives_up_since_it_was_killed_is_news_once(night: Night, receiver: HttpReceiver) -> None:
    night(push=rejected())
    assert night(push=KILLED) == ["NoResult stopped the task: push of noticed"]
    assert "its process was stopped. See its log" in receiver.of("/apprise")[-1]["message"]
    assert night(push=KILLED) == []
    assert night(push=FINE) == [GONE]


def test_a_mapped_task_that_was_killed_is_named(night: Night) -> None:
    assert night(mapped1=FINE, mapped2=KILLED) == ["NoResult stopped the task: mapped[1] of noticed"]


def test_mapped_tasks_have_notices_of_their_own(night: Night) -> None:
    first = "1 of 30 leave requests was rejected: mapped[0] of noticed"
    second = "1 of 30 leave requests was rejected: mapped[1] of noticed"
    assert night(mapped1=rejected(), mapped2=FINE) == [first]
    assert night(mapped1=rejected(), mapped2=rejected()) == [second]


def test_several_notifiers_tell_the_same(night: Night, receiver: HttpReceiver) -> None:
    assert len(night(both=rejected())) == 1
    (slack,) = receiver.of("/slack/chat.postMessage")
    (apprise,) = receiver.of("/apprise")
    assert BEGAN.replace("push", "both") in slack["text"]
    assert BEGAN.replace("push", "both") in apprise["message"]


def test_a_notifier_that_fails_is_asked_again_and_does_not_stop_the_others(
    night: Night, receiver: HttpReceiver
) -> None:
    receiver.refuses = "/slack"
    assert len(night(both=rejected())) == 1
    assert remembered() == {}
    receiver.refuses = None
    night(both=rejected())
    night(both=rejected())
    assert len(receiver.of("/slack/chat.postMessage")) == 1


def test_two_leave_notifiers_of_a_task_both_send(night: Night, receiver: HttpReceiver) -> None:
    assert len(night(two=rejected())) == 1
    assert len(receiver.of("/slack/chat.postMessage")) == 1
    assert night(two=rejected()) == []
    assert len(receiver.of("/slack/chat.postMessage")) == 1


def test_if_the_second_of_two_fails_both_send_again(night: Night, receiver: HttpReceiver) -> None:
    receiver.refuses = "/slack"
    assert len(night(two=rejected())) == 1
    assert remembered() == {}
    receiver.refuses = None
    assert len(night(two=rejected())) == 1
    assert len(receiver.of("/slack/chat.postMessage")) == 1


def test_only_names_of_errors_are_remembered(night: Night) -> None:
    night(push=rejected(cause(), cause("ServerError", status="failed")))
    ((name, kinds),) = remembered().items()
    assert name.startswith("cor_notice.noticed.push.")
    assert kinds == ["failed ServerError", "rejected UserNotFoundError"]
    night(push=FINE)
    assert remembered() == {}


def test_what_cannot_be_remembered_is_told_again(night: Night) -> None:
    with create_session() as session:
        refusal = "BEGIN SELECT RAISE(ABORT, 'read only'); END"
        session.execute(text(f"CREATE TRIGGER read_only BEFORE INSERT ON variable {refusal}"))
    log = io.StringIO()
    with redirect_stdout(log):
        assert night(push=rejected()) == [BEGAN]
        assert night(push=rejected()) == [BEGAN]


def test_a_memory_that_cannot_be_read_does_not_silence_a_notice(night: Night) -> None:
    night(push=rejected())
    with create_session() as session:
        session.query(Variable).one().set_val("no JSON")
    assert night(push=rejected()) == [BEGAN]


def test_a_file_of_the_task_is_attached(night: Night, receiver: HttpReceiver, tmp_path: Path) -> None:
    path = tmp_path / "rejected.csv"
    path.write_text("error;id\nUserNotFoundError;L-7\n")
    night(attached=rejected(files={"rejected": f"file://{path}"}))
    (attachment,) = receiver.of("/apprise")[-1]["attachments"]
    assert attachment["filename"] == "rejected.csv"
    assert base64.b64decode(attachment["base64"]) == path.read_bytes()
    night(attached=FINE)
    assert receiver.of("/apprise")[-1]["attachments"] == []


def test_it_says_what_it_takes() -> None:
    with pytest.raises(ValueError, match="takes the notifiers"):
        LeaveNotifier()
    with pytest.raises(ValueError, match="takes the notifiers"):
        LeaveNotifier(print)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"attach takes .*, not rejected_path"):
        LeaveNotifier(LeaveNotifier.__new__(LeaveNotifier), attach="rejected_path")


def test_it_can_be_copied_as_airflow_copies_tasks(dag: Any) -> None:
    task = copy.deepcopy(dag.get_task("push"))
    callbacks = task.on_failure_callback
    (notifier,) = callbacks if isinstance(callbacks, list) else [callbacks]
    assert isinstance(notifier, LeaveNotifier)


def test_no_notice_names_a_user(night: Night, receiver: HttpReceiver, sandbox: Sandbox, connect: Connect) -> None:
    connect(host=sandbox.url)
    task_instance = TaskInstance()
    people = [PERSONAL, PERSONAL | {"id": "PERSON-4711b"}, PERSONAL | {"id": "PERSON-4712", "role_id": 9}]
    with pytest.raises(CorUsersRejectedError):
        CreateUsersOperator(task_id="users", users=people).execute(cast("Context", {"ti": task_instance}))
    published = {name: task_instance.xcoms[name] for name in ("summary", "rejected", "files")}
    (subject,) = night(push={"error": "CorUsersRejectedError", "xcoms": published})
    assert subject == "2 of 3 users were rejected: push of noticed"
    told = json.dumps(receiver.of("/apprise")[-1], ensure_ascii=False)
    assert "record 3" in told
    assert [marker for marker in MARKERS if marker in told] == []
