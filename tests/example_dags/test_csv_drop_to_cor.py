"""The example DAG for HR's nightly file, on a disk and on a real S3-compatible server."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

import fsspec  # type: ignore[import-untyped]  # what Airflow opens object storage with
import pytest

from cor_provider._compat import ObjectStoragePath
from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in, whole_days, xcoms_and_rendered_fields

BUCKET = "hr-files"
HEADER = "Absence ID;Personnel no.;Name;Absence type;First day;Last day;Note"
TODAY = datetime.now(timezone.utc).date()  # what the file covers moves with the day


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def row(number: int, user: str, leave_type: str, *first_and_last: int | str, note: str = "") -> str:
    days = [one if isinstance(one, str) else f"{day(one):%d/%m/%Y}" for one in first_and_last]
    return f"{number};{user};Secret Name;{leave_type};{';'.join(days)};{note}"


def in_cor(user: str, first: int, last: int, leave_type: str = "vacation") -> InCor:
    return whole_days(user, str(day(first)), str(day(last)), leave_type)


ROWS = {
    "4711": row(4711, "EMP-1001", "Annual leave", 3, 4, note="Secret note"),
    "4712": row(4712, "EMP-1002", "Sickness", -2, -2),
    "4713": row(4713, "EMP-1001", "Annual leave", 20, 50, note='"Secret\nnote; in two lines"'),
    "4714": row(4714, "EMP-1002", "Annual leave", 9, 9),
    "4715": row(4715, "EMP-1002", "Annual leave", 12, 13),
}
IN_COR = {
    "4711": in_cor("EMP-1001", 3, 4),
    "4712": in_cor("EMP-1002", -2, -2, "absence"),
    "4713": in_cor("EMP-1001", 20, 50),
    "4714": in_cor("EMP-1002", 9, 9),
    "4715": in_cor("EMP-1002", 12, 13),
}
REFUSED = {
    "4801": (row(4801, "EMP-1001", "Jury duty", 30, 31), "LeaveTypeNotFoundError"),
    "4802": (row(4802, "EMP-9999", "Annual leave", 30, 31), "UserNotFoundError"),
    "4803": (row(4803, "EMP-1001", "Annual leave", "10/13/2026", "10/14/2026"), "ValidationError"),
    "4804": (row(4804, "EMP-1001", "Annual leave", 31, 30), "InvalidDateRangeError"),
    "4805": (row(4805, "", "Annual leave", 30, 31), "ValidationError"),
}


def file_of(*rows: str) -> str:
    return "\r\n".join([HEADER, *rows, ""])


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

    state: str
    in_cor: dict[str, InCor]
    report: list[dict[str, Any]]
    rejected: list[dict[str, str]]
    requests: int
    kept_by_airflow: str

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(row["status"] for row in self.report)


class Transfer:
    """HR's folder, the DAG and a COR."""

    def __init__(self, dag: Any, drop: Drop, cor: Sandbox, exchange: str) -> None:
        self.dag, self.drop, self.cor, self.exchange = dag, drop, cor, exchange

    def put(self, content: str, name: str = f"leave-{TODAY}.csv") -> None:
        self.drop.put(name, content)

    def run(self, **conf: Any) -> Run:
        before = len(self.cor.requests)
        dag_run = self.dag.test(run_conf={"file": None, **conf})  # else Airflow 3 takes that of the run before
        folder = ObjectStoragePath(f"{self.exchange}/csv_drop_to_cor/{dag_run.run_id}")
        report, rejected = folder / "report.jsonl", folder / "rejected.csv"
        return Run(
            str(dag_run.get_task_instances()[0].state),
            leaves_in(self.cor),
            [json.loads(row) for row in report.read_text().splitlines()] if report.exists() else [],
            list(csv.DictReader(rejected.read_text("utf-8-sig").splitlines())) if rejected.exists() else [],
            len(self.cor.requests) - before,
            xcoms_and_rendered_fields(self.dag.dag_id, dag_run.run_id),
        )


StartWith = Callable[[Drop, str, str | None], Transfer]


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
    users, leave_types = ("EMP-1001", "EMP-1002"), ("vacation", "absence")
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


def test_cor_holds_exactly_the_leave_of_the_file(transfer: Transfer) -> None:
    transfer.put(file_of(*ROWS.values()))
    run = transfer.run()
    assert run.state == "success"
    assert run.in_cor == IN_COR


def test_after_the_next_file_cor_holds_what_that_says(transfer: Transfer) -> None:
    transfer.put(file_of(*ROWS.values()))
    transfer.run()
    moved = ROWS | {
        "4711": row(4711, "EMP-1001", "Annual leave", 5, 8),
        "4716": row(4716, "EMP-1001", "Sickness", 1, 1),
    }
    del moved["4712"]
    transfer.put(file_of(*moved.values()))
    run = transfer.run()
    assert run.state == "success"
    expected = IN_COR | {"4711": in_cor("EMP-1001", 5, 8), "4716": in_cor("EMP-1001", 1, 1, "absence")}
    del expected["4712"]
    assert run.in_cor == expected
    assert run.requests == 3


def test_the_same_file_again_sends_nothing(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values()))
    on_disk.run()
    again = on_disk.run()
    assert (again.state, again.requests) == ("success", 0)


def test_a_file_that_lost_many_rows_deletes_nothing(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values()))
    on_disk.run()
    on_disk.put(file_of(ROWS["4711"]))
    run = on_disk.run()
    assert (run.state, run.requests) == ("failed", 0)
    assert run.in_cor == IN_COR


@pytest.mark.parametrize(
    "content", [None, "", HEADER.replace("First day", "From")], ids=["none", "empty", "other columns"]
)
def test_without_a_file_to_read_nothing_is_sent(on_disk: Transfer, content: str | None) -> None:
    if content is not None:
        on_disk.put(content)
    run = on_disk.run()
    assert (run.state, run.requests) == ("failed", 0)


def test_a_refused_row_comes_back_as_hr_wrote_it_with_the_reason(transfer: Transfer) -> None:
    transfer.put(file_of(*ROWS.values(), *(row for row, _error in REFUSED.values())))
    run = transfer.run()
    assert run.state == "success"
    assert run.in_cor == IN_COR
    assert {one["Absence ID"]: one["error"] for one in run.rejected} == {
        number: error for number, (_row, error) in REFUSED.items()
    }
    assert [list(one)[2:] for one in run.rejected] == [HEADER.split(";")] * len(REFUSED)
    assert [";".join(list(one.values())[2:]) for one in run.rejected] == [row for row, _error in REFUSED.values()]


def test_a_file_can_be_named(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values()), name="of-last-week.csv")
    assert on_disk.run(file="of-last-week.csv").in_cor == IN_COR


def test_nothing_that_airflow_keeps_shows_whose_leave_it_is(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values(), *(row for row, _error in REFUSED.values())))
    kept = on_disk.run().kept_by_airflow
    assert "Absence ID" in kept
    assert not [marker for marker in ("Secret", "EMP-10", "EMP-99") if marker in kept]
