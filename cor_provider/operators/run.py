"""The state of one run of an operator."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.task.files import TaskFiles
from cor_provider.task.later_try import LaterTry
from cor_provider.task.recorder import OutcomeRecorder


@dataclass(kw_only=True)
class Run:
    """
    The hook, files and recorder of one run, and the files that it has written, by their kind.

    Airflow and its users copy operators. A run cannot be copied: the copy of an operator has none.
    """

    hook: CorIntegrationsHook
    files: TaskFiles
    recorder: OutcomeRecorder
    stopping: threading.Event
    later_try: LaterTry
    input_uris: list[str]
    is_mapped: bool
    written: dict[str, str] = field(default_factory=dict)

    @cached_property  # one that cannot be read is not asked for again
    def source(self) -> str | None:
        """COR's ``metadata.source``; None if the Connection or the task has none."""
        with suppress(Exception):  # whatever keeps a Connection from being read, the task has told it
            return self.hook.check_source()
        return None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()
