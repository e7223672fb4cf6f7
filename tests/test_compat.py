"""What differs between the versions of Airflow."""

from __future__ import annotations

import pytest

from cor_provider import _compat
from cor_provider._compat import is_lazy, load_lazy, mask_secret


class LazyXComSequence(list[str]):
    """As Airflow's."""


class Rows(tuple[str, ...]):
    """A sequence of its own type."""

    __slots__ = ()


def test_a_lazy_sequence_of_xcoms_is_loaded_as_a_list() -> None:
    lazy = LazyXComSequence(["a", "b"])
    assert is_lazy(lazy)
    assert type(load_lazy(lazy)) is list
    assert load_lazy(lazy) == ["a", "b"]


@pytest.mark.parametrize("value", ["text", b"bytes", ["a"], ("a",), {"a": 1}, None, 5, iter("a"), Rows("a")])
def test_anything_else_stays_as_it_is(value: object) -> None:
    assert not is_lazy(value)
    assert load_lazy(value) is value


def test_another_sequence_becomes_a_list() -> None:
    assert load_lazy(range(3)) == [0, 1, 2]


def test_a_masked_secret_is_not_in_what_airflow_logs() -> None:
    mask_secret("a-token-of-this-test")
    assert _compat._find("redact")("Bearer a-token-of-this-test") == "Bearer ***"


def test_what_no_version_of_airflow_has_is_an_error_that_names_the_places() -> None:
    with pytest.raises(ImportError, match=r"unheard_of is in none of airflow\.sdk\.log"):
        _compat._find("unheard_of")
