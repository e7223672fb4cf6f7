"""The example DAG that mails HR what COR refused, with a real mail server."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import xcoms_and_rendered_fields
from notice_receivers import MailServer, mail_server

HEADER = "Request,Employee,Name,Kind,From,To"
GOOD = [
    f"R-{number:02},employee-zq7,Secret Name,Vacation,2026-05-{number:02},2026-05-{number:02}"
    for number in range(1, 27)
]
UNKNOWN_USER = [f"R-{number},employee-zq8,Secret Name,Vacation,2026-06-01,2026-06-02" for number in (31, 32)]
UNKNOWN_TYPE = ["R-41,employee-zq7,Secret Name,Jury duty,2026-06-01,2026-06-02"]
CORRECTED = [row.replace("zq8", "zq7") for row in UNKNOWN_USER]


@pytest.fixture(scope="module")
def dag(load_dag: Callable[[str], Any]) -> Any:
    dag = load_dag("rejected_by_mail_to_cor")
    for task in dag.tasks:
        task.retries = 0  # `dag.test()` would sit out the delay before a retry
    return dag


@pytest.fixture
def cor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    leave_types = [{"id": one} for one in ("vacation", "absence", "training")]
    with Sandbox(seed={"source": "GLOBANT", "users": [{"id": "employee-zq7"}], "leave_types": leave_types}) as sandbox:
        connection = {"conn_type": "cor", "host": sandbox.url, "password": sandbox.token}
        monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        yield sandbox


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with mail_server() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection)
        monkeypatch.setenv("AIRFLOW_VAR_LEAVE_MAIL", "hr@example.com")
        yield server


Night = Callable[..., list[EmailMessage]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None) -> Path:
    monkeypatch.setenv("AIRFLOW_VAR_LEAVE_EXCHANGE", f"file://{tmp_path}")
    return tmp_path


@pytest.fixture
def night(dag: Any, cor: Sandbox, mail: MailServer, folder: Path) -> Night:
    """Run the DAG on the rows of a night, and return the mails that HR has got by it."""

    def run(*rows: str) -> list[EmailMessage]:
        (folder / "leave.csv").write_text("\n".join([HEADER, *rows, ""]))
        before = len(mail.mails)
        dag.test()
        return mail.mails[before:]

    return run


def subject_of(mail: EmailMessage) -> str:
    return str(mail["Subject"])


def html_of(mail: EmailMessage) -> str:
    html = mail.get_body(["html"])
    assert html is not None
    return str(html.get_content())


def files_of(mail: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_content() for part in mail.walk() if part.get_filename()}


def test_hr_gets_the_refused_rows_once_and_is_told_when_they_are_accepted(night: Night, cor: Sandbox) -> None:
    assert night(*GOOD) == []

    (first,) = night(*GOOD, *UNKNOWN_USER)
    assert first["To"] == "hr@example.com"
    assert subject_of(first) == "2 of 28 leave requests were rejected: push of rejected_by_mail_to_cor"
    assert "UserNotFoundError" in html_of(first)
    assert "R-31" in html_of(first)
    ((name, content),) = files_of(first).items()
    assert name == "rejected.xlsx"
    _header, *rows = load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    assert [(row[0], row[2], row[4]) for row in rows] == [
        ("UserNotFoundError", request, "Secret Name") for request in ("R-31", "R-32")
    ]

    assert night(*GOOD, *UNKNOWN_USER) == []

    (last,) = night(*GOOD, *CORRECTED)
    assert subject_of(last) == "Nothing is wrong with leave any more: push of rejected_by_mail_to_cor"
    assert files_of(last) == {}
    assert len(cor.leaves) == len(GOOD) + len(CORRECTED)
    assert night(*GOOD, *CORRECTED) == []


def test_a_mail_of_another_kind_of_rejection_follows(night: Night) -> None:
    (first,) = night(*GOOD, *UNKNOWN_USER)
    (second,) = night(*GOOD, *UNKNOWN_USER, *UNKNOWN_TYPE)
    assert "LeaveTypeNotFoundError" not in html_of(first)
    assert "LeaveTypeNotFoundError" in html_of(second)
    night(*GOOD)  # forgets


def test_more_rejections_than_tolerated_are_told_too(night: Night) -> None:
    (mail,) = night(*GOOD[:2], *UNKNOWN_USER)
    assert subject_of(mail) == "2 of 4 leave requests were rejected: push of rejected_by_mail_to_cor"
    assert [*files_of(mail)] == ["rejected.xlsx"]
    night(*GOOD)  # forgets


@pytest.mark.not_on_airflow("3.0", "3.1", "3.2")  # their `DAG.test` does not hand the error to callbacks
def test_a_missing_file_is_told_without_an_attachment(night: Night, dag: Any, mail: MailServer) -> None:
    dag.test()
    (missing,) = mail.mails
    assert "stopped the task" in subject_of(missing)
    assert files_of(missing) == {}
    night(*GOOD)  # forgets


def test_people_are_in_the_attached_file_alone(night: Night, logged: Callable[[], str]) -> None:
    (mail,) = night(*GOOD, *UNKNOWN_USER)
    shown = html_of(mail) + subject_of(mail) + xcoms_and_rendered_fields("rejected_by_mail_to_cor") + logged()
    for marker in ("employee-zq", "Secret", "2026-06-01"):
        assert marker not in shown
    night(*GOOD)  # forgets
