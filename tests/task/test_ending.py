"""The last lines of a task's log, and the error with which it fails."""

from __future__ import annotations

import logging
import re
import time
from itertools import combinations
from pathlib import Path

import pytest

from cor_provider import _clock
from cor_provider.exceptions import CorAuthenticationError, CorLeavesRejectedError, CorPushIncompleteError
from cor_provider.operators.base import LeaveOperator
from cor_provider.sandbox import Sandbox
from operators_support import Create
from support import Connect, leave

BAD_USERS = [leave(f"L1{number}", user_id="nobody") for number in range(3)]
BAD_TYPE = leave("L7", leave_type_id="burnout")
WIDEST = 140
"""Characters: what matters most comes in the first 95: so many does the log view show at 1366 pixels."""


@pytest.fixture(autouse=True)
def plain_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the operators log where pytest sees it, on every version of Airflow."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(LeaveOperator, "log", logging.getLogger("task"))


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(one.levelname, one.getMessage()) for one in caplog.records if one.name == "task"]


def test_each_cause_has_a_line_the_largest_first_then_come_the_counts_and_the_files(
    create: Create, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    report, rejected = str(tmp_path / "report.jsonl"), str(tmp_path / "rejected.csv")
    create([leave(), BAD_TYPE, *BAD_USERS], max_rejected=4, report_path=report, rejected_path=rejected, concurrency=1)
    levels, texts = zip(*lines(caplog), strict=True)
    assert [text.split(":")[0] for text in texts] == [
        "UserNotFoundError 3, such as L10",
        "LeaveTypeNotFoundError 1, such as L7",
        "Leave types that COR does not know",
        "Leave requests",
        "Report",
        "Summary of the report",
        "Rejected records",
    ]
    assert levels == (*["WARNING"] * 4, *["INFO"] * 3)


def test_the_lines_for_people_are_short(create: Create, caplog: pytest.LogCaptureFixture) -> None:
    create([leave(), BAD_TYPE, *BAD_USERS], max_rejected=4)
    assert max(len(text) for _level, text in lines(caplog)) <= WIDEST


def test_the_leave_types_that_cor_does_not_know_are_named_without_a_person_or_a_leave(
    create: Create, caplog: pytest.LogCaptureFixture
) -> None:
    create([leave(), BAD_TYPE], max_rejected=1)
    (line,) = [text for _level, text in lines(caplog) if "burnout" in text]
    assert line == "Leave types that COR does not know: burnout 1"


def test_a_wrong_column_of_leave_types_is_not_copied_into_the_log(
    create: Create, caplog: pytest.LogCaptureFixture
) -> None:
    create([leave(), *(leave(f"L1{number}", leave_type_id=f"Ana {number}") for number in range(21))], max_rejected=21)
    texts = [text for _level, text in lines(caplog)]
    assert "COR does not know 21 leave types, too many to list here. Is leave_type_id the right column?" in texts
    assert not [text for text in texts if "Ana" in text]


def test_a_push_without_rejections_warns_of_nothing(create: Create, caplog: pytest.LogCaptureFixture) -> None:
    create([leave()])
    assert lines(caplog) == [("INFO", "Leave requests: 1 received: 1 created.")]


def test_the_pace_has_a_line_below_the_counts_if_a_429_came(
    create: Create, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.answer_next(429)
    create([leave()])
    counts, pace = lines(caplog)
    assert counts[1].startswith("Leave requests: ")
    assert re.fullmatch(r"Pace: COR took about [\d.,]+ requests per second, and answered 1 with 429\.", pace[1])
    assert pace[0] == "INFO"


def test_a_redis_that_could_not_be_used_is_a_warning_below_the_counts(
    create: Create,
    connect: Connect,
    closed_port: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(extra={"pace_redis_conn_id": "pace"})
    monkeypatch.setattr(_clock, "now", time.monotonic)
    monkeypatch.setenv("AIRFLOW_CONN_PACE", f"redis://127.0.0.1:{closed_port}")
    create([leave()])
    level, pace = lines(caplog)[-1]
    assert level == "WARNING"
    assert re.fullmatch(rf"Pace: no 429\. Redis at 127\.0\.0\.1:{closed_port} \(Connection 'pace'\) could not .*", pace)


def test_a_check_says_that_nothing_was_sent(create: Create, caplog: pytest.LogCaptureFixture) -> None:
    create([leave(), {**leave("L2"), "end": ""}], validate_only=True, max_rejected=1)
    assert ("WARNING", "1 fine, 1 would be rejected; nothing was sent") in lines(caplog)


def test_more_causes_than_anybody_reads_are_counted(create: Create, caplog: pytest.LogCaptureFixture) -> None:
    fields = ("id", "user_id", "leave_type_id", "start")
    missing = [{*some} for number in range(1, 5) for some in combinations(fields, number)]
    records = [{name: value for name, value in leave("L1").items() if name not in some} for some in missing]
    create([leave(), *records], max_rejected=15)
    assert lines(caplog)[10][1] == "5 more causes: see the report, or the XCom summary."


def test_rejections_end_in_an_error_with_their_causes_and_the_file_to_correct(create: Create, tmp_path: Path) -> None:
    rejected = str(tmp_path / "rejected.csv")
    with pytest.raises(CorLeavesRejectedError) as raised:
        create([leave(), BAD_TYPE, *BAD_USERS], rejected_path=rejected, concurrency=1)
    first, fix, second, _fix, problem, file = str(raised.value).splitlines()
    assert (first, second) == ("UserNotFoundError 3, such as L10:", "LeaveTypeNotFoundError 1, such as L7:")
    assert fix.startswith("  create these users in COR under source GLOBANT")
    assert problem.startswith("More leave was rejected than max_rejected=0: 5 received: 1 created, 4 rejected")
    assert file == f"Rejected records, to correct: {rejected}."


def test_an_incomplete_push_ends_in_an_error_with_the_cause_first(create: Create, sandbox: Sandbox) -> None:
    sandbox.answer_next(503)
    with pytest.raises(CorPushIncompleteError) as raised:
        create([leave(), leave("L2")], max_attempts=1, concurrency=1)
    cause, _advice, problem, fix = str(raised.value).splitlines()
    assert cause == "ServerError 1, such as L1:"
    assert problem.startswith("Some leave could not be sent: 2 received: 1 failed, 1 not_sent")
    assert fix == "Run the task again to send it: that is safe."


def test_an_error_of_ours_shows_no_frame_but_that_of_the_operator(create: Create, connect: Connect) -> None:
    connect(password="wrong")
    with pytest.raises(CorAuthenticationError) as raised:
        create([leave()])
    frames = [entry.name for entry in raised.traceback if "cor_provider" in str(entry.path)]
    assert frames == ["execute"]
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_a_bug_keeps_its_trace(create: Create, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.results.summary.Summary.add", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError) as raised:
        create([leave()])
    assert "record" in [entry.name for entry in raised.traceback]
