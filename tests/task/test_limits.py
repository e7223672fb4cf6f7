"""The limits of a task: what is read of a template's text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cor_provider.task.limits import read_count, read_flag, read_fraction


@pytest.mark.parametrize(("value", "expected"), [(10, 10), ("10", 10), (" 0 ", 0), (None, None), ("None", None)])
def test_a_count_may_be_text(value: object, expected: int | None) -> None:
    assert read_count("max_rejected", value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.2, 0.2), ("0.2", 0.2), (1, 1.0), ("1", 1.0), (".5", 0.5), (None, None), ("None", None)]
)
def test_a_fraction_may_be_text(value: object, expected: float | None) -> None:
    assert read_fraction("max_rejected_fraction", value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("true", True), ("False", False), (" TRUE ", True), (None, False)]
)
def test_a_flag_may_be_text(value: object, expected: bool) -> None:
    assert read_flag("allow_empty", value) is expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        *((read_count, value) for value in (-1, "-1", "10%", "", "1.5", 1.0, True, "\u0661", "1_0", [1])),
        *((read_fraction, value) for value in (-0.1, 1.1, "1.1", "20%", "", "nan", float("nan"), True, "inf", [0])),
        *((read_flag, value) for value in ("yes", "", 1, "1", [True])),
    ],
)
def test_anything_else_is_an_error_that_names_the_parameter(read: Callable[..., object], value: object) -> None:
    with pytest.raises(ValueError, match=r"^some_limit: expected .*; got "):
        read("some_limit", value)
