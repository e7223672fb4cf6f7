"""CreateLeaveOperator as Airflow runs it: templates, upstream outputs and mapping, and what Airflow keeps of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.utils.session import create_session

from cor_provider.sandbox import Sandbox


@pytest.fixture
def rendered(
    airflow_db: None, connect: Callable[..., None], load_dag: Callable[[str], Any]
) -> dict[tuple[str, int], Any]:
    """Run the DAG, and return what Airflow keeps of the rendered leave requests, by task and map index."""
    connect()
    assert load_dag("create_leave").test().state == "success"
    with create_session() as session:
        return {
            (row.task_id, row.map_index): row.rendered_fields["leave_requests"]
            for row in session.query(RenderedTaskInstanceFields)
            if "leave_requests" in row.rendered_fields
        }


def test_every_form_that_airflow_hands_over_is_created_and_none_is_shown(
    rendered: dict[tuple[str, int], Any], sandbox: Sandbox
) -> None:
    assert {leave.external_id for leave in sandbox.leaves} == {
        *("create_leave-one", "several-2", "several-3", "json", "upstream-1", "upstream-2"),
        *("lazy-1", "lazy-2", "lazy-3", "mapped-1", "mapped-2", "over-1", "over-2"),
    }
    hidden = "<leave requests are not shown>"
    assert rendered.pop(("none", -1)) is None
    assert rendered == dict.fromkeys(
        [
            *(("one", -1), ("several", -1), ("json", -1), ("upstream", -1), ("mapped_upstream", -1)),
            *(("mapped", 0), ("mapped", 1), ("mapped_over_upstream", 0), ("mapped_over_upstream", 1)),
        ],
        hidden,
    )
