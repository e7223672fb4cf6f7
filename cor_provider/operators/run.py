"""What belongs to one run of an operator, and not to the operator."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.task.files import TaskFiles
from cor_provider.task.recorder import Account


@dataclass(kw_only=True)
class Run:
    """
    The state of one run: what it sends by, what it reads and writes, and its account.

    Airflow copies operators, and so do others. A run can be in one place alone, so that a copy of the operator that has
    it has none.
    """

    hook: CorIntegrationsHook
    files: TaskFiles
    account: Account
    stopping: threading.Event
    input_uris: list[str]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()
