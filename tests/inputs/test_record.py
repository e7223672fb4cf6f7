"""Records of files."""

from __future__ import annotations

from cor_provider.inputs.record import CORRECT, NAMELESS, Record


def test_a_record_shows_no_values() -> None:
    assert repr(Record({"id": "L1", "user_id": "E-7"}, "line 2")) == "Record('line 2')"


def test_a_record_with_a_problem_is_marked_where_a_person_corrects_it() -> None:
    assert Record({"id": "L1"}, "row 2").to_correct == {"id": "L1"}
    assert Record({"id": "#N/A"}, "row 2", "has an error").to_correct == {"id": "#N/A", NAMELESS: CORRECT}
    assert Record({NAMELESS: "L1;"}, "row 2", "is not JSON").to_correct == {NAMELESS: "L1;"}
