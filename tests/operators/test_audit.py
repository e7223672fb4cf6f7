"""AuditLeavesOperator: what it returns, writes and raises; `tests/audit` has what it finds and heals."""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cor_provider.audit.compare import DELETED
from cor_provider.audit.findings import NOT_ASKED
from cor_provider.audit.run import names_of
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorDriftError,
    CorLedgerBusyError,
    CorLedgerError,
    CorPermissionError,
    CorPushIncompleteError,
)
from cor_provider.operators.leaves import AuditLeavesOperator
from cor_provider.push.reading import ATTEMPTS_AT_ONE_KEY, REFUSED_AT_FIRST
from cor_provider.sandbox import Sandbox
from cor_provider.sync.lease import Lease, Owner
from cor_provider.sync.ledger import Ledger
from main_api import MainApi
from main_api import row as row_of
from support import Connect, leave
from sync_support import FINDINGS, Run, TaskInstance, by_hand, found, open_ledger, plan_rows

FOUND = {"audited": 4, "confirmed": 1, "missing": 2, "changed": 1, "foreign": 1}


@pytest.fixture
def drifted(sync: Run, sandbox: Sandbox) -> None:
    """Four leaves of which two are deleted and one is moved by hand, and one that is added."""
    leaves = [leave(f"L{number}", start=f"2026-05-{number + 10}", end=f"2026-05-{number + 10}") for number in range(4)]
    sync([*leaves, leave("outside", start="2026-06-01", end="2026-06-02")])
    sandbox.store.remove_leave("GLOBANT", "L0")
    sandbox.store.remove_leave("GLOBANT", "L1")
    sandbox.store.update_leave(external_id="L2", **by_hand("2026-05-20", "2026-05-21"))
    sandbox.store.create_leave(external_id="by hand", **by_hand("2026-05-25", "2026-05-26"))
    sandbox.clear_requests()


def test_what_was_synced_is_confirmed(sync: Run, audit: Run, sandbox: Sandbox) -> None:
    sync([leave(), leave("L2", user_id="u2"), leave("outside", start="2026-06-01", end="2026-06-02")])
    sandbox.clear_requests()
    assert audit() == found(audited=2, confirmed=2)
    assert [request.method for request in sandbox.requests] == ["GET"] * 2
    assert list(audit()) == [*FINDINGS, "report"]


@pytest.mark.usefixtures("drifted")
def test_drift_fails_the_task_with_its_counts(
    audit: Run, task_instance: TaskInstance, logged: Callable[[], str], sandbox: Sandbox
) -> None:
    with pytest.raises(CorDriftError) as raised:
        audit()
    assert task_instance.xcoms["return_value"] == found(**FOUND)
    drift = [("L0", "missing"), ("L1", "missing"), ("L2", "changed")]
    assert [(one["id"], one["status"]) for one in task_instance.xcoms["drift"]] == drift
    first, second, third, advice = str(raised.value).splitlines()
    assert first == "2 missing: COR does not have it (any more): L0, L1"
    assert second == "1 changed: its days differ: L2"
    assert third == "4 audited: 1 confirmed, 2 missing, 1 changed, 1 foreign."
    assert "heal=True" in advice
    assert first in logged()
    assert {request.method for request in sandbox.requests} == {"GET"}


@pytest.mark.usefixtures("drifted")
def test_counts_reasons_and_what_is_marked_are_published(audit: Run, task_instance: TaskInstance) -> None:
    audit(max_drift=3, heal=True)
    published = task_instance.xcoms["audit"]
    assert published == {
        "source": "GLOBANT",
        "counts": {**dict.fromkeys(FINDINGS, 0), **FOUND},
        "reasons": [{"finding": "missing", "reason": DELETED, "count": 2}],
        "healed": 3,
        "is_complete": True,
    }


@pytest.mark.usefixtures("drifted")
def test_as_much_drift_as_is_tolerated_does_not(audit: Run) -> None:
    assert audit(max_drift=3) == found(**FOUND)
    assert audit(max_drift="3") == found(**FOUND)
    with pytest.raises(CorDriftError):
        audit(max_drift=2)


@pytest.mark.usefixtures("drifted")
def test_the_report_has_every_leave_and_every_foreign_one(audit: Run, tmp_path: Path, sandbox: Sandbox) -> None:
    report = tmp_path / "reports" / "audit.jsonl"
    assert audit(max_drift=3, report_path=str(report))["report"] == str(report)
    rows = plan_rows(report)
    assert [(row["id"], row["status"], row["differs"]) for row in rows] == [
        ("L0", "missing", []),
        ("L1", "missing", []),
        ("L2", "changed", ["start", "end"]),
        ("L3", "confirmed", []),
        (None, "foreign", []),
    ]
    ours, theirs = (
        next(one for one in sandbox.leaves if one.external_id == leave_id) for leave_id in ("L2", "by hand")
    )
    cor_ids = {
        "cor_user_id": sandbox.store.user_cor_ids["GLOBANT", "u1"],
        "cor_leave_type_id": sandbox.store.leave_type_cor_ids["GLOBANT", "vacation"],
    }
    whose = {"source": "GLOBANT", "cor": f"{sandbox.url}/v2/integrations/leaves"}
    assert rows[-1] == {
        "id": None,
        "status": "foreign",
        "user_id": "u1",
        "cor_id": theirs.cor_id,
        "start": None,
        "end": None,
        "cor_start": "2026-05-25T00:00:00.000Z",
        "cor_end": "2026-05-26T23:59:00.000Z",
        "differs": [],
        "reason": None,
        "cor_deleted_at": None,
        **cor_ids,
        **whose,
    }
    assert rows[2] == {
        "id": "L2",
        "status": "changed",
        "user_id": "u1",
        "cor_id": ours.cor_id,
        "start": "2026-05-12",
        "end": "2026-05-12",
        "cor_start": "2026-05-20T00:00:00.000Z",
        "cor_end": "2026-05-21T23:59:00.000Z",
        "differs": ["start", "end"],
        "reason": None,
        "cor_deleted_at": None,
        **cor_ids,
        **whose,
    }
    assert "Vacation" not in report.read_text()


@pytest.mark.usefixtures("drifted")
def test_nothing_personal_is_logged_or_handed_on(
    audit: Run, task_instance: TaskInstance, logged: Callable[[], str], sandbox: Sandbox
) -> None:
    logged()
    with pytest.raises(CorDriftError) as raised:
        audit()
    shown = logged() + json.dumps(task_instance.xcoms) + str(raised.value)
    cor_user_id = str(sandbox.store.user_cor_ids["GLOBANT", "u1"])
    for personal in ("u1", "vacation", "Vacation", "2026-05-1", "2026-05-2", cor_user_id):
        assert personal not in shown


# Users whose leave COR does not list

FAILING = (500, None)
NO_LIST = (200, "Under maintenance")
NAMELESS = (404, "")
REDIRECTED = (302, "")
TOO_LARGE = (200, [row_of(10**6 + number) for number in range(3000)])
UNKNOWN = (404, {"error": "UserNotFoundError", "message": "no such user"})
FORBIDDEN = (403, "")

USERS = ("u1", "u2", "external-user-id-3")

Audited = Callable[..., dict[str, Any]]


@pytest.fixture
def audit_of(sync: Run, audit: Run, ledger: Path, connect: Connect, tmp_path: Path) -> Audited:
    """
    Return a function that syncs a leave for each of some users, and audits them one after another.

    It takes COR's answer about each user, where None lists the leave, and what happens before each answer.
    """

    def execute(*answers: tuple[int, object] | None, before: Callable[[], None] = lambda: None) -> dict[str, Any]:
        sync([leave(f"L{number}", user_id=user) for number, user in enumerate(USERS[: len(answers)])])
        lines = [json.loads(line) for line in ledger.read_text().splitlines()]
        entries = [line for line in lines if "in_cor" in line]
        with MainApi() as cor:
            for entry, answer in zip(entries, answers, strict=True):
                user = entry["cor_user_id"]
                if answer is None:
                    days = {"start": "2026-05-11T00:00:00Z", "end": "2026-05-12T23:59:00Z"}
                    cor.leaves[user] = [row_of(entry["cor_id"], user_id=user, **days)]
                else:
                    cor.of_users[user] = answer
            cor.before = before
            connect(extra={"api_url": cor.url})
            return audit(concurrency=1, max_attempts=1, report_path=f"{tmp_path}/audit.jsonl")

    return execute


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (UNKNOWN, "UserNotFoundError: COR has no user of this id"),
        (FORBIDDEN, "PermissionError: COR does not let this token read leave (403)"),
        (FAILING, "ServerError: COR failed on its side"),
        (NO_LIST, "UnexpectedAnswerError: The main API"),
        (NAMELESS, "ConfigurationError: The COR connection's Extra api_url answers with 404"),
        (REDIRECTED, "ConfigurationError: The COR connection's Extra api_url answers with 302"),
        ((405, "<html>"), "ConfigurationError: The COR connection's Extra api_url answers with 405"),
        (TOO_LARGE, "ConnectionError: The answer of"),
    ],
)
def test_a_user_that_cor_does_not_list_is_unverifiable_and_the_others_go_on(
    answer: tuple[int, object], reason: str, audit_of: Audited, tmp_path: Path, logged: Callable[[], str]
) -> None:
    report = f"{tmp_path}/audit.jsonl"
    assert audit_of(None, answer, None) == found(audited=3, confirmed=2, unverifiable=1, report=report)
    rows = plan_rows(Path(report))
    assert [row["status"] for row in rows] == ["confirmed", "unverifiable", "confirmed"]
    assert rows[1]["reason"].startswith(reason)
    assert "\n" not in rows[1]["reason"]
    assert f"unverifiable: {reason.split(':', maxsplit=1)[0]} 1." in logged()


def test_of_many_names_of_errors_the_log_has_the_most_frequent() -> None:
    names = {f"E{number:02}": 100 - number for number in range(30)}
    text = names_of(Counter(names))
    assert text.startswith("E00 100, E01 99, ")
    assert text.endswith(f"E19 81, others {sum(range(71, 81))}")
    assert names_of(Counter({"E": 1})) == "E 1"


def test_a_user_whose_list_never_comes_is_unverifiable_and_the_others_go_on(
    sync: Run, audit: Run, sandbox: Sandbox
) -> None:
    sync([leave(f"L{number}", user_id=user) for number, user in enumerate(USERS)])
    for _ in range(ATTEMPTS_AT_ONE_KEY):
        sandbox.drop_next()
    assert audit(concurrency=1) == found(audited=3, confirmed=2, unverifiable=1)


def test_a_single_user_that_cor_does_not_have_is_unverifiable(audit_of: Audited, tmp_path: Path) -> None:
    expected = found(audited=1, unverifiable=1, report=f"{tmp_path}/audit.jsonl")
    assert audit_of(UNKNOWN) == expected


@pytest.mark.parametrize(
    ("answers", "error", "advice"),
    [
        ([UNKNOWN, UNKNOWN], CorConfigurationError, r"\(UserNotFoundError 2\).*\n.*whether these users were deleted"),
        ([NAMELESS], CorConfigurationError, "base URL of COR's main API"),
        ([REDIRECTED, REDIRECTED, REDIRECTED], CorConfigurationError, "base URL of COR's main API"),
        ([FORBIDDEN], CorPermissionError, "role and scope"),
        ([FORBIDDEN, UNKNOWN], CorPermissionError, "role and scope"),
        ([FAILING], CorPushIncompleteError, "run the task again"),
        ([FAILING, UNKNOWN, FORBIDDEN], CorPushIncompleteError, "run the task again"),
        ([None, FAILING, FAILING], CorPushIncompleteError, "run the task again"),
    ],
)
def test_if_cor_lists_nobody_the_task_fails_with_advice_that_fits(
    answers: list[Any], error: type[Exception], advice: str, audit_of: Audited, request: pytest.FixtureRequest
) -> None:
    task_instance = request.getfixturevalue("task_instance")
    with pytest.raises(error, match=advice) as raised:
        audit_of(*answers)
    assert type(raised.value) is error
    returned = task_instance.xcoms["return_value"]
    assert (returned["audited"], returned["unverifiable"]) == (len(answers), len(answers) - answers.count(None))


@pytest.fixture
def many_users(sync: Run, sandbox: Sandbox) -> None:
    """A leave of each of more users than COR may refuse at first."""
    users = [f"e{number}" for number in range(REFUSED_AT_FIRST + 20)]
    for user in users:
        sandbox.store.add_user("GLOBANT", user, user)
    sync([leave(f"L-{user}", user_id=user) for user in users])


@pytest.mark.usefixtures("many_users")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (UNKNOWN, (CorConfigurationError, "refused to list the leave of every user")),
        (FORBIDDEN, (CorPermissionError, "role and scope")),
        (NAMELESS, (CorConfigurationError, "base URL of COR's main API")),
    ],
)
def test_a_cor_that_lists_nobody_is_not_asked_about_everybody(
    answer: tuple[int, object], expected: tuple[type[Exception], str], audit: Run, connect: Connect
) -> None:
    error, advice = expected
    with MainApi() as cor:
        cor.answer = lambda path: answer  # type: ignore[method-assign]
        connect(extra={"api_url": cor.url})
        with pytest.raises(error, match=advice):
            audit(concurrency=1)
        assert len(cor.requests) <= REFUSED_AT_FIRST + 1


def test_a_token_that_cor_refuses_ends_the_audit_at_once(
    sync: Run, audit: Run, sandbox: Sandbox, task_instance: TaskInstance
) -> None:
    sync([leave(), leave("L2", user_id="u2")])
    sandbox.clear_requests()
    sandbox.answer_next(401)
    with pytest.raises(CorAuthenticationError):
        audit(concurrency=1)
    assert task_instance.xcoms["return_value"] == found(audited=2, unverifiable=2)
    assert len(sandbox.requests) == 1


def test_a_cor_that_is_overloaded_ends_it_with_an_error_that_airflow_retries(
    sync: Run, audit: Run, sandbox: Sandbox, task_instance: TaskInstance, tmp_path: Path
) -> None:
    sync([leave(), leave("L2", user_id="u2"), leave("L3", user_id="external-user-id-3")])
    for _ in range(2):
        sandbox.answer_next(503)
    report = f"{tmp_path}/audit.jsonl"
    with pytest.raises(CorPushIncompleteError, match="run the task again"):
        audit(concurrency=1, max_attempts=2, report_path=report)
    assert task_instance.xcoms["return_value"] == found(audited=3, unverifiable=3, report=report)
    assert [row["reason"] for row in plan_rows(Path(report))] == [NOT_ASKED] * 3


def test_a_request_that_may_succeed_later_is_sent_again(
    sync: Run, audit: Run, sandbox: Sandbox, waits: list[float]
) -> None:
    sync([leave()])
    sandbox.answer_next(429, headers={"Retry-After": "7"})
    sandbox.answer_next(500)
    sandbox.drop_next()
    assert audit() == found(audited=1, confirmed=1)
    assert any(wait >= 7 for wait in waits)


def test_a_token_that_has_expired_is_replaced(sync: Run, audit: Run, connect: Connect, sandbox: Sandbox) -> None:
    connect(login="api-key-4711", password="client-secret-0815", extra={"ledger_secret": "a secret of some length"})
    sync([leave(), leave("L2", user_id="u2")])
    sandbox.revoke_tokens()
    assert audit() == found(audited=2, confirmed=2)


def test_a_task_that_is_asked_to_stop_fails_with_its_counts(
    sync: Run, audit: Run, task_instance: TaskInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync([leave(), leave("L2", user_id="u2")])
    work = AuditLeavesOperator._audit

    def stop_first(operator: AuditLeavesOperator, run: Any) -> None:
        operator.on_kill()
        work(operator, run)

    monkeypatch.setattr(AuditLeavesOperator, "_audit", stop_first)
    with pytest.raises(CorPushIncompleteError, match="stopped"):
        audit()
    assert task_instance.xcoms["return_value"] == found(audited=2, unverifiable=2)


def test_a_task_that_is_asked_to_stop_says_nothing_of_users_it_did_not_ask_about(
    audit_of: Audited, task_instance: TaskInstance
) -> None:
    def stop() -> None:
        task_instance.operator.on_kill()

    with pytest.raises(CorPushIncompleteError, match="stopped"):
        audit_of(None, None, FORBIDDEN, before=stop)  # COR is asked about the third user first


@pytest.fixture
def earlier(sync: Run, audit: Run, tmp_path: Path) -> dict[Path, str]:
    """The report and the page of an audit that ended well, with what they say."""
    sync([leave(), leave("L2")])
    audit(report_path=f"{tmp_path}/audit.jsonl")
    return {path: path.read_text() for path in (tmp_path / "audit.jsonl", tmp_path / "audit.html")}


@pytest.mark.parametrize("why", ["lost", "busy", "window", "unreadable"])
def test_an_audit_that_never_read_the_ledger_leaves_the_report_of_an_earlier_one(
    why: str, earlier: dict[Path, str], audit: Run, ledger: Path, task_instance: TaskInstance
) -> None:
    lease = Lease(open_ledger(ledger.parents[1], source="GLOBANT").path, Owner("other", 1, "x"), threading.Event())
    if why == "lost":
        ledger.unlink()
    elif why == "busy":
        lease.take()
    elif why == "unreadable":
        ledger.write_bytes(ledger.read_bytes()[:-20])
    with pytest.raises((CorLedgerError, CorLedgerBusyError, CorConfigurationError)):
        audit(
            report_path=f"{ledger.parents[1]}/audit.jsonl",
            heal=why == "busy",
            **({"window": "soon"} if why == "window" else {}),
        )
    assert {path: path.read_text() for path in earlier} == earlier
    assert "audit" not in task_instance.xcoms
    assert task_instance.xcoms["files"] == {}
    assert task_instance.xcoms["return_value"] == found()


def test_an_audit_that_ended_early_does_not_say_that_nothing_differs(
    audit_of: Audited, tmp_path: Path, task_instance: TaskInstance
) -> None:
    with pytest.raises(CorPushIncompleteError):
        audit_of(None, FAILING, FAILING)
    assert not task_instance.xcoms["audit"]["is_complete"]
    assert "COR holds what HR says" not in (tmp_path / "audit.html").read_text()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function from whose call on no ledger can be written."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    return lambda: monkeypatch.setattr(Ledger, "write", fail)


def test_what_could_not_be_marked_is_not_called_marked(
    sync: Run, audit: Run, sandbox: Sandbox, full_disk: Callable[[], None], request: pytest.FixtureRequest
) -> None:
    task_instance, logged = request.getfixturevalue("task_instance"), request.getfixturevalue("logged")
    report = request.getfixturevalue("tmp_path") / "audit.jsonl"
    sync([leave(), leave("L2")])
    sandbox.store.remove_leave("GLOBANT", "L1")
    full_disk()
    with pytest.raises(OSError, match="disk full"):
        audit(heal=True, max_drift=5, report_path=str(report))
    published = task_instance.xcoms["audit"]
    assert (published["counts"]["missing"], published["healed"], published["is_complete"]) == (1, 0, False)
    assert "marked in the ledger" not in logged() + report.with_suffix(".html").read_text()


def test_the_error_that_ended_the_asking_is_not_hidden_by_one_of_the_ledger(
    sync: Run, audit: Run, sandbox: Sandbox, full_disk: Callable[[], None], logged: Callable[[], str]
) -> None:
    sync([leave(f"L{number}", user_id=user) for number, user in enumerate(USERS)])
    sandbox.store.remove_leave("GLOBANT", "L2")  # of whom COR lists first
    sandbox.go_down(after=1)
    full_disk()
    with pytest.raises(CorPushIncompleteError, match="run the task again"):
        audit(heal=True, concurrency=1, max_attempts=1)
    assert "The audit failed for another reason, too: disk full" in logged()


def test_an_error_of_the_audit_is_not_hidden_by_one_of_the_report(
    sync: Run, audit: Run, sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    logged, monkeypatch = request.getfixturevalue("logged"), request.getfixturevalue("monkeypatch")
    sync([leave()])
    sandbox.answer_next(401)
    monkeypatch.setattr("cor_provider.operators.audit.write_audit_page", lambda *_, **__: 1 / 0)
    with pytest.raises(CorAuthenticationError):
        audit(report_path=f"{tmp_path}/audit.jsonl")
    assert "The report could not be written: division by zero" in logged()


def test_without_a_ledger_nothing_is_asked(audit: Run, sandbox: Sandbox) -> None:
    with pytest.raises(CorLedgerError, match="there is none at"):
        audit()
    assert sandbox.requests == ()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"window": "soon"}, "window"),
        ({"report_path": "{folder}/GLOBANT.jsonl"}, "report_path: would overwrite"),
        ({"ledger": ""}, "ledger"),
        ({"max_drift": "{{ }} many"}, "max_drift"),
        ({"heal": "{{ }} perhaps"}, "heal"),
    ],
)
def test_a_parameter_that_is_wrong_is_named_before_anything_is_asked(
    wrong: dict[str, str], problem: str, sync: Run, audit: Run, request: pytest.FixtureRequest
) -> None:
    sandbox, ledger = request.getfixturevalue("sandbox"), request.getfixturevalue("ledger")
    sync([leave()])
    sandbox.clear_requests()
    with pytest.raises(CorConfigurationError, match=problem):
        audit(**{name: value.replace("{folder}", str(ledger.parent)) for name, value in wrong.items()})
    assert sandbox.requests == ()


@pytest.mark.parametrize("wrong", [{"max_drift": -1}, {"heal": "perhaps"}, {"concurrency": 0}, {"max_wait": -1}])
def test_a_literal_that_is_wrong_is_refused_when_the_dag_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AuditLeavesOperator(task_id="audit", ledger="/ledger", window="2026-01-01/2026-12-31", **wrong)


def test_only_a_healing_audit_needs_the_ledger_for_itself(sync: Run, audit: Run, ledger: Path) -> None:
    sync([leave()])
    lease = Lease(open_ledger(ledger.parents[1], source="GLOBANT").path, Owner("other", 1, "x"), threading.Event())
    lease.take()
    assert audit()["confirmed"] == 1
    with pytest.raises(CorLedgerBusyError):
        audit(heal=True)
    lease.release()
    assert audit(heal=True)["confirmed"] == 1


@pytest.mark.usefixtures("drifted")
def test_the_log_says_how_much_is_marked_even_if_the_task_succeeds(audit: Run, logged: Callable[[], str]) -> None:
    audit(max_drift=3)
    assert "marked in the ledger" not in logged()
    audit(heal=True, max_drift=3)
    assert "3 marked in the ledger: the next sync sends them again." in logged()


def test_the_parameters_are_templated_and_the_operator_can_be_copied(
    sync: Run, audit: Run, task_instance: TaskInstance
) -> None:
    fields = {"ledger", "window", "source", "cor_conn_id", "max_drift", "heal", "report_path"}
    assert set(AuditLeavesOperator.template_fields) == fields
    sync([leave()])
    audit()
    assert copy.deepcopy(task_instance.operator)._run is None


def test_openlineage_learns_what_was_read_and_written(
    sync: Run, audit: Run, task_instance: TaskInstance, sandbox: Sandbox, tmp_path: Path
) -> None:
    sync([leave()])
    audit(report_path=f"{tmp_path}/audit.jsonl")
    facets = task_instance.operator.get_openlineage_facets_on_complete(None)
    assert [(one.namespace, one.name) for one in facets.inputs] == [(sandbox.url, "/v1/user/leaves")]
    assert [(one.namespace, one.name) for one in facets.outputs] == [("file", f"{tmp_path}/audit.jsonl")]


def test_the_window_may_be_dates(sync: Run, audit: Run) -> None:
    sync([leave()])
    assert audit(window=(date(2026, 5, 12), date(2026, 5, 12)))["audited"] == 1
    assert audit(window=(date(2026, 5, 13), date(2026, 5, 13)))["audited"] == 0


def test_a_page_goes_beside_the_report(
    sync: Run, audit: Run, tmp_path: Path, task_instance: TaskInstance, sandbox: Sandbox
) -> None:
    sync([leave()])
    sandbox.store.remove_leave("GLOBANT", "L1")
    audit(max_drift=1, report_path=f"{tmp_path}/a/audit.jsonl")
    files = {"audit": f"{tmp_path}/a/audit.jsonl", "audit_page": f"{tmp_path}/a/audit.html"}
    assert task_instance.xcoms["files"] == files
    assert "u1: Only HR says, Mon 11 May 2026" in Path(files["audit_page"]).read_text()
    with pytest.raises(CorConfigurationError, match=r"audit\.jsonl"):
        audit(report_path=f"{tmp_path}/audit.html")
