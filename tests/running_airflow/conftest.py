"""An Airflow that runs as in production, with several connections to COR."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cor_provider.sandbox import Sandbox
from local_airflow import RunningAirflow, run_airflow
from notice_receivers import MailServer, mail_server

DAGS = Path(__file__).parent / "dags"

API_KEY = "api-key-zq7"
CLIENT_SECRET = "client-secret-zq7"
WRONG_SECRET = "wrong-secret-zq7"
FIXED_TOKEN = "fixed-token-zq7"


@pytest.fixture(scope="session")
def cor() -> Iterator[Sandbox]:
    """A COR that hands out tokens for an API key, and takes its time."""
    seed = {
        "source": "GLOBANT",
        "users": [{"id": "user-zq7"}],
        "leave_types": [{"id": "surgery-zq7"}, {"id": "surgery-zq8"}],
    }
    with Sandbox(seed=seed, api_key=API_KEY, client_secret=CLIENT_SECRET, token=FIXED_TOKEN, latency_ms=20) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="session")
def running_airflow(
    cor: Sandbox, mail: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningAirflow]:
    """An Airflow of its own, with several connections to COR, most of which work."""
    key = {"login": API_KEY, "password": CLIENT_SECRET}
    settings = {
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",  # the tests search the fullest log for secrets
        "AIRFLOW_CONN_COR_DEFAULT": connection(cor.url, cor.api_url, **key),
        "AIRFLOW_CONN_COR_TOKEN": connection(cor.url, password=FIXED_TOKEN),
        "AIRFLOW_CONN_COR_WRONG_SECRET": connection(cor.url, cor.api_url, **{**key, "password": WRONG_SECRET}),
        "AIRFLOW_CONN_SMTP_DEFAULT": mail.connection,
        "AIRFLOW_CONN_COR_UNREACHABLE": connection("http://127.0.0.1:1", password=FIXED_TOKEN),
    }
    with run_airflow(tmp_path_factory.mktemp("airflow"), dags=DAGS, settings=settings) as running:
        running.wait_for_dags(
            "at_home", "marked_leave", "noticed_push", "paced_mapped_retry", "stopped_push"
        )  # one of each file
        yield running


def connection(host: str, api_url: str = "", **fields: str) -> str:
    return json.dumps({"conn_type": "cor", "host": host, "extra": {"source": "GLOBANT", "api_url": api_url}, **fields})
