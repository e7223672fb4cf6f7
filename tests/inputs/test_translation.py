"""Columns and values of HR, and what becomes of them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from cor_provider.exceptions import CorConfigurationError, CorValidationError
from cor_provider.inputs.translation import Translation
from cor_provider.leave import read_external_id

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


def test_a_blank_key_gives_the_value_of_a_field_that_no_record_has() -> None:
    translation = Translation(values={"all_day": {"": True}, "leave_type_id": {"": "vacation"}})
    assert translation.translate({"id": "L1"}) == {"id": "L1", "leave_type_id": "vacation", "all_day": True}
    assert translation.missing(["id", "user_id", "start", "end"]) == []


def test_a_column_that_is_named_must_be_there_even_if_gaps_have_a_value() -> None:
    translation = Translation({"leave_type_id": "Kind"}, {"leave_type_id": {"": "vacation"}})
    assert translation.missing(["id", "user_id", "start", "end"]) == ['leave_type_id (column "Kind")']


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


def test_what_is_no_mapping_is_an_error_that_shows_one_as_json() -> None:
    with pytest.raises(CorConfigurationError) as raised:
        Translation(columns="user_id=Employee")
    example = str(raised.value).partition("such as ")[2].removesuffix(", not str.")
    assert Translation(columns=example).columns == {"id": "Request No", "user_id": "Employee"}


def test_python_in_place_of_json_is_an_error_that_says_how_a_template_renders_json() -> None:
    with pytest.raises(CorConfigurationError, match=r"^columns: this text is not JSON, such as \{.* \| tojson"):
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


def test_a_number_too_long_for_an_id_has_no_key() -> None:
    values = {"leave_type_id": {"*": "other"}}
    assert Translation(values=values).translate({"leave_type_id": 10**8000}) == {"leave_type_id": 10**8000}


@pytest.mark.parametrize("value", [True, np.True_])
@pytest.mark.parametrize("key", ["true", "True", "TRUE", True])
def test_a_boolean_has_one_key_however_it_is_written(key: object, value: object) -> None:
    assert Translation(values={"all_day": {key: "no"}}).translate({"all_day": value}) == {"all_day": "no"}


def test_a_boolean_is_one_of_the_others() -> None:
    assert Translation(values={"all_day": {"true": "no", "*": "yes"}}).translate({"all_day": False}) == {
        "all_day": "yes"
    }


class TestDateFormat:
    def test_dates_of_that_form_are_read(self) -> None:
        translated = Translation(date_format="%d/%m/%Y").translate({"start": "11/05/2026", "end": "2026-05-12"})
        assert translated == {"start": date(2026, 5, 11), "end": "2026-05-12"}

    def test_no_other_field_is_taken_for_a_date(self) -> None:
        assert Translation(date_format="%d/%m/%Y").translate({"id": "11/05/2026"}) == {"id": "11/05/2026"}

    @pytest.mark.parametrize("value", ["%d/%m", "%Q", "soon", 5])
    def test_one_that_says_no_day_is_an_error(self, value: object) -> None:
        with pytest.raises(CorConfigurationError, match=r"^date_format: "):
            Translation(date_format=value)


class TestIdOfSeveralColumns:
    TRANSLATION = Translation({"id": ["Employee", "From"], "start": "From"}, date_format="%d/%m/%Y")

    @pytest.mark.parametrize("first", ["11/05/2026", "2026-05-11 ", date(2026, 5, 11)])
    @pytest.mark.parametrize("employee", [7, 7.0, "7 "])
    def test_is_the_same_however_its_parts_are_written(self, employee: object, first: object) -> None:
        assert self.TRANSLATION.translate({"Employee": employee, "From": first})["id"] == "7|2026-05-11"

    @pytest.mark.parametrize("record", [{"Employee": None, "From": "11/05/2026"}, {"From": "11/05/2026"}])
    def test_is_missing_if_a_part_is(self, record: dict[str, Any]) -> None:
        assert self.TRANSLATION.translate(record)["id"] is None

    def test_is_refused_if_a_part_is_not_exact(self) -> None:
        with pytest.raises(CorValidationError, match="may have lost digits"):
            read_external_id("id", self.TRANSLATION.translate({"Employee": 2.0**60, "From": "11/05/2026"})["id"])

    def test_needs_all_of_its_columns(self) -> None:
        columns = ["Employee", "From", "user_id", "leave_type_id", "end"]
        assert self.TRANSLATION.missing(columns) == []
        assert self.TRANSLATION.used(columns) == columns
        assert self.TRANSLATION.missing(columns[1:]) == ['id (column "Employee + From")']
        assert self.TRANSLATION.missing_columns(columns[1:]) == ["Employee"]

    @pytest.mark.parametrize("columns", [{"user_id": ["Employee"]}, {"id": []}, {"id": ""}, {"start": ["From"]}])
    def test_only_an_id_has_several_columns(self, columns: object) -> None:
        with pytest.raises(CorConfigurationError, match=r"^columns: \w+: expected the name of a column"):
            Translation(columns)


@pytest.mark.parametrize("value", [12, 12.0, np.float32(12), np.int64(12), Decimal("12.0"), " 12 "])
def test_a_whole_number_has_one_key_whatever_its_type(value: Any) -> None:
    translation = Translation(values={"leave_type_id": {"12": "vacation"}})
    assert translation.translate({"leave_type_id": value}) == {"leave_type_id": "vacation"}


@pytest.mark.parametrize("key", ["100000000000000000", "*"])
def test_a_number_that_may_have_lost_digits_has_no_key(key: str) -> None:
    translation = Translation(values={"leave_type_id": {key: "vacation"}})
    assert translation.translate({"leave_type_id": 1e17}) == {"leave_type_id": 1e17}
