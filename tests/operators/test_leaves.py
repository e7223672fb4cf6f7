"""The operators on leave: what each of them does with leave requests."""

from __future__ import annotations

import gzip
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from cor_provider._compat import AirflowFailException
from cor_provider.exceptions import CorConfigurationError, CorUserNotFoundError
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import (
    CreateLeaveOperator,
    DeleteLeaveOperator,
    SyncLeavesOperator,
    UpdateLeaveOperator,
)
from cor_provider.sandbox import Sandbox
from operators_support import Create, Run, counts
from support import Connect, leave
from sync_support import TaskInstance


def test_the_counts_are_returned_and_add_up(create: Create, task_instance: TaskInstance) -> None:
    returned = create([leave(), leave("L2", user_id="nobody"), leave(), {}], max_rejected=2, concurrency=1)
    assert returned == counts(received=4, created=1, existing=1, rejected=2)
    assert list(returned) == ["received", "created", "updated", "existing", "rejected", "failed", "not_sent", "report"]
    assert task_instance.xcoms["rejected"] == [
        {
            "id": "L2",
            "error": "UserNotFoundError",
            "message": CorUserNotFoundError.default_message,
        },
        {
            "id": None,
            "error": "ValidationError",
            "message": "Record 4: id: is missing; user_id: is missing; leave_type_id: is missing; "
            "start: is missing; end: is missing",
        },
    ]


def test_other_tasks_find_what_was_published_and_a_link_to_cor(
    create: Create, task_instance: TaskInstance, tmp_path: Path
) -> None:
    report = str(tmp_path / "report.jsonl")
    create([leave(), leave("L2", user_id="nobody")], max_rejected=1, report_path=report, concurrency=1)
    assert task_instance.xcoms.keys() == {"cor_url", "files", "rejected", "summary"}
    assert task_instance.xcoms["cor_url"] == "https://app.projectcor.com"
    assert task_instance.xcoms["files"] == {"report": report, "summary": str(tmp_path / "report.summary.json")}
    assert task_instance.xcoms["summary"] == {
        "received": 2,
        "created": 1,
        "rejected": 1,
        "source": "GLOBANT",
        "causes": [
            {
                "status": "rejected",
                "error": "UserNotFoundError",
                "count": 1,
                "example": "L2",
                "advice": "create these users in COR under source GLOBANT",
            }
        ],
    }


@pytest.mark.parametrize("leave_requests", [None, [], "", "[]"])
def test_an_empty_input_sends_nothing(leave_requests: Any, create: Create, sandbox: Sandbox) -> None:
    assert create(leave_requests) == counts()
    assert sandbox.requests == ()


def test_a_single_leave_is_created(create: Create, sandbox: Sandbox) -> None:
    assert create(leave())["created"] == 1
    assert [stored.external_id for stored in sandbox.leaves] == ["L1"]


def test_a_second_run_is_green_and_changes_nothing(create: Create, sandbox: Sandbox) -> None:
    create([leave(), leave("L2")])
    before = sandbox.leaves
    assert create([leave(), leave("L2")]) == counts(received=2, existing=2)
    assert sandbox.leaves == before


def test_if_exists_update_overwrites(create: Create, sandbox: Sandbox) -> None:
    create(leave())
    assert create(leave(end="2026-05-20"), if_exists="update") == counts(received=1, updated=1)
    assert sandbox.leaves[0].end == "2026-05-20T23:59:00-00:00"


def test_the_timezone_is_that_of_times_without_an_offset(create: Create, sandbox: Sandbox) -> None:
    create(leave(start="2026-05-11T09:00", end="2026-05-11T13:00", all_day=False), timezone="Europe/Madrid")
    assert sandbox.leaves[0].start == "2026-05-11T07:00:00-00:00"


def test_the_source_and_the_connection_are_the_tasks(create: Create, connect: Connect, sandbox: Sandbox) -> None:
    connect(conn_id="cor_other", extra={"source": "SAP"})
    create(leave(), cor_conn_id="cor_other", source="GLOBANT")
    assert sandbox.leaves[0].source == "GLOBANT"


def test_a_sync_takes_plan_only_in_place_of_validate_only() -> None:
    parameters = inspect.signature(SyncLeavesOperator.__init__).parameters
    assert "plan_only" in parameters
    assert "validate_only" not in parameters


@pytest.mark.parametrize(
    ("operator_class", "parameters"),
    [
        (CreateLeaveOperator, {"validate_only": None}),
        (SyncLeavesOperator, {"plan_only": None, "window": "2026-05-01/2026-05-31", "ledger": "ledger"}),
    ],
)
def test_none_from_a_mapped_task_does_not_make_a_check_a_push(
    operator_class: type[LeaveOperator], parameters: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="_only: expected True or False, not None"):
        operator_class(task_id="push", leave_requests=[], **parameters)


@pytest.mark.parametrize(
    ("if_missing", "expected"),
    [("create", {"created": 1}), ("skip", {"unchanged": 1}), ("fail", {"rejected": 1})],
)
def test_if_missing_decides_on_an_update_of_leave_that_cor_lacks(
    if_missing: str, expected: dict[str, int], run: Run
) -> None:
    returned = run(UpdateLeaveOperator, [leave(), leave("L3")], if_missing=if_missing, max_rejected=1)
    zero = dict.fromkeys(("created", "updated", "unchanged", "rejected", "failed", "not_sent"), 0)
    assert returned == {"received": 2, **zero, "updated": 1, **expected, "report": None}


@pytest.mark.parametrize(("if_missing", "expected"), [("skip", (2, 0)), ("fail", (1, 1))])
def test_if_missing_decides_on_a_delete_of_leave_that_cor_lacks(
    if_missing: str, expected: tuple[int, int], run: Run, sandbox: Sandbox
) -> None:
    records = [{"id": "L1", "userId": "u1"}, {"id": "L3", "user_id": "u1"}]
    returned = run(DeleteLeaveOperator, records, if_missing=if_missing, max_rejected=1)
    assert (returned["deleted"], returned["rejected"]) == expected
    assert list(returned) == ["received", "deleted", "rejected", "failed", "not_sent", "report"]
    assert [stored.external_id for stored in sandbox.leaves] == ["L2"]


def test_a_delete_reads_files_of_ids_alone(run: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "cancelled.csv"
    path.write_text("id,user_id\nL1,u1\nL2,u1\n")
    assert run(DeleteLeaveOperator, str(path))["deleted"] == 2
    assert sandbox.leaves == ()


def test_a_packed_file_that_is_cut_off_is_tried_again_and_what_was_read_is_counted(
    create: Create, sandbox: Sandbox, task_instance: TaskInstance, tmp_path: Path
) -> None:
    path = tmp_path / "leave.jsonl.gz"
    whole = gzip.compress("".join(json.dumps(leave(f"L{row}")) + "\n" for row in range(2_000)).encode(), 0)
    path.write_bytes(whole[:-8])
    with pytest.raises(EOFError, match="is cut off") as raised:
        create(str(path), report_path=str(tmp_path / "report.jsonl"))
    assert not isinstance(raised.value, AirflowFailException)
    published = task_instance.xcoms["return_value"]
    assert 0 < published["received"] < 2_000
    assert published["created"] == len(sandbox.leaves)
    path.write_bytes(whole)
    returned = create(str(path))
    assert returned["created"] + returned["existing"] == 2_000


class TestParameters:
    @pytest.mark.parametrize(
        ("operator_class", "parameters"),
        [
            (CreateLeaveOperator, {"if_exists": "replace"}),
            (UpdateLeaveOperator, {"if_missing": "replace"}),
            (DeleteLeaveOperator, {"if_missing": "create"}),
        ],
    )
    def test_an_unknown_choice_is_refused_when_the_dag_is_read(
        self, operator_class: type[LeaveOperator], parameters: dict[str, Any]
    ) -> None:
        with pytest.raises(ValueError, match=next(iter(parameters))):
            operator_class(task_id="push", leave_requests=[], **parameters)

    def test_the_input_and_its_surroundings_are_templated(self) -> None:
        assert set(CreateLeaveOperator.template_fields) == {
            *("leave_requests", "source", "cor_conn_id", "columns", "values", "date_format", "timezone"),
            *("report_path", "rejected_path", "max_rejected", "max_rejected_fraction"),
        }

    def test_an_input_of_no_known_form_is_an_error_that_does_not_quote_it(self, create: Create) -> None:
        with pytest.raises(CorConfigurationError, match="leave_requests: expected a mapping") as raised:
            create("Ana is ill")
        assert "Ana" not in str(raised.value)
