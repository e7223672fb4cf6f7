"""What a task writes never takes the place of what it reads, of what else it writes, or of a ledger."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cor_provider import _files
from cor_provider._compat import Context, ObjectStoragePath
from cor_provider.exceptions import CorAuthenticationError, CorConfigurationError, CorError, CorPushIncompleteError
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import (
    CreateLeaveOperator,
    DeleteLeaveOperator,
    SyncLeavesOperator,
    UpdateLeaveOperator,
)
from cor_provider.sandbox import Sandbox
from cor_provider.task.files import TaskFiles
from support import Connect, attach_memory, leave

LINES = json.dumps(leave()) + "\n"


class TaskInstance:
    """Takes what a task hands to Airflow."""

    dag_id, run_id, task_id, map_index, try_number = "d", "r", "push", -1, 1

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.xcoms[key] = json.loads(json.dumps(value))


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def task_instance() -> TaskInstance:
    return TaskInstance()


@pytest.fixture
def run(connect: Connect, task_instance: TaskInstance, tmp_path: Path) -> Run:
    """Run an operator; a sync has a ledger in a folder of its own."""
    connect()

    def execute(operator_class: type[LeaveOperator], leave_requests: Any, **parameters: Any) -> dict[str, Any]:
        if operator_class is SyncLeavesOperator:
            folder = f"{tmp_path}/ledger"
            parameters = {"window": ("2026-05-01", "2026-05-31"), "ledger": folder, **parameters}
        operator = operator_class(task_id="push", leave_requests=leave_requests, **parameters)
        return operator.execute(cast("Context", {"ti": task_instance}))

    return execute


@pytest.fixture
def extract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of leave requests, somewhere at home."""
    path = tmp_path / "in" / "leave.jsonl"
    monkeypatch.setenv("HOME", str(path.parent))
    path.parent.mkdir()
    path.write_text(LINES)
    return path


EveryOperator = pytest.mark.parametrize(
    "operator_class", [CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator, SyncLeavesOperator]
)


def linked(path: Path) -> Path:
    (link := path.parent.parent / "link.jsonl").symlink_to(path)
    return link


def linked_twice(path: Path) -> Path:
    (link := path.parent.parent / "link of link.jsonl").symlink_to(linked(path).name)
    return link


def in_linked_folder(path: Path) -> Path:
    (link := path.parent.parent / "folder").symlink_to(path.parent, target_is_directory=True)
    return link / path.name


def hard_linked(path: Path) -> Path:
    (link := path.parent.parent / "hard.jsonl").hardlink_to(path)
    return link


SPELLINGS: dict[str, Callable[[Path], object]] = {
    "text": str,
    "path": Path,
    "object storage path": ObjectStoragePath,
    "uri": Path.as_uri,
    "short uri": lambda path: f"file:{path}",
    "uri with a connection": lambda path: f"file://some_conn@{path}",
    "blanks around": lambda path: f" {path}\n",
    "two slashes": lambda path: f"{path.parent}//{path.name}",
    "two slashes in front": lambda path: f"/{path}",
    "uri with two slashes": lambda path: f"file://{path.parent}//{path.name}",
    "dot": lambda path: f"{path.parent}/./{path.name}",
    "dots": lambda path: f"{path.parent}/../{path.parent.name}/{path.name}",
    "link": linked,
    "link of a link": linked_twice,
    "uri of a link": lambda path: linked(path).as_uri(),
    "linked folder": in_linked_folder,
    "hard link": hard_linked,
    "relative": os.path.relpath,
    "relative with a dot": lambda path: f"./{os.path.relpath(path)}",
    "relative path": lambda path: Path(os.path.relpath(path)),
    "home": lambda path: f"~/{path.name}",
}
SINCE_3: dict[str, Callable[[Path], object]] = {
    "other protocol": lambda path: f"local://{path}",
}
SINCE_3_2: dict[str, Callable[[Path], object]] = {
    "capitals": lambda path: f"FILE://{path}",
}
EverySpelling = pytest.mark.parametrize(
    "spell",
    [
        *(pytest.param(spell, id=name) for name, spell in SPELLINGS.items()),
        *(pytest.param(spell, id=name, marks=pytest.mark.since_airflow("3.0")) for name, spell in SINCE_3.items()),
        *(pytest.param(spell, id=name, marks=pytest.mark.since_airflow("3.2")) for name, spell in SINCE_3_2.items()),
    ],
)


@EverySpelling
@EveryOperator
def test_a_report_never_takes_the_place_of_the_input(
    operator_class: type[LeaveOperator], spell: Callable[[Path], object], run: Run, extract: Path, sandbox: Sandbox
) -> None:
    with pytest.raises(CorConfigurationError, match="report_path: would overwrite the file of leave_requests"):
        run(operator_class, str(extract), report_path=spell(extract))
    assert extract.read_text() == LINES
    assert sandbox.requests == ()


@EverySpelling
@pytest.mark.parametrize("output", ["report_path", "plan_path"])
def test_nothing_that_a_sync_writes_takes_the_place_of_the_input(
    output: str, spell: Callable[[Path], object], run: Run, extract: Path
) -> None:
    with pytest.raises(CorConfigurationError, match=f"{output}: would overwrite the file of leave_requests"):
        run(SyncLeavesOperator, str(extract), **{output: spell(extract)})
    assert extract.read_text() == LINES


def test_the_page_of_a_plan_does_not_take_the_place_of_the_input(run: Run, tmp_path: Path, extract: Path) -> None:
    (tmp_path / "plan.html").symlink_to(extract)
    with pytest.raises(CorConfigurationError, match=r"plan_path \(its page\): would overwrite .* of leave_requests"):
        run(SyncLeavesOperator, str(extract), plan_path=f"{tmp_path}/plan.jsonl")
    assert extract.read_text() == LINES


FORMS: dict[str, Callable[[object], object]] = {
    "alone": lambda path: path,
    "in a list": lambda path: [path],
    "after a record": lambda path: [leave("L0"), path],
    "in a tuple in a list": lambda path: [(leave("L0"), [path])],
    "in a set": lambda path: {path},
    "among the values of a mapping": lambda path: {"": path}.values(),
    "in a generator": lambda path: (one for one in [leave("L0"), path]),
    "in a generator in a list": lambda path: [[leave("L0")], (one for one in [path])],
}


EveryForm = pytest.mark.parametrize("form", [pytest.param(form, id=name) for name, form in FORMS.items()])


@EveryForm
@EveryOperator
def test_wherever_the_input_names_its_file_it_stays(
    operator_class: type[LeaveOperator], form: Callable[[object], object], run: Run, extract: Path
) -> None:
    with pytest.raises(CorConfigurationError, match="report_path: would overwrite the file of leave_requests"):
        run(operator_class, form(str(extract)), report_path=str(extract))
    assert extract.read_text() == LINES
    assert [one.name for one in extract.parent.iterdir()] == [extract.name]


@EveryForm
@pytest.mark.parametrize("as_input", [Path, ObjectStoragePath, linked, Path.as_uri, lambda path: f" {path} "])
def test_however_the_input_names_its_file_it_stays(
    as_input: Callable[[Path], object], form: Callable[[object], object], run: Run, extract: Path
) -> None:
    with pytest.raises(CorConfigurationError, match="report_path: would overwrite the file of leave_requests"):
        run(CreateLeaveOperator, form(as_input(extract)), report_path=str(extract))
    assert extract.read_text() == LINES


def test_what_came_before_a_file_that_turns_out_to_be_an_output_is_accounted_for(
    run: Run, extract: Path, task_instance: TaskInstance, sandbox: Sandbox
) -> None:
    with pytest.raises(CorConfigurationError):
        run(CreateLeaveOperator, (one for one in [leave("L0"), str(extract), leave("L9")]), report_path=str(extract))
    published = task_instance.xcoms["return_value"]
    assert (published["received"], published["created"]) == (1, len(sandbox.leaves))
    assert extract.read_text() == LINES


def test_a_link_that_is_bent_while_the_push_runs_does_no_harm(run: Run, extract: Path, tmp_path: Path) -> None:
    def bending() -> Iterator[Any]:
        yield str(extract)
        report.unlink()
        report.symlink_to(extract)

    (report := tmp_path / "report.jsonl").write_text("")
    with pytest.raises(CorConfigurationError, match="report_path: would overwrite the file of leave_requests"):
        run(CreateLeaveOperator, bending(), report_path=str(report))
    assert extract.read_text() == LINES


def test_a_link_that_is_bent_while_a_sync_plans_does_no_harm(run: Run, extract: Path, tmp_path: Path) -> None:
    def bending() -> Iterator[Any]:
        yield str(extract)
        (tmp_path / "plan.jsonl").symlink_to(extract)

    with pytest.raises(CorConfigurationError, match="plan_path: would overwrite the file of leave_requests"):
        run(SyncLeavesOperator, bending(), plan_path=f"{tmp_path}/plan.jsonl")
    assert extract.read_text() == LINES


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"report_path": "{}/plan.html", "plan_path": "{}/plan.jsonl"},
            r"report_path: .* overwrite .* of plan_path \(",
        ),
        (
            {"report_path": "{}/./a.jsonl", "plan_path": "{}/a.jsonl"},
            "report_path: .* overwrite .* of plan_path\\.",
        ),
        (
            {"report_path": "{}/A.JSONL", "plan_path": "{}/a.jsonl"},
            "report_path: .* overwrite .* of plan_path\\.",
        ),
        (
            {"report_path": "{}/\u00e9.jsonl", "plan_path": "{}/e\u0301.jsonl"},
            "report_path: would overwrite the file of plan_path\\.",
        ),
        (
            {"plan_path": "{}/./a.jsonl", "approved_plan": "file://{}/a.jsonl"},
            "plan_path: would overwrite the file of approved",
        ),
        (
            {"report_path": "{}/./a.jsonl", "approved_plan": "file://{}/a.jsonl"},
            "report_path: would overwrite the file of appr",
        ),
        (
            {"plan_path": "{}/a.jsonl", "approved_plan": "{}/a.html"},
            r"plan_path \(its page\): would overwrite the file of appr",
        ),
        (
            {"report_path": "{}/a", "plan_path": "{}/a/plan.jsonl"},
            "report_path: names a folder that holds the file of p",
        ),
        (
            {"plan_path": "{}/a", "report_path": "{}/a/report.jsonl"},
            "plan_path: names a folder that holds the file of r",
        ),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_outputs_of_a_sync_do_not_take_each_others_place(
    parameters: dict[str, str], message: str, there: bool, run: Run, tmp_path: Path
) -> None:
    if there and not {"{}/A.JSONL", "{}/\u00e9.jsonl", "{}/a"} & set(parameters.values()):
        for path in parameters.values():
            Path(path.removeprefix("file://").format(tmp_path)).write_text("{}")
    with pytest.raises(CorConfigurationError, match=message):
        run(SyncLeavesOperator, [leave()], **{name: path.format(tmp_path) for name, path in parameters.items()})


def test_two_files_that_are_there_and_differ_in_case_alone_are_two(run: Run, tmp_path: Path) -> None:
    for name in ("A.jsonl", "a.jsonl"):
        (tmp_path / name).write_text("")
    run(SyncLeavesOperator, [leave()], report_path=f"{tmp_path}/A.jsonl", plan_path=f"{tmp_path}/a.jsonl")
    assert (tmp_path / "A.jsonl").read_text() != (tmp_path / "a.jsonl").read_text() != ""


class TestLedger:
    """No output takes the place of a ledger."""

    @pytest.mark.parametrize("output", ["report_path", "plan_path"])
    @pytest.mark.parametrize(
        "name", ["GLOBANT.jsonl", "GLOBANT.lock.1", "GLOBANT.lock.999", "../ledger/GLOBANT.jsonl", "globant.jsonl"]
    )
    @pytest.mark.parametrize("there", [True, False])
    def test_nothing_is_written_over_the_ledger_of_the_sync(
        self, output: str, name: str, there: bool, run: Run, tmp_path: Path
    ) -> None:
        ledger = tmp_path / "ledger" / "GLOBANT.jsonl"
        if there:
            run(SyncLeavesOperator, [leave()])
            name = name.replace("globant", "GLOBANT")  # once they are there, these are two files on this disk
        before = ledger.read_bytes() if there else None
        with pytest.raises(CorConfigurationError, match=f"{output}: would overwrite (the|a) (file of |)ledger"):
            run(SyncLeavesOperator, [leave("L2")], **{output: f"{tmp_path}/ledger/{name}"})
        assert (ledger.read_bytes() if ledger.exists() else None) == before

    @pytest.mark.parametrize("output", ["report_path", "plan_path"])
    @pytest.mark.parametrize("there", [True, False])
    def test_nothing_takes_the_place_of_its_folder(self, output: str, there: bool, run: Run, tmp_path: Path) -> None:
        if there:
            run(SyncLeavesOperator, [leave()])
        problem = "cannot be written: Is a directory" if there else "names a folder that holds the file of ledger"
        with pytest.raises(CorConfigurationError, match=f"{output}: {problem}"):
            run(SyncLeavesOperator, [leave()], **{output: f"{tmp_path}/ledger"})

    @pytest.mark.parametrize("there", [True, False])
    def test_the_page_of_a_plan_is_no_ledger_either(self, there: bool, run: Run, tmp_path: Path) -> None:
        if there:
            run(SyncLeavesOperator, [leave()])
        (tmp_path / "plan.html").symlink_to(tmp_path / "ledger" / "GLOBANT.jsonl")
        with pytest.raises(
            CorConfigurationError, match=r"plan_path \(its page\): would overwrite the (file of |)ledger"
        ):
            run(SyncLeavesOperator, [leave()], plan_path=f"{tmp_path}/plan.jsonl")

    def test_what_else_lies_in_its_folder_may_be_written(self, run: Run, tmp_path: Path) -> None:
        folder = tmp_path / "ledger"
        for _ in range(2):
            run(SyncLeavesOperator, [leave()], report_path=f"{folder}/report.jsonl", plan_path=f"{folder}/plan.jsonl")
        assert {one.name for one in folder.iterdir()} >= {"GLOBANT.jsonl", "report.jsonl", "plan.jsonl", "plan.html"}

    @EveryOperator
    @pytest.mark.parametrize("output", ["report_path", "plan_path"])
    def test_a_ledger_of_any_sync_stays(
        self, output: str, operator_class: type[LeaveOperator], run: Run, tmp_path: Path
    ) -> None:
        run(SyncLeavesOperator, [leave()], ledger=f"{tmp_path}/other")
        (ledger,) = (tmp_path / "other").glob("*.jsonl")
        before = ledger.read_bytes()
        if output in vars(operator_class(task_id="t", leave_requests=[], **required(operator_class))):
            with pytest.raises(CorConfigurationError, match=f"{output}: would overwrite the ledger of a sync"):
                run(operator_class, [leave("L2")], **{output: str(ledger)})
        assert ledger.read_bytes() == before

    def test_a_ledger_that_is_made_meanwhile_stays(self, run: Run, tmp_path: Path) -> None:
        def making() -> Iterator[Any]:
            yield leave("L2")
            ledger.write_bytes(before)

        run(SyncLeavesOperator, [leave()])
        ledger = tmp_path / "ledger" / "GLOBANT.jsonl"
        before = ledger.read_bytes()
        ledger.unlink()
        with pytest.raises(CorConfigurationError, match="report_path: would overwrite the ledger of a sync"):
            run(CreateLeaveOperator, making(), report_path=str(ledger))
        assert ledger.read_bytes() == before

    def test_a_ledger_in_an_object_store_stays(self, run: Run) -> None:
        store = attach_memory()
        run(SyncLeavesOperator, [leave()], ledger=f"{store}/stays")
        ledger = ObjectStoragePath(f"{store}/stays/GLOBANT.jsonl")
        before = _files.read(ledger)
        with pytest.raises(CorConfigurationError, match="report_path: would overwrite the ledger of a sync"):
            run(CreateLeaveOperator, [leave()], report_path=str(ledger))
        assert _files.read(ledger) == before


def required(operator_class: type[LeaveOperator]) -> dict[str, Any]:
    return {"window": "x", "ledger": "x"} if operator_class is SyncLeavesOperator else {}


STORE_SPELLINGS = [
    "s3://bucket/in/leave.jsonl",
    "s3://conn@bucket/in/leave.jsonl",
    "s3://other_conn@bucket/in/leave.jsonl",
    "s3a://bucket/in/leave.jsonl",
    "s3://bucket/in/./leave.jsonl",
    "s3://bucket/other/../in/leave.jsonl",
    " s3://bucket/in/leave.jsonl ",
]


@pytest.mark.parametrize("report", STORE_SPELLINGS)
@pytest.mark.parametrize("leave_requests", STORE_SPELLINGS)
def test_objects_are_compared_without_asking_the_store(report: str, leave_requests: str) -> None:
    with pytest.raises(CorConfigurationError, match="report_path: would overwrite the file of leave_requests"):
        TaskFiles(written={"report_path": report}, read={"leave_requests": [leave_requests]}).check()


@pytest.mark.parametrize(
    ("uri", "other_uri"),
    [
        ("gs://bucket/leave.jsonl", "gcs://conn@bucket/leave.jsonl"),
        ("abfs://container/leave.jsonl", "abfss://container/leave.jsonl"),
        pytest.param("s3://bucket/leave.jsonl", "s3n://bucket/leave.jsonl", marks=pytest.mark.before_airflow("3.0")),
    ],
)
def test_stores_with_two_names_are_one(uri: str, other_uri: str) -> None:
    for report, leave_requests in ((uri, other_uri), (other_uri, uri)):
        with pytest.raises(CorConfigurationError, match="report_path"):
            TaskFiles(written={"report_path": report}, read={"leave_requests": [leave_requests]}).check()


@pytest.mark.parametrize(
    ("report", "leave_requests"),
    [
        ("s3://bucket/in/report.jsonl", "s3://bucket/in/leave.jsonl"),
        ("s3://bucket/leave.jsonl", "s3://other/leave.jsonl"),
        ("s3://bucket/leave.jsonl", "gs://bucket/leave.jsonl"),
        ("s3://bucket/Leave.jsonl", "s3://bucket/leave.jsonl"),
        ("/bucket/leave.jsonl", "s3://bucket/leave.jsonl"),
        ("/in/leave.jsonl.report", "/in/leave.jsonl"),
        ("/in/report.jsonl", "/in/../out/report.jsonl"),
    ],
)
def test_other_files_are_others(report: str, leave_requests: str) -> None:
    TaskFiles(written={"report_path": report}, read={"leave_requests": [leave_requests]}).check()


def test_an_object_is_not_replaced_by_a_report_of_itself(run: Run) -> None:
    uri = f"{attach_memory()}/in/leave.jsonl"
    _files.replace(ObjectStoragePath(uri), LINES.encode())
    for leave_requests in (uri, (one for one in [uri])):
        with pytest.raises(CorConfigurationError, match="report_path: would overwrite the file of leave_requests"):
            run(CreateLeaveOperator, leave_requests, report_path=uri)
        assert _files.read(ObjectStoragePath(uri)) == LINES.encode()


@pytest.mark.parametrize("path", ["file://[/report.jsonl", "/tmp/\0/report.jsonl"])  # noqa: S108  # none is made
def test_the_error_for_an_invalid_path_names_the_parameter(path: str, run: Run, sandbox: Sandbox) -> None:
    with pytest.raises(CorConfigurationError, match=r"^report_path: is not the path or URI of a file"):
        run(CreateLeaveOperator, [leave()], report_path=path)
    assert sandbox.requests == ()


segments = st.lists(st.sampled_from(["a", "b", "to a", "..", ".", "", "x", "to x"]), min_size=1, max_size=5)


@settings(max_examples=300)
@given(ways=st.tuples(segments, segments), prefix=st.sampled_from(["", "file://"]))
def test_two_paths_are_the_same_file_exactly_if_the_disk_says_so(
    ways: tuple[list[str], list[str]], prefix: str, tmp_path: Path
) -> None:
    root = tmp_path / "tree"
    if not root.exists():
        for folder in ("a", "b", "a/a", "a/b", "b/a", "b/b"):
            (root / folder).mkdir(parents=True)
            (root / folder / "x").write_text("")
            (root / folder / "to x").symlink_to("x")
            (root / folder / "to a").symlink_to(root / "a", target_is_directory=True)
        (root / "to a").symlink_to("a", target_is_directory=True)
    paths = [f"{root}/a/{'/'.join(segments)}/x" for segments in ways]
    if not all(map(os.path.isfile, paths)):
        return
    checked = TaskFiles(written={"report_path": prefix + paths[0]}, read={"leave_requests": [paths[1]]})
    if Path(paths[0]).samefile(paths[1]):
        with pytest.raises(CorConfigurationError):
            checked.check()
    else:
        checked.check()


UNWRITABLE = {
    "/dev/null/out.jsonl": "Not a directory",
    "/dev/null/folder/out.jsonl": "Not a directory",
    "/proc/no-such-folder/out.jsonl": "No such file or directory",
    f"/tmp/{'n' * 300}.jsonl": "File name too long",  # noqa: S108  # none is made
}
"""Paths at which not even the superuser can write, with the reasons."""
OUTPUTS = [
    *((kind, "report_path") for kind in (CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator)),
    *((kind, "rejected_path") for kind in (CreateLeaveOperator, SyncLeavesOperator)),
    *((SyncLeavesOperator, name) for name in ("report_path", "plan_path", "ledger")),
]


def unread() -> Iterator[Any]:
    """An input that must not be read."""
    pytest.fail("The input was read.")
    yield


class TestTrying:
    """What cannot be written is found before anything is read or sent."""

    @pytest.mark.parametrize(("operator_class", "parameter"), OUTPUTS)
    @pytest.mark.parametrize(("path", "reason"), UNWRITABLE.items())
    def test_the_error_names_the_parameter_and_the_reason(
        self, operator_class: type[LeaveOperator], parameter: str, path: str, reason: str, run: Run
    ) -> None:
        with pytest.raises(CorConfigurationError, match=rf"^{parameter}: cannot be written: {reason}\. "):
            run(operator_class, unread(), **{parameter: path})

    def test_the_plans_page_is_tried_too(self, run: Run, tmp_path: Path, sandbox: Sandbox) -> None:
        (tmp_path / "plan.html").mkdir()
        with pytest.raises(CorConfigurationError, match=r"^plan_path \(its page\): cannot be written: Is a directory"):
            run(SyncLeavesOperator, [leave()], plan_path=str(tmp_path / "plan.jsonl"))
        assert sandbox.requests == ()

    def test_a_sync_that_only_plans_writes_no_ledger(self, run: Run, tmp_path: Path) -> None:
        ledger = tmp_path / "new"
        run(SyncLeavesOperator, [leave()], ledger=str(ledger), plan_only=True)
        assert not ledger.exists()

    def test_an_error_that_may_pass_is_one_that_airflow_retries(
        self, run: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        uri = f"{attach_memory()}/out/report.jsonl"
        monkeypatch.setattr(ObjectStoragePath(uri).fs, "pipe_file", fail, raising=False)
        with pytest.raises(CorError, match=r"^report_path: cannot be written: Input/output error\. ") as raised:
            run(CreateLeaveOperator, [leave()], report_path=uri)
        assert not isinstance(raised.value, CorConfigurationError)
        assert sandbox.requests == ()

    def test_nothing_is_left_of_the_try(self, run: Run, tmp_path: Path) -> None:
        folder = tmp_path / "new"
        run(CreateLeaveOperator, [leave()], rejected_path=str(folder / "rejected.csv"))
        assert list(folder.iterdir()) == []


class TestWriting:
    """Until a file is written, what it replaces is there whole; and nothing else is left beside it."""

    def test_until_a_report_is_whole_the_one_before_it_is_there(self, run: Run, tmp_path: Path) -> None:
        def looking() -> Iterator[Any]:
            for number in range(50):
                seen.add(report.read_text())
                yield leave(f"L{number}")

        report = tmp_path / "report.jsonl"
        report.write_text("before")
        seen: set[str] = set()
        run(CreateLeaveOperator, looking(), report_path=str(report))
        assert seen == {"before"}
        assert len(report.read_text().splitlines()) == 50
        assert {one.name for one in tmp_path.iterdir()} == {"report.jsonl", "report.summary.json"}

    @pytest.mark.parametrize("output", ["report_path", "plan_path"])
    def test_what_a_link_leads_to_is_replaced_and_not_the_link(self, output: str, run: Run, tmp_path: Path) -> None:
        (tmp_path / "link.jsonl").symlink_to("out/real.jsonl")  # which is not there yet
        for _ in range(2):
            run(SyncLeavesOperator, [leave()], **{output: f"{tmp_path}/link.jsonl"})
            assert (tmp_path / "link.jsonl").is_symlink()
            assert not (tmp_path / "out" / "real.jsonl").is_symlink()
            assert (tmp_path / "out" / "real.jsonl").exists()

    def test_links_that_lead_round_in_circles_stop_the_task_before_anything_is_sent(
        self, run: Run, tmp_path: Path, sandbox: Sandbox
    ) -> None:
        (tmp_path / "one.jsonl").symlink_to("other.jsonl")
        (tmp_path / "other.jsonl").symlink_to("one.jsonl")
        with pytest.raises(CorConfigurationError, match=r"^report_path: cannot .*: Too many levels of symbolic links"):
            run(CreateLeaveOperator, [leave()], report_path=f"{tmp_path}/one.jsonl")
        assert (tmp_path / "one.jsonl").is_symlink()
        assert sandbox.requests == ()

    def test_a_folder_is_no_report(self, run: Run, tmp_path: Path, sandbox: Sandbox) -> None:
        with pytest.raises(CorConfigurationError, match=r"^report_path: cannot be written: Is a directory\. "):
            run(CreateLeaveOperator, [leave()], report_path=str(tmp_path))
        assert sandbox.requests == ()
        assert list(tmp_path.iterdir()) == []

    def test_a_pipe_is_written_to_and_stays(self, run: Run, tmp_path: Path) -> None:
        os.mkfifo(pipe := tmp_path / "report.jsonl")
        rows: list[str] = []
        reader = threading.Thread(target=lambda: rows.extend(pipe.read_text().splitlines()))
        reader.start()
        run(CreateLeaveOperator, [leave(), leave("L2")], report_path=str(pipe))
        reader.join(60)
        assert sorted(json.loads(row)["id"] for row in rows) == ["L1", "L2"]
        assert stat.S_ISFIFO(pipe.stat().st_mode)

    @pytest.mark.parametrize("path", ["/dev/fd/{}", "/proc/self/fd/{}", "{folder}/link"])
    def test_a_stream_that_somebody_has_led_into_a_file_is_added_to(self, path: str, run: Run, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with log.open("ab") as stream:
            (tmp_path / "link").symlink_to(f"/proc/self/fd/{stream.fileno()}")
            stream.write(b"before\n")
            stream.flush()
            inode = log.stat().st_ino
            run(CreateLeaveOperator, [leave()], report_path=path.format(stream.fileno(), folder=tmp_path))
        assert log.stat().st_ino == inode
        before, row = log.read_text().splitlines()
        assert (before, json.loads(row)["id"]) == ("before", "L1")

    def test_two_outputs_may_go_to_one_stream(self, run: Run, tmp_path: Path) -> None:
        with (tmp_path / "log").open("ab") as stream:
            path = f"/dev/fd/{stream.fileno()}"
            run(SyncLeavesOperator, [leave()], report_path=path, plan_path=path)
        assert len((tmp_path / "log").read_text().splitlines()) == 2

    @pytest.mark.parametrize("ending", ["good", "refused", "stopped", "broken input", "interrupted"])
    def test_however_it_ends_a_report_is_whole_and_nothing_is_left_beside_it(
        self, ending: str, run: Run, connect: Connect, tmp_path: Path, task_instance: TaskInstance
    ) -> None:
        def leaves() -> Iterator[Any]:
            yield leave()
            if ending == "broken input":
                raise OSError("gone")
            if ending == "interrupted":
                raise KeyboardInterrupt
            yield leave("L2")

        if ending == "refused":
            connect(password="expired")
        if ending == "stopped":
            connect(host="http://127.0.0.1:1")
        endings = {
            "refused": CorAuthenticationError,
            "stopped": CorPushIncompleteError,
            "broken input": OSError,
            "interrupted": KeyboardInterrupt,
        }
        report = tmp_path / "report.jsonl"
        if ending == "good":
            run(CreateLeaveOperator, leaves(), report_path=str(report))
        else:
            with pytest.raises(endings[ending]):
                run(CreateLeaveOperator, leaves(), report_path=str(report), concurrency=1, max_attempts=1)
        assert (
            len(report.read_text().splitlines()) == task_instance.xcoms.get("return_value", {"received": 2})["received"]
        )
        assert {one.name for one in tmp_path.iterdir()} == {"report.jsonl", "report.summary.json"}

    def test_a_report_that_cannot_be_put_in_place_counts_all_and_leaves_nothing(
        self, run: Run, tmp_path: Path, task_instance: TaskInstance
    ) -> None:
        def blocking() -> Iterator[Any]:
            yield leave()
            report.mkdir()

        report = tmp_path / "report.jsonl"
        with pytest.raises(IsADirectoryError):
            run(CreateLeaveOperator, blocking(), report_path=str(report))
        assert task_instance.xcoms["return_value"]["created"] == 1
        assert list(tmp_path.iterdir()) == [report]

    def test_half_a_character_that_cor_says_breaks_no_report(self, run: Run, tmp_path: Path, sandbox: Sandbox) -> None:
        sandbox.answer_next(422, b'{"error": "Odd\\ud800Error"}')
        leaves = [leave(), leave("L2")]
        run(CreateLeaveOperator, leaves, report_path=f"{tmp_path}/report.jsonl", max_rejected=1, concurrency=1)
        rows = map(json.loads, (tmp_path / "report.jsonl").read_text().splitlines())
        assert [row["status"] for row in rows] == ["rejected", "created"]


class TestOwnerAlone:
    """What is written of people can be read by its owner alone, from its first moment on."""

    @pytest.fixture(autouse=True)
    def open_to_all(self) -> Iterator[None]:
        before = os.umask(0)
        yield
        os.umask(before)

    @pytest.fixture
    def modes(self, monkeypatch: pytest.MonkeyPatch) -> set[int]:
        """The modes that files had at their first moment."""
        seen: set[int] = set()
        take = os.fdopen

        def look(number: int, *args: Any, **kwargs: Any) -> Any:
            seen.add(stat.S_IMODE(os.fstat(number).st_mode))
            return take(number, *args, **kwargs)

        monkeypatch.setattr(os, "fdopen", look)
        return seen

    @pytest.mark.parametrize("there", [True, False])
    def test_all_that_a_sync_writes(self, there: bool, run: Run, tmp_path: Path, modes: set[int]) -> None:
        outputs = {"report_path": f"{tmp_path}/a/b/report.jsonl", "plan_path": f"{tmp_path}/c/d/plan.jsonl"}
        if there:
            for path in (*outputs.values(), f"{tmp_path}/c/d/plan.html"):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_text("for all to read")
        run(SyncLeavesOperator, [leave()], ledger=f"file://{tmp_path}/e/ledger", **outputs)
        written = [one for one in tmp_path.rglob("*") if one.is_file()]
        assert {one.name for one in written} == {
            *("report.jsonl", "report.summary.json", "plan.jsonl", "plan.html", "GLOBANT.jsonl", "GLOBANT.lock.1")
        }
        assert {stat.S_IMODE(one.stat().st_mode) for one in written} == modes == {0o600}
        made = {
            one.relative_to(tmp_path).as_posix(): oct(stat.S_IMODE(one.stat().st_mode)) for one in folders(tmp_path)
        }
        before = dict.fromkeys(("a", "a/b", "c", "c/d"), oct(0o777 if there else 0o700))
        assert made == {**before, "e": oct(0o700), "e/ledger": oct(0o700)}


def folders(path: Path) -> list[Path]:
    return [one for one in path.rglob("*") if one.is_dir()]
