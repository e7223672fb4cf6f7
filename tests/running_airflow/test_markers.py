"""What a push leaves behind in Airflow: of secrets, people's data and users nothing, of leave its external id."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cor_provider.sandbox import Sandbox

SECRETS = {"api-key-zq7", "client-secret-zq7", "wrong-secret-zq7", "fixed-token-zq7"}
PEOPLES_DATA = {
    *("user-zq7", "nobody-zq7", "surgery-zq7", "surgery-zq8", "burnout-zq7", "reason-zq7"),
    *("2031-07-19", "2031-08-23", "2031-09-27", "19.07.2031", "dawn-zq7"),
}
UNKNOWN = {"nobody-zq7", "burnout-zq7"}
"""The user and the leave type that COR does not know."""

OF_USERS = ("person-zq", "mail-zq", "given-zq", "family-zq", "600zq", "post-zq", "section-zq")
"""What each value of a user begins with."""

FILES_OF_USERS = {
    *(
        f"users_{task}{ending}"
        for task in ("planned", "created", "handed_over", "refused", "unreachable")
        for ending in (".jsonl", ".plan.jsonl", ".plan.html")
    ),
    "again.jsonl",
}
"""The files that a task is told to write about users."""

IN_REPORT = {"rejected.jsonl", "rejected.summary.json"}
LEAVE = {
    "user_id": "user-zq7",
    "leave_type_id": "surgery-zq7",
    "start": "2031-07-19",
    "end": "2031-08-23",
    "reason": "reason-zq7",
}


def leave(leave_id: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"leave-zq7-{leave_id}", **LEAVE, **fields}


def person(number: int, **fields: Any) -> dict[str, Any]:
    address = {"email": f"mail-zq{number}@zq7.example", "phone": f"600zq{number}"}
    names = {"first_name": f"given-zq{number}", "last_name": f"family-zq{number}"}
    work = {"position": f"post-zq{number}", "department": f"section-zq{number}"}
    return {"id": f"person-zq{number}", **address, **names, **work, **fields}


FILES = {
    "people.jsonl": [
        person(2),
        person(3),
        person(4, email="mail-zq2@zq7.example"),
        person(5, email="mail-zq5"),
        person(6, role_id="post-zq6"),
        person(7, user_position_id="post-zq7"),
        person(2, last_name="family-zq8"),
    ],
    "leave.jsonl": [leave("1"), leave("2")],
    "changed.jsonl": [leave("1", end="2031-09-27", leave_type_id="surgery-zq8"), leave("2")],
    "mapped-1.jsonl": [leave("3")],
    "token.jsonl": [leave("13")],
    "rejected.jsonl": [
        leave("4", user_id="nobody-zq7"),
        leave("5", leave_type_id="burnout-zq7"),
        leave("6", start="2031-09-27"),
        leave("7", start="19.07.2031"),
        leave("8", start="2031-07-19T10:00:00"),
        leave("9", all_day="dawn-zq7"),
        leave("10", user_id=["user-zq7"]),
    ],
}


@dataclass
class Remains:
    """What is left of a run, and what it left in Airflow: texts by the place where they are."""

    states: dict[str, set[str]]
    texts: dict[str, bytes]
    tokens: set[str]
    created: set[str]

    def places_of(self, marker: str) -> list[str]:
        return [place for place, text in self.texts.items() if marker.encode() in text]


@pytest.fixture(scope="module")
def remains(running_airflow: Any, cor: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Remains:
    folder, reports = tmp_path_factory.mktemp("leave"), tmp_path_factory.mktemp("reports")
    for name, records in FILES.items():
        (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records))
    header, row = ",".join(["id", *LEAVE]), ",".join(["leave-zq7-11", *LEAVE.values()])
    (folder / "mapped-2.csv").write_text(f"{header}\n{row}\n")
    (folder / "unreadable.json").write_text(json.dumps([leave("12")])[:-2])
    run = running_airflow.start_run("marked_leave", folder=str(folder), reports=str(reports))
    run.wait()
    texts = {**files(running_airflow.home), **files(reports), **cells(running_airflow.home / "airflow.db")}
    authorizations = {request.headers["authorization"] for request in cor.requests}
    tokens = {authorization.split()[1] for authorization in authorizations}
    return Remains(run.states(), texts, tokens, {leave.external_id for leave in cor.leaves})


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def cells(database: Path) -> dict[str, bytes]:
    """Read every column of every table: a file's pages may hold a value in pieces."""
    with closing(sqlite3.connect(database, timeout=120)) as connection:
        return dict(_cells(connection))


def _cells(connection: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608  # the database's own names
        columns = [column for column, *_ in rows.description]
        for number, row in enumerate(rows):
            for column, cell in zip(columns, row, strict=True):
                yield f"{table}.{column}[{number}]", cell if isinstance(cell, bytes) else str(cell).encode()


def test_the_tasks_end_in_every_way(remains: Remains) -> None:
    ends = {task_id: end for task_id, (end,) in remains.states.items()}
    assert ends == {
        **dict.fromkeys(["paths", "created", "updated", "mapped", "with_token"], "success"),
        **dict.fromkeys(["users_planned", "users_handed_over"], "success"),
        **dict.fromkeys(["rejected", "unreadable", "wrong_secret", "unreachable"], "failed"),
        **dict.fromkeys(["users_created", "users_refused", "users_unreachable"], "failed"),
    }


def test_the_search_finds_what_may_be_shown(remains: Remains) -> None:
    assert any(place.startswith("xcom.value") for place in remains.places_of("leave-zq7-6"))
    assert any(place.endswith(".log") for place in remains.places_of("leave-zq7-6"))
    assert any(place.endswith("created.jsonl") for place in remains.places_of("leave-zq7-1"))
    assert remains.created >= {"leave-zq7-1", "leave-zq7-2", "leave-zq7-3", "leave-zq7-11", "leave-zq7-13"}


def test_no_secret_is_left_anywhere(remains: Remains) -> None:
    basic = {base64.b64encode(f"api-key-zq7:{secret}".encode()).decode() for secret in SECRETS}
    assert len(remains.tokens - basic) >= 3  # the tokens that COR handed out
    found = {secret: places for secret in SECRETS | remains.tokens if (places := remains.places_of(secret))}
    assert not found


def test_nothing_of_peoples_leave_is_left_anywhere(remains: Remains) -> None:
    found = {marker: places for marker in PEOPLES_DATA - UNKNOWN if (places := remains.places_of(marker))}
    assert not found


def test_a_user_that_cor_does_not_know_is_in_the_report_and_its_summary_alone(remains: Remains) -> None:
    assert {Path(place).name for place in remains.places_of("nobody-zq7")} == {
        "rejected.jsonl",
        "rejected.summary.json",
    }


def test_a_leave_type_that_cor_does_not_know_is_in_the_log_too_without_a_person(remains: Remains) -> None:
    places = {Path(place) for place in remains.places_of("burnout-zq7")}
    logs = {place for place in places if place.suffix == ".log"}
    assert {place.name for place in places - logs} == IN_REPORT
    lines = [line for log in logs for line in remains.texts[str(log)].decode().splitlines() if "burnout-zq7" in line]
    assert [line for line in lines if "Leave types that COR does not know: burnout-zq7 1" not in line] == []
    assert [line for line in lines if "leave-zq7" in line] == []


def test_a_user_is_in_the_files_about_users_and_nowhere_else(remains: Remains) -> None:
    found = {place for marker in OF_USERS for place in remains.places_of(marker)}
    assert {Path(place).name for place in found} <= FILES_OF_USERS
    assert {"users_created.jsonl", "users_planned.plan.html"} <= {Path(place).name for place in found}
