"""Which addresses have the form of one."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from cor_provider.fields.email import read_email, same_address


@pytest.mark.parametrize(
    "address",
    ["ana@company.com", "Ana.Suarez+cor@mail.company.co.uk", "o'brien@company.com", "ána@compañía.es", "a@b.c"],
)
def test_an_address_stays_as_it_was_written(address: str) -> None:
    assert read_email(f" {address}\t") == address


@pytest.mark.parametrize(
    "text",
    [
        *("ana", "ana@", "@firm.com", "ana@company", "ana@@company.com", "ana@b@company.com", "ana@company..com"),
        *(
            "ana@.com",
            "ana@company.",
            "an a@company.com",
            "ana@comp any.com",
            "ana@company.com\nx",
            "ana@comp\0any.com",
        ),
        *("Ana <ana@company.com>", "ana@company.com, bo@company.com", "mailto", "ana\u200b@company.com"),
    ],
)
def test_what_has_another_form_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        read_email(text)
    assert text not in refused.value.message()


@pytest.mark.parametrize("value", [5, True, b"ana@company.com", ["ana@company.com"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="must be an e-mail address"):
        read_email(value)


@pytest.mark.parametrize("gap", [None, " ", float("nan")])
def test_a_gap_is_missing(gap: object) -> None:
    with pytest.raises(PydanticCustomError, match="is missing"):
        read_email(gap)


def test_addresses_that_differ_in_case_are_the_same() -> None:
    assert same_address("Ana@Company.com", "ana@company.COM ")
    assert not same_address("ana@company.com", "bo@company.com")
