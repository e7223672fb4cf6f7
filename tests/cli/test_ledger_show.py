"""`ledger show`: what a sync remembers, as a whole and by leave, person and days."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import Connect, leave
from sync_support import Run

from .conftest import Cor


@pytest.fixture
def shown(sync: Run, ledger: Path) -> Path:
    """The folder of a ledger with two leaves of u1 and one of u2."""
    later = {"start": "2026-06-01", "end": "2026-06-02"}
    sync([leave(), leave("L2", user_id="u2"), leave("L3", **later)], window=("2026-05-01", "2026-06-30"))
    return ledger.parent


def ids(cor: Cor, *arguments: object) -> list[str]:
    (data,) = cor("ledger", "show", *arguments, "--output", "json").data
    return [one["id"] for one in data["leaves"]]


def test_without_a_filter_it_shows_only_numbers(cor: Cor, shown: Path) -> None:
    ran = cor("ledger", "show", shown)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "GLOBANT: 3 leaves"
    for text in ("users 2", "days 2026-05-11 to 2026-06-02", "in COR yes 3", "--id, --user or --window shows"):
        assert text in ran.text


def test_with_a_filter_it_shows_a_line_for_each_leave(cor: Cor, shown: Path) -> None:
    assert cor("ledger", "show", shown, "--user", "u1").out.endswith(
        """
leave  user  first day   last day    in COR
L1     u1    2026-05-11  2026-05-12  yes
L3     u1    2026-06-01  2026-06-02  yes
"""
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["L1", "L2", "L3"]),
        (["--id", "L2"], ["L2"]),
        (["--user", "u1"], ["L1", "L3"]),
        (["--window", "2026-06-02/2026-06-30"], ["L3"]),
        (["--user", "u2", "--window", "2026-06-02/2026-06-30"], []),
    ],
)
def test_filters_narrow_it_down(cor: Cor, shown: Path, options: list[str], expected: list[str]) -> None:
    assert ids(cor, shown, *options) == expected


def test_what_is_not_there_is_said(cor: Cor, shown: Path) -> None:
    assert "It holds no such leave." in cor("ledger", "show", shown, "--id", "L9").text


def test_without_the_key_it_says_that_the_seal_is_not_proven(cor: Cor, shown: Path) -> None:
    assert "not proven (proving it needs --conn-id)" in cor("ledger", "show", shown).text


def test_with_the_key_the_seal_is_proven(cor: Cor, shown: Path) -> None:
    assert "proven with the key of cor_default" in cor("ledger", "show", shown, "--conn-id", "cor_default").text


def test_another_key_proves_nothing(cor: Cor, shown: Path, connect: Connect) -> None:
    connect(password="another-token")
    ran = cor("ledger", "show", shown, "--conn-id", "cor_default")
    assert "not proven (the key of cor_default is not the one it was sealed with)" in ran.text


def test_an_altered_ledger_is_refused(cor: Cor, shown: Path, ledger: Path) -> None:
    ledger.write_text(ledger.read_text().replace("u2", "u3"))
    ran = cor("ledger", "show", shown)
    assert (ran.code, ran.out) == (2, "")
    assert "is not a ledger, or it was cut off or altered" in ran.err


def test_a_wrong_window_says_what_one_looks_like(cor: Cor, shown: Path) -> None:
    ran = cor("ledger", "show", shown, "--window", "May")
    assert ran.code == 2
    assert "window: expected the first and the last day" in ran.err
