"""Tables that need not fit into memory look like all others."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.cli.output import Output

HEADER = ("user", "create", "delete")
Rows = list[tuple[str, int, int]]


def printed(rows: Rows, *, long: bool) -> str:
    stream = StringIO()
    output = Output(stream, as_json=False)
    if long:
        output.long_table(HEADER, lambda: iter(rows))
    else:
        output.table(HEADER, rows)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda text: text == text.strip())


@given(st.lists(st.tuples(words, st.integers(0, 10**7), st.integers(0, 3)), min_size=1))
def test_it_looks_like_any_table(rows: Rows) -> None:
    assert printed(rows, long=True) == printed(rows, long=False)


@pytest.mark.parametrize(
    "user",
    ["x" * 300, "word " * 40 + "end", "عبد الرحمن " * 20 + ".", "漢字" * 80, "x" * 80],
    ids=["one word", "words", "from right to left", "wide letters", "as wide as the terminal"],
)
def test_a_cell_that_is_too_long_is_folded_in_its_column(user: str) -> None:
    rows = [("u1", 1, 22222), (user, 3, 4)]
    assert printed(rows, long=True) == printed(rows, long=False)
