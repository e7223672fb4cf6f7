"""The operator that creates users: nobody unless it is meant, each once, and nobody is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from cor_provider._compat import AirflowFailException, Context
from cor_provider.exceptions import (
    CorConfigurationError,
    CorPlanChangedError,
    CorPushIncompleteError,
    CorUserGuardError,
    CorUsersRejectedError,
)
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.operators.users import CreateUsersOperator
from cor_provider.sandbox import Sandbox
from support import Connect, leave
from sync_support import TaskInstance
from user_support import MARKERS, PERSONAL, user

PEOPLE = [user(f"E-{number}") for number in range(1, 4)]
ZERO = dict.fromkeys(("received", "created", "updated", "existing", "rejected", "failed", "not_sent"), 0)
SEED = {"source": "GLOBANT", "leave_types": [{"id": "vacation"}]}

CreateUsers = Callable[..., dict[str, Any]]


@pytest.fixture
def cor(connect: Connect) -> Iterator[Sandbox]:
    """A COR in which nobody is."""
    with Sandbox(empty=True, seed=SEED) as cor:
        connect(host=cor.url)
        yield cor


@pytest.fixture
def create_users(cor: Sandbox, task_instance: TaskInstance) -> CreateUsers:
    def execute(users: Any, **parameters: Any) -> dict[str, Any]:
        task_instance.xcoms.clear()
        context = {"ti": task_instance, **parameters.pop("context", {})}
        rendered = parameters.pop("rendered", {})
        operator = CreateUsersOperator(task_id="users", users=users, **parameters)
        for name, value in rendered.items():  # as Airflow does with what a template gives
            setattr(operator, name, value)
        return operator.execute(cast("Context", context))

    return execute


@pytest.fixture
def report(cor: Sandbox, tmp_path: Path) -> str:
    """The report of a push of leave that needs `E-2` and somebody whom HR has not."""
    path = str(tmp_path / "leave" / "report.jsonl")
    leaves = [leave("L1", user_id="E-2"), leave("L2", user_id="E-2"), leave("L3", user_id="E-9")]
    push = CreateLeaveOperator(task_id="push", leave_requests=leaves, report_path=path)
    with pytest.raises(AirflowFailException):
        push.execute(Context())
    return path


def posts(cor: Sandbox) -> int:
    return sum("users" in request.path for request in cor.requests)


def ids(cor: Sandbox) -> list[str]:
    return sorted(one.external_id for one in cor.users)


def test_users_are_created_and_a_second_run_finds_them(create_users: CreateUsers, cor: Sandbox) -> None:
    assert create_users(PEOPLE) == {**ZERO, "received": 3, "created": 3, "report": None, "plan": None}
    assert ids(cor) == ["E-1", "E-2", "E-3"]
    assert create_users(PEOPLE) == {**ZERO, "received": 3, "existing": 3, "report": None, "plan": None}


def test_every_form_of_input_is_read_with_hrs_names(create_users: CreateUsers, cor: Sandbox, tmp_path: Path) -> None:
    frame = pd.DataFrame(PEOPLE).rename(columns={"id": "No", "email": "Mail"}).assign(Job=["boss", "aide", "aide"])
    frame.to_csv(tmp_path / "people.csv", index=False)
    how = {
        "columns": {"id": "No", "email": "Mail", "role_id": "Job"},
        "values": {"role_id": {"boss": "Director", "*": "Collaborator"}},
    }
    assert create_users(str(tmp_path / "people.csv"), **how)["created"] == 3
    assert create_users(frame, **how)["existing"] == 3
    assert {one.external_id: one.role_id for one in cor.users} == {"E-1": 2, "E-2": 4, "E-3": 4}


def test_if_exists_updates_or_rejects(create_users: CreateUsers, cor: Sandbox) -> None:
    create_users(PEOPLE)
    changed = [user("E-1", last_name="Nueva")]
    assert create_users(changed, if_exists="update")["updated"] == 1
    assert "Nueva" in {one.last_name for one in cor.users}
    with pytest.raises(CorUsersRejectedError, match="More users were rejected than max_rejected=0"):
        create_users(changed, if_exists="fail")


@pytest.mark.parametrize("users", [None, [], "", "[]"])
def test_nobody_costs_no_request(users: Any, create_users: CreateUsers, cor: Sandbox) -> None:
    assert create_users(users)["received"] == 0
    assert cor.requests == ()


class TestLimit:
    def test_more_users_than_may_be_created_send_nothing(
        self, create_users: CreateUsers, cor: Sandbox, task_instance: TaskInstance
    ) -> None:
        people = [*(user(f"E-{number}") for number in range(21)), {}]
        with pytest.raises(CorUserGuardError, match="would create 21 users, more than max_creates=20") as refusal:
            create_users(people)
        assert isinstance(refusal.value, AirflowFailException)
        assert cor.requests == ()
        returned = task_instance.xcoms["return_value"]
        assert (returned["received"], returned["not_sent"], returned["rejected"]) == (22, 21, 1)

    @pytest.mark.parametrize("limit", [21, "21", None])
    def test_the_limit_is_a_parameter(self, limit: Any, create_users: CreateUsers) -> None:
        assert create_users([user(f"E-{number}") for number in range(21)], max_creates=limit)["created"] == 21

    def test_a_repeat_counts_once(self, create_users: CreateUsers) -> None:
        returned = create_users([*PEOPLE, *PEOPLE], max_creates=3)
        assert (returned["created"], returned["existing"]) == (3, 3)

    def test_a_wrong_limit_is_refused_when_the_dag_is_read(self) -> None:
        with pytest.raises(ValueError, match="max_creates: expected a whole number"):
            CreateUsersOperator(task_id="users", users=[], max_creates=-1)

    @pytest.mark.parametrize("rendered", [None, "None"])
    def test_a_limit_that_renders_to_nothing_is_refused(
        self, rendered: Any, create_users: CreateUsers, cor: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(
            CorConfigurationError, match="max_creates: is empty when the task runs, which must not mean any number"
        ):
            create_users(PEOPLE, max_creates=5, rendered={"max_creates": rendered})
        assert cor.requests == ()


class TestPlan:
    @pytest.mark.parametrize("rendered", [[], {}, False, 0])
    def test_an_approval_that_is_no_path_is_not_lifted(
        self, rendered: Any, create_users: CreateUsers, cor: Sandbox, tmp_path: Path
    ) -> None:
        with pytest.raises(CorConfigurationError, match="approved_plan: there is no file"):
            create_users(PEOPLE, approved_plan=str(tmp_path / "plan.jsonl"), rendered={"approved_plan": rendered})
        assert cor.requests == ()

    @pytest.mark.parametrize("rendered", [None, "", " ", "None"])
    def test_an_approval_that_renders_to_nothing_is_refused(
        self, rendered: Any, create_users: CreateUsers, cor: Sandbox, tmp_path: Path
    ) -> None:
        with pytest.raises(CorConfigurationError, match="approved_plan: is empty when the task runs"):
            create_users(PEOPLE, approved_plan=str(tmp_path / "plan.jsonl"), rendered={"approved_plan": rendered})
        assert cor.requests == ()

    def test_a_plan_sends_nothing_and_the_approved_one_is_done(
        self, create_users: CreateUsers, cor: Sandbox, task_instance: TaskInstance, tmp_path: Path
    ) -> None:
        path = str(tmp_path / "plan.jsonl")
        planned = create_users([*PEOPLE, {}], plan_only=True, plan_path=path, max_rejected=1)
        assert (planned["not_sent"], planned["rejected"], planned["plan"]) == (3, 1, path)
        assert cor.requests == ()
        assert task_instance.xcoms["planned"] == {"create": 3, "rejected": 1}
        assert (tmp_path / "plan.html").exists()
        assert create_users([*PEOPLE, {}], approved_plan=path, max_rejected=1)["created"] == 3

    def test_of_another_plan_nothing_is_sent(self, create_users: CreateUsers, cor: Sandbox, tmp_path: Path) -> None:
        path = str(tmp_path / "plan.jsonl")
        create_users(PEOPLE, plan_only=True, plan_path=path)
        with pytest.raises(CorPlanChangedError, match="1 users are new, 1 are gone, 1 are different"):
            create_users([user("E-1", role_id=1), user("E-2"), user("E-4")], approved_plan=path)
        assert cor.requests == ()

    def test_the_limit_holds_for_an_approved_plan_and_the_plan_only_warns(
        self, create_users: CreateUsers, cor: Sandbox, tmp_path: Path, logged: Callable[[], str]
    ) -> None:
        path = str(tmp_path / "plan.jsonl")
        create_users(PEOPLE, plan_only=True, plan_path=path, max_creates=2)
        assert "This plan would be refused. The task would create 3 users" in logged()
        with pytest.raises(CorUserGuardError):
            create_users(PEOPLE, approved_plan=path, max_creates=2)
        assert cor.requests == ()

    def test_no_output_replaces_an_input(self, create_users: CreateUsers, tmp_path: Path) -> None:
        path = str(tmp_path / "plan.jsonl")
        with pytest.raises(CorConfigurationError, match=r"plan_path: ends in \.html"):
            create_users(PEOPLE, plan_path=str(tmp_path / "plan.html"))
        create_users(PEOPLE, plan_only=True, plan_path=path)
        with pytest.raises(CorConfigurationError, match="would overwrite the file of approved_plan"):
            create_users(PEOPLE, approved_plan=path, report_path=path)


class TestOnlyForThoseWhomLeaveNeeds:
    def test_others_are_not_created(
        self, report: str, create_users: CreateUsers, cor: Sandbox, tmp_path: Path, logged: Callable[[], str]
    ) -> None:
        own = str(tmp_path / "users.jsonl")
        returned = create_users([*PEOPLE, {"email": "x@y.example"}], only_for=report, report_path=own)
        assert (returned["received"], returned["created"]) == (1, 1)
        assert ids(cor) == ["E-2"]
        log = logged()
        assert "Leave needs 1 users whom the input lacks" in log
        assert "1 records have no readable id" in log
        assert "E-9" not in log
        assert json.loads((tmp_path / "users.summary.json").read_text())["users"] == {"E-9": 1}

    def test_a_report_that_is_set_on_the_operator_counts(
        self, report: str, create_users: CreateUsers, cor: Sandbox
    ) -> None:
        assert create_users(PEOPLE, rendered={"only_for": report})["received"] == 1
        assert ids(cor) == ["E-2"]

    def test_if_nobody_is_missing_nothing_is_sent(
        self, create_users: CreateUsers, cor: Sandbox, tmp_path: Path
    ) -> None:
        path = tmp_path / "empty.jsonl"
        path.write_text("")
        assert create_users(PEOPLE, only_for=str(path))["received"] == 0
        assert cor.requests == ()

    @pytest.mark.parametrize("rendered", [None, "", "None", {"report": None}])
    def test_a_reference_that_names_no_report_creates_nobody(
        self, rendered: Any, create_users: CreateUsers, cor: Sandbox
    ) -> None:
        with pytest.raises(CorConfigurationError, match=r"only_for: (is empty|expected the report_path)"):
            create_users(PEOPLE, only_for="{{ ti.xcom_pull('push') }}", rendered={"only_for": rendered})
        assert cor.requests == ()

    def test_a_push_that_wrote_no_report_names_no_earlier_one(
        self, report: str, create_users: CreateUsers, cor: Sandbox
    ) -> None:
        """The push of a later run, to the same path, ends before it writes."""
        push = CreateLeaveOperator(task_id="push", leave_requests=[], report_path=report)
        push.max_rejected = "zq7"  # as a template rendered it
        instance = TaskInstance()
        with pytest.raises(CorConfigurationError):
            push.execute(cast("Context", {"ti": instance}))
        assert Path(report).exists()
        with pytest.raises(CorConfigurationError, match="only_for: expected the report_path"):
            create_users(PEOPLE, only_for=instance.xcoms["return_value"])
        assert posts(cor) == 0

    def test_a_report_of_users_is_not_taken_for_one_that_needs_nobody(
        self, create_users: CreateUsers, tmp_path: Path
    ) -> None:
        own = str(tmp_path / "users.jsonl")
        create_users([user("E-1")], report_path=own)
        with pytest.raises(
            CorConfigurationError, match=r"only_for: .*users\.jsonl is not the report of a push of leave"
        ):
            create_users(PEOPLE, only_for=own)

    def test_a_push_under_another_source_is_refused(self, report: str, create_users: CreateUsers, cor: Sandbox) -> None:
        with pytest.raises(CorConfigurationError, match=r"only_for: .* is of a push under another source"):
            create_users(PEOPLE, only_for=report, source="HR-2")
        assert posts(cor) == 0

    def test_rejected_records_are_those_of_the_needed_users(
        self, report: str, create_users: CreateUsers, tmp_path: Path
    ) -> None:
        rejected = tmp_path / "rejected.jsonl"
        people = [user("E-1"), user("E-2", email="zq7"), user("E-3")]
        with pytest.raises(CorUsersRejectedError):
            create_users(people, only_for=report, rejected_path=str(rejected))
        (row,) = map(json.loads, rejected.read_text().splitlines())
        assert (row["id"], row["email"]) == ("E-2", "zq7")


class TestMapped:
    """A mapped task may get ``None`` from another task, where its author meant a value."""

    @pytest.fixture
    def context(self, task_instance: TaskInstance) -> dict[str, Any]:
        task_instance.map_index = 1
        return {"ti": task_instance}

    @pytest.mark.parametrize("name", ["only_for", "approved_plan", "max_creates"])
    def test_none_lifts_no_safeguard(
        self, name: str, context: dict[str, Any], create_users: CreateUsers, cor: Sandbox
    ) -> None:
        with pytest.raises(CorConfigurationError, match=f"{name}: is empty for this mapped task"):
            create_users(PEOPLE, context=context, **{name: None})
        assert cor.requests == ()

    def test_the_advice_on_a_limit_is_one_that_lifts_it(
        self, context: dict[str, Any], create_users: CreateUsers
    ) -> None:
        with pytest.raises(CorConfigurationError, match="To do without it, give a large number"):
            create_users(PEOPLE, context=context, max_creates=None)

    @pytest.mark.parametrize("name", ["plan_only", "validate_only"])
    def test_none_is_not_taken_for_false(self, name: str) -> None:
        none: dict[str, Any] = {name: None}
        with pytest.raises(ValueError, match=f"{name}: expected True or False"):
            CreateUsersOperator(task_id="users", users=PEOPLE, **none)

    def test_what_is_left_out_is_not_wanted(self, context: dict[str, Any], create_users: CreateUsers) -> None:
        assert create_users(PEOPLE, context=context)["created"] == 3


class TestPrivacy:
    @pytest.fixture
    def told(self, create_users: CreateUsers, task_instance: TaskInstance, logged: Callable[[], str]) -> str:
        """Whatever a task says that creates, rejects and refuses users."""
        create_users([PERSONAL])
        said = [task_instance.xcoms]
        same_address = PERSONAL | {"id": "PERSON-4711b"}
        for users in ([same_address, PERSONAL | {"role_id": 9}], [PERSONAL | {"email": "zacharias.quell"}]):
            with pytest.raises(CorUsersRejectedError) as refusal:
                create_users(users)
            said += [task_instance.xcoms, str(refusal.value)]
        return json.dumps(said) + logged()

    def test_nobody_is_named(self, told: str) -> None:
        assert [marker for marker in MARKERS if marker in told] == []

    def test_positions_stand_for_users(self, create_users: CreateUsers, task_instance: TaskInstance) -> None:
        create_users([*PEOPLE, PERSONAL | {"role_id": 9}], max_rejected=1)
        (rejected,) = task_instance.xcoms["rejected"]
        assert (rejected["position"], rejected["error"]) == (4, "InvalidRoleError")
        assert task_instance.xcoms["summary"]["records"] == "users"
        (cause,) = task_instance.xcoms["summary"]["causes"]
        assert cause["example"] == "record 4"

    def test_airflow_does_not_show_the_users(self) -> None:
        operator = CreateUsersOperator(task_id="users", users=[PERSONAL], only_for="report.jsonl")
        assert repr(operator.users) == "<users are not shown>"
        assert operator.label_of_input is None
        assert operator.only_for == "report.jsonl"


class TestTrouble:
    def test_lost_answers_and_errors_create_each_user_once(self, connect: Connect, task_instance: TaskInstance) -> None:
        people = [user(f"E-{number}") for number in range(50)]
        with Sandbox(empty=True, seed=SEED, error_rate=0.2, drop_rate=0.2, random_seed=7) as cor:
            connect(host=cor.url)
            operator = CreateUsersOperator(task_id="users", users=people, max_creates=50, max_attempts=30)
            returned = operator.execute(cast("Context", {"ti": task_instance}))
            assert returned["created"] == 50
            assert len(ids(cor)) == len(set(ids(cor))) == 50
            assert len(cor.mails) == 50


class TestRetry:
    """Of a try that was cut short once COR had taken one user."""

    class Store(dict[str, Any]):
        set = dict.__setitem__

    class Retried(TaskInstance):
        max_tries = 2

    @pytest.fixture
    def store(self) -> Store:
        return self.Store()

    @pytest.fixture
    def context(self, store: Store) -> dict[str, Any]:
        return {"ti": self.Retried(), "task_state_store": store}

    @pytest.fixture
    def cut_short(self, create_users: CreateUsers, cor: Sandbox, context: dict[str, Any]) -> CreateUsers:
        def execute(users: Any, **parameters: Any) -> dict[str, Any]:
            same = {"concurrency": 1, "max_attempts": 1, "context": context, **parameters}
            cor.go_down(after=1)
            with pytest.raises(CorPushIncompleteError, match="Some users could not be sent"):
                create_users(users, **same)
            cor.clear_faults()
            return same

        return execute

    def test_it_resumes_after_those_who_are_done(
        self, create_users: CreateUsers, cut_short: CreateUsers, cor: Sandbox, store: Store, tmp_path: Path
    ) -> None:
        path = str(tmp_path / "plan.jsonl")
        create_users(PEOPLE, plan_only=True, plan_path=path)
        same = cut_short(PEOPLE, approved_plan=path)
        assert not [one for one in PEOPLE if one["email"] in json.dumps(store) or one["id"] in json.dumps(store)]
        before = posts(cor)
        assert create_users(PEOPLE, **same)["created"] == 3
        assert posts(cor) - before == 2

    def test_its_plan_is_of_everybody(
        self, create_users: CreateUsers, cut_short: CreateUsers, task_instance: TaskInstance, tmp_path: Path
    ) -> None:
        same = cut_short(PEOPLE, plan_path=str(tmp_path / "plan.jsonl"))
        create_users(PEOPLE, **same)
        assert same["context"]["ti"].xcoms["planned"] == {"create": 3, "rejected": 0}
        assert len((tmp_path / "plan.jsonl").read_text().splitlines()) == 3

    def test_its_limit_counts_everybody(self, create_users: CreateUsers, cut_short: CreateUsers, cor: Sandbox) -> None:
        same = cut_short(PEOPLE)
        before = posts(cor)
        with pytest.raises(CorUserGuardError, match="would create 3 users"):
            create_users(PEOPLE, **same, max_creates=2)
        assert posts(cor) == before

    def test_it_sends_nobody_whom_the_plan_refused(
        self, create_users: CreateUsers, cut_short: CreateUsers, cor: Sandbox
    ) -> None:
        """The first is rejected by COR, so its external id is free for another; the plan had refused that other."""
        people = [user("E-1"), user("E-2"), user("E-1", last_name="Other"), user("E-3")]
        same = cut_short(people, max_rejected=1)
        assert create_users(people, **same)["rejected"] == 1
        assert ids(cor) == ["E-1", "E-2", "E-3"]
        assert "Other" not in {one.last_name for one in cor.users}

    def test_rejected_records_of_both_tries_are_in_the_file(
        self, create_users: CreateUsers, cut_short: CreateUsers, tmp_path: Path
    ) -> None:
        rejected = tmp_path / "rejected.jsonl"
        people = [{"id": "no address"}, *PEOPLE, {"id": "none either"}]
        same = cut_short(people, rejected_path=str(rejected), max_rejected=2)
        assert create_users(people, **same)["rejected"] == 2
        assert [json.loads(line)["id"] for line in rejected.read_text().splitlines()] == ["no address", "none either"]
