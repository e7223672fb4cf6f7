"""What the tests of the sync share: one that runs against the sandbox, and what it has sent and remembers."""

from __future__ import annotations

import itertools
import json
import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cor_provider import _clock, _files
from cor_provider._compat import BaseOperator, Context, airflow_since
from cor_provider.client.session import CorSession
from cor_provider.operators.leaves import AuditLeavesOperator, SyncLeavesOperator
from cor_provider.sandbox import Sandbox
from cor_provider.sync.ledger import Ledger
from support import Connect

MAY = ("2026-05-01", "2026-05-31")
COR = "https://integrations.projectcor.com/v2/integrations/leaves"
FINDINGS = ("audited", "confirmed", "missing", "changed", "unknown", "unverifiable", "foreign")
ZERO = dict.fromkeys(("received", "created", "updated", "deleted", "unchanged", "rejected", "failed", "not_sent"), 0)


class TaskInstance(SimpleNamespace):
    """Takes what a task hands to Airflow."""

    def __init__(self, try_number: int = 1) -> None:
        super().__init__(dag_id="d", run_id="r", task_id="sync", map_index=-1, try_number=try_number, xcoms={})

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.xcoms[key] = json.loads(json.dumps(value))

    def xcom_pull(self, *, task_ids: str, key: str, map_indexes: int) -> Any:
        return self.xcoms.get(key)


@pytest.fixture
def task_instance() -> TaskInstance:
    return TaskInstance()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The file of the ledger."""
    return tmp_path / "ledger" / "GLOBANT.jsonl"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Return a function that returns what was logged: Airflow 3 prints it."""
    caplog.set_level(logging.INFO)
    return lambda: caplog.text + capsys.readouterr().out


def execute_in_any_thread(operator: BaseOperator, context: dict[str, Any]) -> dict[str, Any]:
    """Execute an operator in any thread, where Airflow 2 guards `execute` by the state of the main one."""
    execute = type(operator).execute
    unguarded: Any = execute if airflow_since("3.0") else getattr(execute, "__wrapped__", execute)
    returned: dict[str, Any] = unguarded(operator, cast("Context", context))
    return returned


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def sync(connect: Connect, ledger: Path, task_instance: TaskInstance) -> Run:
    """Run a `SyncLeavesOperator` on leave requests, in May unless it is given another window."""
    connect()

    def execute(leave_requests: Any, *, context: Any = None, **parameters: Any) -> dict[str, Any]:
        task_instance.xcoms.clear()  # as Airflow does when a try begins
        options = {"window": MAY, "ledger": f"file://{ledger.parent}", "max_delete_fraction": 1.0, **parameters}
        task_instance.operator = operator = SyncLeavesOperator(task_id="sync", leave_requests=leave_requests, **options)
        return execute_in_any_thread(operator, {"ti": task_instance, **(context or {})})

    return execute


@pytest.fixture
def audit(connect: Connect, ledger: Path, task_instance: TaskInstance, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run an `AuditLeavesOperator` on the ledger, in May unless it is given another window, two hours from now."""
    connect()

    def execute(*, hours: float = 2, **parameters: Any) -> dict[str, Any]:
        task_instance.xcoms.clear()
        options = {"window": MAY, "ledger": f"file://{ledger.parent}", **parameters}
        task_instance.operator = operator = AuditLeavesOperator(task_id="audit", **options)
        later = _clock.timestamp() + 3600 * hours
        with monkeypatch.context() as patch:
            patch.setattr(_clock, "timestamp", lambda: later)
            return execute_in_any_thread(operator, {"ti": task_instance})

    return execute


def found(**some: Any) -> dict[str, Any]:
    """Return the counts of an audit."""
    return {**dict.fromkeys(FINDINGS, 0), "report": None, **some}


def by_hand(first: str, last: str, user_id: str = "u1") -> dict[str, Any]:
    """Return whole days of leave as the sandbox's store takes them."""
    start, end = f"{first}T00:00:00-00:00", f"{last}T23:59:00-00:00"
    fields = {"user_id": user_id, "leave_type_id": "vacation", "start": start, "end": end, "all_day": True}
    return {"source": "GLOBANT", **fields}


def open_ledger(folder: Path, **options: Any) -> Ledger:
    """Return the ledger of a folder, which belongs to no Connection."""
    return Ledger(f"file://{folder}/ledger", **{"source": "GLOBANT", "cor": COR, "key": b"key", **options})


def counts(**some: Any) -> dict[str, Any]:
    return {**ZERO, "report": None, "plan": None, **some}


def planned(**some: int) -> dict[str, int]:
    names = ("create", "may_overwrite", "update", "delete", "forget", "unchanged", "rejected")
    return {**dict.fromkeys(names, 0), **some}


def sent(sandbox: Sandbox) -> list[str]:
    """What was asked of COR, such as `PUT L1`, since this was last asked."""
    requests = sandbox.requests
    sandbox.clear_requests()
    ids = [json.loads(one.body)["id"] if one.method == "POST" else one.path.split("/")[-1] for one in requests]
    return [f"{request.method} {leave_id}" for request, leave_id in zip(requests, ids, strict=True)]


def held(sandbox: Sandbox) -> list[str]:
    return sorted(stored.external_id for stored in sandbox.leaves)


def remembered(ledger: Path) -> dict[str, str]:
    rows = [json.loads(line) for line in ledger.read_text().splitlines()]
    return {row["id"]: row["in_cor"] for row in rows if "in_cor" in row}


def plan_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def age_leases(folder: Path, seconds: float) -> None:
    """Make all leases in a folder older, as their store sees it."""
    for file in folder.glob("*.lock.*"):
        os.utime(file, (0, file.stat().st_mtime - seconds))


def during_the_first_request(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    """Do something right before the first request of those that follow arrives at COR."""
    send = CorSession.request

    def work_first(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(CorSession, "request", send)
        work()
        return send(*args, **kwargs)

    monkeypatch.setattr(CorSession, "request", work_first)


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, pages: int, *, of: int) -> None:
    """
    Leave room for a few pages of half a KiB only.

    :param of: which of the scratch databases that are made from now on is on the full disk, from 1.
    """
    make, numbers = _files.scratch, itertools.count(1)

    def make_small() -> sqlite3.Connection:
        database = make()
        if next(numbers) == of:
            database.execute("PRAGMA page_size = 512")
            database.execute(f"PRAGMA max_page_count = {pages}")
        return database

    monkeypatch.setattr(_files, "scratch", make_small)
