"""Where Airflow's REST API has a task instance; what it says of one is tested in a real Airflow, by `test_app.py`."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from httpx import URL

from cor_provider.ui.published import TaskKey
from cor_provider.ui.task_instance import path_of


@pytest.mark.parametrize("name", ["leave", ".", "..", "a/b", "../../dags", "a?b", "a#b", "%2F", "a b", "ñ"])
def test_each_name_is_one_part_of_the_path(name: str) -> None:
    sent = URL("http://localhost").join(path_of(TaskKey(name, name, name, -1))).raw_path.decode()
    parts = [unquote(part) for part in sent.split("/")]
    assert parts == ["", "api", "v2", "dags", name, "dagRuns", name, "taskInstances", name]
