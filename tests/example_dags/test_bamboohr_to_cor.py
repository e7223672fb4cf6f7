"""The example DAG for BambooHR, against a fake of its published contract: COR holds what is approved, day by day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cor_provider.extract.hr_http import MAX_ATTEMPTS
from cor_provider.sandbox import Sandbox
from example_dags.hris_fake import BambooHR
from example_dags.hris_run import CHOICES, HOME, Part, Run, RunDag, new_cor, run_hris_dag
from example_dags.in_cor import InCor, leaves_in

DAG_ID = "bamboohr_to_cor"
KEY = "bamboo-key-4711"
NOTE, NAME = "marker of a note", "Marker of a Name"


def row(
    leave_id: int,
    first: str,
    last: str,
    dates: dict[str, str] | None = None,
    *,
    kind: str = "Vacation",
    unit: str = "days",
    status: str = "approved",
) -> dict[str, Any]:
    """Return a request as BambooHR has it: ids, days and amounts are text, and no days are a list."""
    return {
        "id": str(leave_id),
        "employeeId": str(100 + leave_id % 2),
        "name": NAME,
        "start": first,
        "end": last,
        "created": "2026-01-05",
        "type": {"id": "78", "name": kind, "icon": "palm-trees"},
        "amount": {"unit": unit, "amount": "1"},
        "status": {"status": status, "lastChanged": "2026-01-06", "lastChangedByUserId": "2369"},
        "actions": {"view": True, "edit": True, "cancel": False, "approve": False, "deny": False, "bypass": False},
        "dates": dates or [],
        "notes": {"employee": NOTE, "manager": NOTE},
    }


WHOLE = [
    row(1, "2026-06-22", "2026-06-22", {"2026-06-22": "1"}),
    row(2, "2026-07-04", "2026-07-19", {"2026-07-06": "1", "2026-07-17": "1"}),
    row(3, "2026-12-28", "2027-01-08", {"2026-12-28": "8", "2027-01-08": "8"}, unit="hours"),
    row(4, "2026-08-03", "2026-08-04", {"2026-08-03": "6", "2026-08-04": "5"}, unit="hours"),
    row(5, "2026-08-10", "2026-08-12", {"2026-08-10": "1", "2026-08-11": "0.5", "2026-08-12": "1"}),
    row(6, "2026-08-20", "2026-08-21"),
    row(7, "2026-09-01", "2026-09-02", {"2026-09-01": "1", "2026-09-02": "1"}, kind="Sick"),
    row(8, "2025-01-01", "2026-05-20", {"2025-01-01": "1", "2026-05-20": "1"}, kind="Parental"),
]
HALF = {
    11: (
        row(11, "2026-11-02", "2026-11-02", {"2026-11-02": "0.5"}),
        {"span": [Part("2026-11-02", "2026-11-02", 9, 13)], "split": [Part("2026-11-02", "2026-11-02", 9, 13)]},
    ),
    12: (
        row(12, "2026-10-22", "2026-10-26", {"2026-10-22": "4", "2026-10-23": "8", "2026-10-26": "8"}, unit="hours"),
        {
            "span": [Part("2026-10-22", "2026-10-26", 13, 18)],
            "split": [Part("2026-10-22", "2026-10-22", 13, 18, "-first"), Part("2026-10-23", "2026-10-26")],
        },
    ),
    13: (
        row(13, "2026-07-20", "2026-07-22", {"2026-07-20": "0.5", "2026-07-21": "1", "2026-07-22": "0.25"}),
        {
            "span": [Part("2026-07-20", "2026-07-22", 13, 13)],
            "split": [
                Part("2026-07-20", "2026-07-20", 13, 18, "-first"),
                Part("2026-07-21", "2026-07-21"),
                Part("2026-07-22", "2026-07-22", 9, 13, "-last"),
            ],
        },
    ),
}
NOT_APPROVED = [
    row(20 + number, "2026-08-05", "2026-08-06", status=status)
    for number, status in enumerate(["requested", "denied", "canceled", "superceded"])
]
OUTSIDE = [row(30, "2026-05-11", "2026-05-15"), row(31, "2027-06-17", "2027-06-18")]
OF_UNKNOWN_TYPE = row(40, "2026-09-07", "2026-09-08", kind="Sabbatical")
ROWS = [*WHOLE, *(one for one, _ in HALF.values()), *NOT_APPROVED, *OUTSIDE, OF_UNKNOWN_TYPE]


@pytest.fixture(scope="module")
def dag(load_dag: Callable[[str], Any]) -> Any:
    dag = load_dag(DAG_ID)
    for task in dag.tasks:
        task.retries = 0  # `dag.test()` would sit out the delay before a retry
    return dag


@pytest.fixture(scope="module")
def run_dag(dag: Any, leave_exchange: Path, airflow_db: None) -> RunDag:
    def run(hr: BambooHR, cor: Sandbox, *, choice: tuple[str, str] = HOME, key: str = KEY, **conf: Any) -> Run:
        connection = {"login": "any", "password": key}
        return run_hris_dag(dag, leave_exchange, hr, cor, connection=connection, choice=choice, conf=conf)

    return run


@pytest.fixture(scope="module", params=CHOICES, ids="-".join)
def choice(request: pytest.FixtureRequest) -> tuple[str, str]:
    zone, policy = request.param
    return zone, policy


@pytest.fixture(scope="module")
def first_run(run_dag: RunDag, choice: tuple[str, str]) -> Run:
    with new_hr() as hr, new_cor("100", "101") as cor:
        return run_dag(hr, cor, choice=choice)


def new_hr(rows: list[dict[str, Any]] | None = None) -> BambooHR:
    return BambooHR(ROWS if rows is None else rows, api_key=KEY)


def test_cor_holds_exactly_the_approved_leave(first_run: Run, choice: tuple[str, str]) -> None:
    assert first_run.in_cor == approved(*choice)


def test_a_leave_of_an_unknown_type_is_rejected_and_leaves_the_run_green(first_run: Run) -> None:
    rejected = {row["id"]: row["error"] for row in first_run.report if row["error"]}
    assert rejected == {"bamboohr-40": "LeaveTypeNotFoundError"}
    assert first_run.state == "success"


def test_names_notes_and_leave_types_stay_in_hr(run_dag: RunDag, logged: Callable[[], str]) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        hr.answer_next(503, NOTE.encode())
        run = run_dag(hr, cor)
        sent = str([request.body for request in cor.requests])
    assert run.state == "success"
    shown = run.files + run.kept + sent + logged()
    assert [marker for marker in (NOTE, NAME, "Sick", "Parental", KEY) if marker in shown] == []


def test_airflow_keeps_no_dates_and_no_people(first_run: Run) -> None:
    assert "leaves.jsonl" in first_run.kept
    assert [value for value in ("2026-06-22", "vacation", "employeeId", "user_id") if value in first_run.kept] == []


def test_a_request_to_wait_is_heeded(run_dag: RunDag, waits: list[float]) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        hr.answer_next(429, headers={"Retry-After": "17"})
        hr.answer_next(503, headers={"Retry-After": "18"})
        run = run_dag(hr, cor)
    assert run.in_cor == approved(*HOME)
    assert waits[:2] == [17, 18]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(500, NOTE.encode(), id="error"),
        pytest.param(200, b'[{"id": "1", "employeeId', id="cut short"),
        pytest.param(200, b"<html>" + NOTE.encode(), id="not JSON"),
    ],
)
def test_nothing_is_sent_unless_all_is_read(
    run_dag: RunDag, logged: Callable[[], str], status: int, body: bytes
) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        for _ in range(MAX_ATTEMPTS):
            hr.answer_next(status, body)
        run = run_dag(hr, cor)
        assert (run.state, run.files, cor.requests) == ("failed", "", ())
    assert NOTE not in logged()


def test_a_wrong_key_sends_nothing(run_dag: RunDag) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        assert run_dag(hr, cor, key="another-key").state == "failed"
        assert cor.requests == ()


def test_cancelled_leave_is_deleted(run_dag: RunDag) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        run_dag(hr, cor)
        hr.rows = [row for row in ROWS if row["id"] != "1"]
        run = run_dag(hr, cor)
    assert approved(*HOME).keys() - run.in_cor.keys() == {"bamboohr-1"}


def test_dates_that_change_are_updated(run_dag: RunDag) -> None:
    with new_hr([WHOLE[0]]) as hr, new_cor("100", "101") as cor:
        run_dag(hr, cor)
        hr.rows = [{**WHOLE[0], "end": "2026-06-24"}]
        run = run_dag(hr, cor)
    assert run.in_cor["bamboohr-1"][2:4] == ("2026-06-22T00:00:00-00:00", "2026-06-24T23:59:00-00:00")


@pytest.mark.parametrize("people", [2, 8])
def test_whoever_starts_a_run_may_let_a_small_team_lose_more_than_a_fifth(run_dag: RunDag, people: int) -> None:
    rows = [row(number, f"2026-07-{number:02}", f"2026-07-{number:02}") for number in range(1, people + 1)]
    with new_hr(rows) as hr, new_cor("100", "101") as cor:
        run_dag(hr, cor)
        hr.rows = rows[people // 2 :]
        assert run_dag(hr, cor).state == "failed"
        assert run_dag(hr, cor, max_delete_fraction=0.5, max_deletes=people // 2 - 1).state == "failed"
        assert len(leaves_in(cor)) == people
        assert run_dag(hr, cor, max_delete_fraction=0.5, max_deletes=people // 2).state == "success"
        assert len(leaves_in(cor)) == people // 2


BAD: dict[str, dict[str, Any]] = {
    "a blank amount": {"dates": {"2026-07-20": ""}},
    "no amount": {"dates": {"2026-07-20": None}},
    "a part of a day": {"dates": {"2026-07-20": "AM"}},
    "an unknown unit": {"amount": {"unit": "weeks"}, "dates": {"2026-07-20": "1"}},
    "no unit": {"amount": {}, "dates": {"2026-07-20": "1"}},
    "amounts in a list": {"dates": [{"2026-07-20": "1"}]},
    "a date of another form": {"start": "07/20/2026", "end": "07/22/2026"},
    "no type": {"type": None},
}


@pytest.mark.parametrize("policy", ["span", "split"])
def test_a_request_that_cannot_be_read_is_rejected_by_its_id_and_what_cor_has_of_it_stays(
    run_dag: RunDag, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """All of them in one run: each has two half days, and so up to three parts in COR."""
    halves = {"2026-07-20": "0.5", "2026-07-21": "1", "2026-07-22": "0.5"}
    good = [row(number, "2026-07-20", "2026-07-22", halves) for number in range(50, 50 + len(BAD))]
    bad = [{**one, **fields} for one, fields in zip(good, BAD.values(), strict=True)]
    choice = HOME[0], policy
    with new_hr([WHOLE[0], *good]) as hr, new_cor("100", "101") as cor:
        before = run_dag(hr, cor, choice=choice)
        monkeypatch.setattr(hr, "filters_by_day", False)  # or rows with odd dates would not come
        hr.rows = [{**WHOLE[0], "end": "2026-06-24"}, *bad]
        run = run_dag(hr, cor, choice=choice)
    assert run.state == "success"
    rejected = {one["id"]: one["error"] for one in run.report if one["status"] == "rejected"}
    assert rejected == {f"bamboohr-{one['id']}": "UnreadableRowError" for one in bad}
    changed = {leave_id for leave_id, one in run.in_cor.items() if one != before.in_cor[leave_id]}
    assert (changed, run.in_cor.keys()) == ({"bamboohr-1"}, before.in_cor.keys())


def test_a_request_that_is_not_approved_need_not_be_readable(run_dag: RunDag, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**row(60, "", "", status="canceled"), "dates": "?"}
    with new_hr([WHOLE[0], other]) as hr, new_cor("100", "101") as cor:
        monkeypatch.setattr(hr, "filters_by_day", False)
        run = run_dag(hr, cor)
    assert [one["id"] for one in run.report] == ["bamboohr-1"]


def test_a_dry_run_shows_leave_and_sends_nothing(
    run_dag: RunDag, logged: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with new_hr() as hr, new_cor("100", "101") as cor:
        run = run_dag(hr, cor, dry_run=True)
        assert (cor.requests, run.report) == ((), [])
    log = logged()
    assert '{"metadata": {"source": "GLOBANT"}, "id": "xxxxxxxx-9", "userId": "999", "leaveTypeId": "vacation", ' in log
    assert [value for value in ("bamboohr-1", "2026-06-22", NAME, NOTE, "Sick") if value in log] == []


def approved(zone: str, policy: str) -> dict[str, InCor]:
    """Say what COR is to hold, from nothing but the tables above."""
    leaves = {f"bamboohr-{one['id']}": in_cor(one, Part(one["start"], one["end"]), zone) for one in WHOLE}
    for leave_id, (one, parts) in HALF.items():
        leaves |= {f"bamboohr-{leave_id}{part.suffix}": in_cor(one, part, zone) for part in parts[policy]}
    return leaves


def in_cor(one: dict[str, Any], part: Part, zone: str) -> InCor:
    return part.in_cor(one["employeeId"], "vacation" if one["type"]["name"] == "Vacation" else "absence", zone)
