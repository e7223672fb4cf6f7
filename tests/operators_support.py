"""What the tests of the operators share: operators that run against the sandbox, and what they return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from cor_provider._compat import Context
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.sandbox import Sandbox
from support import Connect, leave
from sync_support import TaskInstance

Create = Callable[..., dict[str, Any]]
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def create(connect: Connect, task_instance: TaskInstance) -> Create:
    """Run a `CreateLeaveOperator` on leave requests."""
    connect()

    def execute(leave_requests: Any, **parameters: Any) -> dict[str, Any]:
        operator = CreateLeaveOperator(task_id="push", leave_requests=leave_requests, **parameters)
        return operator.execute(cast("Context", {"ti": task_instance}))

    return execute


@pytest.fixture
def run(create: Create, task_instance: TaskInstance, sandbox: Sandbox) -> Run:
    """Run any of the operators; those that need leave in COR find `L1` and `L2` there."""

    def execute(operator_class: type[LeaveOperator], leave_requests: Any, **parameters: Any) -> dict[str, Any]:
        if operator_class is not CreateLeaveOperator:
            create([leave(), leave("L2")])
            task_instance.xcoms.clear()
        operator = operator_class(task_id="push", leave_requests=leave_requests, **parameters)
        return operator.execute(cast("Context", {"ti": task_instance}))

    return execute


def counts(**some: Any) -> dict[str, Any]:
    zero = dict.fromkeys(("received", "created", "updated", "existing", "rejected", "failed", "not_sent"), 0)
    return {**zero, "report": None, **some}
