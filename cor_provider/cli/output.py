"""What the commands print: text and aligned tables for people, or one JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cor_provider.cli.long_table import table_lines
from cor_provider.results.summary import largest_counts_first

MOST_SHOWN = 20
"""How many lines a table for people has, where the numbers are what counts; JSON has all."""

PRINTED_AT_ONCE = 500
"""How many pieces of JSON, or lines, are printed at once."""

STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


class Output:
    """
    Where a command prints its result.

    :param stream: standard output. It has colours only if it is a terminal.
    :param as_json: print the result as JSON, and nothing for people.
    """

    def __init__(self, stream: IO[str], *, as_json: bool) -> None:
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._as_json = as_json

    def result(self, data: object, show: Callable[[], None]) -> None:
        """
        Print the result.

        :param data: the result for scripts; see :class:`Streamed`.
        :param show: prints it for people.
        """
        if self._as_json:
            pieces = json.JSONEncoder(indent=2).iterencode(data)
            while text := "".join(islice(pieces, PRINTED_AT_ONCE)):
                self._console.out(text, end="", highlight=False)
            self._console.out()
        else:
            show()

    def line(self, text: str = "", *, style: str = "", indent: int = 0) -> None:
        """Print a line of text; a longer one is wrapped."""
        self._print(self._text(text, style), indent)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]], *, indent: int = 0) -> None:
        """
        Print an aligned table.

        :param header: names of the columns; none for a table without.
        :param rows: numbers are aligned to the right; the words of ``STYLES`` have colours.
        """
        rows = list(rows)
        table = Table(box=None, show_header=any(header), pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for number, name in enumerate(header):
            is_number = all(isinstance(row[number], int) for row in rows)
            table.add_column(name, justify="right" if is_number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(self._text(_plain(value), STYLES.get(str(value), "")) for value in row))
        self._print(table, indent)

    def long_table(self, header: Sequence[str], rows: Callable[[], Iterator[Sequence[object]]]) -> None:
        """
        Print an aligned table that need not fit into memory.

        :param rows: returns the rows, at least one; called several times. A column has numbers if it begins with one.
        """
        numbers = [isinstance(value, int) for value in next(rows())]
        lines = table_lines(header, lambda: map(self._cells, rows()), numbers, self._console)
        self._console.out(next(lines), style="bold", highlight=False)
        while some := [*islice(lines, PRINTED_AT_ONCE)]:
            self._console.out("\n".join(some), highlight=False)

    def counts(self, header: Sequence[str], counts: Mapping[str, int], what: str) -> None:
        """Print the largest counts, and how many more there are."""
        if not counts:
            return
        ordered = largest_counts_first(counts)
        self.line()
        self.table(header, [*ordered.items()][:MOST_SHOWN])
        if (more := len(ordered) - MOST_SHOWN) > 0:
            self.line(f"and {more} more {what}; --output json lists all.")

    def _print(self, shown: RenderableType, indent: int) -> None:
        with self._console.capture() as captured:
            self._console.print(Padding(shown, (0, 0, 0, indent)))
        for line in captured.get().splitlines():
            self._console.out(line.rstrip(), highlight=False)

    def _cells(self, row: Sequence[object]) -> list[str]:
        return [self._harmless(_plain(value)) for value in row]

    def _text(self, text: str, style: str = "") -> Text:
        return Text(self._harmless(text), style=style)

    def _harmless(self, text: str) -> str:
        """Return text without what would command a terminal, or what its encoding lacks."""
        if text.isascii() and text.isprintable():
            return text
        shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
        encoding = self._console.encoding
        return shown.encode(encoding, "backslashreplace").decode(encoding)


class Streamed:
    """
    Content of JSON that is made piece by piece while it is printed, since it need not fit into memory.

    :param read: returns the content from its beginning on.
    """

    def __init__(self, read: Callable[[], Iterator[Any]]) -> None:
        super().__init__()
        self._read = read

    def __bool__(self) -> bool:
        return any(True for _ in self._read())


class Rows(Streamed, list[Any]):
    """Streamed rows."""

    def __iter__(self) -> Iterator[Any]:
        return self._read()


class Fields(Streamed, dict[str, Any]):
    """A streamed mapping: ``read`` returns its items."""

    def items(self) -> Iterator[tuple[str, Any]]:  # type: ignore[override]  # all that the encoder needs
        """Yield the items, for the encoder."""
        return self._read()


def number_of(count: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as ``1 leave`` or ``2 people``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
