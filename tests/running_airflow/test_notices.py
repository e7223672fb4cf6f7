"""Notices from tasks that run in processes of their own."""

from __future__ import annotations

import json
from pathlib import Path

from local_airflow import RunningAirflow
from notice_receivers import MailServer


def test_rejections_are_told_once_and_that_they_are_gone(
    running_airflow: RunningAirflow, mail: MailServer, tmp_path: Path
) -> None:
    path = tmp_path / "leave.jsonl"
    fields = {"id": "noticed", "leave_type_id": "surgery-zq7", "start": "2026-05-11", "end": "2026-05-12"}

    def run(user_id: str) -> str:
        path.write_text(json.dumps({**fields, "user_id": user_id}))
        return running_airflow.start_run("noticed_push", leave=str(path)).wait()

    def is_remembered() -> bool:
        return any(
            one["key"].startswith("cor_notice.noticed_push.") for one in running_airflow.get("variables")["variables"]
        )

    assert run("user-zq9") == "failed"
    running_airflow.wait_for(is_remembered)  # a callback runs after the run has ended
    assert run("user-zq9") == "failed"
    assert run("user-zq7") == "success"
    running_airflow.wait_for(lambda: not is_remembered())
    rejected, gone = mail.mails
    assert rejected["Subject"] == "1 of 1 leave request was rejected: push of noticed_push"
    assert gone["Subject"] == "Nothing is wrong with leave any more: push of noticed_push"
    html = rejected.get_body(["html"])
    assert html is not None
    assert running_airflow.url in html.get_content()
    assert "user-zq9" not in html.get_content()
    assert [part.get_filename() for part in rejected.walk() if part.get_filename()] == ["leave.jsonl.rejected.csv"]
