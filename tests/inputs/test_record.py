"""Records of files."""

from __future__ import annotations

from cor_provider.inputs.record import Record


def test_a_record_shows_no_values() -> None:
    assert repr(Record({"id": "L1", "user_id": "E-7"}, "line 2")) == "Record('line 2')"
