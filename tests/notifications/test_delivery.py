"""The notifiers of other providers, against the real protocols on loopback."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, cast

import pytest
from airflow import DAG
from airflow.providers.apprise.notifications.apprise import AppriseNotifier
from airflow.providers.slack.notifications.slack import SlackNotifier
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from cor_provider._compat import BaseNotifier, Context
from cor_provider.notifications.delivery import deliver
from cor_provider.notifications.ending import Ending
from cor_provider.notifications.notice import Notice
from notice_receivers import HttpReceiver, MailServer

CAUSE = {"status": "rejected", "error": "UserNotFoundError", "count": 1, "example": "{{ ds }}<!here>", "advice": "do."}
NOTICE = Notice("began", Ending("push of hr_to_cor", counts={"received": 3, "rejected": 1}, causes=[CAUSE]))

BY_MAIL = SmtpNotifier(to="hr@example.com", subject="{{ leave.subject }}", html_content="{{ leave.html }}")


def context() -> Context:
    return cast("Context", {"leave": NOTICE, "dag": DAG("d", schedule=None)})


@pytest.fixture
def attachment(tmp_path: Path) -> str:
    path = tmp_path / "{{ 1 }}.csv"
    path.write_bytes(b"id\nL-7\n")
    return str(path)


def test_a_mail_has_the_subject_and_the_html(mail: MailServer) -> None:
    deliver(BY_MAIL, context())
    (received,) = mail.mails
    assert received["Subject"] == NOTICE.subject
    assert received["To"] == "hr@example.com"
    html = received.get_body(["html"])
    assert html is not None
    assert html.get_content().strip() == NOTICE.html.strip()  # an id is no template


def test_a_mail_has_the_files_as_they_are(mail: MailServer, attachment: str) -> None:
    deliver(BY_MAIL, context(), paths=[attachment])
    (received,) = mail.mails
    files = {part.get_filename(): part.get_content() for part in received.walk() if part.get_filename()}
    assert files == {"{{ 1 }}.csv": b"id\nL-7\n"}


def test_a_notifiers_own_files_stay(mail: MailServer, attachment: str, tmp_path: Path) -> None:
    own = tmp_path / "manual.txt"
    own.write_text("how to correct")
    notifier = SmtpNotifier(to="hr@example.com", subject="s", html_content="h", files=[str(own)])
    deliver(notifier, context(), paths=[attachment])
    names = [part.get_filename() for part in mail.mails[0].walk() if part.get_filename()]
    assert names == ["manual.txt", "{{ 1 }}.csv"]


def test_slack_has_the_text_without_mentions(receiver: HttpReceiver, attachment: str) -> None:
    deliver(SlackNotifier(text="{{ leave.slack }}", channel="#leave"), context(), paths=[attachment])
    ((path, body),) = receiver.received
    assert path == "/slack/chat.postMessage"
    assert body["channel"] == "#leave"
    assert body["text"] == NOTICE.slack
    assert "<!here>" not in body["text"]


def test_apprise_has_the_text_and_the_file(receiver: HttpReceiver, attachment: str) -> None:
    notifier = AppriseNotifier(title="{{ leave.subject }}", body="{{ leave.text }}")
    deliver(notifier, context(), paths=[attachment])
    (body,) = receiver.of("/apprise")
    assert (body["title"], body["message"]) == (NOTICE.subject, NOTICE.text)
    assert [base64.b64decode(one["base64"]) for one in body["attachments"]] == [b"id\nL-7\n"]


def test_a_notifier_can_send_again(mail: MailServer) -> None:
    deliver(BY_MAIL, context())
    other: Any = {**context(), "leave": Notice("gone", Ending("push of hr_to_cor"))}
    deliver(BY_MAIL, other)
    assert [one["Subject"] for one in mail.mails] == [NOTICE.subject, other["leave"].subject]


@pytest.mark.parametrize("notifier", [BY_MAIL, SlackNotifier(text="{{ leave.text }}")], ids=["mail", "slack"])
def test_a_refused_notice_is_an_error(notifier: BaseNotifier, mail: MailServer, receiver: HttpReceiver) -> None:
    mail.refuses, receiver.refuses = True, "/slack"
    with pytest.raises(Exception, match=r"No mail today|is_archived"):
        deliver(notifier, context())


def test_a_notifier_without_templates_for_it_is_sent_too(mail: MailServer) -> None:
    deliver(SmtpNotifier(to="hr@example.com", subject="Look", html_content="at Airflow"), context())
    assert mail.mails[0]["Subject"] == "Look"
