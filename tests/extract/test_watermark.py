"""What an extract keeps for the next one, in real runs of a DAG."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from cor_provider._compat import Asset, Context
from cor_provider.extract.watermark import Watermark

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def run(load_dag: Callable[[str], Any], airflow_db: None) -> Run:
    """Return a function that runs a DAG, and returns the watermark which that run found."""
    dag = load_dag("watermark")

    def run(**new: Any) -> Any:
        dag_run = dag.test(run_conf=new)
        assert dag_run.state == "success"
        return dag_run.get_task_instance("extract").xcom_pull(task_ids="extract")

    return run


def test_a_run_finds_what_the_last_one_set_for_the_same_asset(run: Run) -> None:
    assert run(of_hr="2026-05-11 09:00:00+00") is None
    assert run(of_hr="2026-05-12 09:00:00+00") == "2026-05-11 09:00:00+00"
    assert run(of_another="7") == "2026-05-12 09:00:00+00"
    assert run() == "2026-05-12 09:00:00+00"


def test_while_cor_refuses_something_the_next_run_reads_the_same_again(run: Run) -> None:
    run(of_hr="before", rejected=0)
    assert run(of_hr="after", rejected=1) == "before"
    assert run(rejected=0) == "before"


@pytest.mark.since_airflow("3.3")
def test_the_error_says_to_name_the_asset_in_the_task() -> None:
    with pytest.raises(ValueError, match="needs this asset in the inlets or outlets"):
        Watermark(Asset("hr"), cast("Context", {}))
