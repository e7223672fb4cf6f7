"""What an extract keeps for the next one, in real runs of a DAG."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import pytest

from cor_provider._compat import AirflowFailException, Asset, Context
from cor_provider.extract.watermark import Watermark

Run = Callable[..., Any]

NOTHING = {"since": "", "of_hr": "", "of_another": "", "rejected": 0, "as_before": ""}
"""Parameters, given to each run: a DAG under test keeps those of the last one."""


@pytest.fixture(scope="module")
def run(load_dag: Callable[[str], Any], airflow_db: None) -> Run:
    """Return a function that runs a DAG, and returns from where that run read."""
    dag = load_dag("watermark")

    def run(**new: Any) -> Any:
        dag_run = dag.test(run_conf=NOTHING | new)
        assert dag_run.state == "success"
        return dag_run.get_task_instance("extract").xcom_pull(task_ids="extract")[0]["since"]

    return run


def test_a_run_reads_from_where_the_last_one_ended_for_the_same_asset(run: Run) -> None:
    assert run(of_hr="2026-05-11 09:00:00+00") is None
    assert run(of_hr="2026-05-12 09:00:00+00") == "2026-05-11 09:00:00+00"
    assert run(of_another="7") == "2026-05-12 09:00:00+00"
    assert run() == "2026-05-12 09:00:00+00"


def test_while_cor_refuses_something_the_next_run_reads_the_same_again(run: Run) -> None:
    before = run()
    assert run(of_hr="after", rejected=1) == before
    assert run(of_hr="after", rejected=0) == before
    assert run() == "after"


@pytest.mark.parametrize("since", ["earlier", "later"])
def test_a_run_that_begins_elsewhere_leaves_the_watermark_where_it_is(run: Run, since: str) -> None:
    run(of_hr="refused", rejected=1)
    watermark = run()
    assert run(since=since, of_hr="far beyond") == since
    assert run() == watermark


def test_the_skip_says_for_how_many_runs_in_a_row_cor_has_refused_something(
    run: Run, caplog: pytest.LogCaptureFixture, logged: Callable[[], str]
) -> None:
    def told(**new: Any) -> list[str]:
        caplog.clear()
        run(**new)
        return re.findall(r"Refused for the (\w+) run in a row", logged())[:1]

    run(of_hr="taken")
    assert [told(of_hr="refused", rejected=1) for _ in range(4)] == [["1st"], ["2nd"], ["3rd"], ["4th"]]
    run(since="elsewhere", of_hr="refused", rejected=1)
    assert told(of_hr="refused", rejected=1) == ["5th"]
    assert told(of_hr="taken") == []
    assert told(of_hr="refused", rejected=1) == ["1st"]


@pytest.mark.parametrize("missing", [None, object()])  # as Airflow hands over the result of a task that has none
def test_a_push_without_counts_fails_and_leaves_the_watermark_where_it_is(missing: Any) -> None:
    class Store(dict[str, str]):
        set = dict.__setitem__

    class Stores:
        def __getitem__(self, asset: Asset) -> Store:
            return store

    store = Store(watermark="before", watermark_hr="before")
    watermark = Watermark(Asset("hr"), cast("Context", {"asset_state_store": Stores(), "var": {"value": store}}))
    reading = watermark.begin(None, until="after")
    with pytest.raises(AirflowFailException, match="returned no counts, so the watermark stays"):
        watermark.advance(reading, [{"received": 1, "created": 1}, missing])
    assert watermark.get() == "before"


def test_a_watermark_of_an_earlier_version_is_read(run: Run) -> None:
    run(as_before="as before")
    assert run() == "as before"


@pytest.mark.since_airflow("3.3")
def test_the_error_says_to_name_the_asset_in_the_task() -> None:
    with pytest.raises(ValueError, match="needs this asset in the inlets or outlets"):
        Watermark(Asset("hr"), cast("Context", {}))
