"""The example DAG for Personio, against a fake of its published contract: COR holds the absences of both endpoints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cor_provider.extract.hr_http import MAX_ATTEMPTS
from cor_provider.sandbox import Sandbox
from example_dags import hris_fake
from example_dags.hris_fake import SKIPS, Personio
from example_dags.hris_run import CHOICES, HOME, Part, Run, RunDag, new_cor, run_hris_dag
from example_dags.in_cor import InCor, leaves_in

DAG_ID = "personio_to_cor"
CLIENT_ID, CLIENT_SECRET = "papi-client-4711", "papi-secret-0815"
NAME, COMMENT = "Marker of a Name", "marker of a comment"
PERIOD_ID = "9bba303f-0fbc-4514-9958-{:012}"


def day_off(
    leave_id: int,
    first: str,
    last: str,
    *,
    halves: tuple[int, int] = (0, 0),
    kind: str = "Paid vacation",
    status: str = "approved",
) -> dict[str, Any]:
    """Return an absence in days; its midnights get the offset of the company's zone when it is served."""
    return {
        "id": leave_id,
        "status": status,
        "start_date": first,
        "end_date": last,
        "days_count": 1,
        "half_day_start": halves[0],
        "half_day_end": halves[1],
        "time_off_type": {"type": "TimeOffType", "attributes": {"id": 54321, "name": kind, "category": "sick_leave"}},
        "employee": employee(leave_id),
        "certificate": {"status": "not-required"},
        "created_at": "2026-01-05T10:32:18+0100",
        "updated_at": "2026-01-05T10:32:18+0100",
    }


def hours_off(
    number: int,
    first: tuple[str, int],
    last: tuple[str, int],
    *,
    halves: tuple[bool, bool] = (False, False),
    kind: str = "Time off in lieu",
    status: str = "approved",
) -> dict[str, Any]:
    """Return an absence in hours, of which first and last are wall times; it is served with moments in UTC."""
    return {
        "id": PERIOD_ID.format(number),
        "measurement_unit": "hour",
        "effective_duration": 480,
        "employee": employee(number),
        "absence_type": {"type": "AbsenceType", "attributes": {"id": PERIOD_ID.format(0), "name": kind}},
        "certificate": {"status": "not-required"},
        "start": first,
        "end": last,
        "half_day_start": halves[0],
        "half_day_end": halves[1],
        "comment": COMMENT,
        "origin": "web",
        "status": status,
        "created_by": 1,
        "created_at": "2026-01-05T14:29:56.510Z",
        "updated_at": "2026-01-05T14:29:56.510Z",
        "approved_at": "2026-01-05T14:29:56.510Z",
        "breakdowns": [],
    }


def employee(number: int) -> dict[str, Any]:
    def field(name: str, value: object) -> dict[str, Any]:
        return {"label": name, "value": value, "type": "standard", "universal_id": name}

    attributes = {"id": field("id", 100 + number % 2), "last_name": field("last_name", NAME)}
    return {"type": "Employee", "attributes": attributes}


WHOLE_DAYS = [
    day_off(1, "2026-06-22", "2026-06-22"),
    day_off(2, "2026-12-28", "2027-01-08"),
    day_off(3, "2026-03-20", "2026-05-20", kind="Parental leave"),
    day_off(4, "2026-10-25", "2026-10-25", kind="Sick days"),
    day_off(5, "2026-09-27", "2026-09-27"),
    *(
        day_off(number, str(date(2026, 7, 1) + timedelta(number)), str(date(2026, 7, 1) + timedelta(number)))
        for number in range(100, 320)
    ),
]
HALF_DAYS: list[tuple[dict[str, Any], dict[str, list[Part]]]] = [
    (
        day_off(11, "2026-11-02", "2026-11-02", halves=(1, 0)),
        {"span": [Part("2026-11-02", "2026-11-02", 9, 13)], "split": [Part("2026-11-02", "2026-11-02", 9, 13)]},
    ),
    (
        day_off(12, "2026-11-03", "2026-11-03", halves=(0, 1)),
        {"span": [Part("2026-11-03", "2026-11-03", 9, 13)], "split": [Part("2026-11-03", "2026-11-03", 9, 13)]},
    ),
    (
        day_off(13, "2026-10-22", "2026-10-26", halves=(1, 0)),
        {
            "span": [Part("2026-10-22", "2026-10-26", 13, 18)],
            "split": [Part("2026-10-22", "2026-10-22", 13, 18, "-first"), Part("2026-10-23", "2026-10-26")],
        },
    ),
    (
        day_off(14, "2026-11-10", "2026-11-12", halves=(1, 1)),
        {
            "span": [Part("2026-11-10", "2026-11-12", 13, 13)],
            "split": [
                Part("2026-11-10", "2026-11-10", 13, 18, "-first"),
                Part("2026-11-11", "2026-11-11"),
                Part("2026-11-12", "2026-11-12", 9, 13, "-last"),
            ],
        },
    ),
]
HOURS: list[tuple[dict[str, Any], Part]] = [
    (hours_off(1, ("2026-07-06", 0), ("2026-07-09", 0)), Part("2026-07-06", "2026-07-08")),
    (hours_off(2, ("2026-12-31", 0), ("2027-01-01", 0)), Part("2026-12-31", "2026-12-31")),
    (hours_off(3, ("2026-10-25", 0), ("2026-10-26", 0)), Part("2026-10-25", "2026-10-25")),
    (hours_off(4, ("2026-06-23", 14), ("2026-06-23", 16)), Part("2026-06-23", "2026-06-23", 14, 16)),
    (hours_off(5, ("2026-06-24", 8), ("2026-06-24", 9), kind="Sick days"), Part("2026-06-24", "2026-06-24", 8, 9)),
]
TIME_OFFS = [
    *WHOLE_DAYS,
    *(one for one, _ in HALF_DAYS),
    *(
        day_off(20 + number, "2026-08-05", "2026-08-06", status=status)
        for number, status in enumerate(["pending", "rejected", "cancelled"])
    ),
    day_off(30, "2026-05-11", "2026-05-15"),
    day_off(31, "2027-06-17", "2027-06-18"),
    day_off(40, "2026-09-07", "2026-09-08", kind="Sabbatical"),
]
PERIODS = [
    *(one for one, _ in HOURS),
    hours_off(20, ("2026-08-05", 9), ("2026-08-05", 11), status="pending"),
    hours_off(30, ("2026-05-11", 9), ("2026-05-11", 11)),
]


@pytest.fixture(scope="module")
def dag(load_dag: Callable[[str], Any]) -> Any:
    dag = load_dag(DAG_ID)
    for task in dag.tasks:
        task.retries = 0  # `dag.test()` would sit out the delay before a retry
    return dag


@pytest.fixture(scope="module")
def run_dag(dag: Any, leave_exchange: Path, airflow_db: None) -> RunDag:
    def run(
        hr: Personio,
        cor: Sandbox,
        *,
        choice: tuple[str, str] = HOME,
        client_secret: str = CLIENT_SECRET,
        **conf: Any,
    ) -> Run:
        connection = {"login": CLIENT_ID, "password": client_secret}
        return run_hris_dag(dag, leave_exchange, hr, cor, connection=connection, choice=choice, conf=conf)

    return run


@pytest.fixture(scope="module", params=CHOICES, ids="-".join)
def choice(request: pytest.FixtureRequest) -> tuple[str, str]:
    zone, policy = request.param
    return zone, policy


@pytest.fixture(scope="module")
def first_run(run_dag: RunDag, choice: tuple[str, str]) -> Run:
    with new_hr(zone=choice[0]) as hr, new_cor("100", "101") as cor:
        return run_dag(hr, cor, choice=choice)


def new_hr(
    time_offs: list[dict[str, Any]] | None = None,
    periods: list[dict[str, Any]] | None = None,
    *,
    zone: str = HOME[0],
    offset_counts: str | None = None,
) -> Personio:
    """Return a Personio of a company in that zone."""
    days = [
        {**one, **{key: midnight(one[key], zone) for key in ("start_date", "end_date")}}
        for one in (TIME_OFFS if time_offs is None else time_offs)
    ]
    hours = [
        {**one, **{key: moment(one[key], zone) for key in ("start", "end")}}
        for one in (PERIODS if periods is None else periods)
    ]
    return Personio(days, hours, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, offset_counts=offset_counts)


def test_cor_holds_exactly_the_approved_absences_of_both_endpoints(first_run: Run, choice: tuple[str, str]) -> None:
    assert first_run.in_cor == approved(*choice)


def test_an_absence_of_an_unknown_type_is_rejected_and_leaves_the_run_green(first_run: Run) -> None:
    rejected = {row["id"]: row["error"] for row in first_run.report if row["error"]}
    assert rejected == {"personio-40": "LeaveTypeNotFoundError"}
    assert first_run.state == "success"


every_meaning_of_the_offset = pytest.mark.parametrize("offset_counts", [*SKIPS])


@every_meaning_of_the_offset
def test_all_pages_are_read_whatever_the_offset_counts(run_dag: RunDag, offset_counts: str) -> None:
    hours = [hours_off(number, ("2026-07-06", 9), ("2026-07-06", 10)) for number in range(1000, 1450)]
    with new_hr(periods=[*PERIODS, *hours], offset_counts=offset_counts) as hr, new_cor("100", "101") as cor:
        run = run_dag(hr, cor)
    assert len(TIME_OFFS) > 200
    of_pages = {f"personio-{one['id']}" for one in hours}
    assert run.in_cor.keys() == approved(*HOME).keys() | of_pages
    assert [one["status"] for one in run.report if one["id"] in of_pages] == ["created"] * 450


@every_meaning_of_the_offset
@pytest.mark.parametrize("after", [1, 2, 3])
def test_absences_that_come_and_go_while_pages_are_read_delete_no_others(
    run_dag: RunDag, monkeypatch: pytest.MonkeyPatch, offset_counts: str, after: int
) -> None:
    monkeypatch.setattr(hris_fake, "LARGEST_PAGE", 5)
    days = [day_off(number, "2026-07-06", "2026-07-06") for number in range(100, 112)]
    came = day_off(900, "2026-07-07", "2026-07-07")
    with new_hr(days, [], offset_counts=offset_counts) as hr, new_cor("100", "101") as cor:
        run_dag(hr, cor)
        (came_as_served,) = new_hr([came], []).time_offs

        def change() -> None:  # there are as many as before
            hr.time_offs = [*hr.time_offs[1:], came_as_served]

        hr.let_pass(1 + after)
        hr.change_next(change)
        while_it_changes = run_dag(hr, cor)
        assert len(while_it_changes.in_cor) == 12
        run = run_dag(hr, cor)
    assert (run.state, len(run.in_cor)) == ("success", 12)
    assert {"personio-100", "personio-900"} & run.in_cor.keys() == {"personio-900"}


def test_names_comments_and_types_stay_in_hr(run_dag: RunDag, logged: Callable[[], str]) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        hr.let_pass(1)
        hr.answer_next(503, COMMENT.encode())
        run = run_dag(hr, cor)
        sent = str([request.body for request in cor.requests])
    assert run.state == "success"
    shown = run.files + run.kept + sent + logged()
    markers = (NAME, COMMENT, "Sick", "sick", "Parental", CLIENT_SECRET, hr.token)
    assert [marker for marker in markers if marker in shown] == []


def test_airflow_keeps_no_dates_and_no_people(first_run: Run) -> None:
    assert "leaves.jsonl" in first_run.kept
    assert [value for value in ("2026-06-22", "vacation", "user_id") if value in first_run.kept] == []


@pytest.mark.parametrize("before", range(7))
def test_a_request_to_wait_is_heeded_wherever_it_comes(run_dag: RunDag, waits: list[float], before: int) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        hr.let_pass(before)
        hr.answer_next(429, headers={"Retry-After": "17"})
        run = run_dag(hr, cor)
    assert run.in_cor == approved(*HOME)
    assert waits[0] == 17


@pytest.mark.parametrize(
    ("before", "status", "body"),
    [
        pytest.param(0, 500, b"{}", id="token"),
        pytest.param(3, 500, COMMENT.encode(), id="second page"),
        pytest.param(6, 500, b"{}", id="second endpoint"),
        pytest.param(6, 403, b"{}", id="no right to the second endpoint"),
        pytest.param(3, 200, b'{"metadata": {"total_elements": 236}, "data": []}', id="rows are missing"),
        pytest.param(3, 200, b'{"metadata": {"total_elements": 200}, "data": []}', id="rows went in between"),
        pytest.param(6, 200, b'{"metadata": {"total_elements": 7}, "data": [{"type": "Abs', id="cut short"),
    ],
)
def test_nothing_is_sent_unless_all_is_read(run_dag: RunDag, before: int, status: int, body: bytes) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        hr.let_pass(before)
        for _ in range(MAX_ATTEMPTS):
            hr.answer_next(status, body)
        run = run_dag(hr, cor)
        assert (run.state, run.files, cor.requests) == ("failed", "", ())


def test_a_wrong_secret_sends_nothing(run_dag: RunDag) -> None:
    with new_hr() as hr, new_cor("100", "101") as cor:
        assert run_dag(hr, cor, client_secret="another-secret").state == "failed"
        assert cor.requests == ()


def test_absences_that_are_cancelled_are_deleted(run_dag: RunDag) -> None:
    with new_cor("100", "101") as cor:
        with new_hr() as hr:
            run_dag(hr, cor)
        with new_hr(TIME_OFFS[1:], PERIODS[1:]) as hr:
            run = run_dag(hr, cor)
    assert approved(*HOME).keys() - run.in_cor.keys() == {"personio-1", f"personio-{PERIOD_ID.format(1)}"}


def test_dates_that_change_are_updated(run_dag: RunDag) -> None:
    with new_cor("100", "101") as cor:
        for last in ("2026-06-22", "2026-06-24"):
            with new_hr([day_off(1, "2026-06-22", last)], []) as hr:
                run = run_dag(hr, cor)
    assert run.in_cor["personio-1"][2:4] == ("2026-06-22T00:00:00-00:00", "2026-06-24T23:59:00-00:00")


@pytest.mark.parametrize("people", [2, 8])
def test_whoever_starts_a_run_may_let_a_small_team_lose_more_than_a_fifth(run_dag: RunDag, people: int) -> None:
    days = [day_off(number, "2026-07-06", "2026-07-06") for number in range(people)]
    with new_cor("100", "101") as cor:
        with new_hr(days, []) as hr:
            run_dag(hr, cor)
        with new_hr(days[people // 2 :], []) as hr:
            assert run_dag(hr, cor).state == "failed"
            assert run_dag(hr, cor, max_delete_fraction=0.5, max_deletes=people // 2 - 1).state == "failed"
            assert len(leaves_in(cor)) == people
            assert run_dag(hr, cor, max_delete_fraction=0.5, max_deletes=people // 2).state == "success"
        assert len(leaves_in(cor)) == people // 2


@pytest.mark.parametrize("policy", ["span", "split"])
def test_an_absence_that_cannot_be_read_is_rejected_by_its_id_and_what_cor_has_of_it_stays(
    run_dag: RunDag, policy: str
) -> None:
    days = [day_off(number, "2026-07-20", "2026-07-22", halves=(1, 1)) for number in range(50, 55)]
    hours = [hours_off(number, ("2026-07-06", 9), ("2026-07-06", 10)) for number in range(50, 55)]
    choice = HOME[0], policy
    with new_hr([WHOLE_DAYS[0], *days], hours) as hr, new_cor("100", "101") as cor:
        before = run_dag(hr, cor, choice=choice)
        bad: list[dict[str, Any]] = [
            {"time_off_type": {"attributes": None}},
            {"employee": {}},
            {"start_date": "2026-07-3x"},
            {"end_date": "2026-07-99"},
            {"end_date": "2026-07-19"},
        ]
        hr.time_offs = [hr.time_offs[0], *({**a, **b} for a, b in zip(hr.time_offs[1:], bad, strict=True))]
        bad = [{"absence_type": None}, {"employee": None}, {"start": "2026-07-06 AM"}, {"end": "2026-07-06T"}]
        bad.append({"end": hr.absence_periods[-1]["start"]})
        hr.absence_periods = [{**a, **b} for a, b in zip(hr.absence_periods, bad, strict=True)]
        run = run_dag(hr, cor, choice=choice)
    assert (run.state, run.in_cor) == ("success", before.in_cor)
    rejected = {one["id"]: one["error"] for one in run.report if one["status"] == "rejected"}
    assert rejected == {f"personio-{one['id']}": "UnreadableRowError" for one in (*days, *hours)}


def test_a_dry_run_shows_leave_and_sends_nothing(
    run_dag: RunDag, logged: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with new_hr() as hr, new_cor("100", "101") as cor:
        run = run_dag(hr, cor, dry_run=True)
        assert (cor.requests, run.report) == ((), [])
    log = logged()
    assert '{"metadata": {"source": "GLOBANT"}, "id": "xxxxxxxx-9", "userId": "999", "leaveTypeId": "vacation", ' in log
    assert [value for value in ("personio-1", "2026-06-22", NAME, COMMENT, "Sick") if value in log] == []


def approved(zone: str, policy: str) -> dict[str, InCor]:
    """Say what COR is to hold, from nothing but the tables above."""
    leaves = {}
    for one in WHOLE_DAYS:
        whole = Part(one["start_date"], one["end_date"])
        leaves[f"personio-{one['id']}"] = in_cor(one, one["time_off_type"], whole, zone)
    for one, parts in HALF_DAYS:
        for part in parts[policy]:
            leaves[f"personio-{one['id']}{part.suffix}"] = in_cor(one, one["time_off_type"], part, zone)
    for one, part in HOURS:
        leaves[f"personio-{one['id']}"] = in_cor(one, one["absence_type"], part, zone)
    return leaves


def in_cor(one: dict[str, Any], kind: dict[str, Any], part: Part, zone: str) -> InCor:
    is_vacation = kind["attributes"]["name"] in {"Paid vacation", "Time off in lieu"}
    user_id = str(one["employee"]["attributes"]["id"]["value"])
    return part.in_cor(user_id, "vacation" if is_vacation else "absence", zone)


def midnight(day: str, zone: str) -> str:
    return datetime.combine(date.fromisoformat(day), time(), ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S%z")


def moment(wall_time: tuple[str, int], zone: str) -> str:
    day, hour = wall_time
    local = datetime.combine(date.fromisoformat(day), time(hour), ZoneInfo(zone))
    return local.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.0Z")
