"""What the operators share: how they count, end, report and validate, and what they show of their input."""

from __future__ import annotations

import inspect
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import pytest
from airflow import DAG
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from airflow_names import AirflowTaskTimeout
from cor_provider._compat import AirflowFailException, BaseOperator, Context
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorLeavesRejectedError,
    CorPushIncompleteError,
    CorUserNotFoundError,
)
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import (
    CreateLeaveOperator,
    DeleteLeaveOperator,
    SyncLeavesOperator,
    UpdateLeaveOperator,
)
from cor_provider.sandbox import Sandbox
from cor_provider.task.redaction import reveal
from operators_support import Create, Run, counts
from support import Connect, attach_memory, leave
from sync_support import TaskInstance

EveryOperator = pytest.mark.parametrize(
    ("operator_class", "done"),
    [(CreateLeaveOperator, "created"), (UpdateLeaveOperator, "updated"), (DeleteLeaveOperator, "deleted")],
    ids=["create", "update", "delete"],
)
"""With the status of a leave request that it carried out."""


@EveryOperator
def test_an_editor_sees_every_parameter(operator_class: type[LeaveOperator], done: str) -> None:
    written = inspect.signature(operator_class.__init__, follow_wrapped=True).parameters
    of_airflow = {"map_index_template", "retry_policy"}
    assert {*inspect.signature(LeaveOperator.__init__).parameters} - of_airflow < {*written}
    assert "__signature__" not in vars(operator_class.__init__)
    assert written["cor_conn_id"].default == "cor_default"
    own = "if_exists" if done == "created" else "if_missing"
    assert written[own].default in {"skip", "create"}


@pytest.mark.parametrize(
    "operator_class", [CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator, SyncLeavesOperator]
)
def test_operators_share_their_defaults(operator_class: type[LeaveOperator]) -> None:
    def defaults(of: Any) -> dict[str, object]:
        return {name: one.default for name, one in inspect.signature(of.__init__).parameters.items()}

    shared = defaults(LeaveOperator)
    own = defaults(operator_class)
    assert {name: default for name, default in own.items() if name in shared} == {
        name: default for name, default in shared.items() if name in own
    }


@EveryOperator
class TestEveryOperator:
    def test_its_counts_add_up(
        self, operator_class: type[LeaveOperator], done: str, run: Run, task_instance: TaskInstance, tmp_path: Path
    ) -> None:
        report = str(tmp_path / "report.jsonl")
        records = [leave(), leave("L2"), leave("L2"), {"id": "L3"}]
        returned = run(operator_class, records, max_rejected=1, report_path=report, concurrency=1)
        assert list(returned) == ["received", *operator_class.statuses, "report"]
        assert returned["received"] == sum(returned[status] for status in operator_class.statuses) == 4
        assert (returned[done] >= 2, returned["rejected"]) == (True, 1)
        rows = [json.loads(line) for line in Path(report).read_text().splitlines()]
        assert sorted(row["position"] for row in rows) == [1, 2, 3, 4]
        assert [one["id"] for one in task_instance.xcoms["rejected"]] == ["L3"]
        assert task_instance.xcoms["cor_url"] == "https://app.projectcor.com"

    def test_leave_that_is_still_to_be_sent_is_an_error_that_airflow_retries(
        self, operator_class: type[LeaveOperator], done: str, run: Run, sandbox: Sandbox, task_instance: TaskInstance
    ) -> None:
        def cor_fails() -> Iterator[dict[str, Any]]:
            sandbox.answer_next(503)
            yield from (leave(), leave("L2"))

        with pytest.raises(CorPushIncompleteError) as raised:
            run(operator_class, cor_fails(), concurrency=1, max_attempts=1)
        assert not isinstance(raised.value, AirflowFailException)
        published = task_instance.xcoms["return_value"]
        assert (published["received"], published[done], published["failed"], published["not_sent"]) == (2, 0, 1, 1)

    def test_more_rejections_than_tolerated_fail_for_good(
        self, operator_class: type[LeaveOperator], done: str, run: Run, task_instance: TaskInstance
    ) -> None:
        with pytest.raises(CorLeavesRejectedError):
            run(operator_class, [leave(), {"id": "L3"}])
        published = task_instance.xcoms["return_value"]
        assert (published["received"], published[done], published["rejected"]) == (2, 1, 1)

    def test_validate_only_sends_nothing(
        self, operator_class: type[LeaveOperator], done: str, run: Run, sandbox: Sandbox
    ) -> None:
        before = len(sandbox.requests) + (2 if operator_class is not CreateLeaveOperator else 0)
        returned = run(operator_class, [leave(), leave("L2")], validate_only=True)
        assert (returned[done], returned["not_sent"]) == (0, 2)
        assert len(sandbox.requests) == before

    def test_a_task_that_is_killed_sends_nothing_more(
        self, operator_class: type[LeaveOperator], done: str, connect: Connect, task_instance: TaskInstance
    ) -> None:
        def killed() -> Iterator[dict[str, Any]]:
            operator.on_kill()
            yield leave()

        connect()
        operator = operator_class(task_id="push", leave_requests=killed())
        with pytest.raises(CorPushIncompleteError):
            operator.execute(cast("Context", {"ti": task_instance}))
        published = task_instance.xcoms["return_value"]
        assert (published[done], published["not_sent"]) == (0, 1)

    @pytest.mark.parametrize("parameters", [{"concurrency": 0}, {"max_rejected": -1}, {"max_rejected": "10%"}])
    def test_impossible_options_are_refused_when_the_dag_is_read(
        self, operator_class: type[LeaveOperator], done: str, parameters: dict[str, Any]
    ) -> None:
        with pytest.raises(ValueError, match=next(iter(parameters))):
            operator_class(task_id="push", leave_requests=[], **parameters)

    def test_leave_requests_are_templated_and_not_shown(self, operator_class: type[LeaveOperator], done: str) -> None:
        operator = operator_class(task_id="push", leave_requests=[leave("{{ 1 + 1 }}")])
        operator.render_template_fields(cast("Context", {}))
        assert repr(operator.leave_requests) == "<leave requests are not shown>"
        assert reveal(operator.leave_requests)[0]["id"] == "2"


class TestEndings:
    @pytest.mark.parametrize(("rejected", "max_rejected"), [(0, 0), (1, 1), (2, 5)])
    def test_as_many_rejections_as_tolerated_are_green(self, rejected: int, max_rejected: int, create: Create) -> None:
        records = [leave()] + [leave(f"R{number}", user_id="nobody") for number in range(rejected)]
        assert create(records, max_rejected=max_rejected)["rejected"] == rejected

    def test_one_more_rejection_fails_for_good(self, create: Create, task_instance: TaskInstance) -> None:
        with pytest.raises(CorLeavesRejectedError) as raised:
            create([leave("L1", user_id="nobody"), leave("L2")])
        assert isinstance(raised.value, AirflowFailException)
        assert str(raised.value) == (
            "UserNotFoundError 1, such as L1:\n  create these users in COR under source GLOBANT\n"
            "More leave was rejected than max_rejected=0: 2 received: 1 created, 1 rejected (UserNotFoundError 1)."
        )
        assert task_instance.xcoms["return_value"] == counts(received=2, created=1, rejected=1)
        assert [one["id"] for one in task_instance.xcoms["rejected"]] == ["L1"]

    def test_the_counts_are_published_even_if_no_connection_can_be_read(
        self, create: Create, task_instance: TaskInstance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(CorIntegrationsHook, "get_connection", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            create([leave()])
        assert task_instance.xcoms.keys() >= {"return_value", "rejected", "summary"}

    def test_a_transport_failure_is_an_error_that_airflow_retries(
        self, create: Create, sandbox: Sandbox, task_instance: TaskInstance
    ) -> None:
        sandbox.answer_next(503)
        with pytest.raises(CorPushIncompleteError) as raised:
            create([leave("L1"), leave("L2")], concurrency=1, max_attempts=1)
        assert not isinstance(raised.value, AirflowFailException)
        assert task_instance.xcoms["return_value"] == counts(received=2, failed=1, not_sent=1)

    def test_a_configuration_error_fails_for_good(
        self, create: Create, connect: Connect, task_instance: TaskInstance
    ) -> None:
        connect(password="expired")
        with pytest.raises(CorAuthenticationError) as raised:
            create([leave("L1"), leave("L2")], concurrency=1)
        assert isinstance(raised.value, AirflowFailException)
        assert task_instance.xcoms["return_value"] == counts(received=2, failed=1, not_sent=1)

    def test_an_input_that_breaks_off_accounts_for_what_came(
        self, create: Create, tmp_path: Path, task_instance: TaskInstance
    ) -> None:
        path = tmp_path / "leave.csv"
        path.write_text('id,user_id,leave_type_id,start,end\nL1,u1,vacation,2026-05-11,2026-05-11\nL2,"u1\n')
        with pytest.raises(CorConfigurationError, match="from line 3 on"):
            create(str(path))
        assert task_instance.xcoms["return_value"] == counts(received=1, created=1)

    def test_an_interruption_publishes_what_came_before(self, create: Create, task_instance: TaskInstance) -> None:
        def interrupted() -> Iterator[dict[str, Any]]:
            yield leave()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            create(interrupted())
        # Whether the one leave was sent before the interruption or not at all, it is accounted for.
        assert task_instance.xcoms["return_value"] in (
            counts(received=1, created=1),
            counts(received=1, not_sent=1),
        )

    def test_a_connection_that_does_not_exist_fails_for_good(self, create: Create, task_instance: TaskInstance) -> None:
        with pytest.raises(CorConfigurationError, match="does not exist"):
            create([leave(), leave("L2")], cor_conn_id="nowhere", concurrency=1)
        assert task_instance.xcoms["return_value"] == counts(received=2, failed=1, not_sent=1)

    def test_a_failure_gives_its_reason(self, create: Create, connect: Connect, closed_port: int) -> None:
        connect(host=f"http://127.0.0.1:{closed_port}")
        with pytest.raises(CorPushIncompleteError, match="Check the connection's Host and the network"):
            create(leave())

    def test_only_the_first_hundred_rejections_are_an_xcom(
        self, create: Create, task_instance: TaskInstance, tmp_path: Path
    ) -> None:
        report = tmp_path / "report.jsonl"
        create([leave(), *({"id": number} for number in range(150))], max_rejected=150, report_path=str(report))
        assert [one["id"] for one in task_instance.xcoms["rejected"]] == [str(number) for number in range(100)]
        assert len(report.read_text().splitlines()) == 151

    def test_a_task_that_is_killed_stops_sending_and_accounts_for_all(
        self, connect: Connect, sandbox: Sandbox, task_instance: TaskInstance, tmp_path: Path
    ) -> None:
        def killed_after_the_tenth() -> Iterator[dict[str, Any]]:
            for number in range(50):
                if number == 10:
                    operator.on_kill()
                yield leave(f"L{number}")

        connect()
        report = tmp_path / "report.jsonl"
        operator = CreateLeaveOperator(task_id="push", leave_requests=killed_after_the_tenth(), report_path=str(report))
        with pytest.raises(CorPushIncompleteError):
            operator.execute(cast("Context", {"ti": task_instance}))
        created = {stored.external_id for stored in sandbox.leaves}
        assert 0 < len(created) <= 10
        assert task_instance.xcoms["return_value"] == counts(
            received=50, created=len(created), not_sent=50 - len(created), report=str(report)
        )
        rows = [json.loads(line) for line in report.read_text().splitlines()]
        assert {row["id"] for row in rows if row["status"] == "created"} == created
        assert sorted(row["position"] for row in rows) == list(range(1, 51))

    def test_a_try_that_airflow_had_given_up_leaves_what_the_next_one_says(
        self, connect: Connect, task_instance: TaskInstance, tmp_path: Path
    ) -> None:
        def stopped_after_the_next_try_has_ended() -> Iterator[dict[str, Any]]:
            yield leave()
            report.write_text("of the next try")
            task_instance.xcoms |= of_the_next_try
            operator.on_kill()
            yield leave("L2")

        connect()
        report = tmp_path / "report.jsonl"
        of_the_next_try = {"return_value": counts(received=2, created=1, existing=1), "summary": {}}
        operator = CreateLeaveOperator(
            task_id="push", leave_requests=stopped_after_the_next_try_has_ended(), report_path=str(report)
        )
        with pytest.raises(CorPushIncompleteError, match="another try of this task has ended"):
            operator.execute(cast("Context", {"ti": task_instance}))
        assert task_instance.xcoms == of_the_next_try
        assert [path.read_text() for path in tmp_path.iterdir()] == ["of the next try"]

    def test_a_task_that_is_killed_before_it_runs_is_left_alone(self) -> None:
        CreateLeaveOperator(task_id="push", leave_requests=[]).on_kill()

    def test_an_execution_timeout_accounts_for_all(self, create: Create, task_instance: TaskInstance) -> None:
        def timed_out() -> Iterator[dict[str, Any]]:
            for number in range(50):
                if number == 10:
                    os.kill(os.getpid(), signal.SIGALRM)
                    interrupted.wait(60)
                yield leave(f"L{number}")

        interrupted = threading.Event()

        def time_out(*_: Any) -> None:
            interrupted.set()
            raise AirflowTaskTimeout

        before = signal.signal(signal.SIGALRM, time_out)
        try:
            with pytest.raises(AirflowTaskTimeout):
                create(timed_out())
        finally:
            signal.signal(signal.SIGALRM, before)
        published = task_instance.xcoms["return_value"]
        assert published["received"] == 50
        assert published["created"] >= 10 - 8
        assert published["created"] + published["not_sent"] == 50


class TestReport:
    def test_the_report_has_a_row_for_every_leave_request(
        self, create: Create, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        path = tmp_path / "reports" / "of today.jsonl"
        records = [leave(), leave("L2", user_id="nobody")]
        assert create(records, max_rejected=1, report_path=str(path), concurrency=1)["report"] == str(path)
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert rows == [
            {
                "id": "L1",
                "status": "created",
                "cor_id": sandbox.leaves[0].cor_id,
                "cor_user_id": sandbox.store.user_cor_ids["GLOBANT", "u1"],
                "error": None,
                "message": None,
                "attempts": 1,
                "position": 1,
            },
            {
                "id": "L2",
                "status": "rejected",
                "cor_id": None,
                "cor_user_id": None,
                "error": "UserNotFoundError",
                "message": CorUserNotFoundError.default_message,
                "attempts": 1,
                "position": 2,
                "unknown_id": "nobody",
            },
        ]
        assert list(rows[0]) == ["id", "status", "cor_id", "cor_user_id", "error", "message", "attempts", "position"]

    def test_a_report_is_whole_when_the_push_was_stopped(
        self, create: Create, connect: Connect, tmp_path: Path
    ) -> None:
        connect(password="expired")
        with pytest.raises(CorAuthenticationError):
            create([leave(), leave("L2")], report_path=(tmp_path / "report.jsonl").as_uri(), concurrency=1)
        rows = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
        assert [row["status"] for row in rows] == ["failed", "not_sent"]

    def test_a_report_that_cannot_be_written_stops_the_task_before_anything_is_sent(
        self, create: Create, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(CorConfigurationError, match=r"^report_path: cannot be written: Not a directory\. "):
            create(leave(), report_path=str(tmp_path / "file" / "report.jsonl"))
        assert sandbox.requests == ()

    def test_a_report_that_breaks_off_stops_the_push_and_leaves_no_outcome_uncounted(
        self, create: Create, sandbox: Sandbox, task_instance: TaskInstance
    ) -> None:
        with pytest.raises(OSError, match="No space left"):
            create([leave(f"L{number}") for number in range(500)], report_path="/dev/full")
        published = task_instance.xcoms["return_value"]
        assert published["received"] == 500
        assert published["created"] == len(sandbox.leaves)
        assert published["created"] + published["not_sent"] == 500

    def test_a_store_whose_client_fails_in_its_own_way_leaves_no_outcome_uncounted(
        self, create: Create, task_instance: TaskInstance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError("the bucket is gone")

        report = f"{attach_memory()}/report.jsonl"
        monkeypatch.setattr(MemoryFileSystem, "put_file", fail)
        with pytest.raises(RuntimeError, match="the bucket is gone"):
            create([leave(f"L{number}") for number in range(50)], report_path=report)
        published = task_instance.xcoms["return_value"]
        assert published["received"] == published["created"] + published["not_sent"] == 50

    def test_a_report_does_not_overwrite_the_input(self, create: Create, tmp_path: Path) -> None:
        path = tmp_path / "leave.jsonl"
        path.write_text(json.dumps(leave()))
        with pytest.raises(CorConfigurationError, match="report_path"):
            create(str(path), report_path=str(path))
        assert path.read_text() == json.dumps(leave())


class TestValidateOnly:
    def test_nothing_is_sent(self, create: Create, sandbox: Sandbox) -> None:
        assert create([leave(), leave("L2")], validate_only=True) == counts(received=2, not_sent=2)
        assert sandbox.requests == ()

    def test_the_connection_and_the_source_are_checked_too(self, create: Create, connect: Connect) -> None:
        connect(extra={"source": ""})
        with pytest.raises(CorConfigurationError, match="No source"):
            create(leave(), validate_only=True)

    def test_repeats_that_contradict_are_rejected_as_they_would_be(self, create: Create) -> None:
        records = [leave(), leave(), leave(end="2026-05-20"), leave("L2")]
        expected = counts(received=4, not_sent=3, rejected=1)
        assert create(records, validate_only=True, max_rejected=1) == expected

    @pytest.mark.parametrize(
        ("source", "warning"),
        [("SAP", None), ("Globant", "COR does not document the source Globant: did you mean GLOBANT?")],
    )
    def test_a_source_that_cor_does_not_document_is_doubted(
        self, source: str, warning: str | None, create: Create, logged: Callable[[], str]
    ) -> None:
        create([leave()], validate_only=True, source=source)
        text = logged()
        assert (warning or "") in text
        assert ("does not document" in text) is bool(warning)

    def test_rejections_fail_as_they_would(self, create: Create) -> None:
        with pytest.raises(CorLeavesRejectedError):
            create([leave(), {}], validate_only=True)


class TestPrivacy:
    @pytest.mark.parametrize(
        "leave_requests", [leave(), [leave()], (leave(),), json.dumps(leave()), json.dumps([leave()]), iter([leave()])]
    )
    def test_leave_requests_are_not_shown(self, leave_requests: Any) -> None:
        operator = CreateLeaveOperator(task_id="push", leave_requests=leave_requests)
        assert repr(operator.leave_requests) == "<leave requests are not shown>"

    def test_a_literal_beside_an_upstream_output_is_not_shown(self) -> None:
        with DAG("private", schedule=None):
            upstream = BaseOperator(task_id="upstream")
            operator = CreateLeaveOperator(task_id="push", leave_requests=[upstream.output, leave()])
        assert "u1" not in repr(operator.leave_requests)
        assert operator.upstream_task_ids == {"upstream"}

    def test_a_template_is_rendered_anew_each_time(self) -> None:
        operator = CreateLeaveOperator(task_id="push", leave_requests=[leave("{{ number }}")])
        for number in ("1", "{{ 2 }}"):
            copy = deepcopy(operator)
            copy.render_template_fields(cast("Context", {"number": number}))
            assert reveal(copy.leave_requests)[0]["id"] == number

    @pytest.mark.parametrize("leave_requests", [None, "s3://leave/today.jsonl", Path("leave.csv"), "{{ ti.x }}"])
    def test_where_leave_requests_are_is_shown(self, leave_requests: Any) -> None:
        operator = CreateLeaveOperator(task_id="push", leave_requests=leave_requests)
        assert operator.leave_requests == leave_requests
