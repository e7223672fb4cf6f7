"""
SyncLeavesOperator against a model: an HR system, a COR that fails, and runs that are killed, in any order.

After every run that ends well, COR holds exactly the leave that HR has in the window; and whatever happens, leave that
the sync does not own stays as it is.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cor_provider import _clock, _files
from cor_provider.client.session import CorSession
from cor_provider.exceptions import (
    CorConfigurationError,
    CorDeleteGuardError,
    CorLeavesRejectedError,
    CorLedgerBusyError,
    CorLedgerError,
    CorPlanChangedError,
    CorPushIncompleteError,
)
from cor_provider.leave import LeaveRequest
from cor_provider.operators.leaves import SyncLeavesOperator
from cor_provider.sandbox import Sandbox, StoredLeave
from sync_support import age_leases, execute_in_any_thread

FIRST_DAY = date(2026, 5, 1)
KNOWN_USERS = ("u1", "u2")
SEED = {"source": "GLOBANT", "users": [{"id": user} for user in KNOWN_USERS], "leave_types": [{"id": "a"}, {"id": "b"}]}

COR = Sandbox(seed=[SEED, {**SEED, "source": "SAP"}])
TODAY = datetime(2026, 5, 16, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module", autouse=True)
def _cor() -> Iterator[None]:
    with COR, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_COR_DEFAULT", "")  # each run sets it
        patch.setattr(_clock, "timestamp", TODAY.timestamp)
        patch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_CHECKS", 0.0)
        yield


class Killed(BaseException):
    """What happens to a process in the middle of something."""


@dataclass(frozen=True)
class HrLeave:
    """A leave as the HR system has it; days are counted from the first of May."""

    user: str
    kind: str
    first: int
    length: int
    timed: bool

    def overlaps(self, window: tuple[int, int]) -> bool:
        return self.first <= window[1] and self.first + self.length >= window[0]

    def record(self, leave_id: str) -> dict[str, Any]:
        start, end = (FIRST_DAY + timedelta(days=day) for day in (self.first, self.first + self.length))
        clock = ("T09:00:00Z", "T13:00:00Z") if self.timed else ("", "")
        return {
            "id": leave_id,
            "user_id": self.user,
            "leave_type_id": self.kind,
            "start": f"{start}{clock[0]}",
            "end": f"{end}{clock[1]}",
            "all_day": not self.timed,
        }

    def in_cor(self, leave_id: str) -> tuple[Any, ...]:
        payload = LeaveRequest.model_validate(self.record(leave_id)).to_payload("GLOBANT")
        return tuple(payload[name] for name in ("userId", "leaveTypeId", "start", "end", "allDay"))


def register(user: str) -> None:
    if ("GLOBANT", user) not in COR.store.users:
        COR.store.add_user("GLOBANT", user, user)


def stored(leave: StoredLeave) -> tuple[Any, ...]:
    return leave.user_id, leave.leave_type_id, leave.start, leave.end, leave.all_day


def days(leave: tuple[Any, ...]) -> tuple[int, int]:
    first, last = (date.fromisoformat(text[:10]) for text in leave[2:4])
    return (first - FIRST_DAY).days, (last - FIRST_DAY).days


ZC001_OF_A_FIELD = {
    "name": "CORCustomError", "code": "ZC001", "message": "Required validation failed. Missing required fields",
}  # fmt: skip
"""What COR's page on seniorities shows. ``ZC001`` in its other meaning, a missing mapping, is an error style."""

FAULTS: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "error": lambda: COR.answer_next(500),
    "error after the work": lambda: COR.answer_next(502, commit=True),
    "no answer": lambda: COR.drop_next(commit=False),
    "lost answer": lambda: COR.drop_next(commit=True),
    "slow down": lambda: COR.answer_next(429, headers={"Retry-After": "1"}),
    "no permission": lambda: COR.answer_next(403),
    "maintenance": lambda: COR.answer_next(200, {"message": "Service under maintenance"}),
    "maintenance after the work": lambda: COR.answer_next(200, b"OK", commit=True),
    "nothing said": lambda: COR.answer_next(200),
    "nothing said after the work": lambda: COR.answer_next(202, {"queued": True}, commit=True),
    "a failure inside": lambda: COR.answer_next(207, {"results": [{"status": 422}]}),
    "not done": lambda: COR.answer_next(200, {"success": False}),
    "cut": lambda: COR.answer_next(200, b'{"status": "success", "data": {"id"', commit=True),
    "a gateway": lambda: COR.answer_next(404, {"status": 404, "error": "Not Found", "path": "/v2"}),
    "a field is missing": lambda: COR.answer_next(400, ZC001_OF_A_FIELD),
}

leaves = st.builds(
    HrLeave,
    user=st.sampled_from((*KNOWN_USERS, *KNOWN_USERS, "nobody")),
    kind=st.sampled_from("ab"),
    first=st.integers(0, 40),
    length=st.integers(0, 8),
    timed=st.booleans(),
)


@dataclass(frozen=True)
class Change:
    """A change in the HR system: of which leave, and how."""

    which: int
    what: str
    to: HrLeave


changes = st.builds(
    Change, which=st.integers(0, 3), what=st.sampled_from(("edit", "another id", "cancel", "undo")), to=leaves
)
none = st.none()


class Sync(RuleBasedStateMachine):
    """One HR system, one COR, one ledger."""

    folders: ClassVar[tempfile.TemporaryDirectory[str]] = tempfile.TemporaryDirectory(prefix="ledgers-")

    @initialize(
        window=st.tuples(st.integers(5, 15), st.integers(20, 35)),
        leaves=st.lists(leaves, max_size=4),
        error_style=st.sampled_from(("envelope", "zc001")),
    )
    def begin(self, window: tuple[int, int], leaves: list[HrLeave], error_style: str) -> None:
        COR.store.clear_leaves()
        COR.error_style = error_style
        self.users = set(KNOWN_USERS)
        for user in self.users:
            register(user)
        self.ledger = Path(tempfile.mkdtemp(dir=self.folders.name)) / "ledger"
        self.window = window
        self.numbers = iter(range(1000))
        self.hr = {f"L{next(self.numbers)}": leave for leave in leaves}
        self.hr_before = dict(self.hr)
        self.tries = 0
        self.secret = 0
        self.others: dict[tuple[str, str], tuple[Any, ...]] = {}
        self.not_owned: set[str] = set()
        """Ids of leave that the sync has put into COR and may have forgotten."""
        self.unsure: set[str] = set()
        """Ids that were under way when a run ended badly: it may know more than one version of them."""
        self.drifted: set[str] = set()
        """Ids of leave that went with its user: the ledger cannot know."""
        self._run(self._extract(outside=True))

    # The HR system

    @rule(leave=leaves)
    def add(self, leave: HrLeave) -> None:
        self.hr[f"L{next(self.numbers)}"] = leave

    @precondition(lambda self: self.hr)
    @rule(change=changes)
    def change_leave(self, change: Change) -> None:
        self._apply(change)

    def _apply(self, change: Change) -> None:
        if change.what == "undo":
            self.hr = self.hr_before
            return
        self.hr_before = dict(self.hr)
        leave_id = [*self.hr][change.which % len(self.hr)]
        if change.what == "edit":
            self.hr[leave_id] = change.to
        else:
            leave = self.hr.pop(leave_id)
            if change.what == "another id":
                self.hr[f"L{next(self.numbers)}"] = replace(leave, first=change.to.first)

    # What else happens

    @rule(source=st.sampled_from(("GLOBANT", "SAP")), leave=leaves.filter(lambda leave: leave.user != "nobody"))
    def somebody_else_creates_leave(self, source: str, leave: HrLeave) -> None:
        if source == "GLOBANT" and leave.user not in self.users:
            return
        # Another source may even use the ids of this one.
        leave_id = f"by hand {next(self.numbers)}" if source == "GLOBANT" else f"L{next(self.numbers) % 5}"
        if (source, leave_id) not in self.others:
            self.others[source, leave_id] = content = leave.in_cor(leave_id)
            names = ("user_id", "leave_type_id", "start", "end", "all_day")
            COR.store.create_leave(source=source, external_id=leave_id, **dict(zip(names, content, strict=True)))

    @rule(
        what=st.sampled_from(("the window moves", "the window moves", "another secret", "the ledger is lost")),
        window=st.tuples(st.integers(0, 20), st.integers(20, 45)),
    )
    def something_else_happens(self, what: str, window: tuple[int, int]) -> None:
        if what == "the window moves":
            self.window = window
        elif what == "another secret":
            self.secret += 1
        else:
            (self.ledger / "GLOBANT.jsonl").unlink(missing_ok=True)
            self.not_owned |= self._ours().keys()

    @rule(user=st.sampled_from(KNOWN_USERS))
    def a_user_leaves_the_firm_or_comes_back(self, user: str) -> None:
        if user in self.users:
            self.users.remove(user)
            self.drifted |= {leave_id for leave_id, leave in self._ours().items() if leave[0] == user}
            COR.store.remove_user("GLOBANT", user)
            self.others = {key: leave for key, leave in self.others.items() if (key[0], leave[0]) != ("GLOBANT", user)}
        else:
            self.users.add(user)
            register(user)

    # Runs

    @rule(outside=st.booleans(), reassert=st.booleans())
    def run(self, outside: bool, reassert: bool) -> None:
        if reassert:
            for leave_id in [*self._ours()][:1]:  # what somebody deletes by hand
                COR.store.remove_leave("GLOBANT", leave_id)
        self._run(self._extract(outside=outside), reassert=reassert)

    @rule(
        outside=st.booleans(),
        faults=st.lists(st.sampled_from([*FAULTS]), min_size=1, max_size=8),
        change=none | changes,
    )
    def run_with_faults(self, outside: bool, faults: list[str], change: Change | None) -> None:
        for fault in faults:
            FAULTS[fault]()
        try:
            self._run(self._extract(outside=outside), max_attempts=2)
        finally:
            COR.clear_faults()
        self._change_and_run(change)

    @rule(outside=st.booleans(), events=st.integers(0, 16), before=none | changes, after=none | changes)
    def run_and_be_killed(self, outside: bool, events: int, before: Change | None, after: Change | None) -> None:
        if before and self.hr:
            self._apply(before)
        with kill_after(events):
            self._run(self._extract(outside=outside))
        self._change_and_run(after)

    @precondition(lambda self: self.hr)
    @rule(parts=st.integers(0, 3))
    def run_with_a_part_of_the_extract(self, parts: int) -> None:
        whole = self._extract(outside=False)
        part = {leave_id: leave for number, (leave_id, leave) in enumerate(whole.items()) if number % 4 < parts}
        before = COR.leaves, self._ledger_file()
        try:
            self._run(part, max_delete_fraction=0.2, allow_empty=False)
        except CorDeleteGuardError:
            assert (COR.leaves, self._ledger_file()) == before

    @rule(year=st.sampled_from((2025, 2027)), outside=st.booleans())
    def run_with_a_mistyped_window(self, year: int, outside: bool) -> None:
        before = COR.leaves, self._ledger_file()
        right, years = self.window, 365 * (year - 2026)
        self.window = right[0] + years, right[1] + years
        try:
            self._run(self._extract(outside=outside), max_delete_fraction=0.2, allow_empty=False)
        except CorDeleteGuardError:
            assert (COR.leaves, self._ledger_file()) == before
        else:
            remembered = self._remembered(before[1])
            assert len(remembered - self.hr.keys()) <= 0.2 * len(remembered)
        finally:
            self.window = right

    @rule(outside=st.booleans(), between=none | changes, faults=st.lists(st.sampled_from([*FAULTS]), max_size=2))
    def run_what_was_approved(self, outside: bool, between: Change | None, faults: list[str]) -> None:
        """Plan, approve, perhaps change HR's mind, and do it: that and nothing else, by a retry too."""
        plan = f"{self.ledger.parent}/plan.jsonl"
        self._execute(self._extract(outside=outside), plan_only=True, plan_path=plan)
        if between and self.hr:
            self._apply(between)
        extract = self._extract(outside=outside)
        for fault in faults:
            FAULTS[fault]()
        before = COR.leaves
        try:
            self._run(extract, approved_plan=plan, max_attempts=2)
        except CorPlanChangedError:
            assert COR.leaves == before
        finally:
            COR.clear_faults()

    @rule(outside=st.booleans(), place=st.integers(0), bit=st.integers(0, 7))
    def run_with_a_flipped_bit_in_the_ledger(self, outside: bool, place: int, bit: int) -> None:
        content = self._ledger_file()
        if content:
            altered = bytearray(content)
            altered[place % len(content)] ^= 1 << bit
            (self.ledger / "GLOBANT.jsonl").write_bytes(altered)
            before = COR.leaves
            with pytest.raises(CorLedgerError):
                self._execute(self._extract(outside=outside))
            assert COR.leaves == before
            (self.ledger / "GLOBANT.jsonl").write_bytes(content)

    @precondition(lambda self: self.hr)
    @rule(events=st.integers(0, 6), outside=st.booleans(), before=none | changes, between=none | changes)
    def run_and_be_taken_over(self, events: int, outside: bool, before: Change | None, between: Change | None) -> None:
        """Two tries at once: after some answers to the first, the second has the lease, and comes to its end."""
        if before:
            self._apply(before)
        extract = self._extract(outside=outside)

        def take_over() -> None:
            if between and self.hr:
                self._apply(between)
            self._run(self._extract(outside=outside))

        self.not_owned |= self._ours().keys() - extract.keys()
        with after_answers(events, take_over):
            self.unsure |= self._ours().keys() | extract.keys()
            with suppress(CorLedgerBusyError):  # unless it came to its end before
                self._execute(extract, concurrency=1)
        self._run(self._extract(outside=outside))

    @rule(outside=st.booleans())
    def plan(self, outside: bool) -> None:
        before = COR.leaves, self._ledger_file()
        self._execute(self._extract(outside=outside), plan_only=True)
        assert (COR.leaves, self._ledger_file()) == before

    # What holds

    @invariant()
    def leave_of_others_is_untouched(self) -> None:
        held = {(leave.source, leave.external_id): stored(leave) for leave in COR.leaves}
        assert {key: held.get(key) for key in self.others} == self.others

    def _change_and_run(self, change: Change | None) -> None:
        """What is found most by, done more often than by chance."""
        if change and self.hr:
            self._apply(change)
            self._run(self._extract(outside=False))

    def _run(self, extract: dict[str, HrLeave], **options: Any) -> None:
        before = self._ours()
        gone = before.keys() - extract.keys()
        outside = {leave_id for leave_id in gone if not self._is_in_window(before[leave_id])}
        reassert = {"reassert": True} if self.drifted & extract.keys() else {}
        try:
            returned = self._execute(extract, **{**options, **reassert})
        except CorPlanChangedError:
            raise
        except (CorPushIncompleteError, CorConfigurationError, Killed):
            self.unsure |= before.keys() | extract.keys()
            self.not_owned |= outside
            return
        after = self._ours()
        unknown = set(self.not_owned) if "approved_plan" in options else set()
        refused = {one["id"] for one in self.xcoms["rejected"]}
        self.drifted -= extract.keys() - refused
        for leave_id, leave in extract.items():
            wanted, was = leave.in_cor(leave_id), before.get(leave_id)
            if leave_id in unknown and leave_id not in refused:
                # After a lost answer, leave that COR had before is taken for what was created, but not for certain.
                assert after.get(leave_id) in (wanted, was)
            elif leave_id not in refused:
                assert after.get(leave_id) == wanted
            elif leave.user in self.users:  # a fault said so
                assert after.get(leave_id) in (wanted, was)
            else:
                assert after.get(leave_id) == was
        self.not_owned -= extract.keys() - refused - unknown
        self.not_owned |= refused  # an approval that does not say that it may be overwritten takes it for another's
        for leave_id in gone - refused:
            if leave_id in outside - self.unsure or leave_id not in after:
                assert after.get(leave_id) == (before[leave_id] if leave_id in outside - self.unsure else None)
            else:
                assert after[leave_id] == before[leave_id]
                assert leave_id in outside | self.not_owned
        assert after.keys() <= before.keys() | extract.keys()
        self.not_owned |= outside
        self.unsure = {leave_id for leave_id in refused if leave_id in extract}
        finished = ("created", "updated", "unchanged", "rejected")
        assert sum(returned[status] for status in finished) == returned["received"] == len(extract)

    def _execute(self, extract: dict[str, HrLeave], **options: Any) -> dict[str, Any]:
        os.environ["AIRFLOW_CONN_COR_DEFAULT"] = json.dumps(
            {
                "conn_type": "cor",
                "host": COR.url,
                "password": COR.token,
                "extra": {"source": "GLOBANT", "ledger_secret": f"a secret of some length {self.secret}"},
            }
        )
        age_leases(self.ledger, 3600)  # of a run that was killed, long ago by now, or that is taken over
        self.tries += 1
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=self.tries)
        self.xcoms: dict[str, Any] = {}
        ti.xcom_push = lambda *, key, value: self.xcoms.update({key: value})
        operator = SyncLeavesOperator(
            **{
                "task_id": "sync",
                "leave_requests": [leave.record(leave_id) for leave_id, leave in extract.items()],
                "window": [str(FIRST_DAY + timedelta(days=day)) for day in self.window],
                "ledger": str(self.ledger),
                "max_delete_fraction": 1.0,
                "allow_empty": True,
                "max_rejected": 1000,
                "concurrency": 2,
                **options,
            }
        )
        try:
            return execute_in_any_thread(operator, {"ti": ti})
        except CorLeavesRejectedError:  # everything was rejected, which no limit tolerates
            returned: dict[str, Any] = self.xcoms["return_value"]
            return returned

    def _extract(self, *, outside: bool) -> dict[str, HrLeave]:
        return {leave_id: leave for leave_id, leave in self.hr.items() if outside or leave.overlaps(self.window)}

    def _ours(self) -> dict[str, tuple[Any, ...]]:
        ours = (leave for leave in COR.leaves if (leave.source, leave.external_id) not in self.others)
        return {leave.external_id: stored(leave) for leave in ours}

    def _is_in_window(self, leave: tuple[Any, ...]) -> bool:
        first, last = days(leave)
        return first <= self.window[1] and last >= self.window[0]

    def _remembered(self, content: bytes | None) -> set[str]:
        rows = [json.loads(line) for line in (content or b"").splitlines()]
        return {row["id"] for row in rows if "in_cor" in row}

    def _ledger_file(self) -> bytes | None:
        path = self.ledger / "GLOBANT.jsonl"
        return path.read_bytes() if path.exists() else None


@contextmanager
def after_answers(events: int, work: Callable[[], None]) -> Iterator[None]:
    """Do something once so many requests have been answered, before anybody learns of the last answer."""
    send = CorSession.request
    answers = iter(range(events))

    def send_and_work(*args: Any, **kwargs: Any) -> Any:
        try:
            return send(*args, **kwargs)
        finally:
            if next(answers, None) is None:
                CorSession.request = send  # type: ignore[method-assign]
                work()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CorSession, "request", send_and_work)
        yield


@contextmanager
def kill_after(events: int) -> Iterator[None]:
    """
    Kill the run after so many events, before or after a request or a write; nothing works from then on.

    So nothing that the run would do on its way out is done either.
    """
    happened = iter(range(events))
    lock = threading.Lock()

    def happen() -> None:
        with lock:
            if next(happened, None) is None:
                raise Killed

    def wrap(work: Callable[..., Any]) -> Callable[..., Any]:
        def between_events(*args: Any, **kwargs: Any) -> Any:
            happen()
            result = work(*args, **kwargs)
            happen()
            return result

        return between_events

    @contextmanager
    def write_between_events(*args: Any, **kwargs: Any) -> Iterator[IO[bytes]]:
        happen()
        with write(*args, **kwargs) as stream:
            yield stream
            happen()  # nothing has been replaced yet
        happen()

    write = _files.writing
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CorSession, "request", wrap(CorSession.request))
        patch.setattr(_files, "replace", wrap(_files.replace))
        patch.setattr(_files, "writing", write_between_events)
        patch.setattr(_files, "create", wrap(_files.create))
        yield


Sync.TestCase.settings = settings(
    max_examples=5 * settings().max_examples,
    stateful_step_count=12,
    suppress_health_check=[*HealthCheck],
    deadline=None,
)
TestSync = Sync.TestCase
