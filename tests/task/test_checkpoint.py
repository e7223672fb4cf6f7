"""A retry goes on where the try before it ended, on an Airflow that remembers."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cor_provider import _clock, _files
from cor_provider._compat import Context
from cor_provider.exceptions import CorLeavesRejectedError, CorPushIncompleteError
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator, UpdateLeaveOperator
from cor_provider.outcome import LeaveOutcome
from cor_provider.sandbox import Sandbox
from cor_provider.task.report import Report
from support import Connect, StateStore, attach_memory, leave

Try = Callable[..., dict[str, Any]]


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
def test_a_retry_knows_what_contradicts_a_leave_that_an_earlier_try_sent(
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


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Return a block in which a try ends as if it were killed: what it was writing stays where it is."""
    streams: list[Any] = []

    @contextmanager
    def killed() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(Report, "close", lambda report, _check: streams.append(report))
            yield

    yield killed
    for report in streams:
        report._file.discard()


Kill = Callable[[], AbstractContextManager[None]]


def test_a_retry_of_a_try_that_was_killed_goes_on_too(
    kill: Kill, run_try: Try, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    with kill():
        fail_in_the_middle(run_try, sandbox, report_path=str(path))
    assert not path.exists()
    before = len(sent(sandbox))
    run_try(LEAVES, report_path=str(path))
    assert sent(sandbox)[before:] == ["L4", "L5"]
    assert [json.loads(line)["position"] for line in path.read_text().splitlines()] == [1, 2, 3, 4, 5]
    assert {one.name for one in tmp_path.iterdir()} == {"report.jsonl", "report.summary.json"}


REPORT_OF_ANOTHER_RUN = "".join(
    json.dumps({**LeaveOutcome(f"X{number}", "created", attempts=1).to_row(), "position": number}) + "\n"
    for number in range(1, 6)
)


def test_a_retry_finds_what_was_killed_among_what_others_left(
    kill: Kill, run_try: Try, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    with kill():
        fail_in_the_middle(run_try, sandbox, report_path=str(path))
    newer = [path, tmp_path / ".report.jsonl.newer000", tmp_path / ".report.jsonl.newest00"]
    for seconds, one in enumerate(newer, start=100):
        one.write_text(REPORT_OF_ANOTHER_RUN if one == path else "no report\n")
        os.utime(one, (_clock.timestamp() + seconds,) * 2)
    before = len(sent(sandbox))
    run_try(LEAVES, report_path=str(path))
    assert sent(sandbox)[before:] == ["L4", "L5"]
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["L1", "L2", "L3", "L4", "L5"]
    assert {*tmp_path.iterdir()} == {
        *newer,
        tmp_path / "report.summary.json",
    }  # what nobody knows is left alone, for a while


@pytest.mark.parametrize("seconds", [-100, 100])
def test_the_report_of_another_run_is_not_taken_for_that_of_the_earlier_try(
    seconds: int, kill: Kill, run_try: Try, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "report.jsonl"
    with kill():
        fail_in_the_middle(run_try, sandbox, report_path=str(path))
    for left_over in tmp_path.iterdir():
        left_over.unlink()
    path.write_text(REPORT_OF_ANOTHER_RUN)
    os.utime(path, (_clock.timestamp() + seconds,) * 2)
    counts = run_try(LEAVES, report_path=str(path))
    assert (counts["existing"], counts["created"]) == (2, 2)
    assert "X1" not in path.read_text()


def test_a_retry_of_a_try_whose_report_is_in_an_object_store_goes_on_too(run_try: Try, sandbox: Sandbox) -> None:
    path = f"{attach_memory()}/resumed/report.jsonl"
    fail_in_the_middle(run_try, sandbox, report_path=path)
    before = len(sent(sandbox))
    run_try(LEAVES, report_path=path)
    assert sent(sandbox)[before:] == ["L4", "L5"]
    rows = (_files.read(_files.locate(path)) or b"").splitlines()
    assert [json.loads(row)["position"] for row in rows] == [1, 2, 3, 4, 5]


def test_a_pipe_is_not_asked_for_the_rows_of_an_earlier_try(run_try: Try, sandbox: Sandbox, tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as stream:
        path = f"/dev/fd/{stream.fileno()}"
        fail_in_the_middle(run_try, sandbox, report_path=path)
        assert run_try(LEAVES, report_path=path)["existing"] == 2


@pytest.mark.parametrize(
    "parameters",
    [
        # The input has changed, in any of the fields.
        {"leave_requests": [leave("L0"), *LEAVES[1:]]},
        {"leave_requests": [leave("L1", user_id="u2"), *LEAVES[1:]]},
        {"leave_requests": [leave("L1", leave_type_id="sickness"), *LEAVES[1:]], "max_rejected": 2},
        {"leave_requests": [leave("L1", start="2026-05-10"), *LEAVES[1:]]},
        {"leave_requests": [leave("L1", end="2026-05-30"), *LEAVES[1:]]},
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
    assert sent(sandbox)[before] == leave_requests[0]["id"]


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
    with pytest.raises(CorLeavesRejectedError, match="UserNotFoundError 1, such as L2"):
        run_try(LEAVES, max_rejected=0)


@pytest.mark.parametrize("field", ["user_id", "leave_type_id"])
def test_a_retry_goes_on_whatever_cor_does_not_know(field: str, run_try: Try, sandbox: Sandbox) -> None:
    leaves = [leave("L1"), leave("L2", **{field: "nobody"}), leave("L3"), leave("L4")]
    sandbox.go_down(after=3)
    with pytest.raises(CorPushIncompleteError):
        run_try(leaves)
    sandbox.clear_faults()
    before = len(sandbox.requests)
    assert run_try(leaves)["rejected"] == 1
    assert len(sandbox.requests) == before + 1


def test_what_is_remembered_holds_no_leave(run_try: Try, sandbox: Sandbox, store: StateStore) -> None:
    fail_in_the_middle(run_try, sandbox)
    remembered = json.dumps(store.values)
    assert "L2" in remembered  # the rejections are kept, as the XCom shows them
    for secret in ("u1", "nobody", "vacation", "2026-05", "sandbox-token"):
        assert secret not in remembered


def test_what_another_version_stored_makes_a_retry_begin_anew(
    run_try: Try, sandbox: Sandbox, store: StateStore
) -> None:
    fail_in_the_middle(run_try, sandbox)
    saved = store.get("cor_push")
    del saved["version"], saved["causes"]
    store.set("cor_push", {**saved, "errors": {"UserNotFoundError": 1}})
    counts = run_try(LEAVES)
    assert (counts["received"], counts["rejected"]) == (5, 1)


def test_what_cannot_be_understood_in_the_store_makes_a_retry_begin_anew(
    run_try: Try, sandbox: Sandbox, store: StateStore
) -> None:
    fail_in_the_middle(run_try, sandbox)
    store.set("cor_push", {**store.get("cor_push"), "causes": "odd"})
    counts = run_try(LEAVES)
    assert (counts["received"], counts["rejected"]) == (5, 1)


def test_a_store_that_does_not_work_does_not_stop_the_push(
    run_try: Try, store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "set", lambda *_: 1 / 0)
    assert run_try(LEAVES)["created"] == 4


def test_an_input_that_can_be_read_only_once_is_sent_whole(run_try: Try, sandbox: Sandbox) -> None:
    fail_in_the_middle(run_try, sandbox)
    counts = run_try(iter(LEAVES))
    assert Counter(counts)["existing"] == 2


# Whatever the cuts, a push comes to the same end as in one go


@dataclass
class World:
    """A COR that goes down on demand, and a task that is tried until it is done."""

    run_try: Try
    sandbox: Sandbox
    store: StateStore
    reports: Path
    pushes: Iterator[int] = field(default_factory=count)

    def push(self, records: Sequence[Any], held: Iterable[str], cuts: Sequence[int], **parameters: Any) -> Any:
        """Push leave of its own until all is done. Return each outcome, what COR holds, and what was rejected."""
        number = next(self.pushes)
        own = f"{number}-"
        path, rejected = f"{self.reports}/{number}.jsonl", Path(f"{self.reports}/{number}-rejected.jsonl")
        options = {"report_path": path, "rejected_path": str(rejected), "max_rejected": 99, **parameters}
        for leave_id in held:
            self.run_try([leave(own + leave_id, end="2026-05-13")], max_tries=0)
        self.store.values.clear()
        records = [{**one, "id": own + one["id"]} if "id" in one else one for one in records]
        for requests in cuts:
            with self.goes_down_after(requests), suppress(CorPushIncompleteError):
                self.run_until_done(records, **options)
                break
        else:
            self.run_until_done(records, **options)
        rows = sorted(map(json.loads, Path(path).read_text().splitlines()), key=lambda row: row["position"])
        outcomes = [
            [row["id"] and row["id"].removeprefix(own), row["status"], row["error"], row["message"]] for row in rows
        ]
        in_cor = {
            one.external_id.removeprefix(own): (one.user_id, one.end)
            for one in self.sandbox.leaves
            if one.external_id.startswith(own)
        }
        return outcomes, in_cor, rejected.read_text().replace(f'"{own}', '"') if rejected.exists() else ""

    def run_until_done(self, records: Sequence[Any], **options: Any) -> None:
        with suppress(CorLeavesRejectedError):  # everything was rejected
            self.run_try(records, **options)

    @contextmanager
    def goes_down_after(self, requests: int) -> Iterator[None]:
        self.sandbox.go_down(after=requests)
        try:
            yield
        finally:
            self.sandbox.clear_faults()


@pytest.fixture
def world(run_try: Try, sandbox: Sandbox, store: StateStore, tmp_path: Path) -> World:
    return World(run_try, sandbox, store, tmp_path)


KINDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "leave": leave,
    "other leave": lambda leave_id: leave(leave_id, end="2026-05-20"),
    "refused by COR": lambda leave_id: leave(leave_id, user_id="nobody"),
    "unreadable": lambda leave_id: leave(leave_id, start="soon"),
    "nameless": lambda _: {"user_id": "u1"},
}
records = st.builds(lambda kind, leave_id: KINDS[kind](leave_id), st.sampled_from([*KINDS]), st.sampled_from("XY"))
OPERATORS = [
    *((CreateLeaveOperator, {"if_exists": choice}) for choice in ("skip", "update", "fail")),
    *((UpdateLeaveOperator, {"if_missing": choice}) for choice in ("create", "skip", "fail")),
    *((DeleteLeaveOperator, {"if_missing": choice}) for choice in ("skip", "fail")),
]


@settings(max_examples=3 * settings().max_examples // 2)
@given(
    records=st.lists(records, min_size=1, max_size=8),
    held=st.sets(st.sampled_from("XY")),
    cuts=st.lists(st.integers(0, 6), min_size=1, max_size=3),
    operator=st.sampled_from(OPERATORS),
)
@example(
    records=[KINDS["leave"]("X"), KINDS["unreadable"]("X"), KINDS["leave"]("Y"), KINDS["other leave"]("X")],
    held=set(),
    cuts=[1],
    operator=OPERATORS[1],
)
@example(
    records=[KINDS["leave"]("X"), KINDS["leave"]("Y"), KINDS["leave"]("X")], held=set(), cuts=[1], operator=OPERATORS[2]
)
def test_however_a_push_is_cut_it_comes_to_the_same_end(
    records: list[Any], held: set[str], cuts: list[int], operator: Any, world: World
) -> None:
    operator_class, choice = operator
    options = {"operator_class": operator_class, **choice}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cor_provider.results.summary.KEPT_REJECTIONS", 1)
        in_one_go = world.push(records, held, [], **options)
        assert world.push(records, held, cuts, **options) == in_one_go


def test_where_there_is_no_room_for_what_was_refused_less_is_resumed(
    run_try: Try, sandbox: Sandbox, store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 10**6, 20))  # so that it is remembered after each outcome
    monkeypatch.setattr(_clock, "now", lambda: float(next(seconds)))
    monkeypatch.setattr("cor_provider.task.checkpoint.MOST_SAVED_BYTES", 620)
    chance = random.Random(7)  # noqa: S311  # it can be repeated
    leaves = [leave(f"L{number}", user_id=chance.choice(["u1", "nobody"])) for number in range(300)]
    world = World(run_try, sandbox, store, Path())
    with world.goes_down_after(280), pytest.raises(CorPushIncompleteError):
        run_try(leaves, max_rejected=300)
    done = store.get("cor_push")["done"]
    assert 20 < done < 280
    assert len(store.values["cor_push"]) <= 620
    before = len(sent(sandbox))
    counts = run_try(leaves, max_rejected=300)
    assert sent(sandbox)[before:] == [f"L{number}" for number in range(done, 300)]
    assert counts["received"] == 300
    assert counts["rejected"] == sum(one["user_id"] == "nobody" for one in leaves)
