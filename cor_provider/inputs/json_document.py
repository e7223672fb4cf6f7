"""JSON documents of records, as text or in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.json_text import load
from cor_provider.inputs.translation import Translation


def read_document(
    text: str, translation: Translation, refuse: Callable[[str], CorConfigurationError]
) -> Iterator[object]:
    """
    Yield the records of a JSON document.

    Text in it is data: it never names another file to read.

    :param refuse: returns the error, given what is wrong; that does not quote the document.
    :raises CorConfigurationError: if it is not JSON, or neither a list nor an object.
    """
    one, many = translation.form.kind.one, translation.form.kind.many
    document = _parse(text, many, refuse)
    if isinstance(document, list):
        yield from document
    elif not isinstance(document, Mapping):
        raise refuse(f"this JSON is neither a list nor an object. Pass a list of {many}, or a single one.")
    elif _holds_list(document) and not translation.translate(document):
        raise refuse(f"this JSON is an object with a list inside, and has no field of a {one}. Pass only that list.")
    else:
        yield document


def _parse(text: str, many: str, refuse: Callable[[str], CorConfigurationError]) -> object:
    try:
        return load(text)
    except json.JSONDecodeError as error:
        advice = (
            "If it has an object per line, it is JSON Lines: name the file .jsonl."
            if error.msg == "Extra data"
            else "If a Jinja string renders an upstream task's output, pass the output itself or add | tojson: Jinja "
            "writes Python, not JSON."
        )
        raise refuse(f"this is not JSON ({error.msg}, line {error.lineno}, column {error.colno}). {advice}") from None
    except RecursionError:
        raise refuse(f"this JSON is nested too deeply. Pass a list of {many}, or a single one.") from None


_DEEPEST_LIST = 3
"""How many objects APIs wrap around a list, at most."""


def _holds_list(value: object, depth: int = 0) -> bool:
    if isinstance(value, Mapping) and depth < _DEEPEST_LIST:
        return any(_holds_list(one, depth + 1) for one in value.values())
    return isinstance(value, list) and depth > 0
