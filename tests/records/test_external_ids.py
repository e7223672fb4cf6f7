"""The external id of a record."""

from __future__ import annotations

import pytest

from cor_provider.exceptions import CorValidationError
from cor_provider.records.external_ids import UnreadableRecord, external_id_of, read_external_id


def test_an_id_is_read_as_text_and_named_if_it_is_none() -> None:
    assert read_external_id("user_id", 7.0) == "7"
    with pytest.raises(CorValidationError, match="user_id: is missing"):
        read_external_id("user_id", None)


@pytest.mark.parametrize(("record", "found"), [({"id": 7}, "7"), ({}, None), ({"id": ["7"]}, None), ("7", None)])
def test_the_id_of_a_record_is_found_if_it_is_readable(record: object, found: str | None) -> None:
    assert external_id_of(record) == found


def test_an_unreadable_record_does_not_show_its_id() -> None:
    assert "4711" not in repr(UnreadableRecord("PERSON-4711", CorValidationError()))
