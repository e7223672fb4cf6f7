"""Receivers of notices, and the Connections that lead to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notice_receivers import HttpReceiver, MailServer, http_receiver, mail_server


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with mail_server() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection)
        yield server


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpReceiver]:
    with http_receiver() as server:
        monkeypatch.setenv("AIRFLOW_CONN_APPRISE_DEFAULT", server.apprise)
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", server.slack)
        yield server
