"""Values that cannot be read, in rows that can."""

from __future__ import annotations

from cor_provider.inputs.unreadable import Unreadable, without_unreadable


def test_a_record_keeps_what_was_handed_in_and_names_the_first_column_that_cannot_be_read() -> None:
    fields = {"id": "L1", "start": Unreadable("an error", "#N/A"), "end": Unreadable("something else")}
    expected = {"id": "L1", "start": "#N/A", "end": None}
    assert without_unreadable(fields) == (expected, 'has an error in column "start"')
    assert without_unreadable(fields, {"id", "end"}) == (expected, 'has something else in column "end"')
    assert without_unreadable(fields, {"id"}) == (expected, None)


def test_its_text_is_what_was_handed_in_and_its_repr_shows_nothing() -> None:
    value = Unreadable("an error", "burnout")
    assert str(value) == "burnout"
    assert str(Unreadable("an error")) == ""
    assert "burnout" not in repr(value)
