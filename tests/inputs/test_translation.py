"""Columns and values of HR, and what becomes of them."""

from __future__ import annotations

import json

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.translation import Translation

ROW = {"Request No": 7, "user_id": "E-7", "Type": "Sick"}


def test_a_field_is_read_from_the_column_that_is_named_for_it() -> None:
    assert Translation({"id": "Request No"}).translate(ROW) == {"id": 7, "user_id": "E-7"}


def test_a_field_that_has_a_column_is_not_read_from_its_own_name() -> None:
    assert Translation({"id": "Request No"}).translate({"id": "L1"}) == {}


def test_white_space_in_the_name_of_a_column_does_not_count() -> None:
    translation = Translation({"start": " First\n day"})
    assert translation.translate({"First day": 1}) == translation.translate({" First\n day": 1}) == {"start": 1}
    assert translation.used(["First day"]) == ["First day"]
    assert not any("start" in field for field in translation.missing(["First day"]))


def test_cors_own_names_are_read() -> None:
    assert Translation().translate({"userId": "E-7", "allDay": True}) == {"user_id": "E-7", "all_day": True}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Sick", "absence"), (" Sick ", "absence"), ("Annual", "other"), (5, "five"), (None, None), (" ", " ")],
)
def test_a_value_is_translated(value: object, expected: object) -> None:
    values = {"leave_type_id": {"Sick": "absence", "5": "five", "*": "other"}}
    assert Translation(values=values).translate({"leave_type_id": value}) == {"leave_type_id": expected}


def test_without_a_star_a_value_that_is_not_named_is_kept() -> None:
    translation = Translation(values={"leave_type_id": {"Sick": "absence"}})
    assert translation.translate({"leave_type_id": "Annual"}) == {"leave_type_id": "Annual"}


def test_a_gap_is_translated_only_by_a_blank_key() -> None:
    assert Translation(values={"all_day": {"": True, "*": False}}).translate({"all_day": None}) == {"all_day": True}


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("parameter", ["columns", "values"])
def test_an_unknown_field_is_an_error_that_lists_the_known_ones(parameter: str, as_text: bool) -> None:
    mapping = {"leave_id": "Request No" if parameter == "columns" else {}}
    with pytest.raises(
        CorConfigurationError, match=rf"^{parameter}: leave_id: no such field. The fields are id, user_id,"
    ):
        Translation(**{parameter: json.dumps(mapping) if as_text else mapping})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [["id"], "id", 5, "{"])
@pytest.mark.parametrize("parameter", ["columns", "values"])
def test_what_is_no_mapping_is_an_error(parameter: str, value: object) -> None:
    with pytest.raises(CorConfigurationError, match=f"^{parameter}: "):
        Translation(**{parameter: value})  # type: ignore[arg-type]


def test_of_two_names_of_a_field_the_one_with_a_value_counts() -> None:
    table_row = {"user_id": "", "userId": "E-7", "leave_type_id": None, "leaveTypeId": None}
    assert Translation().translate(table_row) == {"user_id": "E-7", "leave_type_id": None}


@pytest.mark.parametrize(("value", "expected"), [(5.0, "five"), (5, "five"), ("5", "five"), (5.5, 5.5)])
def test_a_whole_number_has_the_same_key_in_every_type(value: object, expected: object) -> None:
    values = {"leave_type_id": {"5": "five"}}
    assert Translation(values=values).translate({"leave_type_id": value}) == {"leave_type_id": expected}


@pytest.mark.parametrize("unset", [None, "", "None"])
def test_what_a_template_renders_for_nothing_is_nothing(unset: object) -> None:
    translation = Translation(unset, unset, unset)
    assert translation.translate(ROW) == Translation().translate(ROW)
    assert translation.date_format is None


def test_a_date_format_is_text() -> None:
    with pytest.raises(CorConfigurationError, match=r"^date_format: expected text such as %d/%m/%Y, not int"):
        Translation(date_format=5)


def test_python_in_place_of_json_is_an_error_that_says_how_a_template_renders_json() -> None:
    with pytest.raises(CorConfigurationError, match=r"^columns: this text is not JSON\. .* \| tojson"):
        Translation("{'id': 'Request No'}")


def test_the_columns_that_a_table_lacks_have_the_inputs_names() -> None:
    translation = Translation({"id": "Request No", "all_day": "Whole day"})
    assert translation.missing_columns(["user_id", "leaveTypeId", "start"]) == ["Request No", "end", "Whole day"]


def test_a_record_can_be_restored_from_its_fields() -> None:
    translation = Translation({"id": "Request No"}, {"leave_type_id": {"Sick": "absence", "*": "other"}})
    fields = {"id": "L1", "user_id": "u1", "leave_type_id": "absence"}
    record = translation.restore(fields)
    assert record == {"Request No": "L1", "user_id": "u1", "leave_type_id": "Sick"}
    assert translation.translate(record) == fields


def test_a_number_of_thousands_of_digits_has_no_key() -> None:
    values = {"leave_type_id": {"*": "other"}}
    assert Translation(values=values).translate({"leave_type_id": 10**5000}) == {"leave_type_id": 10**5000}
