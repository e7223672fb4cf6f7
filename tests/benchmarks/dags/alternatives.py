"""What somebody would write without this provider, and what they write with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import requests
from airflow import DAG
from airflow.providers.common.compat.sdk import task
from airflow.providers.http.operators.http import HttpOperator
from requests.adapters import HTTPAdapter

from benchmarks.payload import payload_of
from cor_provider._compat import BaseHook
from cor_provider.operators.leaves import CreateLeaveOperator

ENDPOINT = "/v2/integrations/leaves"
PATH = "{{ dag_run.conf['leaves'] }}"
THREADS = 32


def read_bodies(path: str) -> Iterator[dict[str, Any]]:
    with Path(path).open(encoding="utf-8") as file:
        yield from map(payload_of, file)


def cor() -> tuple[str, dict[str, str]]:
    """Return the URL to post to, and the headers."""
    connection = BaseHook.get_connection("cor_default")
    return f"{connection.host}{ENDPOINT}", {"Authorization": f"Bearer {connection.password}"}


def new_dag(dag_id: str) -> DAG:
    return DAG(dag_id, schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))


with new_dag("mapped_http_operator"):

    @task
    def read(path: str) -> list[str]:
        return [json.dumps(body) for body in read_bodies(path)]

    HttpOperator.partial(
        task_id="push",
        http_conn_id="cor_http",
        endpoint=ENDPOINT,
        headers={"Content-Type": "application/json"},
    ).expand(data=read(PATH))


with new_dag("loop"):

    @task(task_id="push")
    def push_in_a_loop(path: str) -> None:
        url, headers = cor()
        for body in read_bodies(path):
            requests.post(url, json=body, headers=headers, timeout=30).raise_for_status()

    push_in_a_loop(PATH)


with new_dag("session"):

    @task(task_id="push")
    def push_with_a_session(path: str) -> None:
        url, headers = cor()
        with requests.Session() as session:
            session.headers.update(headers)
            for body in read_bodies(path):
                session.post(url, json=body, timeout=30).raise_for_status()

    push_with_a_session(PATH)


with new_dag("threads"):

    @task(task_id="push")
    def push_with_threads(path: str) -> None:
        url, headers = cor()
        with requests.Session() as session, ThreadPoolExecutor(THREADS) as threads:
            session.headers.update(headers)
            session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
            for answer in threads.map(lambda body: session.post(url, json=body, timeout=30), read_bodies(path)):
                answer.raise_for_status()

    push_with_threads(PATH)


with new_dag("create_leave_operator"):
    CreateLeaveOperator(task_id="push", leave_requests=PATH, concurrency=THREADS)
