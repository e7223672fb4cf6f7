"""A retry goes on where the try before it ended, on an Airflow that remembers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from airflow.providers.common.compat.sdk import Context

from cor_provider.exceptions import CorLeavesRejectedError, CorPushIncompleteError
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator, UpdateLeaveOperator
from cor_provider.sandbox import Sandbox
from support import Connect, leave

Try = Callable[..., dict[str, Any]]


class StateStore:
    """Keeps JSON, as Airflow's does."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> Any:
        return json.loads(self.values.get(key, "null"))

    def set(self, key: str, value: Any) -> None:
        self.values[key] = json.dumps(value)


class TaskInstance:
    def __init__(self, max_tries: int) -> None:
        self.max_tries = max_tries
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.xcoms[key] = value


LEAVES = [leave("L1"), leave("L2", user_id="nobody"), leave("L3"), leave("L4"), leave("L5")]


@pytest.fixture
def store() -> StateStore:
    return StateStore()


@pytest.fixture
def run_try(connect: Connect, store: StateStore) -> Try:
    """Run one try of the same task."""
    connect()

    def execute(
        leave_requests: Any, *, max_tries: int = 2, operator_class: Any = CreateLeaveOperator, **parameters: Any
    ) -> dict[str, Any]:
        options = {"max_rejected": 1, "concurrency": 1, "max_attempts": 1, **parameters}
        operator = operator_class(task_id="push", leave_requests=leave_requests, **options)
        context = {"ti": TaskInstance(max_tries), "task_state_store": store}
        returned: dict[str, Any] = operator.execute(cast("Context", context))
        return returned

    return execute


def fail_in_the_middle(run_try: Try, sandbox: Sandbox, **parameters: Any) -> None:
    """Run a try in which COR goes down after the third leave request."""
    sandbox.answer_next(201, commit=True)
    sandbox.answer_next(404, {"error": "UserNotFoundError"})
    sandbox.answer_next(201, commit=True)
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        run_try(LEAVES, **parameters)


def sent(sandbox: Sandbox) -> list[str]:
    return [json.loads(request.body)["id"] for request in sandbox.requests if request.method == "POST"]


def test_a_retry_sends_what_is_left(run_try: Try, sandbox: Sandbox) -> None:
    fail_in_the_middle(run_try, sandbox)
    before = len(sent(sandbox))
    counts = run_try(LEAVES)
    assert sent(sandbox)[before:] == ["L4", "L5"]
    assert (counts["received"], counts["created"], counts["rejected"]) == (5, 4, 1)


@pytest.mark.parametrize(
    ("operator_class", "status"), [(UpdateLeaveOperator, "updated"), (DeleteLeaveOperator, "deleted")]
)
def test_a_retry_of_updates_and_deletes_goes_on_too(
    operator_class: Any, status: str, run_try: Try, sandbox: Sandbox
) -> None:
    leaves = [leave("L1"), leave("L2"), leave("L3")]
    run_try(leaves, max_tries=0)
    sandbox.answer_next(204, commit=True)
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        run_try(leaves, operator_class=operator_class)
    before = len(sandbox.requests)
    assert run_try(leaves, operator_class=operator_class)[status] == 3
    assert [request.path.rpartition("/")[2] for request in sandbox.requests[before:]] == ["L2", "L3"]


@pytest.mark.parametrize(("rejected_first", "status"), [(False, "rejected"), (True, "updated")])
def test_a_retry_knows_what_contradicts_a_leave_that_an_earlier_try_settled(
    rejected_first: bool, status: str, run_try: Try, sandbox: Sandbox
) -> None:
    run_try([leave("L1"), leave("L2")], max_tries=0)
    leaves = [leave("L1", user_id="nobody" if rejected_first else "u1"), leave("L2"), leave("L1", end="2026-05-30")]
    refused = (404, {"error": "UserNotFoundError"})
    sandbox.answer_next(*refused) if rejected_first else sandbox.answer_next(204, commit=True)
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        run_try(leaves, operator_class=UpdateLeaveOperator)
    counts = run_try(leaves, operator_class=UpdateLeaveOperator)
    assert (counts["updated"], counts["rejected"]) == (2, 1)
    assert (sandbox.leaves[0].end == "2026-05-30T23:59:00-00:00") == (status == "updated")


def test_the_report_of_a_retry_is_whole(run_try: Try, sandbox: Sandbox, tmp_path: Path) -> None:
    path = str(tmp_path / "report.jsonl")
    fail_in_the_middle(run_try, sandbox, report_path=path)
    run_try(LEAVES, report_path=path)
    rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
    assert [(row["position"], row["id"], row["status"]) for row in rows] == [
        (1, "L1", "created"),
        (2, "L2", "rejected"),
        (3, "L3", "created"),
        (4, "L4", "created"),
        (5, "L5", "created"),
    ]


def test_without_the_earlier_report_a_retry_begins_anew(run_try: Try, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    fail_in_the_middle(run_try, sandbox, report_path=str(path))
    path.unlink()
    counts = run_try(LEAVES, report_path=str(path))
    assert (counts["existing"], counts["created"]) == (2, 2)
    assert len(path.read_text().splitlines()) == 5


@pytest.mark.parametrize(
    "parameters",
    [
        {"leave_requests": [leave("L1", end="2026-05-30"), *LEAVES[1:]]},  # the input has changed
        {"leave_requests": LEAVES[:2]},  # the input is shorter
        {"max_tries": 3},  # somebody cleared the task
        {"if_exists": "update"},
        {"if_exists": "fail", "max_rejected": 9},
        {"source": "GLOBANT"},
    ],
)
def test_a_retry_of_something_else_begins_anew(parameters: dict[str, Any], run_try: Try, sandbox: Sandbox) -> None:
    fail_in_the_middle(run_try, sandbox)
    before = len(sent(sandbox))
    leave_requests = parameters.pop("leave_requests", LEAVES)
    run_try(leave_requests, **parameters)
    assert sent(sandbox)[before] == "L1"


@pytest.mark.parametrize("content", [b"", b"\xff\n", b"no report\n", b'{"id": "L1"}\n', b'{"position": 1}\n{"pos'])
def test_a_damaged_report_makes_a_retry_begin_anew(
    content: bytes, run_try: Try, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    fail_in_the_middle(run_try, sandbox, report_path=str(path))
    path.write_bytes(content)
    assert run_try(LEAVES, report_path=str(path))["received"] == 5
    assert len(path.read_text().splitlines()) == 5


def test_another_cor_is_another_push(run_try: Try, sandbox: Sandbox, connect: Connect) -> None:
    fail_in_the_middle(run_try, sandbox)
    with Sandbox(seed={"source": "GLOBANT", "users": [{"id": "u1"}], "leave_types": [{"id": "vacation"}]}) as other:
        connect(host=other.url)
        run_try(LEAVES)
        assert len(other.leaves) == 4


def test_a_generator_inside_the_input_is_sent_whole(run_try: Try, sandbox: Sandbox) -> None:
    fail_in_the_middle(run_try, sandbox)
    counts = run_try([(one for one in LEAVES)])
    assert (counts["received"], counts["existing"], counts["created"]) == (5, 2, 2)


def test_a_store_that_cannot_be_read_does_not_stop_the_push(
    run_try: Try, store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "get", lambda *_: 1 / 0)
    assert run_try(LEAVES)["created"] == 4


def test_rejections_of_an_earlier_try_count_in_the_end(run_try: Try, sandbox: Sandbox) -> None:
    fail_in_the_middle(run_try, sandbox, max_rejected=0)
    with pytest.raises(CorLeavesRejectedError, match="L2 UserNotFoundError"):
        run_try(LEAVES, max_rejected=0)


def test_what_is_remembered_holds_no_leave(run_try: Try, sandbox: Sandbox, store: StateStore) -> None:
    fail_in_the_middle(run_try, sandbox)
    remembered = json.dumps(store.values)
    assert "L2" in remembered  # the rejections are kept, as the XCom shows them
    for secret in ("u1", "nobody", "vacation", "2026-05", "sandbox-token"):
        assert secret not in remembered


def test_a_store_that_does_not_work_does_not_stop_the_push(
    run_try: Try, store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "set", lambda *_: 1 / 0)
    assert run_try(LEAVES)["created"] == 4


def test_an_input_that_can_be_read_only_once_is_sent_whole(run_try: Try, sandbox: Sandbox) -> None:
    fail_in_the_middle(run_try, sandbox)
    counts = run_try(iter(LEAVES))
    assert Counter(counts)["existing"] == 2
