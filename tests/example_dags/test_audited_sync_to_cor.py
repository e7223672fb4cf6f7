"""The example DAGs that keep COR in step and find what was changed by hand, with a real mail server."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider.sandbox import Sandbox
from example_dags.in_cor import xcoms_and_rendered_fields
from notice_receivers import MailServer, mail_server

DAG_ID = "audited_sync_to_cor"
YEAR = datetime.now(timezone.utc).year + 1  # in the window of the DAG even if this year ends meanwhile


def leave(leave_id: str, day: int) -> dict[str, str]:
    day_of_year = f"{YEAR}-05-{day:02}"
    return {"id": leave_id, "user_id": "employee-zq7", "leave_type_id": "a", "start": day_of_year, "end": day_of_year}


LEAVES = [leave(f"R-{day}", day) for day in range(1, 11)]


@pytest.fixture(scope="module")
def dags(example_dags: Path) -> dict[str, Any]:
    names = runpy.run_path(str(example_dags / f"{DAG_ID}.py"))
    for dag in (names["dag"], names["audit_dag"]):
        for task in dag.tasks:
            task.retries = 0  # `dag.test()` would sit out the delay before a retry
    return names


@pytest.fixture
def cor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(
        seed={"source": "GLOBANT", "users": [{"id": "employee-zq7"}], "leave_types": [{"id": "a"}]}
    ) as sandbox:
        connection = {
            "conn_type": "cor",
            "host": sandbox.url,
            "password": sandbox.token,
            "extra": {"api_url": sandbox.api_url},
        }
        monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        yield sandbox


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with mail_server() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection)
        monkeypatch.setenv("AIRFLOW_VAR_LEAVE_MAIL", "leave@example.com")
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None) -> Path:
    monkeypatch.setenv("AIRFLOW_VAR_LEAVE_EXCHANGE", f"file://{tmp_path}")
    (tmp_path / "leaves.jsonl").write_text("".join(json.dumps(one) + "\n" for one in LEAVES))
    return tmp_path


@pytest.fixture
def night(dags: dict[str, Any], cor: Sandbox, folder: Path) -> Callable[[], list[str]]:
    """Run the sync, and return the methods of what it has asked of COR."""

    def run() -> list[str]:
        cor.clear_requests()
        dags["dag"].test()
        return sorted(request.method for request in cor.requests)

    return run


@pytest.fixture
def sunday(dags: dict[str, Any], mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[EmailMessage]]:
    """Run the audit two hours after the sync, and return the mails that it has sent."""

    def run() -> list[EmailMessage]:
        before, later = len(mail.mails), _clock.timestamp() + 7200
        with monkeypatch.context() as patch:
            patch.setattr(_clock, "timestamp", lambda: later)
            dags["audit_dag"].test()
        return mail.mails[before:]

    return run


@pytest.mark.not_on_airflow("3.0", "3.1", "3.2")  # their `DAG.test` does not hand the error to callbacks
def test_what_was_changed_by_hand_is_told_once_and_put_right(
    night: Callable[[], list[str]], sunday: Callable[[], list[EmailMessage]], cor: Sandbox, folder: Path
) -> None:
    assert night() == ["POST"] * len(LEAVES)
    assert sunday() == []

    cor.store.remove_leave("GLOBANT", "R-3")
    (first,) = sunday()
    assert first["To"] == "leave@example.com"
    assert str(first["Subject"]) == f"COR does not hold all leave as HR says: audit of {DAG_ID}_audit"
    html = first.get_body(["html"])
    assert html is not None
    assert "1 missing" in html.get_content()
    assert "R-3" in html.get_content()
    (name,) = [part.get_filename() for part in first.walk() if part.get_filename()]
    assert name == "audit.html"
    assert "employee-zq7" not in html.get_content()
    assert sunday() == []  # the same again

    assert night() == ["POST"]
    (last,) = sunday()
    assert str(last["Subject"]) == f"Nothing is wrong with leave any more: audit of {DAG_ID}_audit"
    assert night() == []
    assert len(cor.leaves) == len(LEAVES)
    assert len([*folder.glob("audited_sync_to_cor/*/audit.html")]) >= 1


def test_more_deletes_than_the_guard_allows_wait_until_somebody_says_so(
    dags: dict[str, Any], night: Callable[[], list[str]], cor: Sandbox, folder: Path
) -> None:
    night()
    (folder / "leaves.jsonl").write_text(json.dumps(LEAVES[0]) + "\n")
    assert night() == []
    dags["dag"].test(run_conf={"max_deletes": None, "max_delete_fraction": 1.0})
    assert [one.external_id for one in cor.leaves] == [LEAVES[0]["id"]]
    dags["dag"].test(run_conf={"max_deletes": 50, "max_delete_fraction": 0.2})  # else Airflow 3 keeps the limits


def test_people_are_in_files_alone(
    night: Callable[[], list[str]],
    sunday: Callable[[], list[EmailMessage]],
    cor: Sandbox,
    logged: Callable[[], str],
) -> None:
    night()
    cor.store.remove_leave("GLOBANT", "R-3")
    sunday()
    shown = xcoms_and_rendered_fields(f"{DAG_ID}_audit") + logged()
    assert "employee-zq" not in shown
    night()
    sunday()  # forgets
