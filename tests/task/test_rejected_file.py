"""Rejected records end up in a file, to be corrected and handed in again; each exactly once, however the task ends."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import openpyxl
import pytest

from cor_provider import _files
from cor_provider._compat import Context
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorLeavesRejectedError,
    CorPushIncompleteError,
)
from cor_provider.leave import LeaveRequest
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import (
    CreateLeaveOperator,
    DeleteLeaveOperator,
    UpdateLeaveOperator,
)
from cor_provider.outcome import LeaveOutcome
from cor_provider.sandbox import Sandbox
from cor_provider.task.rejected_file import RejectedFile
from operators_support import Create
from support import Connect, StateStore, attach_memory, leave, read_sheet
from sync_support import Run as Sync
from sync_support import TaskInstance

READERS: dict[str, Callable[[str], list[dict[str, Any]]]] = {
    ".csv": lambda path: [*csv.DictReader(Path(path).read_text("utf-8-sig").splitlines())],
    ".jsonl": lambda path: [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()],
    ".xlsx": read_sheet,
}
EveryEnding = pytest.mark.parametrize("ending", [*READERS])


@EveryEnding
@pytest.mark.parametrize("concurrency", [1, 8])
def test_every_rejected_record_is_in_the_file_as_it_was_handed_in_and_in_the_order_of_the_input(
    ending: str, concurrency: int, create: Create, tmp_path: Path, logged: Callable[[], str]
) -> None:
    path = f"{tmp_path}/out/rejected{ending}"
    records = [leave(f"L{number}", comment="=1") for number in range(40)]
    for number in range(0, 40, 3):
        records[number] |= {"user_id": "nobody"} if number % 2 else {"start": "soon"}
    create(records, max_rejected=40, rejected_path=path, concurrency=concurrency)
    rows = READERS[ending](path)
    assert [list(row)[:2] for row in rows] == [["error", "message"]] * 14
    assert [row["id"] for row in rows] == [f"L{number}" for number in range(0, 40, 3)]
    assert [row["error"] for row in rows] == ["ValidationError", "UserNotFoundError"] * 7
    assert rows[0]["message"].startswith("start: is not a date")
    assert rows[0].keys() == {"error", "message", *records[0]}
    assert [*(tmp_path / "out").iterdir()] == [Path(path)]
    assert f"Rejected records: {path}" in (log := logged())
    assert "nobody" not in log


def corrected(row: dict[str, Any]) -> dict[str, Any]:
    good = {"Employee": "u1", "Type": "vacation", "From": "2026-05-11", "To": "2026-05-12"}
    return {**row, **{name: value for name, value in good.items() if row[name] in CAUSES.values()}}


CAUSES = {"Employee": "nobody", "Type": "no type", "To": "2026-05-01", "From": "soon"}
COLUMNS = {"id": "No", "user_id": "Employee", "leave_type_id": "Type", "start": "From", "end": "To"}


def write(path: str, rows: list[dict[str, Any]]) -> None:
    if path.endswith(".csv"):
        with Path(path).open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, [*rows[0]])
            writer.writeheader()
            writer.writerows(rows)
    elif path.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for row in ([*rows[0]], *([*one.values()] for one in rows)):
            book.worksheets[0].append(row)
        book.save(path)
    else:
        Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows))


@EveryEnding
def test_records_that_are_corrected_in_the_file_are_created_by_the_same_task_and_nothing_twice(
    ending: str, create: Create, sandbox: Sandbox, tmp_path: Path
) -> None:
    extract, rejected = f"{tmp_path}/leave{ending}", f"{tmp_path}/rejected{ending}"
    good = {"No": "L0", "Employee": "u1", "Type": "vacation", "From": "2026-05-11", "To": "2026-05-12", "Team": "@Ops"}
    causes = [{name: value} for name, value in CAUSES.items()]
    wrong = [{**good, "No": f"L{number}", **cause} for number, cause in enumerate(causes, start=1)]
    write(extract, [good, *wrong, {**good, "No": "L5", "From": ""}])
    with pytest.raises(CorLeavesRejectedError, match=f"Rejected records, to correct: {rejected}"):
        create(extract, columns=COLUMNS, rejected_path=rejected)
    rows = READERS[ending](rejected)
    assert {row["No"]: row["error"] for row in rows} == {
        "L1": "UserNotFoundError",
        "L2": "LeaveTypeNotFoundError",
        "L3": "InvalidDateRangeError",
        "L4": "ValidationError",
        "L5": "ValidationError",
    }
    assert {row["Team"] for row in rows} == {"'@Ops" if ending == ".csv" else "@Ops"}
    write(rejected, [{**corrected(row), "From": "2026-05-11"} for row in rows])
    returned = create(rejected, columns=COLUMNS, rejected_path=f"{tmp_path}/again{ending}")
    assert (returned["received"], returned["created"]) == (5, 5)
    assert sorted(one.external_id for one in sandbox.leaves) == [f"L{number}" for number in range(6)]
    assert not Path(f"{tmp_path}/again{ending}").exists()


@EveryEnding
def test_the_file_is_taken_back_unchanged(ending: str, create: Create, tmp_path: Path) -> None:
    first, second = f"{tmp_path}/first{ending}", f"{tmp_path}/second{ending}"
    for leave_requests, path in (([{"id": "=1"}, {"id": 5, "user_id": "'=1"}], first), (first, second)):
        with pytest.raises(CorLeavesRejectedError):
            create(leave_requests, rejected_path=path)
    without_message = [[{**row, "message": ""} for row in READERS[ending](path)] for path in (first, second)]
    assert without_message[0] == without_message[1]
    assert len(without_message[0]) == 2


@EveryEnding
def test_a_cell_that_could_not_be_read_is_not_read_before_its_row_is_corrected(
    ending: str, create: Create, sandbox: Sandbox, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    for row in ([*leave()], [*leave("L1").values()], [*leave("#N/A").values()], [12, *[*leave().values()][1:]]):
        book.worksheets[0].append(row)
    book.worksheets[0]["A4"].number_format = '"L-"0'  # which shows L-12
    book.save(extract := f"{tmp_path}/leave.xlsx")
    create(extract, max_rejected=2, rejected_path=(first := f"{tmp_path}/first{ending}"))
    with pytest.raises(CorLeavesRejectedError, match="2 received: 2 rejected"):
        create(first)
    assert [one.external_id for one in sandbox.leaves] == ["L1"]


@pytest.mark.parametrize("operator_class", [CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator])
@pytest.mark.parametrize("validate_only", [False, True])
def test_every_operator_writes_it(
    operator_class: type[LeaveOperator], validate_only: bool, create: Create, connect: Connect, tmp_path: Path
) -> None:
    create([leave()])
    path = tmp_path / "rejected.jsonl"
    records = [leave(), {"user_id": "u1"}]
    parameters: dict[str, Any] = {"rejected_path": str(path), "max_rejected": 1, "validate_only": validate_only}
    operator_class(task_id="push", leave_requests=records, **parameters).execute(cast("Context", {}))
    (row,) = READERS[".jsonl"](str(path))
    assert row.keys() == {"error", "message", "user_id"}


def test_a_sync_writes_unreadable_records_and_those_that_cor_rejects_but_no_deletions(
    sync: Sync, sandbox: Sandbox, tmp_path: Path
) -> None:
    sync([leave(), leave("L2")])
    sandbox.answer_next(422, {"error": "ValidationError"})  # the deletion of L1
    path = tmp_path / "rejected.jsonl"
    records = [leave("L3", user_id="nobody"), leave("L2"), leave("L4", start="soon"), leave("L2", end="2026-05-20")]
    sync(records, rejected_path=str(path), max_rejected=4, concurrency=1)
    assert [(row["id"], row["error"]) for row in READERS[".jsonl"](str(path))] == [
        *(("L3", "UserNotFoundError"), ("L4", "ValidationError"), ("L2", "ConflictingRepeatError")),
    ]


def test_a_plan_only_sync_writes_it_too(sync: Sync, tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    sync([leave(), leave("L2", start="soon")], rejected_path=str(path), max_rejected=1, plan_only=True)
    assert [row["id"] for row in READERS[".jsonl"](str(path))] == ["L2"]


def test_leave_request_objects_and_nested_values_are_written(create: Create, tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    request = LeaveRequest.model_validate(leave("L1", user_id="nobody"))
    records = [request, {**leave("L2", start="soon"), "days": [{"half": True}]}, 5, {**leave(), "No": "L3"}]
    create(records, rejected_path=str(path), max_rejected=3, columns={"id": "No"}, concurrency=1)
    rows = READERS[".jsonl"](str(path))
    assert rows[0]["No"] == "L1"
    assert rows[0]["start"] == "2026-05-11"
    assert rows[1]["days"] == [{"half": True}]
    assert rows[2][""] == 5


class TestNothingRejected:
    def test_an_older_file_is_deleted(self, create: Create, tmp_path: Path) -> None:
        (tmp_path / "rejected.csv").write_text("of the last run")
        create(leave(), rejected_path=f"{tmp_path}/rejected.csv")
        assert [*tmp_path.iterdir()] == []

    def test_an_older_object_is_deleted(self, create: Create) -> None:
        path = _files.locate(f"{attach_memory()}/nothing/rejected.csv")
        _files.replace(path, b"of the last run")
        create(leave(), rejected_path=str(path))
        assert _files.read(path) is None

    def test_an_older_file_stays_if_the_task_could_not_work(
        self, create: Create, connect: Connect, tmp_path: Path
    ) -> None:
        connect(password="expired")
        (tmp_path / "rejected.csv").write_text("of the last run")
        with pytest.raises(CorAuthenticationError):
            create(leave(), rejected_path=f"{tmp_path}/rejected.csv")
        assert [one.read_text() for one in tmp_path.iterdir()] == ["of the last run"]


class TestPlaces:
    @EveryEnding
    def test_only_its_owner_can_read_it(self, ending: str, create: Create, tmp_path: Path) -> None:
        path = tmp_path / "made" / f"rejected{ending}"
        create([leave(), {}], rejected_path=str(path), max_rejected=1)
        assert [stat.S_IMODE(one.stat().st_mode) for one in (path.parent, path)] == [0o700, 0o600]

    def test_it_replaces_no_input(self, create: Create, sandbox: Sandbox, tmp_path: Path) -> None:
        path = tmp_path / "leave.jsonl"
        path.write_text(json.dumps(leave()))
        with pytest.raises(CorConfigurationError, match=r"^rejected_path: would overwrite the file of leave_requests"):
            create(str(path), rejected_path=str(path))
        assert sandbox.requests == ()

    def test_it_replaces_no_other_output(self, create: Create, tmp_path: Path) -> None:
        path = f"{tmp_path}/report.jsonl"
        with pytest.raises(CorConfigurationError, match="_path: would overwrite the file of "):
            create(leave(), rejected_path=path, report_path=path)

    def test_it_replaces_no_ledger(self, sync: Sync, ledger: Path) -> None:
        sync([leave()])
        before = ledger.read_bytes()
        with pytest.raises(CorConfigurationError, match=r"^rejected_path: would overwrite the .*ledger"):
            sync([leave(), {}], rejected_path=str(ledger))
        assert ledger.read_bytes() == before

    def test_the_inputs_columns_do_not_mix_with_its_own(self, create: Create, sandbox: Sandbox, tmp_path: Path) -> None:
        with pytest.raises(CorConfigurationError, match=r"^rejected_path: the file has a column message of its own"):
            create([{}], rejected_path=f"{tmp_path}/rejected.csv", columns={"leave_type_id": "message"})
        assert sandbox.requests == ()

    def test_a_folder_that_cannot_be_made_stops_the_task_before_anything_is_sent(
        self, create: Create, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(CorConfigurationError, match=r"^rejected_path: cannot be written: Not a directory\. "):
            create(leave(), rejected_path=f"{tmp_path}/file/rejected.csv")
        assert sandbox.requests == ()

    def test_a_record_that_cannot_be_written_stops_the_push_and_leaves_no_outcome_uncounted(
        self, create: Create, sandbox: Sandbox, task_instance: TaskInstance, tmp_path: Path, monkeypatch: Any
    ) -> None:
        def fail(*_: Any) -> None:
            raise OSError("No space left")

        monkeypatch.setattr("cor_provider.task.rejected_file._Spool.add", fail)
        with pytest.raises(OSError, match="No space left"):
            create([{}, *(leave(f"L{number}") for number in range(50))], rejected_path=f"{tmp_path}/rejected.csv")
        counts = task_instance.xcoms["return_value"]
        assert counts["received"] == counts["rejected"] + counts["created"] + counts["not_sent"] == 51
        assert counts["created"] == len(sandbox.leaves)
        assert [*tmp_path.iterdir()] == []


def test_no_unfinished_file_of_an_earlier_try_stays(create: Create, tmp_path: Path) -> None:
    for name in ("killed00", "killed01"):
        (tmp_path / f".rejected.csv.{name}").write_text('[1, "E", "m", {"id": "L1"}]\n')
    create([leave(start="soon"), leave("L2")], max_rejected=1, rejected_path=f"{tmp_path}/rejected.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["rejected.csv"]


def test_records_are_kept_only_until_their_outcome_is_known(create: Create, tmp_path: Path) -> None:
    kept: list[int] = []
    operator: Any = None

    def reading() -> Iterator[Any]:
        for number in range(100):
            kept.append(len(operator._run.recorder.rejected._records))
            yield leave(f"L{number}")

    operator = CreateLeaveOperator(
        task_id="push", leave_requests=reading(), rejected_path=f"{tmp_path}/rejected.csv", concurrency=2
    )
    create([])
    operator.execute(cast("Context", {}))
    assert max(kept) <= 4


def test_without_a_path_no_record_is_kept() -> None:
    rejected = RejectedFile(None, lambda: pytest.fail("not needed"))
    rejected.keep(1, leave())
    assert rejected.add(LeaveOutcome("L1", "rejected", position=1))
    assert rejected._records == {}


LEAVES = [leave("L1"), leave("L2", user_id="nobody"), leave("L3"), {"id": "L4", "start": "=1"}, leave("L5")]


class TestRetry:
    """A retry that goes on where an earlier try ended has the records which that one rejected."""

    @pytest.fixture
    def run_try(self, connect: Connect) -> Callable[..., dict[str, Any]]:
        connect()
        store = StateStore()

        def execute(leave_requests: Any, path: str, **parameters: Any) -> dict[str, Any]:
            options = {"max_rejected": 9, "concurrency": 1, "max_attempts": 1, "rejected_path": path, **parameters}
            operator = CreateLeaveOperator(task_id="push", leave_requests=leave_requests, **options)
            instance = TaskInstance()
            instance.max_tries = 2
            returned: dict[str, Any] = operator.execute(cast("Context", {"ti": instance, "task_state_store": store}))
            return returned

        return execute

    def fail(self, run_try: Callable[..., Any], sandbox: Sandbox, path: str) -> int:
        """Run a try in which COR goes down after the third leave request; return how many requests were made."""
        sandbox.go_down(after=3)
        with pytest.raises(CorPushIncompleteError):
            run_try(LEAVES, path)
        sandbox.clear_faults()
        return len(sandbox.requests)

    @EveryEnding
    @pytest.mark.parametrize("place", ["disk", "object store"])
    def test_of_a_try_that_ended(
        self, ending: str, place: str, run_try: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
    ) -> None:
        path = f"{tmp_path if place == 'disk' else attach_memory() + str(tmp_path)}/rejected{ending}"
        before = self.fail(run_try, sandbox, path)
        returned = run_try(LEAVES, path)
        assert len(sandbox.requests) == before + 1  # L5; L4 needs none
        assert (returned["created"], returned["rejected"]) == (3, 2)
        copy = tmp_path / f"copy{ending}"
        copy.write_bytes(_files.read(_files.locate(path)) or b"")
        assert [row["id"] for row in READERS[ending](str(copy))] == ["L2", "L4"]

    @pytest.mark.parametrize("content", [b"", b"error,message,id\nOther,,L2\n", b"no table", b"error,message,id\n"])
    def test_without_the_earlier_file_it_begins_anew(
        self, content: bytes, run_try: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
    ) -> None:
        path = f"{tmp_path}/rejected.csv"
        self.fail(run_try, sandbox, path)
        Path(path).write_bytes(content)
        assert run_try(LEAVES, path)["existing"] == 2
        assert [row["id"] for row in READERS[".csv"](path)] == ["L2", "L4"]

    def test_by_other_columns_or_values_it_begins_anew(
        self, run_try: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
    ) -> None:
        path = f"{tmp_path}/rejected.csv"
        self.fail(run_try, sandbox, path)
        assert run_try(LEAVES, path, values={"leave_type_id": {"Sick": "absence"}})["existing"] == 2

    def test_of_a_process_that_was_killed(self, sandbox: Sandbox, tmp_path: Path) -> None:
        folder, tests = tmp_path / "out", Path(__file__).parents[1]
        connection = {
            "conn_type": "cor",
            "host": sandbox.url,
            "password": sandbox.token,
            "extra": {"source": "GLOBANT"},
        }
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)]),
            "AIRFLOW_CONN_COR_DEFAULT": json.dumps(connection),
        }
        command = [sys.executable, "-c", TRIES, str(folder), *READERS]
        run = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert (run.stdout + run.stderr).count("Resuming after the first") == 2 * len(READERS)
        assert sorted(folder.iterdir()) == [folder / f"rejected{ending}" for ending in sorted(READERS)]
        for ending, read in READERS.items():
            rows = read(f"{folder}/rejected{ending}")
            assert [row["id"] for row in rows] == [f"L{number}{ending}" for number in range(0, 60, 3)]
        assert len(sandbox.leaves) == 40 * len(READERS)


TRIES = """
# Try until all is done. Every try has a process of its own, and each but the last is killed after so many requests.
import itertools, os, signal, sys
from types import SimpleNamespace

from cor_provider import _clock
from cor_provider.client.session import CorSession
from cor_provider.operators.leaves import CreateLeaveOperator
from support import StateStore

folder, *endings = sys.argv[1:]
seconds = itertools.count(step=20)  # so that the progress is saved after each outcome
_clock.now = lambda: float(next(seconds))
send = CorSession.request


class Store(StateStore):
    def get(self, key):
        self.values = {key: open(state).read()} if os.path.exists(state) else {}
        return super().get(key)

    def set(self, key, value):
        super().set(key, value)
        with open(state + ".new", "w") as file:
            file.write(self.values[key])
        os.replace(state + ".new", state)  # a store keeps all of a value or none


def push(ending, kill_at):
    def request(*args, **kwargs):
        if next(requests) == kill_at:
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return send(*args, **kwargs)

    requests = itertools.count(1)
    CorSession.request = request
    fields = {"leave_type_id": "vacation", "start": "2026-05-11", "end": "2026-05-12"}
    leaves = [{"id": f"L{n}{ending}", "user_id": "u1" if n % 3 else "nobody", **fields} for n in range(60)]
    path = f"{folder}/rejected{ending}"
    operator = CreateLeaveOperator(
        task_id="push", leave_requests=leaves, rejected_path=path, max_rejected=60, concurrency=4
    )
    operator.execute({"ti": SimpleNamespace(max_tries=3, xcom_push=lambda **_: None), "task_state_store": Store()})


for ending in endings:
    state = f"{folder}{ending}.json"
    for kill_at in (20, 20, 0):
        if not (child := os.fork()):
            push(ending, kill_at)
            sys.stdout.flush()
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == (-signal.SIGKILL if kill_at else 0), (ending, kill_at, status)
"""
