"""What commands print, for people and for scripts."""

from __future__ import annotations

import json
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from cor_provider.cli.output import Fields, Output, Rows, number_of


@pytest.fixture(autouse=True)
def _columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def stream() -> StringIO:
    return StringIO()


@pytest.fixture
def output(stream: StringIO) -> Output:
    return Output(stream, as_json=False)


def test_a_table_is_aligned_with_numbers_to_the_right(output: Output, stream: StringIO) -> None:
    output.table(("user", "leaves"), [("E-7", 4), ("Émile", 12)])
    assert stream.getvalue() == "user   leaves\nE-7         4\nÉmile      12\n"


def test_long_text_is_folded_at_80_columns_inside_its_column(output: Output, stream: StringIO) -> None:
    output.table(("", ""), [("problem", "word " * 30)])
    first, second, *_ = stream.getvalue().splitlines()
    assert len(first) <= 80
    assert second.startswith("         word")


def test_nothing_is_read_as_markup_or_commands_a_terminal(output: Output, stream: StringIO) -> None:
    output.line("[red]x[/red] :smile: \x1b[31m\x07")
    assert stream.getvalue() == "[red]x[/red] :smile: \\x1b[31m\\x07\n"


def test_what_an_encoding_lacks_is_escaped() -> None:
    stream = TextIOWrapper(BytesIO(), encoding="ascii")
    Output(stream, as_json=False).line("Émile \ud800")
    stream.seek(0)
    assert stream.read() == "\\xc9mile \\ud800\n"


def test_only_a_terminal_has_colours(output: Output, stream: StringIO) -> None:
    output.line("x", style="bold red")
    assert stream.getvalue() == "x\n"


def test_for_scripts_the_result_is_one_document(stream: StringIO) -> None:
    output = Output(stream, as_json=True)
    output.result({"user": "É"}, lambda: output.line("for people"))
    assert json.loads(stream.getvalue()) == {"user": "É"}


@pytest.mark.parametrize("size", [0, 1, 20_000])
def test_json_that_is_not_in_memory_is_printed_like_any_other(stream: StringIO, size: int) -> None:
    users = {f"u{number}": {"create": number} for number in range(size)}
    Output(stream, as_json=True).result({"users": Fields(lambda: iter(users.items()))}, lambda: None)
    assert stream.getvalue() == json.dumps({"users": users}, indent=2) + "\n"


def test_counts_are_shown_largest_first_and_no_more_than_anybody_reads(output: Output, stream: StringIO) -> None:
    output.counts(("user", "leaves"), {f"u{number:02}": number for number in range(25)}, "users")
    lines = stream.getvalue().splitlines()
    assert lines[:3] == ["", "user  leaves", "u24       24"]
    assert lines[-1] == "and 5 more users; --output json lists all."


@pytest.mark.parametrize(("count", "text"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries")])
def test_a_number_has_its_noun(count: int, text: str) -> None:
    assert number_of(count, "entry", "entries") == text


@pytest.mark.parametrize("count", [0, 1, 20_000])
def test_rows_that_are_not_in_memory_are_printed_like_any_other(stream: StringIO, count: int) -> None:
    rows = [{"number": number} for number in range(count)]
    Output(stream, as_json=True).result({"rows": Rows(lambda: iter(rows)), "end": 1}, lambda: None)
    assert stream.getvalue() == json.dumps({"rows": rows, "end": 1}, indent=2) + "\n"
