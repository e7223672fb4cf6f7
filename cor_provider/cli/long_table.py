"""Aligned tables of any length: what fits on a line is not laid out by rich, which takes a millisecond for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

GAP = 2


def table_lines(
    header: Sequence[str], rows: Callable[[], Iterator[Sequence[str]]], numbers: Sequence[bool], console: Console
) -> Iterator[str]:
    """
    Yield the lines of a table as :meth:`~cor_provider.cli.output.Output.table` prints it.

    :param rows: returns the rows; called twice, so that they need not be in memory.
    :param numbers: for each column, whether it has numbers, which are aligned to the right.
    """
    widths = [cell_len(name) for name in header]
    for row in rows():
        widths = [max(width, cell_len(cell)) for width, cell in zip(widths, row, strict=True)]
    while sum(widths) + GAP * (len(widths) - 1) > console.width and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    yield from _lines(header, widths, numbers, console)
    for row in rows():
        yield from _lines(row, widths, numbers, console)


def _lines(row: Sequence[str], widths: Sequence[int], numbers: Sequence[bool], console: Console) -> Iterator[str]:
    """Yield a row: one line, or several if a cell is too long for its column."""
    folded = [_fold(cell, width, console) for cell, width in zip(row, widths, strict=True)]
    for line in zip_longest(*folded, fillvalue=""):
        cells = (_padded(*cell) for cell in zip(line, widths, numbers, strict=True))
        yield (" " * GAP).join(cells).rstrip()


def _fold(cell: str, width: int, console: Console) -> list[str]:
    if cell_len(cell) <= width:
        return [cell]
    return [line.plain for line in Text(cell).wrap(console, width, overflow="fold")]


def _padded(cell: str, width: int, is_number: bool) -> str:
    cell = cell.rstrip()
    space = " " * (width - cell_len(cell))
    return space + cell if is_number else cell + space
