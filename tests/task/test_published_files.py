"""The kinds of files that tasks publish."""

from __future__ import annotations

import logging

import pytest

from cor_provider.operators.leaves import (
    AuditLeavesOperator,
    CreateLeaveOperator,
    DeleteLeaveOperator,
    SyncLeavesOperator,
    UpdateLeaveOperator,
)
from cor_provider.task.published_files import PUBLISHED_FILES, log_files

OPERATORS = (CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator, SyncLeavesOperator, AuditLeavesOperator)


def test_each_file_is_named_by_a_parameter_that_airflow_renders() -> None:
    rendered = {name for operator in OPERATORS for name in operator.template_fields}
    assert {file.parameter for file in PUBLISHED_FILES.values()} <= rendered


def test_the_log_says_where_those_that_there_are_lie(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_files(logging.getLogger("task"), {"audit_page": "/a.html", "audit": "/a.jsonl", "other": "/b"})
    assert caplog.messages == ["Report: /a.jsonl", "Page of the report: /a.html"]
