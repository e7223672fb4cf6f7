"""The state of one run of an operator."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.task.files import TaskFiles
from cor_provider.task.recorder import OutcomeRecorder


@dataclass(kw_only=True)
class Run:
    """
    The hook, files and recorder of one run.

    Airflow and its users copy operators. A run cannot be copied: the copy of an operator has none.
    """

    hook: CorIntegrationsHook
    files: TaskFiles
    recorder: OutcomeRecorder
    stopping: threading.Event
    input_uris: list[str]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()
