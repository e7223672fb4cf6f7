"""A dry run, in real runs of a DAG: what its log shows, and that COR hears of nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from cor_provider._compat import AirflowSkipException
from cor_provider.extract.dry_run import MOST_SHOWN, show_dry_run
from cor_provider.sandbox import Sandbox
from support import Connect, leave
from sync_support import held

ANA = leave("hr-17", user_id="Ana.Ñ7@example.com", start="2026-05-11", end="2026-05-13")
HALF = leave("hr-18", start="2026-05-18T09:00", end="2026-05-18T13:00", all_day=False)
REFUSED = leave("hr-19", end="2026-05-01")


class DagRun:
    """A run of the DAG `dry_run`: the states of its tasks, and what the log shows."""

    def __init__(self, states: dict[str, str], log: str) -> None:
        self.states = states
        self.log = log


Run = Callable[..., DagRun]


@pytest.fixture
def run(
    load_dag: Callable[[str], Any],
    airflow_db: None,
    connect: Connect,
    logged: Callable[[], str],
    caplog: pytest.LogCaptureFixture,
) -> Run:
    connect()
    caplog.set_level(logging.INFO)

    def run(leaves: list[dict[str, Any]], gone: list[dict[str, Any]] | None = None, **conf: Any) -> DagRun:
        conf |= {"leaves": json.dumps(leaves), "gone": json.dumps(gone) if gone else ""}
        caplog.clear()
        logged()  # and forgets
        dag_run = load_dag("dry_run").test(run_conf=conf)
        states = {one.task_id: str(one.state) for one in dag_run.get_task_instances()}
        return DagRun(states, logged())

    return run


def test_a_dry_run_sends_nothing_and_skips_what_comes_after(run: Run, sandbox: Sandbox) -> None:
    dry = run([leave()], dry_run=True)
    assert dry.states == {"extract": "skipped", "push": "skipped", "delete": "skipped"}
    assert sandbox.requests == ()


def test_a_run_is_no_dry_run_unless_somebody_says_so(run: Run, sandbox: Sandbox) -> None:
    run([leave()], dry_run=True)
    assert run([leave()]).states == dict.fromkeys(("extract", "push", "delete"), "success")
    assert held(sandbox) == ["L1"]


def test_ids_and_dates_are_shown_by_their_form_alone(run: Run) -> None:
    dry = run([ANA, HALF], gone=[ANA], dry_run=True)
    assert (
        '{"metadata": {"source": "GLOBANT"}, "id": "xx-99", "userId": "xxx.x9@xxxxxxx.xxx", "leaveTypeId": "vacation",'
        ' "start": "YYYY-MM-DDT00:00:00-00:00", "end": "YYYY-MM-DDT23:59:00-00:00", "allDay": true}'
    ) in dry.log
    assert '"start": "YYYY-MM-DDT07:00:00-00:00", "end": "YYYY-MM-DDT11:00:00-00:00", "allDay": false' in dry.log
    assert '{"metadata": {"source": "GLOBANT"}, "id": "xx-99", "userId": "xxx.x9@xxxxxxx.xxx"}' in dry.log
    assert "1 leaves would be deleted" in dry.log


@pytest.mark.parametrize(
    ("shows", "there", "hidden"),
    [
        (["ids"], ['"id": "hr-17", "userId": "Ana.Ñ7@example.com"'], ["05-11"]),
        (["dates"], ['"start": "2026-05-11T00:00:00-00:00", "end": "2026-05-13T23:59:00-00:00"'], ["hr-17", "Ana"]),
        (["ids", "dates"], ['"id": "hr-17"', '"start": "2026-05-11T00:00:00-00:00"'], []),
    ],
)
def test_the_reader_may_choose_to_see_them(run: Run, shows: list[str], there: list[str], hidden: list[str]) -> None:
    log = beginning_with("Dry run", run([ANA], dry_run=True, dry_run_shows=shows).log)
    assert [text for text in there if text not in log] == []
    assert [text for text in hidden if text in log] == []


def test_a_date_in_an_id_is_a_date(run: Run) -> None:
    one = leave("hr-17-2026-05-11")
    log = beginning_with("Dry run", run([one], dry_run=True, dry_run_shows=["ids"]).log)
    assert '"id": "hr-17-YYYY-MM-DD"' in log
    assert "2026-05-11" not in log


def test_a_letter_in_two_parts_is_hidden_like_one_in_one(run: Run) -> None:
    log = run([leave(user_id="N\u0303una")], dry_run=True).log
    assert '"userId": "xxxx"' in log


def test_leave_that_would_be_rejected_is_shown_with_the_reason(run: Run) -> None:
    log = run([leave(), REFUSED, leave("hr-20", user_id=None), {}], dry_run=True).log
    assert "1 leaves would be sent" in log
    assert "3 would be rejected" in log
    assert "xx-99: InvalidDateRangeError: end: is before start." in log
    assert "xx-99: ValidationError: user_id: is missing" in log
    assert "(no id): ValidationError: Record 4: " in log


def test_no_more_than_the_first_ten_of_each_are_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    fine, refused = [leave(f"L{n}") for n in range(30)], [leave(f"R{n}", end="soon") for n in range(20)]
    with pytest.raises(AirflowSkipException):
        show_dry_run([*refused, *fine], context={"params": {"dry_run": True, "dry_run_shows": None}})
    assert "30 leaves would be sent" in caplog.text
    assert "20 would be rejected" in caplog.text
    assert caplog.text.count('"allDay"') == caplog.text.count("ValidationError") == MOST_SHOWN
    assert '"source": "(that of the Connection)"' in caplog.text


def test_a_dag_without_the_parameters_has_no_dry_run() -> None:
    show_dry_run([leave()], context={"params": {}})


def beginning_with(words: str, log: str) -> str:
    return log[log.index(words) :]
