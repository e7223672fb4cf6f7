"""The summary that a task has published: what it holds, and what is taken for none."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from cor_provider.outcome import LeaveOutcome, Status
from cor_provider.results.published import PublishedSummary, read_published
from cor_provider.results.summary import Summary


def published(*outcomes: LeaveOutcome) -> PublishedSummary:
    summary = Summary()
    for outcome in outcomes:
        summary.add(outcome)
    xcom = json.loads(json.dumps(summary.to_dict(source="SAP")))
    read = read_published(xcom)
    assert read is not None
    assert read.model_dump(exclude_unset=True) == xcom
    return read


def test_it_is_the_summary() -> None:
    rejected = LeaveOutcome("L1", "rejected", error="UserNotFoundError", message="no such user")
    summary = published(rejected, LeaveOutcome("L2", "created"), LeaveOutcome("L3", "created"))
    assert summary.counts == {"received": 3, "created": 2, "rejected": 1}
    assert (summary.updated, summary.source, summary.causes[0].error) == (0, "SAP", "UserNotFoundError")


@pytest.mark.parametrize("status", get_args(Status))
def test_it_has_each_status(status: Status) -> None:
    assert published(LeaveOutcome("L1", status)).counts == {"received": 1, status: 1}


@pytest.mark.parametrize(
    "xcom",
    [None, "text", [], {}, {"received": "x", "causes": []}, {"received": 1}, {"received": 1, "causes": [{}]}],
)
def test_another_xcom_is_no_summary(xcom: object) -> None:
    assert read_published(xcom) is None
