"""What a run leaves behind: operators that can be copied, and nothing open."""

from __future__ import annotations

import json
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cor_provider import _files
from cor_provider._compat import Context
from cor_provider.exceptions import CorPushIncompleteError
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import (
    CreateLeaveOperator,
    DeleteLeaveOperator,
    SyncLeavesOperator,
    UpdateLeaveOperator,
)
from cor_provider.push import seen_ids
from cor_provider.sandbox import Sandbox
from cor_provider.task import report
from cor_provider.task.progress import Progress
from support import Connect, StateStore, leave


class TaskInstance:
    dag_id, run_id, task_id, map_index, try_number, max_tries = "d", "r", "push", -1, 1, 2

    def xcom_push(self, *, key: str, value: Any) -> None:
        json.dumps({key: value})


EveryOperator = pytest.mark.parametrize(
    "operator_class", [CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator, SyncLeavesOperator]
)
Make = Callable[..., LeaveOperator]


@pytest.fixture
def make(connect: Connect, tmp_path: Path) -> Make:
    connect()

    def make_operator(operator_class: type[LeaveOperator], leave_requests: Any, **parameters: Any) -> LeaveOperator:
        if operator_class is SyncLeavesOperator:
            parameters |= {"window": ("2026-05-01", "2026-05-31"), "ledger": f"{tmp_path}/ledger"}
        return operator_class(task_id="push", leave_requests=leave_requests, **parameters)

    return make_operator


def run(operator: LeaveOperator, store: StateStore | None = None) -> dict[str, Any]:
    context = {"ti": TaskInstance(), **({"task_state_store": store} if store else {})}
    return operator.execute(cast("Context", context))


@EveryOperator
@pytest.mark.parametrize("duplicate", [deepcopy, copy, lambda operator: pickle.loads(pickle.dumps(operator))])  # noqa: S301
def test_an_operator_that_has_run_can_be_copied(
    operator_class: type[LeaveOperator], duplicate: Callable[[LeaveOperator], LeaveOperator], make: Make
) -> None:
    operator = make(operator_class, [leave()])
    first = run(operator)
    duplicated = duplicate(operator)
    assert duplicated.task_id == "push"
    assert run(duplicated)["received"] == first["received"] == 1
    assert run(operator)["received"] == 1


@EveryOperator
def test_an_operator_that_runs_can_be_copied_and_killed_without_its_copy(
    operator_class: type[LeaveOperator], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies: list[LeaveOperator] = []

    def copy_the_operator(*_: Any) -> bool:
        copies.append(deepcopy(operator))
        copies.append(pickle.loads(pickle.dumps(operator)))  # noqa: S301  # our own
        copies[-1].on_kill()
        return False

    monkeypatch.setattr(Progress, "log_if_due", copy_the_operator)
    operator = make(operator_class, [leave(), leave("L2")])
    assert run(operator)["received"] == 2
    assert operator.get_openlineage_facets_on_complete(None).outputs
    monkeypatch.undo()
    assert copies
    for one in copies:
        assert one.get_openlineage_facets_on_complete(None) is None


@EveryOperator
def test_a_run_begins_with_nothing_of_the_run_before(operator_class: type[LeaveOperator], make: Make) -> None:
    operator = make(operator_class, [leave(), {}], max_rejected=1)
    assert [run(operator)["rejected"] for _ in range(2)] == [1, 1]
    operator.on_kill()
    assert run(operator)["not_sent"] == 0


class Connection(sqlite3.Connection):
    """Records whether it was closed, and not just garbage-collected."""

    opened: list[Connection]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_closed = False
        self.opened.append(self)

    def close(self) -> None:
        self.is_closed = True
        super().close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """The databases that a test opens: Python 3.13 warns of those that nobody closes."""
    Connection.opened = []

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        return sqlite3.connect(*args, factory=Connection, **kwargs)

    monkeypatch.setattr(seen_ids, "sqlite3", SimpleNamespace(connect=connect))
    return Connection.opened


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The files that the rows of an earlier try's report are kept in."""
    made: list[Any] = []

    def make_file() -> Any:
        made.append(TemporaryFile())  # noqa: SIM115  # for what is tested to close
        return made[-1]

    monkeypatch.setattr(report, "TemporaryFile", make_file)
    return made


def test_nothing_stays_open_where_the_report_cannot_be_begun(
    make: Make, sandbox: Sandbox, rows: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"concurrency": 1, "max_attempts": 1, "report_path": f"{tmp_path}/report.jsonl"}
    store = StateStore()
    sandbox.answer_next(201, commit=True)
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        run(make(CreateLeaveOperator, [leave(), leave("L2")], **options), store)

    def fail(_path: object) -> None:
        raise OSError("No space left")

    monkeypatch.setattr(_files, "begin", fail)
    with pytest.raises(OSError, match="No space left"):
        run(make(CreateLeaveOperator, [leave(), leave("L2")], **options), store)
    assert [file.closed for file in rows] == [True]


@pytest.mark.parametrize("ending", ["good", "failed", "broken input", "interrupted", "changed input"])
def test_nothing_stays_open_however_a_resumed_push_ends(
    ending: str, make: Make, sandbox: Sandbox, opened: list[Connection], tmp_path: Path
) -> None:
    path, store = tmp_path / "leave.jsonl", StateStore()
    path.write_text("".join(json.dumps(leave(f"L{number}")) + "\n" for number in range(5)))
    options = {"concurrency": 1, "max_attempts": 1, "report_path": f"{tmp_path}/report.jsonl"}
    for answer in (201, 201, 500):
        sandbox.answer_next(answer, commit=answer == 201)
    with pytest.raises(CorPushIncompleteError):
        run(make(CreateLeaveOperator, str(path), **options), store)
    assert store.values

    operator = make(CreateLeaveOperator, str(path), **options)
    read = operator.read
    reads = iter(range(2))

    def read_anew(records: object) -> Iterator[Any]:
        is_first = next(reads) == 0
        for number, one in enumerate(read(records)):
            if number == 3 and not is_first:
                if ending == "broken input":
                    raise OSError("gone")
                if ending == "interrupted":
                    raise KeyboardInterrupt
            if number == 1 and not is_first and ending == "changed input":
                continue
            yield one

    operator.read = read_anew  # type: ignore[method-assign]  # so that the input breaks off
    if ending == "failed":
        sandbox.answer_next(500)
    raised: list[BaseException] = []
    try:
        run(operator, store)
    except BaseException as error:  # noqa: BLE001  # with all its frames, which hold on to what they use
        raised.append(error)
    assert bool(raised) == (ending != "good")
    assert len(opened) >= 3
    assert all(connection.is_closed for connection in opened)
