"""Records, text and sequences of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cor_provider.leave import LeaveRequest
from input_files import ids
from support import leave


@pytest.mark.parametrize(
    ("leave_requests", "expected"),
    [
        (leave(), ["L1"]),
        (LeaveRequest.model_validate(leave()), ["L1"]),
        ([leave(), leave("L2")], ["L1", "L2"]),
        ((leave(), LeaveRequest.model_validate(leave("L2"))), ["L1", "L2"]),
        ((leave(leave_id) for leave_id in "abc"), ["a", "b", "c"]),
        ([[leave()], [], [leave("L2"), leave("L3")]], ["L1", "L2", "L3"]),  # what a mapped upstream returned
        (json.dumps(leave()), ["L1"]),
        (" \n" + json.dumps([leave(), leave("L2")]), ["L1", "L2"]),
        ([json.dumps([leave()]), json.dumps(leave("L2"))], ["L1", "L2"]),
    ],
)
def test_records_are_read_from(leave_requests: object, expected: list[str]) -> None:
    assert ids(leave_requests) == expected


@pytest.mark.parametrize("leave_requests", [None, [], (), {}.values(), "", "  ", "[]", "None", iter([])])
def test_nothing_is_no_leave_requests(leave_requests: object) -> None:
    assert ids(leave_requests) == []


class LazyXComSequence(list[Any]):
    """As Airflow 3's: each element costs a request, while a slice costs one for all."""

    def __iter__(self) -> Any:
        raise AssertionError("asked for one element after another")


def test_a_lazy_xcom_sequence_is_read_in_one_slice() -> None:
    assert ids(LazyXComSequence([leave(), [leave("L2")]])) == ["L1", "L2"]
