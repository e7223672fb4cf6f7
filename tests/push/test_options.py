"""The options that every push takes."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from cor_provider.push.options import IfMissing, PushOptions, check_choice


def test_the_defaults_are_those_of_the_contract() -> None:
    options = PushOptions()
    assert (options.concurrency, options.max_attempts, options.max_wait) == (8, 8, 3600)
    assert not options.stopping.is_set()
    assert options.permit()


def test_each_push_has_its_own_event_to_stop_it() -> None:
    assert PushOptions().stopping is not PushOptions().stopping


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *product(("concurrency", "max_attempts"), (0, 1.5, "8", True, None)),
        *product(("max_wait",), (-1, float("nan"), "3600", True, None)),
    ],
)
def test_an_invalid_option_is_named(option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{option}: expected .*; got {value!r}"):
        PushOptions(**{option: value})


def test_the_least_of_each_is_allowed() -> None:
    options = PushOptions(concurrency=1, max_attempts=1, max_wait=0)
    assert (options.concurrency, options.max_attempts, options.max_wait) == (1, 1, 0)


def test_a_choice_is_one_of_a_literal() -> None:
    check_choice("if_missing", "skip", IfMissing)
    with pytest.raises(ValueError, match=r"^if_missing: expected one of skip, fail; got 'create'\.$"):
        check_choice("if_missing", "create", IfMissing)
