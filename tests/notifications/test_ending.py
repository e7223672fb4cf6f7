"""How a task ended, from what Airflow hands to its callback."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from cor_provider._compat import Context
from cor_provider.exceptions import CorAuthenticationError, CorLeavesRejectedError, CorPushIncompleteError
from cor_provider.notifications.ending import Ending, read_ending

REJECTED = {"status": "rejected", "error": "UserNotFoundError", "count": 1, "example": "L-7", "advice": "advice."}
FAILED = {**REJECTED, "status": "failed", "error": "ServerError"}
MISSING = {**REJECTED, "status": "unchanged", "error": "LeaveNotFoundError"}


class TaskInstance(SimpleNamespace):
    """What a callback is given; `xcoms` may hold an error that reading them raises."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(
            **{"dag_id": "hr_to_cor", "task_id": "push", "map_index": -1, "state": "failed", "xcoms": {}, **fields}
        )

    def xcom_pull(self, *, task_ids: str, key: str, map_indexes: int, default: Any) -> Any:
        assert (task_ids, map_indexes) == (self.task_id, self.map_index)
        if isinstance(self.xcoms, Exception):
            raise self.xcoms
        return self.xcoms.get(key, default)


def ending(exception: object = None, **fields: Any) -> Ending:
    return read_ending(cast("Context", {"ti": TaskInstance(**fields), "exception": exception}))


def summary(*causes: dict[str, Any], **counts: int) -> dict[str, Any]:
    return {"summary": {"received": 3, **counts, "source": "GLOBANT", "causes": [*causes]}}


def test_it_has_the_counts_and_the_causes_of_the_summary() -> None:
    known = ending(CorLeavesRejectedError(), xcoms=summary(REJECTED, created=2, rejected=1))
    assert known.counts == {"received": 3, "created": 2, "rejected": 1}
    assert known.causes == [REJECTED]
    assert known.error is None
    assert known.kinds == {"rejected UserNotFoundError"}


def test_rejections_and_failures_are_problems_and_missing_leave_is_none() -> None:
    assert ending(CorPushIncompleteError(), xcoms=summary(REJECTED, FAILED, MISSING)).kinds == {
        "rejected UserNotFoundError",
        "failed ServerError",
    }


def test_what_stopped_the_task_counts_alone() -> None:
    stopped = ending(CorAuthenticationError("Put a token in."), xcoms=summary(REJECTED))
    assert stopped.kinds == {"task AuthenticationError"}
    assert stopped.message == "Put a token in."


def test_a_push_that_was_stopped_without_a_failure_is_a_problem() -> None:
    assert ending(CorPushIncompleteError("Stopped."), xcoms=summary(not_sent=3)).kinds == {"task PushIncompleteError"}


def test_an_error_of_others_is_not_quoted() -> None:
    other = ending(ValueError("Ada is ill"))
    assert other.error == "ValueError"
    assert "Ada" not in other.message


@pytest.mark.parametrize("exception", [None, "Detected zombie job"])
def test_a_task_whose_process_was_killed_has_no_result(exception: str | None) -> None:
    assert ending(exception, state=None).kinds == {"task NoResult"}


def test_a_success_without_a_summary_is_fine() -> None:
    assert ending(state="success").kinds == frozenset()


@pytest.mark.parametrize("other", ["text", 4711, ["a"]])
def test_another_tasks_xcom_of_the_same_name_is_ignored(other: Any) -> None:
    assert ending(state="success", xcoms={"summary": other, "files": other}) == Ending("push of hr_to_cor", causes=[])


def test_another_tasks_summary_of_another_form_is_ignored() -> None:
    xcoms = {"summary": {"received": "many", "causes": "weather"}}
    assert ending(state="success", xcoms=xcoms) == Ending("push of hr_to_cor", causes=[])


def test_xcoms_that_cannot_be_read_do_not_silence_an_error() -> None:
    assert ending(CorLeavesRejectedError(), xcoms=RuntimeError("no database")).kinds == {"task LeavesRejectedError"}


def test_it_links_to_the_log_and_to_cor() -> None:
    linked = ending(log_url="http://airflow/log", xcoms={**summary(), "cor_url": "https://app.projectcor.com"})
    assert linked.links == {"Log": "http://airflow/log", "COR": "https://app.projectcor.com"}
    assert ending(xcoms={"cor_url": ""}).links == {}


def test_it_names_the_mapped_task() -> None:
    assert ending(map_index=3).task == "push[3] of hr_to_cor"
