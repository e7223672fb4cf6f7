"""Yield the records of an input, whatever its form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from cor_provider._compat import load_lazy
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.files import OnOpen, iter_file
from cor_provider.inputs.frames import is_frame, iter_frame, refuse_other_tables
from cor_provider.inputs.json_document import read_document
from cor_provider.inputs.json_text import is_json
from cor_provider.inputs.paths import PATH_TYPES, names_a_file
from cor_provider.inputs.translation import PLAIN, Translation
from cor_provider.inputs.unexpected import unexpected_input
from cor_provider.records.external_ids import UnreadableRecord
from cor_provider.records.kinds import Kind
from cor_provider.records.record import Record


def iter_records(
    value: object, on_open: OnOpen, translation: Translation = PLAIN, *, nested: bool = False
) -> Iterator[object]:
    """
    Yield the records of an input, without holding them all in memory if its form allows that.

    :param value: as :mod:`cor_provider.inputs.leaves` takes it.
    :param translation: the columns that are read of a file or data frame.
    :param on_open: called with every file right before it is opened.
    :param nested: whether the value is an element of another one. There, a value of no known form is an unreadable
        record; at the top, it is an error.
    """
    if isinstance(value, (Mapping, Record, UnreadableRecord)):
        yield value
    elif isinstance(value, str) and (not nested or is_json(value) or names_a_file(value)):
        yield from _iter_text(value, on_open, translation)
    elif isinstance(value, PATH_TYPES):
        yield from iter_file(value, on_open, translation)
    elif is_frame(value):
        yield from iter_frame(value, translation)
    else:
        refuse_other_tables(value, translation.form.kind)
        yield from _iter_other(value, on_open, translation, nested=nested)


def _iter_other(value: object, on_open: OnOpen, translation: Translation, *, nested: bool) -> Iterator[object]:
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray)):
        for element in load_lazy(value):  # type: ignore[attr-defined]  # it stays iterable
            yield from iter_records(element, on_open, translation, nested=True)
    elif nested:
        yield value
    elif value is not None:
        raise unexpected_input(type(value).__name__, translation.form.kind)


def _iter_text(text: str, on_open: OnOpen, translation: Translation) -> Iterator[object]:
    if is_json(text):
        yield from read_document(text, translation, partial(_refuse, translation.form.kind))
    elif names_a_file(text):
        yield from iter_file(text, on_open, translation)
    elif text.strip() not in {"", "None"}:  # a Jinja string renders an upstream task without a result as "None"
        raise unexpected_input("text that is neither JSON nor a path with such an ending", translation.form.kind)


def _refuse(kind: Kind, problem: str) -> CorConfigurationError:
    return CorConfigurationError(f"{kind.parameter}: {problem}")
