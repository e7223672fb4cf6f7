"""The example DAG for HR's nightly file, on a disk and on a real S3-compatible server: all of a file, or none of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import fsspec  # type: ignore[import-untyped]  # what Airflow opens object storage with
import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, ObjectStoragePath
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in, timed, whole_days, xcoms_and_rendered_fields

BUCKET = "hr-files"
HEADER = "Absence ID;Personnel no.;Name;Absence type;First day;Last day;Half day;Status;Note"
NAME = "leave-any.csv"


ROWS = {
    "4711;EMP-1001;Secret Name;Annual leave;11/05/2026;12/05/2026;;Approved;Secret note": (
        whole_days("EMP-1001", "2026-05-11", "2026-05-12")
    ),
    '4712;EMP-1002;"Secret; Name";Sickness;05/06/2026;05/06/2026;;Approved;': (
        whole_days("EMP-1002", "2026-06-05", "2026-06-05", "absence")
    ),
    '4713;EMP-1001;Secret Name;Annual leave;28/12/2026;04/01/2027;;Approved;"Secret\nnote"': (
        whole_days("EMP-1001", "2026-12-28", "2027-01-04")
    ),
    "4714;EMP-1001;Secret Name;Training;27/03/2026;30/03/2026;;Approved;": (
        whole_days("EMP-1001", "2026-03-27", "2026-03-30", "training")
    ),
    "4715;EMP-1002;Secret Name;Annual leave;08/06/2026;08/06/2026;AM;Approved;": (
        timed("EMP-1002", "2026-06-08T07:00", "2026-06-08T11:00")
    ),
    "4716;EMP-1002;Secret Name;Annual leave;09/12/2026;09/12/2026;PM;Approved;": (
        timed("EMP-1002", "2026-12-09T12:00", "2026-12-09T17:00")
    ),
    "4717;EMP-1001;Secret Name;Annual leave;01/09/2026;02/09/2026;;Pending;": None,
    "4718;EMP-1001;Secret Name;Annual leave;03/09/2026;04/09/2026;;Cancelled;": None,
}
REFUSED = {
    "4801;EMP-1001;;Jury duty;01/10/2026;01/10/2026;;Approved;": "LeaveTypeNotFoundError",
    "4802;EMP-9999;;Annual leave;01/10/2026;01/10/2026;;Approved;": "UserNotFoundError",
    "4803;EMP-1001;;Annual leave;10/13/2026;10/14/2026;;Approved;": "ValidationError",
    "4804;EMP-1001;;Annual leave;02/10/2026;01/10/2026;;Approved;": "InvalidDateRangeError",
    "4805;;;Annual leave;02/10/2026;03/10/2026;;Approved;": "ValidationError",
}


def file_of(*rows: str, trailer: str | None = None) -> str:
    return "\r\n".join([HEADER, *rows, f"TRAILER;{len(rows)}" if trailer is None else trailer, ""])


def in_cor(rows: dict[str, InCor | None]) -> dict[str, InCor]:
    return {f"hr-{row[:4]}": leave for row, leave in rows.items() if leave}


class Drop(Protocol):
    """Where HR puts its files."""

    def put(self, name: str, content: str) -> None:
        """Put a file there, as HR does: not through Airflow."""


class DiskDrop:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)

    def put(self, name: str, content: str) -> None:
        (self._folder / name).write_bytes(content.encode())


class S3Drop:
    """A folder in a bucket."""

    def __init__(self, client: Any, folder: str) -> None:
        self._client, self._folder = client, folder

    def put(self, name: str, content: str) -> None:
        self._client.put_object(Bucket=BUCKET, Key=f"{self._folder}/{name}", Body=content.encode())


@dataclass
class Run:
    """A run of the DAG, and what it left behind."""

    tasks: dict[str, str]
    in_cor: dict[str, InCor]
    report: list[dict[str, Any]]
    requests: int

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(row["status"] for row in self.report)


class Transfer:
    """HR's folder, the DAG and a COR."""

    def __init__(self, dag: Any, drop: Drop, cor: Sandbox, exchange: str) -> None:
        self.dag, self.drop, self.cor, self.exchange = dag, drop, cor, exchange

    def put(self, content: str, *, day: int = 24) -> str:
        """Put a file of a day there, whose name no other test has: Airflow remembers what it has read."""
        name = f"leave-{self.exchange.rpartition('/')[2]}-2026-11-{day}.csv"
        self.drop.put(name, content)
        return name

    def run(self, **conf: Any) -> Run:
        before = len(self.cor.requests)
        dag_run = self.dag.test(run_conf={"file": None, **conf})  # else Airflow 3 takes that of the run before
        folder = ObjectStoragePath(f"{self.exchange}/csv_drop_to_cor/{dag_run.run_id}")
        reports = [folder / name for name in ("report.jsonl", "report-delete.jsonl")]
        return Run(
            {one.task_id: str(one.state) for one in dag_run.get_task_instances()},
            leaves_in(self.cor),
            [json.loads(row) for path in reports if path.exists() for row in path.read_text().splitlines()],
            len(self.cor.requests) - before,
        )


StartWith = Callable[[Drop, str, str | None], Transfer]
SUCCESS = dict.fromkeys(("extract", "delete", "push", "remember"), "success")
NOTHING_SENT = {"extract": "failed", **dict.fromkeys(("delete", "push", "remember"), "upstream_failed")}
SKIPPED = dict.fromkeys(SUCCESS, "skipped")


@pytest.fixture(scope="module")
def dag(load_dag: Callable[[str], Any]) -> Any:
    dag = load_dag("csv_drop_to_cor")
    for task in dag.tasks:
        task.retries = 0  # `dag.test()` would sit out the delay before a retry
    return dag


@pytest.fixture(scope="module")
def s3(module_patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an S3-compatible server with a bucket, to which the Connection `hr_drop` leads."""
    boto3 = pytest.importorskip("boto3", reason="boto3, which speaks to S3, is not installed")
    pytest.importorskip("s3fs", reason="s3fs, with which Airflow opens S3, is not installed")
    server = pytest.importorskip("moto.server", reason="moto, the S3 server of these tests, is not installed")
    login = {"aws_access_key_id": "key", "aws_secret_access_key": "opens-nothing"}
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    try:
        url = "http://{}:{}".format(*running.get_host_and_port())
        connection = {
            "conn_type": "aws",
            "login": login["aws_access_key_id"],
            "password": login["aws_secret_access_key"],
            "extra": {"endpoint_url": url, "region_name": "us-east-1"},
        }
        module_patch.setenv("AIRFLOW_CONN_HR_DROP", json.dumps(connection))
        # Each task of a real run is a process of its own; here all would share what s3fs remembers of folders.
        module_patch.setitem(fsspec.config.conf, "s3", {"use_listings_cache": False})
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **login)
        client.create_bucket(Bucket=BUCKET)
        yield client
    finally:
        running.stop()


@pytest.fixture
def start_with(dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None) -> Iterator[StartWith]:
    users, leave_types = ("EMP-1001", "EMP-1002"), ("vacation", "absence", "training")
    seed = {
        "source": "GLOBANT",
        "users": [{"id": user} for user in users],
        "leave_types": [{"id": leave_type} for leave_type in leave_types],
    }
    with Sandbox(seed=seed) as cor:

        def start(drop: Drop, exchange: str, leave_drop: str | None) -> Transfer:
            connection = {"conn_type": "cor", "host": cor.url, "password": cor.token}
            monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
            monkeypatch.setenv("AIRFLOW_VAR_LEAVE_EXCHANGE", exchange)
            if leave_drop:
                monkeypatch.setenv("AIRFLOW_VAR_LEAVE_DROP", leave_drop)
            return Transfer(dag, drop, cor, exchange)

        yield start


@pytest.fixture
def on_disk(start_with: StartWith, tmp_path: Path) -> Transfer:
    """By default: the folder `drop` of the Variable `leave_exchange`."""
    return start_with(DiskDrop(tmp_path / "drop"), f"file://{tmp_path}", None)


@pytest.fixture
def on_s3(start_with: StartWith, s3: Any, tmp_path: Path) -> Transfer:
    """By configuration: HR's files, the extracts and the reports in a bucket."""
    folder = tmp_path.name
    return start_with(
        S3Drop(s3, f"{folder}/in"), f"s3://hr_drop@{BUCKET}/{folder}", f"s3://hr_drop@{BUCKET}/{folder}/in"
    )


@pytest.fixture(params=["on_disk", "on_s3"])
def transfer(request: pytest.FixtureRequest) -> Transfer:
    chosen: Transfer = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def read_logs(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Return a function that returns what was logged, wherever this Airflow logs to."""
    return lambda: caplog.text + "".join(capfd.readouterr())


def test_cor_holds_exactly_the_approved_leave_of_the_file(transfer: Transfer) -> None:
    transfer.put(file_of(*ROWS))
    run = transfer.run()
    assert run.tasks == SUCCESS
    assert run.in_cor == in_cor(ROWS)


def test_after_the_next_file_cor_holds_what_that_says(transfer: Transfer) -> None:
    transfer.put(file_of(*ROWS))
    transfer.run()
    moved = "4711;EMP-1001;;Annual leave;12/05/2026;15/05/2026;;Approved;"
    cancelled = "4712;EMP-1002;;Sickness;05/06/2026;05/06/2026;;Cancelled;"
    approved = "4717;EMP-1001;;Annual leave;01/09/2026;02/09/2026;;Approved;"
    transfer.put(file_of(moved, cancelled, approved), day=25)
    run = transfer.run()
    assert run.tasks == SUCCESS
    expected = in_cor(ROWS)
    del expected["hr-4712"]
    expected["hr-4711"] = whole_days("EMP-1001", "2026-05-12", "2026-05-15")
    expected["hr-4717"] = whole_days("EMP-1001", "2026-09-01", "2026-09-02")
    assert run.in_cor == expected


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param("", "0 bytes are not a complete file", id="empty"),
        pytest.param(HEADER, f"{len(HEADER)} bytes are not a complete file", id="a header alone"),
        pytest.param(file_of(*ROWS)[:-12], "no TRAILER follows the 7 rows", id="without a trailer"),
        pytest.param(file_of(*ROWS)[:-40], "no TRAILER follows the 7 rows", id="cut within a row"),
        pytest.param(file_of(*ROWS, trailer="TRAILER;9"), "8 rows, but ['TRAILER', '9'] at the end", id="too few rows"),
        pytest.param(
            file_of(*ROWS, trailer="TRAILER;7"), "8 rows, but ['TRAILER', '7'] at the end", id="too many rows"
        ),
        pytest.param(
            file_of(*ROWS, trailer="TRAILER;"), "8 rows, but ['TRAILER', ''] at the end", id="without a count"
        ),
        pytest.param(
            file_of(*ROWS, trailer="TRAILER"), "8 rows, but ['TRAILER'] at the end", id="cut before the count"
        ),
        pytest.param(file_of("4711;EMP-1001;;Annual", *ROWS), "1 of 9 rows lack fields", id="a row cut short"),
        pytest.param(
            f'{HEADER}\n4711;EMP-1001;"cut', f"{len(HEADER) + 19} bytes are not a complete file", id="an open quote"
        ),
    ],
)
def test_an_incomplete_file_is_refused_before_anything_is_sent(
    on_disk: Transfer, read_logs: Callable[[], str], content: str, why: str
) -> None:
    name = on_disk.put(content)
    run = on_disk.run()
    assert run.tasks == NOTHING_SENT
    assert run.requests == 0
    logs = read_logs()
    assert f"{name}: {why}" in logs
    assert "Secret" not in logs


def test_an_incomplete_file_on_s3_is_read_once_it_is_complete(on_s3: Transfer) -> None:
    on_s3.put(file_of(*ROWS)[:200])
    assert on_s3.run().tasks == NOTHING_SENT
    on_s3.put(file_of(*ROWS))
    assert on_s3.run().in_cor == in_cor(ROWS)


@given(st.integers(min_value=1))
def test_no_beginning_of_a_file_is_taken_for_the_file(dag: Any, missing: int) -> None:
    read_rows = dag.get_task("extract").python_callable.__globals__["read_rows"]
    complete = file_of(*ROWS).encode().rstrip()
    assert len(read_rows(NAME, complete)) == len(ROWS)
    with pytest.raises(AirflowException, match="Nothing was sent"):
        read_rows(NAME, complete[: -(1 + missing % len(complete))])


def test_a_file_without_a_column_is_refused_by_the_name_of_the_column(dag: Any) -> None:
    read_rows = dag.get_task("extract").python_callable.__globals__["read_rows"]
    with pytest.raises(AirflowFailException, match="has no column First day, Status"):
        read_rows(NAME, file_of().replace("First day", "From").replace("Status", "State").encode())


def test_rows_that_cannot_be_in_cor_are_refused_and_nothing_else_with_them(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS, *REFUSED))
    run = on_disk.run()
    assert run.in_cor == in_cor(ROWS)
    errors = {row["id"].removeprefix("hr-"): row["error"] for row in run.report if row["status"] == "rejected"}
    assert errors == {row[:4]: error for row, error in REFUSED.items()}


def test_a_file_is_pushed_once(transfer: Transfer) -> None:
    transfer.put(file_of(*ROWS))
    transfer.run()
    again = transfer.run()
    assert again.tasks == SKIPPED
    assert again.requests == 0


def test_a_file_that_is_named_is_pushed_again_and_changes_nothing(on_disk: Transfer) -> None:
    name = on_disk.put(file_of(*ROWS))
    on_disk.run()
    again = on_disk.run(file=name)
    assert again.tasks == SUCCESS
    assert again.in_cor == in_cor(ROWS)


def test_a_file_that_is_delivered_anew_under_its_name_is_pushed(on_disk: Transfer) -> None:
    on_disk.put(file_of())
    on_disk.run()
    on_disk.put(file_of(*ROWS))
    assert on_disk.run().in_cor == in_cor(ROWS)


def test_a_file_that_cor_did_not_take_is_pushed_again(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS))
    on_disk.cor.answer_next(403)
    assert "failed" in on_disk.run().tasks.values()
    assert on_disk.run().in_cor == in_cor(ROWS)


def test_a_file_of_which_cor_refused_something_is_pushed_again(on_disk: Transfer) -> None:
    newcomer = "4901;EMP-1003;;Annual leave;05/10/2026;06/10/2026;;Approved;"
    on_disk.put(file_of(*ROWS, newcomer))
    run = on_disk.run()
    assert run.tasks == {**SUCCESS, "remember": "skipped"}
    assert run.in_cor == in_cor(ROWS)
    on_disk.cor.store.add_user("GLOBANT", "EMP-1003", "Eve")
    run = on_disk.run()
    assert run.tasks == SUCCESS
    assert run.in_cor == {**in_cor(ROWS), "hr-4901": whole_days("EMP-1003", "2026-10-05", "2026-10-06")}


def test_without_a_file_the_run_fails(on_disk: Transfer, read_logs: Callable[[], str]) -> None:
    on_disk.drop.put("other.csv", file_of(*ROWS))
    assert on_disk.run().tasks == NOTHING_SENT
    assert "There is no leave-*.csv in" in read_logs()


def test_neither_log_nor_airflow_keeps_hr_data(on_disk: Transfer, read_logs: Callable[[], str]) -> None:
    name = on_disk.put(file_of(*ROWS, *REFUSED))
    on_disk.run()
    kept = read_logs() + xcoms_and_rendered_fields("csv_drop_to_cor")
    assert name in kept
    personal = ["Secret", "EMP-", "vacation", "Sickness", "Jury", "28/12/2026", "2026-12-28"]
    assert [marker for marker in personal if marker in kept] == []
