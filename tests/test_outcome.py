"""Outcomes and their counts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cor_provider.outcome import LeaveOutcome, Status, UserOutcome, add_up, is_complete, returned_counts

STATUSES = ("created", "updated", "existing", "rejected", "failed", "not_sent")


def counts(**some: int) -> dict[str, Any]:
    """Return the counts of a push, as the operator returns them."""
    return {"received": sum(some.values()), **dict.fromkeys(STATUSES, 0), **some, "report": "file:///report.jsonl"}


def test_every_status_is_added_up() -> None:
    total = add_up([counts(created=3, rejected=1), counts(created=2, existing=5), counts(failed=1, not_sent=7)])
    assert total == {
        "received": 19,
        "created": 5,
        "updated": 0,
        "existing": 5,
        "rejected": 1,
        "failed": 1,
        "not_sent": 7,
    }


def test_a_push_without_a_report_is_added_up_too() -> None:
    assert add_up([{**counts(created=1), "report": None}])["created"] == 1


@pytest.mark.parametrize("pushes", [[], None], ids=["an empty list", "what Airflow hands over if no push began"])
def test_without_counts_nothing_was_received(pushes: list[dict[str, Any]] | None) -> None:
    assert returned_counts(pushes) == []
    assert add_up(pushes)["received"] == 0


def test_the_counts_of_each_push_are_kept_apart() -> None:
    pushes = [counts(created=1), counts(failed=1)]
    assert returned_counts(iter(pushes)) == pushes


def test_what_airflow_puts_in_the_place_of_missing_counts_is_left_out() -> None:
    assert returned_counts(cast("Any", [None, {"created": 2}, object()])) == [{"created": 2}]
    assert add_up(cast("Any", [object(), {"created": 2}])) == {"created": 2}


@pytest.mark.parametrize(
    ("some", "expected"),
    [
        pytest.param({}, True, id="nothing received"),
        pytest.param({"created": 1, "updated": 1, "existing": 1}, True, id="all in COR"),
        pytest.param({"created": 9, "failed": 1}, False, id="one failed"),
        pytest.param({"created": 9, "not_sent": 1}, False, id="one not sent"),
        pytest.param({"created": 9, "rejected": 2}, True, id="as many rejected as tolerated"),
        pytest.param({"created": 9, "rejected": 3}, False, id="more rejected than tolerated"),
    ],
)
def test_pushes_are_complete_once_nothing_is_left_to_do(some: dict[str, int], expected: bool) -> None:
    assert is_complete(counts(**some), max_rejected=2) is expected


def test_rejections_are_not_tolerated_unless_asked_for() -> None:
    assert not is_complete(counts(rejected=1))
    assert not is_complete(add_up([counts(created=1), counts(rejected=1)]))


texts = st.none() | st.text()


@given(
    st.builds(
        LeaveOutcome,
        texts,
        st.sampled_from(get_args(Status)),
        cor_id=st.none() | st.integers(),
        cor_user_id=st.none() | st.integers(),
        error=texts,
        message=texts,
        attempts=st.integers(0, 99),
        position=st.none() | st.integers(1),
        unknown_id=texts,
    )
    | st.builds(LeaveOutcome, texts, st.sampled_from(get_args(Status)), cor_id=st.none() | st.integers())
)
@example(LeaveOutcome('a"\\ñ\x7f\u2028', "created"))
@example(LeaveOutcome("L-1", "failed", error="\ud800"))
def test_the_line_of_a_report_is_the_json_of_its_row(outcome: LeaveOutcome) -> None:
    line = json.dumps(outcome.to_row(), ensure_ascii=False).encode("utf-8", "backslashreplace")
    assert outcome.line == line + b"\n"


def test_an_unchanged_leave_has_the_outcome_of_any_other() -> None:
    quick, slow = LeaveOutcome.unchanged("L1", 3), LeaveOutcome("L1", "unchanged", position=3)
    assert quick == slow
    assert repr(quick) == repr(slow)
    assert quick.to_row() == slow.to_row()
    assert replace(quick, attempts=1) == replace(slow, attempts=1)


def test_a_row_gives_back_its_outcome() -> None:
    outcome = LeaveOutcome("L1", "created", cor_id=12345, cor_user_id=678, attempts=1, position=3, unknown_id="x")
    again = LeaveOutcome.from_row(outcome.to_row())
    assert again.to_row() == outcome.to_row()


def test_a_row_of_an_earlier_version_has_no_id_of_cors_user() -> None:
    row = LeaveOutcome("L1", "created", cor_id=12345, position=3).to_row()
    del row["cor_user_id"]
    assert LeaveOutcome.from_row(row).cor_user_id is None


def test_ids_of_people_are_not_shown_in_logs() -> None:
    assert "678" not in repr(LeaveOutcome("L1", "created", cor_id=12345, cor_user_id=678, unknown_id="678"))


def test_an_outcome_of_a_user_shows_no_id_but_its_row_has_them() -> None:
    outcome = UserOutcome("PERSON-4711", "created", cor_id=12345, attempts=1, position=7)
    assert repr(outcome) == "UserOutcome(status='created', error=None, message=None, attempts=1, position=7)"
    assert (outcome.user_id, outcome.to_row()["id"], outcome.to_row()["cor_id"]) == (
        "PERSON-4711",
        "PERSON-4711",
        12345,
    )


def test_a_row_gives_the_outcome_that_it_is_of() -> None:
    outcome = UserOutcome("E-1", "rejected", error="InvalidRoleError", message="No.", attempts=1, position=7)
    assert UserOutcome.from_row(json.loads(outcome.line)) == outcome


def test_the_outcome_of_leave_is_made_by_its_external_leave_id() -> None:
    outcome = LeaveOutcome(leave_id="L1", status="created", cor_id=7)
    assert outcome == LeaveOutcome("L1", "created", 7)
    assert replace(outcome, position=2).leave_id == "L1"
