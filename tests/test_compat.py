"""What differs between the versions of Airflow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cor_provider import _compat
from cor_provider._compat import airflow_since, is_lazy, load_lazy, mask_secret


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


@pytest.mark.parametrize("name", _compat.__all__)
def test_every_airflow_has_every_name(name: str) -> None:
    assert getattr(_compat, name) is not None


def test_a_name_that_no_airflow_has_is_an_error() -> None:
    with pytest.raises(ImportError, match=r"cannot import name 'unheard_of' from 'cor_provider\._compat'"):
        exec("from cor_provider._compat import unheard_of")  # noqa: S102  # as a module would


def test_a_name_that_this_airflow_lacks_is_an_error_that_names_the_places() -> None:
    with pytest.raises(ImportError, match=r"unheard_of is in none of airflow\.sdk, airflow\.models"):
        _compat._find("unheard_of", ("airflow.sdk", "airflow.models"))


def test_a_masked_secret_is_not_in_what_airflow_logs() -> None:
    mask_secret("a-token-of-this-test")
    redact = _compat._find("redact", _compat._PLACES["mask_secret"])
    assert redact("Bearer a-token-of-this-test") == "Bearer ***"


def test_a_name_costs_only_its_own_import() -> None:
    code = "import sys, cor_provider._compat; sys.exit('airflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("airflow", "since"),
    [
        ("2.11.0", {"2.11"}),
        ("3.0.6", {"2.11", "3.0"}),
        ("3.1.0rc1", {"2.11", "3.0", "3.1"}),
        ("3.10.0", {"2.11", "3.0", "3.1", "3.9"}),
    ],
)
def test_versions_of_airflow_are_compared_as_versions(
    airflow: str, since: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow.__version__", airflow)
    monkeypatch.setattr(_compat, "_airflow_version", _compat._airflow_version.__wrapped__)
    assert {version for version in ("2.11", "3.0", "3.1", "3.9") if airflow_since(version)} == since
