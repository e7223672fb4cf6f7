"""Whether Airflow has given a task up and run it again, while this try of it went on."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from cor_provider.exceptions import CorPushIncompleteError

SUMMARY = "summary"
"""The XCom with which a try says what became of the leave."""


class LaterTry:
    """
    The next try of the same task, if there is one already.

    Airflow takes a try for dead whose worker was frozen or cut off for a while. When the worker comes back, the next
    try may have ended. The try that was taken for dead is then stopped, and must not replace what the next one says.

    :param task_instance: Airflow's; None outside a task.
    :param stopping: is set once this try is to stop. Before that, Airflow is not asked.
    """

    def __init__(self, task_instance: Any, stopping: threading.Event) -> None:
        self._task_instance = task_instance
        self._stopping = stopping

    def has_ended(self) -> bool:
        """
        Return whether it has said what became of the leave.

        When a try starts, Airflow deletes the XComs of those before it. So what is there is not of an earlier try. If
        Airflow does not answer, the answer is no: an account too many is better than none.
        """
        if not self._stopping.is_set():
            return False
        with suppress(Exception):
            ti = self._task_instance
            published = ti.xcom_pull(task_ids=ti.task_id, key=SUMMARY, map_indexes=ti.map_index)
            return published is not None
        return False

    def check(self) -> None:
        """
        Make sure that it has not ended. Call it before a file is replaced.

        :raises CorPushIncompleteError: if it has.
        """
        if self.has_ended():
            raise CorPushIncompleteError(
                "another try of this task has ended in the meantime. Its report and its counts stay as they are."
            )
