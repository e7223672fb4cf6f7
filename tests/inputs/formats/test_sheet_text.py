"""Text that the XML of a spreadsheet cannot hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.inputs.formats.sheet_text import escape, unescape

texts = st.text(alphabet=st.characters(codec=None)) | st.text(alphabet="_x005Fa\1\r\n", max_size=12)


@pytest.mark.parametrize(
    ("text", "written"),
    [("L1", "L1"), ("a\1b", "a_x0001_b"), ("a\r\n", "a_x000D_\n"), ("_x0041_", "_x005F_x0041_"), ("_x", "_x")],
)
def test_text_is_written_as_excel_writes_it(text: str, written: str) -> None:
    assert escape(text) == written
    assert unescape(written) == text


@given(texts)
def test_all_text_is_read_as_it_was(text: str) -> None:
    assert unescape(escape(text)) == text


@given(texts)
def test_nothing_is_left_that_xml_cannot_hold(text: str) -> None:
    assert not re.search("[\0-\x08\x0b\x0c\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]", escape(text))
