"""An input of no known form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from input_files import read_all


@pytest.mark.parametrize(
    ("leave_requests", "came"),
    [
        (5, "got int"),
        (b"[]", "got bytes"),
        (object(), "got object"),
        ("Ana is ill", "got text that is neither JSON nor a path with such an ending"),
        ("leave.docx", "got text that is neither JSON nor a path with such an ending"),
        (Path("leave.docx"), "got a path with another ending"),
    ],
)
def test_an_input_of_no_known_form_is_an_error_that_says_what_was_expected(leave_requests: object, came: str) -> None:
    with pytest.raises(CorConfigurationError, match=re.escape(came)) as refusal:
        read_all(leave_requests)
    assert refusal.value.message.startswith("leave_requests: ")
    assert "Ana" not in refusal.value.message
