"""The example DAG for HR's nightly file, on a disk and on a real S3-compatible server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

import fsspec  # type: ignore[import-untyped]  # what Airflow opens object storage with
import pytest
from airflow.utils.session import create_session
from sqlalchemy import text

from cor_provider._compat import ObjectStoragePath, airflow_since
from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in, utc, whole_days, xcoms_and_rendered_fields

BUCKET = "hr-files"
HEADER = "Absence ID;Personnel no.;Name;Absence type;First day;Last day;Half day;Status;Note"
TODAY = datetime.now(timezone.utc).date()  # what the file covers moves with the day
BEFORE, YESTERDAY, OF_TODAY, TOMORROW = (f"leave-{TODAY + timedelta(days=days)}.csv" for days in (-2, -1, 0, 1))
OF_THE_DAY = (OF_TODAY, TOMORROW)  # midnight may pass between a test's import and its run


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def row(
    number: int,
    user: str,
    leave_type: str,
    *first_and_last: int | str,
    half: str = "",
    status: str = "Approved",
    note: str = "",
) -> str:
    days = [one if isinstance(one, str) else f"{day(one):%d/%m/%Y}" for one in first_and_last]
    return f"{number};{user};Secret Name;{leave_type};{';'.join(days)};{half};{status};{note}"


def half_day(number: int, from_hour: int, to_hour: int) -> InCor:
    """Return half a day of EMP-1001 as COR is to hold it."""
    start, end = (utc(str(day(number)), time(hour), "Europe/Madrid") for hour in (from_hour, to_hour))
    return InCor("EMP-1001", "vacation", start, end, all_day=False)


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
    "4801": (row(4801, "EMP-1001", "Jury duty", 30, 31), 'column "Absence type" is none of annual leave, sickness'),
    "4802": (row(4802, "EMP-9999", "Annual leave", 30, 31), "user"),
    "4803": (row(4803, "EMP-1001", "Annual leave", "10/13/2026", "10/14/2026"), 'column "First day" is not a date'),
    "4804": (row(4804, "EMP-1001", "Annual leave", 31, 30), "end: is before start"),
    "4805": (row(4805, "", "Annual leave", 30, 31), "user_id: is missing"),
    "4806": (row(4806, "EMP-1001", "Annual leave", 30, 30, half="noon"), 'column "Half day" is none of blank, am, pm'),
    "4807": (
        row(4807, "EMP-1001", "Annual leave", 30, 31, half="am"),
        'column "Half day" is only for leave of one day',
    ),
    "4808": (row(4808, "EMP-1001", "Annual leave", 30, 31, status="In review"), 'column "Status" is none of approved'),
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
    requests: int
    kept_by_airflow: str

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(row["status"] for row in self.report)

    @property
    def refused(self) -> dict[str, str]:
        """What the report says of each leave that was refused."""
        return {row["id"]: row["message"] for row in self.report if row["status"] == "rejected"}


class Transfer:
    """HR's folder, the DAG and a COR."""

    def __init__(self, dag: Any, drop: Drop, cor: Sandbox, exchange: str) -> None:
        self.dag, self.drop, self.cor, self.exchange = dag, drop, cor, exchange

    def put(self, content: str, *names: str) -> None:
        """Write HR's file, by default that of the day of the next run."""
        for name in names or OF_THE_DAY:
            self.drop.put(name, content)

    def run(self, **conf: Any) -> Run:
        before = len(self.cor.requests)
        dag_run = self.dag.test(
            run_conf={"file": None, "dry_run": False, "max_delete_fraction": 0.2, **conf}
        )  # else Airflow 3 takes that of the run before
        folder = ObjectStoragePath(f"{self.exchange}/csv_drop_to_cor/{dag_run.run_id}")
        report = folder / "report.jsonl"
        return Run(
            str(dag_run.state),
            leaves_in(self.cor),
            [json.loads(row) for row in report.read_text().splitlines()] if report.exists() else [],
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
    _forget_files()
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


def test_a_file_that_lost_many_rows_deletes_nothing_until_somebody_says_so(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values()))
    on_disk.run()
    on_disk.put(file_of(ROWS["4711"]))
    run = on_disk.run()
    assert (run.state, run.requests, run.in_cor) == ("failed", 0, IN_COR)
    assert on_disk.run(max_delete_fraction=0.8).in_cor.keys() == {"4711"}


@pytest.mark.parametrize(
    "content", [None, "", HEADER.replace("First day", "From")], ids=["none", "empty", "other columns"]
)
def test_without_a_file_to_read_nothing_is_sent(on_disk: Transfer, content: str | None) -> None:
    if content is not None:
        on_disk.put(content)
    run = on_disk.run()
    assert (run.state, run.requests) == ("failed", 0)


def test_a_refused_row_is_in_the_report_with_the_reason(transfer: Transfer) -> None:
    transfer.put(file_of(*ROWS.values(), *(row for row, _reason in REFUSED.values())))
    run = transfer.run()
    assert (run.state, run.in_cor) == ("success", IN_COR)
    assert run.refused.keys() == REFUSED.keys()
    assert [run.refused[one] for one, (_, reason) in REFUSED.items() if reason not in run.refused[one]] == []


def test_a_refused_row_arrives_with_the_next_file_once_it_is_right(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values(), REFUSED["4808"][0]), YESTERDAY)
    assert on_disk.run(file=YESTERDAY).outcomes == {"created": 5, "rejected": 1}
    on_disk.put(file_of(*ROWS.values(), row(4808, "EMP-1001", "Annual leave", 30, 31)))
    assert on_disk.run().in_cor == IN_COR | {"4808": in_cor("EMP-1001", 30, 31)}


def test_leave_is_approved_whatever_the_case_and_blanks_of_the_word(on_disk: Transfer) -> None:
    words = ["approved", " Approved ", "APPROVED", "Approved\u00a0"]
    on_disk.put(file_of(*(row(n, "EMP-1001", " annual  LEAVE", n, n, status=word) for n, word in enumerate(words))))
    assert on_disk.run().in_cor == {str(n): in_cor("EMP-1001", n, n) for n in range(len(words))}


def test_leave_that_is_not_approved_is_not_in_cor_and_counted_by_its_status(
    on_disk: Transfer, caplog: pytest.LogCaptureFixture, logged: Callable[[], str]
) -> None:
    on_disk.put(file_of(*ROWS.values()))
    on_disk.run()
    caplog.set_level("INFO")
    not_approved = (
        ROWS["4711"].replace("Approved", "Cancelled"),
        row(4720, "EMP-1001", "Annual leave", 7, 8, status="requested "),
        row(4721, "EMP-1001", "Annual leave", 7, 8, status="Secret word"),
    )
    on_disk.put(file_of(*not_approved, *list(ROWS.values())[1:]))
    run = on_disk.run()
    assert run.in_cor.keys() == IN_COR.keys() - {"4711"}
    assert run.refused.keys() == {"4721"}
    log = logged()
    assert "Rows by status: {'cancelled': 1, 'requested': 1, '(not listed)': 1, 'approved': 4}" in log
    assert "secret word" not in log.casefold()


def test_one_id_that_is_approved_and_cancelled_is_refused_and_stays_as_it_is(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values()))
    on_disk.run()
    new, moved = row(4722, "EMP-1001", "Annual leave", 7, 8), row(4711, "EMP-1001", "Annual leave", 5, 6)
    cancelled = [line.replace("Approved", "Cancelled") for line in (new, ROWS["4711"])]
    on_disk.put(file_of(new, moved, *cancelled, *list(ROWS.values())[1:]))
    run = on_disk.run()
    assert run.in_cor == IN_COR
    assert run.refused.keys() == {"4711", "4722"}
    assert all('column "Status" contradicts another row of this id' in why for why in run.refused.values())


def test_one_id_of_two_leaves_is_refused_whichever_row_comes_first(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values()))
    on_disk.run()
    moved = row(4711, "EMP-1001", "Annual leave", 5, 6)
    for rows in ((moved, ROWS["4711"]), (ROWS["4711"], moved)):
        on_disk.put(file_of(*rows, *list(ROWS.values())[1:]))
        run = on_disk.run()
        assert run.in_cor == IN_COR
        assert run.refused.keys() == {"4711"}


def test_half_a_day_is_half_a_day(on_disk: Transfer) -> None:
    halves = [row(number, "EMP-1001", "Annual leave", 3, 3, half=half) for number, half in ((1, "am"), (2, "PM "))]
    on_disk.put(file_of(*halves))
    assert on_disk.run().in_cor == {"1": half_day(3, 9, 13), "2": half_day(3, 13, 18)}


def test_a_missed_day_is_made_up_by_the_next_file(on_disk: Transfer) -> None:
    on_disk.put(file_of(ROWS["4711"]), YESTERDAY)
    on_disk.put(file_of(*ROWS.values()))
    assert on_disk.run().in_cor == IN_COR


@pytest.mark.parametrize("newer", [file_of(*ROWS.values()), file_of()], ids=["that was sent", "that a guard refused"])
def test_an_older_file_never_undoes_a_newer_one(on_disk: Transfer, newer: str) -> None:
    on_disk.put(file_of(*ROWS.values()), BEFORE)
    on_disk.run(file=BEFORE)
    on_disk.put(newer)
    on_disk.run()
    on_disk.put(file_of(row(4711, "EMP-1001", "Annual leave", 8, 9), *list(ROWS.values())[1:]), YESTERDAY)
    run = on_disk.run(file=YESTERDAY)
    assert (run.state, run.requests, run.in_cor) == ("failed", 0, IN_COR)


def test_an_older_file_may_be_sent_under_a_later_name(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values()))
    on_disk.run()
    later = TOMORROW.replace(".csv", "-b.csv")
    on_disk.put(file_of(*list(ROWS.values())[1:]), later)
    run = on_disk.run(file=later)
    assert run.state == "success"
    assert run.in_cor.keys() == IN_COR.keys() - {"4711"}


def test_a_dry_run_sends_nothing_and_lets_an_older_file_be_sent(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values()))
    assert on_disk.run(dry_run=True).requests == 0
    on_disk.put(file_of(*ROWS.values()), YESTERDAY)
    assert on_disk.run(file=YESTERDAY).in_cor == IN_COR


def test_nothing_that_airflow_keeps_shows_whose_leave_it_is(on_disk: Transfer) -> None:
    on_disk.put(file_of(*ROWS.values(), *(row for row, _reason in REFUSED.values())))
    kept = on_disk.run().kept_by_airflow
    assert "report.jsonl" in kept
    assert not [marker for marker in ("Secret", "EMP-10", "EMP-99") if marker in kept]


def _forget_files() -> None:
    """Forget which file was the newest."""
    forget = "DELETE FROM asset_state_store" if airflow_since("3.3") else "DELETE FROM variable"
    with create_session() as session:
        session.execute(text(forget))
