"""Remember what is wrong with a task's leave, from one run to the next."""

from __future__ import annotations

import json
import logging
from hashlib import blake2b
from typing import Any

from cor_provider._compat import Context, Variable

PREFIX = "cor_notice"
LONGEST_PART = 90
"""Characters of the ids of the DAG and the task in a name; Airflow's database takes 250 in all."""

_log = logging.getLogger(__name__)


class Memory:
    """
    What was wrong when a notice was last sent.

    It is an Airflow Variable, since no other store that all versions of Airflow have outlives a run. It holds names of
    errors, no ids. Nothing is stored while nothing is wrong.

    :param context: the context of the task's callback.
    """

    def __init__(self, context: Context) -> None:
        self.name = name_of(context["ti"])
        self._variables: Any = context["var"]["value"]

    def get(self) -> frozenset[str] | None:
        """Return what was wrong; None if that cannot be known."""
        try:
            return frozenset(json.loads(self._variables.get(self.name, None) or "[]"))
        except Exception as error:  # noqa: BLE001  # each secrets backend raises its own
            _log.warning("The Variable %s cannot be read, so a notice may come again: %s", self.name, error)
            return None

    def set(self, kinds: frozenset[str]) -> None:
        """Store what is wrong."""
        try:
            if kinds:
                Variable.set(self.name, json.dumps(sorted(kinds)))
            else:
                Variable.delete(self.name)
        except Exception as error:  # noqa: BLE001  # likewise
            _log.warning("The Variable %s cannot be written, so a notice may come again: %s", self.name, error)


def name_of(task_instance: Any) -> str:
    """Return the name of the Variable of a task, or of one of its mapped instances."""
    ids = task_instance.dag_id, task_instance.task_id, task_instance.map_index
    digest = blake2b(repr(ids).encode(), digest_size=4).hexdigest()  # the ids may hold dots, and be cut
    index = [str(ids[2])] if ids[2] >= 0 else []
    return ".".join([PREFIX, ids[0][:LONGEST_PART], ids[1][:LONGEST_PART], *index, digest])
