"""The next try of a task, which may have ended before this one."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from cor_provider.exceptions import CorPushIncompleteError
from cor_provider.task.later_try import LaterTry

STOPPED = threading.Event()
STOPPED.set()


def task_instance(xcoms: dict[tuple[str, int, str], Any]) -> Any:
    def xcom_pull(*, task_ids: str, key: str, map_indexes: int) -> Any:
        return xcoms.get((task_ids, map_indexes, key))

    return SimpleNamespace(task_id="push", map_index=3, xcom_pull=xcom_pull)


PUBLISHED = task_instance({("push", 3, "summary"): {"created": 0}})


def test_a_try_that_has_published_has_ended() -> None:
    later = LaterTry(PUBLISHED, STOPPED)
    assert later.has_ended()
    with pytest.raises(CorPushIncompleteError, match="another try of this task has ended"):
        later.check()


def test_airflow_is_asked_only_by_a_try_that_is_stopped() -> None:
    assert not LaterTry(PUBLISHED, threading.Event()).has_ended()


@pytest.mark.parametrize(
    "ti",
    [
        pytest.param(task_instance({}), id="nothing is published"),
        pytest.param(task_instance({("push", 2, "summary"): {}}), id="another mapped task has published"),
        pytest.param(SimpleNamespace(task_id="push", map_index=3), id="Airflow does not answer"),
        pytest.param(None, id="outside a task"),
    ],
)
def test_otherwise_there_is_none(ti: Any) -> None:
    later = LaterTry(ti, STOPPED)
    assert not later.has_ended()
    later.check()
