"""
Where a part of the sandbox's API comes from: the keys that its OpenAPI document has beside those of OpenAPI.

``x-cor-source`` is ``documented``, ``recorded`` or ``assumed``, ``x-cor-page`` the page of COR's documentation,
``x-cor-calls`` the calls of a contract, and ``x-cor-assumptions`` what the sandbox assumes about the part, in the words
of its list of assumptions.
"""

from __future__ import annotations

from typing import TypeAlias

from cor_provider.sandbox.assumptions import ASSUMPTIONS

Marks: TypeAlias = "dict[str, str | list[str]]"


def documented(page: str, *assumptions: str) -> Marks:
    """
    Return the marks of what a page of COR shows.

    :param page: its address, or the name of a file.
    :param assumptions: what is assumed of the rest; see :func:`details`.
    """
    return {"x-cor-source": "documented", "x-cor-page": page, **details(*assumptions)}


def assumed(*assumptions: str) -> Marks:
    """Return the marks of what COR does not document; see :func:`details`."""
    return {"x-cor-source": "assumed", **details(*assumptions)}


def recorded(*calls: str) -> Marks:
    """Return the marks of what a COR has answered to calls of ``prove``, by their names in a contract."""
    return {"x-cor-source": "recorded", "x-cor-calls": [*calls]}


def details(*assumptions: str) -> Marks:
    """
    Return the mark of what is assumed about a part, wherever the part itself comes from.

    :param assumptions: words of assumptions, of one each.
    :raises ValueError: if words are in none or in several.
    """
    return {"x-cor-assumptions": [_assumption(words) for words in assumptions]} if assumptions else {}


def _assumption(words: str) -> str:
    try:
        (assumption,) = (text for text in ASSUMPTIONS if words in text)
    except ValueError:
        raise ValueError(f"{words!r} must be in one assumption of the sandbox, and in one only") from None
    return assumption
