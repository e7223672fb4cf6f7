"""The example DAG for several legal entities: what COR holds is what each of them says, whatever befalls the others."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from copy import deepcopy
from datetime import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cor_provider._compat import AirflowFailException
from cor_provider.sandbox import Sandbox
from example_dags.in_cor import Clock, InCor, leaves_in, utc, xcoms_and_rendered_fields

DAG_ID = "legal_entities_to_cor"


class Entity(NamedTuple):
    """A legal entity, as it is in reality."""

    zone: str
    vacation: str
    sickness: str
    window: tuple[str, str]
    """The first and the last day, by the entity's own date."""


ENTITIES = {
    "ar": Entity("America/Argentina/Buenos_Aires", "Vacaciones", "Enfermedad", ("2026-05-16", "2027-06-15")),
    "de": Entity("Europe/Berlin", "Urlaub", "Krankheit", ("2026-05-16", "2027-06-15")),
    "nz": Entity("Pacific/Auckland", "Annual leave", "Sick leave", ("2026-05-17", "2027-06-16")),
}


TABLE = """
CREATE TABLE leave_request (
    id, employee, leave_type, first_day, last_day, first_part, last_part, status, name, reason
)
"""


class Row(NamedTuple):
    """A row of an entity's table; every entity has the same, in its own words."""

    id: int
    employee: int | None
    leave_type: str
    first_day: str
    last_day: str
    first_part: str | None = None
    last_part: str | None = None
    status: str = "approved"


ROWS = [
    Row(1, 1001, "vacation", "2026-06-22", "2026-06-22"),
    Row(2, 1002, "vacation", "2026-07-06", "2026-07-17"),
    Row(3, 1001, "sickness", "2026-06-15", "2026-06-16"),
    Row(4, 1001, "vacation", "2026-07-20", "2026-07-22", first_part="afternoon"),
    Row(5, 1002, "vacation", "2026-10-22", "2026-10-26", last_part="morning"),
    Row(6, 1001, "vacation", "2026-11-02", "2026-11-02", first_part="morning"),
    Row(7, 1002, "sickness", "2026-12-31", "2026-12-31", first_part="afternoon"),
    Row(8, 1002, "vacation", "2026-12-28", "2027-01-08"),
    Row(9, 1001, "vacation", "2026-05-11", "2026-05-16"),
    Row(10, 1002, "vacation", "2027-06-16", "2027-06-18"),
    Row(11, 1001, "vacation", "2026-08-03", "2026-08-04", status="requested"),
    Row(12, 1002, "vacation", "2026-08-05", "2026-08-06", status="rejected"),
    Row(13, 1001, "sickness", "2026-08-07", "2026-08-07", status="cancelled"),
]
REFUSED = [
    Row(14, 1001, "sabbatical", "2026-09-01", "2026-09-30"),
    Row(15, 1002, "vacation", "2026-07-10", "2026-07-09"),
    Row(16, None, "vacation", "2026-07-13", "2026-07-13"),
    Row(17, 1001, "vacation", "2026-07-14", "7/14/2026"),
    Row(18, 1001, "vacation", "2026-07-14", "2026-07-14", first_part="AM"),
    Row(19, 1002, "vacation", "2026-07-14", "2026-07-16", last_part=""),
]
ERRORS = {
    "14": "LeaveTypeNotFoundError",
    "15": "InvalidDateRangeError",
    "16": "ValidationError",
    "17": "UnreadableRowError",
    "18": "UnreadableRowError",
    "19": "UnreadableRowError",
}
MANY, ONE_DAY = 10_000, ("2026-07-06", "2026-07-06")
LEAVES = 27  # 9 of each entity: of the 10 that are approved, one is outside its window


class Run(NamedTuple):
    """A run of the DAG, and what it left behind."""

    state: str
    tasks: Counter[tuple[str, str]]
    names: set[tuple[str, str]]
    result: dict[str, Any] | None
    in_cor: dict[str, InCor]
    report: dict[str, list[dict[str, Any]]]

    def outcomes(self, entity: str) -> Counter[str]:
        return Counter(row["status"] for row in self.report.get(entity, []))


RunDag = Callable[..., Run]


@pytest.fixture(scope="module")
def dag(load_dag: Callable[[str], Any], module_patch: pytest.MonkeyPatch) -> Any:
    dag = load_dag(DAG_ID)
    for task in dag.tasks:
        task.retries = 0  # `dag.test()` would sit out the delay before a retry
    module_patch.setitem(dag.get_task("one_entity.extract").python_callable.__globals__, "datetime", Clock)
    return dag


@pytest.fixture(scope="module")
def hr_databases(tmp_path_factory: pytest.TempPathFactory, module_patch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A database for each entity, as the Connection `hr_<entity>`."""
    folder = tmp_path_factory.mktemp("hr")
    paths = {name: folder / f"{name}.sqlite" for name in ENTITIES}
    for name, entity in ENTITIES.items():
        words = {"vacation": entity.vacation, "sickness": entity.sickness}
        rows = [row._replace(leave_type=words.get(row.leave_type, row.leave_type)) for row in [*ROWS, *REFUSED]]
        make_hr_database(paths[name], rows)
        set_hr_connection(module_patch, name, paths[name])
    return paths


def make_hr_database(path: Path, rows: Iterable[Row]) -> None:
    values = ([*row, f"name of {row.employee}", f"reason for {row.id}"] for row in rows)
    with closing(sqlite3.connect(path)) as database:
        database.execute(TABLE)
        database.executemany("INSERT INTO leave_request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        database.commit()


def set_hr_connection(patch: pytest.MonkeyPatch, entity: str, path: Path) -> None:
    patch.setenv(f"AIRFLOW_CONN_HR_{entity.upper()}", json.dumps({"conn_type": "sqlite", "host": str(path)}))


@pytest.fixture(scope="module")
def run_dag(
    dag: Any,
    hr_databases: dict[str, Path],
    leave_exchange: Path,
    module_patch: pytest.MonkeyPatch,
    airflow_db: None,
) -> RunDag:
    """Return a function that runs the DAG into a COR."""

    def run(cor: Sandbox, **conf: Any) -> Run:
        connection = {"conn_type": "cor", "host": cor.url, "password": cor.token}
        module_patch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dag, "params", deepcopy(dag.params))  # a run would leave its values in them
            dag_run = dag.test(run_conf=conf)
        instances = dag_run.get_task_instances()
        folder = leave_exchange / DAG_ID / dag_run.run_id
        return Run(
            str(dag_run.state),
            Counter((instance.task_id, str(instance.state)) for instance in instances),
            {(one.task_id, one.rendered_map_index) for one in instances if one.map_index >= 0},
            instances[0].xcom_pull(task_ids="summarise"),
            leaves_in(cor),
            {
                path.parent.name: [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
                for path in folder.glob("*/report.jsonl")
            },
        )

    return run


@pytest.fixture(scope="module")
def first_run(run_dag: RunDag) -> Run:
    with new_cor() as cor:
        return run_dag(cor)


@pytest.fixture(scope="module")
def turned_away_and_repeated(run_dag: RunDag) -> tuple[Run, Run]:
    """Two runs into one COR, which turns away an entity in the first."""
    with new_cor() as cor:
        cor.answer_next(403)
        return run_dag(cor), run_dag(cor)


@pytest.fixture(scope="module")
def run_without_a_database(run_dag: RunDag, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in which the database of Berlin has no table."""
    with new_cor() as cor, pytest.MonkeyPatch.context() as patch:
        set_hr_connection(patch, "de", tmp_path_factory.mktemp("hr") / "empty.sqlite")
        return run_dag(cor)


def new_cor() -> Sandbox:
    """Return a COR that knows the people of every entity."""
    users = [{"id": f"{entity}-{employee}"} for entity in ENTITIES for employee in (1001, 1002)]
    types = [{"id": "vacation"}, {"id": "absence"}]
    return Sandbox(seed={"source": "GLOBANT", "users": users, "leave_types": types})


def test_cor_holds_exactly_the_approved_leave_of_every_entity(first_run: Run, hr_databases: dict[str, Path]) -> None:
    expected = {
        leave_id: leave for name, path in hr_databases.items() for leave_id, leave in approved_by_hr(name, path)
    }
    assert first_run.in_cor == expected
    assert len(expected) == LEAVES


@pytest.mark.parametrize(
    ("leave_id", "start", "end"),
    [
        pytest.param("ar-1", "2026-06-22T00:00:00", "2026-06-22T23:59:00", id="a day in Buenos Aires"),
        pytest.param("de-1", "2026-06-22T00:00:00", "2026-06-22T23:59:00", id="a day in Berlin"),
        pytest.param("nz-1", "2026-06-22T00:00:00", "2026-06-22T23:59:00", id="a day in Auckland"),
        pytest.param("nz-8", "2026-12-28T00:00:00", "2027-01-08T23:59:00", id="over New Year in Auckland"),
        pytest.param("ar-6", "2026-11-02T12:00:00", "2026-11-02T16:00:00", id="a morning in Buenos Aires"),
        pytest.param("de-6", "2026-11-02T08:00:00", "2026-11-02T12:00:00", id="a morning in Berlin"),
        pytest.param("nz-6", "2026-11-01T20:00:00", "2026-11-02T00:00:00", id="a morning in Auckland, the day before"),
        pytest.param("de-4", "2026-07-20T11:00:00", "2026-07-22T16:00:00", id="from a summer's midday in Berlin"),
        pytest.param("de-5", "2026-10-22T07:00:00", "2026-10-26T12:00:00", id="over the end of Berlin's summer time"),
    ],
)
def test_days_and_halves_are_those_of_the_entitys_time_zone(
    first_run: Run, leave_id: str, start: str, end: str
) -> None:
    assert first_run.in_cor[leave_id][2:4] == (f"{start}-00:00", f"{end}-00:00")


def test_the_window_is_by_the_entitys_own_date(first_run: Run) -> None:
    assert {"ar-9", "de-9", "nz-9"} & first_run.in_cor.keys() == {"ar-9", "de-9"}
    assert {"ar-10", "de-10", "nz-10"} & first_run.in_cor.keys() == {"nz-10"}


def test_what_cannot_be_in_cor_is_in_the_report_and_leaves_the_run_green(first_run: Run) -> None:
    rejected = {row["id"]: row["error"] for rows in first_run.report.values() for row in rows if row["error"]}
    assert rejected == {f"{entity}-{number}": error for entity in ENTITIES for number, error in ERRORS.items()}
    assert first_run.state == "success"


def test_the_summary_has_the_outcome_of_every_entity(first_run: Run) -> None:
    assert first_run.result is not None
    counts = {name: (one["received"], one["created"], one["rejected"]) for name, one in first_run.result.items()}
    assert counts == dict.fromkeys(ENTITIES, (15, 9, 6))


def test_mapped_tasks_go_by_the_name_of_their_entity(first_run: Run) -> None:
    assert first_run.names == {(f"one_entity.{task}", name) for task in ("extract", "push") for name in ENTITIES}


def test_airflow_keeps_nothing_of_the_leave(first_run: Run) -> None:
    kept = xcoms_and_rendered_fields(DAG_ID)
    assert "report.jsonl" in kept
    personal = ["name of", "reason for", "1001", "1002", "2026-07-06", "absence"]
    personal += [word for entity in ENTITIES.values() for word in (entity.vacation, entity.sickness)]
    assert [value for value in personal if value in kept] == []


def test_an_entity_that_cor_turns_away_leaves_the_others_alone(turned_away_and_repeated: tuple[Run, Run]) -> None:
    failed, _ = turned_away_and_repeated
    assert failed.state == "failed"
    assert failed.tasks == {
        ("one_entity.extract", "success"): 3,
        ("one_entity.push", "success"): 2,
        ("one_entity.push", "failed"): 1,
        ("summarise", "failed"): 1,
    }
    (stopped,) = (name for name in ENTITIES if failed.outcomes(name)["failed"])
    others = dict.fromkeys(ENTITIES, 9)
    del others[stopped]
    assert {name: failed.outcomes(name)["created"] for name in others} == others


def test_a_repeated_run_sends_what_an_entity_could_not(
    turned_away_and_repeated: tuple[Run, Run], first_run: Run
) -> None:
    failed, repeated = turned_away_and_repeated
    assert len(failed.in_cor) < LEAVES
    assert repeated.state == "success"
    assert repeated.in_cor == first_run.in_cor


def test_an_entity_whose_database_fails_leaves_the_others_alone(run_without_a_database: Run, first_run: Run) -> None:
    assert run_without_a_database.tasks == {
        ("one_entity.extract", "success"): 2,
        ("one_entity.extract", "failed"): 1,
        ("one_entity.push", "success"): 2,
        ("one_entity.push", "upstream_failed"): 1,
        ("summarise", "failed"): 1,
    }
    others = {leave_id: leave for leave_id, leave in first_run.in_cor.items() if not leave_id.startswith("de-")}
    assert run_without_a_database.in_cor == others


@pytest.mark.bulk
def test_thousands_of_rows_of_one_day_arrive(run_dag: RunDag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "many.sqlite"
    make_hr_database(database, (Row(number, 1001, "Annual leave", *ONE_DAY) for number in range(MANY)))
    set_hr_connection(monkeypatch, "nz", database)
    with new_cor() as cor:
        run = run_dag(cor)
    assert (run.state, run.outcomes("nz")) == ("success", {"created": MANY})
    assert sum(leave_id.startswith("nz-") for leave_id in run.in_cor) == MANY


def test_when_every_entity_fails_the_summary_says_so(
    run_dag: RunDag,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[], str],
) -> None:
    for name in ENTITIES:
        set_hr_connection(monkeypatch, name, tmp_path / "empty.sqlite")
    with new_cor() as cor:
        run = run_dag(cor)
        assert cor.requests == ()
    assert run.tasks[("summarise", "failed")] == 1
    log = logged()
    assert "COR has not taken all leave of ar, de, nz: {'ar': 'its extract or push failed: see their logs', " in log


def test_a_dry_run_shows_leave_of_each_entity_and_sends_nothing(
    run_dag: RunDag, logged: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with new_cor() as cor:
        run = run_dag(cor, dry_run=True)
        assert cor.requests == ()
    skipped = ("one_entity.extract", "one_entity.push")
    assert run.tasks == {**{(task, "skipped"): 3 for task in skipped}, ("summarise", "skipped"): 1}
    log = logged()
    assert '{"metadata": {"source": "GLOBANT"}, "id": "xx-9", "userId": "xx-9999", "leaveTypeId": "vacation", ' in log
    assert log.count("Dry run: 5 would be rejected") >= len(ENTITIES)  # of six: COR alone knows its leave types
    assert [value for value in ("ar-1", "2026-06-22", "Urlaub", "name of", "reason for") if value in log] == []


@pytest.mark.parametrize(
    ("accounts", "left"),
    [
        pytest.param({"nz": None}, "nz", id="no account"),
        pytest.param({"de": {"failed": 1}}, "de", id="failed"),
        pytest.param({"ar": {"not_sent": 1}, "nz": {"failed": 1}}, "ar, nz", id="not sent"),
        pytest.param({"de": {"rejected": 11}}, "de", id="too many rejected"),
    ],
)
def test_the_summary_fails_if_an_entity_is_not_complete(
    dag: Any, accounts: dict[str, dict[str, int] | None], left: str
) -> None:
    pushes = [
        {"failed": 0, "not_sent": 0, "rejected": 0, "report": f"file:///leave/run/{name}/report.jsonl", **counts}
        for name in ENTITIES
        if (counts := accounts.get(name, {})) is not None
    ]
    with pytest.raises(AirflowFailException, match=f"^COR has not taken all leave of {left}: "):
        dag.get_task("summarise").python_callable(pushes)


def approved_by_hr(name: str, database: Path) -> Iterator[tuple[str, InCor]]:
    """Say what COR is to hold of an entity, in plain Python and from nothing but its table."""
    entity = ENTITIES[name]
    first_day, last_day = entity.window
    types = {entity.vacation: "vacation", entity.sickness: "absence"}
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT * FROM leave_request").fetchall()
    for row in (Row(*row[: len(Row._fields)]) for row in rows):
        if row.status != "approved" or row.id in {one.id for one in REFUSED}:
            continue
        if row.first_day > last_day or row.last_day < first_day:
            continue
        yield (
            f"{name}-{row.id}",
            InCor(f"{name}-{row.employee}", types[row.leave_type], *when(row, entity.zone)),
        )


def when(row: Row, zone: str) -> tuple[str, str, bool]:
    if not row.first_part and not row.last_part:
        return f"{row.first_day}T00:00:00-00:00", f"{row.last_day}T23:59:00-00:00", True
    begins = time(13) if row.first_part == "afternoon" else time(9)
    ends = time(13) if "morning" in (row.last_part, row.first_part) else time(18)
    return utc(row.first_day, begins, zone), utc(row.last_day, ends, zone), False
