"""
Audits against a model: an HR system, a sync, and people who delete, move and add leave in COR by hand, in any order.

Every audit finds exactly what they did. After an audit that heals, the next sync sends exactly the requests that bring
back what HR says, and then an audit confirms everything.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from cor_provider import _clock
from cor_provider.operators.leaves import AuditLeavesOperator, SyncLeavesOperator
from cor_provider.sandbox import Sandbox
from sync_support import execute_in_any_thread, found, sent

USERS = ("u1", "u2")
COR = Sandbox(seed={"source": "GLOBANT", "users": [{"id": user} for user in USERS], "leave_types": [{"id": "a"}]})
FIRST_DAY = date(2026, 5, 1)
WINDOW = (5, 25)
"""Days are counted from the first of May."""

READINGS: list[dict[str, str]] = [
    {},
    {"paging": "row", "dates": "local"},
    {"deleted": "absent", "paging": "ignored"},
    {"deleted": "cut"},
]


@pytest.fixture(scope="module", autouse=True)
def _cor() -> Iterator[None]:
    with COR, pytest.MonkeyPatch.context() as patch:
        connection = {
            "conn_type": "cor",
            "host": COR.url,
            "password": COR.token,
            "extra": {"source": "GLOBANT", "api_url": COR.api_url},
        }
        patch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        yield


@dataclass(frozen=True)
class HrLeave:
    """A leave as the HR system has it."""

    user: str
    first: int
    length: int
    timed: bool

    @property
    def is_in_window(self) -> bool:
        return self.first <= WINDOW[1] and self.first + self.length >= WINDOW[0]

    def record(self, leave_id: str) -> dict[str, Any]:
        start, end = (FIRST_DAY + timedelta(days=day) for day in (self.first, self.first + self.length))
        clock = ("T09:00:00Z", "T13:00:00Z") if self.timed else ("", "")
        days = {"start": f"{start}{clock[0]}", "end": f"{end}{clock[1]}", "all_day": not self.timed}
        return {"id": leave_id, "user_id": self.user, "leave_type_id": "a", **days}


leaves = st.builds(HrLeave, st.sampled_from(USERS), st.integers(0, 35), st.integers(0, 6), st.booleans())
which = st.integers(0, 5)


class Audits(RuleBasedStateMachine):
    """One HR system, one COR, one ledger."""

    folders: ClassVar[tempfile.TemporaryDirectory[str]] = tempfile.TemporaryDirectory(prefix="ledgers-")

    @initialize(leaves=st.lists(leaves, min_size=1, max_size=5), reading=st.sampled_from(READINGS))
    def begin(self, leaves: list[HrLeave], reading: dict[str, str]) -> None:
        COR.store.clear_leaves()
        COR.main_api = reading
        self.ledger = Path(tempfile.mkdtemp(dir=self.folders.name))
        self.now = 1_790_000_000.0
        self.numbers = iter(range(1000))
        self.hr = {f"L{next(self.numbers)}": leave for leave in leaves}
        self.remembered: dict[str, HrLeave] = {}
        """What the ledger says that COR holds."""
        self.gone: set[str] = set()
        """Of this, what somebody has deleted by hand."""
        self.moved: set[str] = set()
        self.marked: set[str] = set()
        """Of these, what an audit has marked."""
        self.by_hand: list[HrLeave] = []
        self.sync()

    # The HR system

    @rule(leave=leaves)
    def add(self, leave: HrLeave) -> None:
        self.hr[f"L{next(self.numbers)}"] = leave

    @precondition(lambda self: self.hr)
    @rule(which=which, to=leaves)
    def edit(self, which: int, to: HrLeave) -> None:
        leave_id = self._one_of(self.hr, which)
        self.hr[leave_id] = replace(to, user=self.hr[leave_id].user)

    @precondition(lambda self: self.hr)
    @rule(which=which)
    def cancel(self, which: int) -> None:
        del self.hr[self._one_of(self.hr, which)]

    # By hand

    @precondition(lambda self: self.remembered.keys() - self.gone)
    @rule(which=which)
    def delete_by_hand(self, which: int) -> None:
        leave_id = self._one_of(self.remembered.keys() - self.gone, which)
        COR.store.remove_leave("GLOBANT", leave_id)
        self.gone.add(leave_id)
        self.moved.discard(leave_id)

    @precondition(lambda self: self.remembered.keys() - self.gone)
    @rule(which=which, days=st.sampled_from((-9, -1, 1, 9)))
    def move_by_hand(self, which: int, days: int) -> None:
        leave_id = self._one_of(self.remembered.keys() - self.gone, which)
        held = self.remembered[leave_id]
        self._put(leave_id, replace(held, first=held.first + days))
        self.moved.add(leave_id)

    @rule(leave=leaves)
    def add_by_hand(self, leave: HrLeave) -> None:
        self._put(f"by hand {next(self.numbers)}", leave)
        self.by_hand.append(leave)

    # Tasks

    @rule()
    def sync(self) -> None:
        expected = sorted(self._requests())
        COR.clear_requests()
        records = [leave.record(leave_id) for leave_id, leave in self.hr.items()]
        options = {"max_delete_fraction": 1.0, "allow_empty": True}
        self._execute(SyncLeavesOperator, leave_requests=records, **options)
        assert sorted(sent(COR)) == expected
        repaired = {request.split()[1] for request in expected}
        self.gone = (self.gone - repaired) & self.hr.keys()
        self.moved = (self.moved - repaired) & self.hr.keys()
        self.marked &= self.gone | self.moved
        self.remembered = dict(self.hr)

    @rule(heal=st.booleans())
    def audit(self, heal: bool) -> None:
        before = COR.leaves
        result = self._audit(heal=heal)
        in_window = {leave_id for leave_id, leave in self.remembered.items() if leave.is_in_window}
        drift = in_window & (self.gone | self.moved)
        users = {self.remembered[leave_id].user for leave_id in in_window}
        assert result == found(
            audited=len(in_window),
            confirmed=len(in_window - drift),
            missing=len(in_window & self.gone),
            changed=len(in_window & self.moved),
            foreign=sum(leave.is_in_window and leave.user in users for leave in self.by_hand),
        )
        assert COR.leaves == before
        if heal:
            self.marked |= drift

    @rule()
    def heal_and_sync(self) -> None:
        """Bring back what HR says, wherever it has a day in the window."""
        self.audit(heal=True)
        self.sync()
        result = self._audit(heal=False)
        assert result["confirmed"] == result["audited"]

    def _requests(self) -> Iterator[str]:
        """Yield what a sync must send."""
        for leave_id, leave in self.hr.items():
            is_marked = leave_id in self.marked
            if leave_id not in self.remembered or (is_marked and leave_id in self.gone):
                yield f"POST {leave_id}"
            elif is_marked or leave != self.remembered[leave_id]:
                yield f"PUT {leave_id}"
                if leave_id in self.gone:
                    yield f"POST {leave_id}"
        for leave_id in self.remembered.keys() - self.hr.keys():
            if self.remembered[leave_id].is_in_window:
                yield f"DELETE {leave_id}"

    def _audit(self, *, heal: bool) -> dict[str, Any]:
        self.now += 7200
        return self._execute(AuditLeavesOperator, heal=heal, max_drift=1000)

    def _execute(self, operator_class: Any, **parameters: Any) -> dict[str, Any]:
        for file in self.ledger.glob("*.lock.*"):
            os.utime(file, (0, 0))
        self.now += 1
        operator = operator_class(
            task_id="t",
            window=[str(FIRST_DAY + timedelta(days=day)) for day in WINDOW],
            ledger=str(self.ledger),
            concurrency=2,
            **parameters,
        )
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1)
        ti.xcom_push = lambda **_: None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_clock, "timestamp", lambda: self.now)
            return execute_in_any_thread(operator, {"ti": ti})

    def _put(self, leave_id: str, leave: HrLeave) -> None:
        """Have COR hold a leave under an external id, whatever it held before."""
        record = leave.record(leave_id)
        start, end = record["start"], record["end"]
        if not leave.timed:
            start, end = f"{start}T00:00:00-00:00", f"{end}T23:59:00-00:00"
        is_there = any(stored.external_id == leave_id for stored in COR.leaves)
        put = COR.store.update_leave if is_there else COR.store.create_leave
        fields = {"user_id": leave.user, "leave_type_id": "a", "start": start, "end": end, "all_day": not leave.timed}
        put(source="GLOBANT", external_id=leave_id, **fields)

    def _one_of(self, ids: Any, which: int) -> str:
        return str(sorted(ids)[which % len(ids)])


Audits.TestCase.settings = settings(
    max_examples=2 * settings().max_examples,
    stateful_step_count=12,
    suppress_health_check=[*HealthCheck],
    deadline=None,
)
TestAudits = Audits.TestCase
