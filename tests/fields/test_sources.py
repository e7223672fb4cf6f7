"""A source that COR does not document is doubted, with the documented one that it resembles."""

from __future__ import annotations

import pytest

from cor_provider.fields.sources import KNOWN_SOURCES, doubt


@pytest.mark.parametrize("source", KNOWN_SOURCES)
def test_a_documented_source_is_not_doubted(source: str) -> None:
    assert doubt(source) is None


@pytest.mark.parametrize(
    ("source", "meant"), [("globant", "GLOBANT"), ("Sales force", "SALESFORCE"), ("MS_DYNAMICS", "MICROSOFT_DYNAMICS")]
)
def test_a_similar_one_is_named(source: str, meant: str) -> None:
    assert doubt(source) == f"COR does not document the source {source}: did you mean {meant}?"


def test_otherwise_all_are_named() -> None:
    assert doubt("BAMBOOHR") == (f"COR does not document the source BAMBOOHR: it documents {', '.join(KNOWN_SOURCES)}.")
