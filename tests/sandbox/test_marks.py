"""The marks: what is documented, what is assumed, and in which words."""

from __future__ import annotations

import pytest

from cor_provider.sandbox.marks import assumed, details, documented, recorded

REUSE = "A deleted external id can be used again."


def test_an_assumption_is_found_by_a_few_of_its_words() -> None:
    assert assumed("A deleted external id") == {"x-cor-source": "assumed", "x-cor-assumptions": [REUSE]}
    assert details("A deleted external id") == {"x-cor-assumptions": [REUSE]}


def test_what_is_documented_has_its_page_and_what_the_page_leaves_open() -> None:
    page = {"x-cor-source": "documented", "x-cor-page": "https://example.com/leave"}

    assert documented("https://example.com/leave") == page
    assert documented("https://example.com/leave", "A deleted external id") == {**page, "x-cor-assumptions": [REUSE]}


def test_what_is_recorded_has_the_calls_that_show_it() -> None:
    assert recorded("create", "update") == {"x-cor-source": "recorded", "x-cor-calls": ["create", "update"]}


@pytest.mark.parametrize("words", ["Pigs can fly", "Main API"])
def test_words_of_no_assumption_or_of_several_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match=f"'{words}' must be in one assumption"):
        details(words)
