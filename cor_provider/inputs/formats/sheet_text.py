"""Text in the cells of a spreadsheet, whose XML cannot hold every character (ECMA-376, 22.9.2.19, ``ST_Xstring``)."""

from __future__ import annotations

import re


def escape(text: str) -> str:
    """Return text as a cell holds it: a character that XML lacks as ``_x0001_``."""
    text = _LOOKS_ESCAPED.sub(r"_x005F\g<0>", text)
    return _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescape(text: str) -> str:
    """Return the text that a cell holds. Other characters than those that XML lacks need no such form, and keep it."""
    return _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)


_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_XML = re.compile("[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")  # XML reads a carriage return as a line feed
_ESCAPED = re.compile(
    r"_x(005F)_(?=x[0-9A-F]{4}_)|_x(00(?:0[0-8B-F]|1[0-9A-F])|D[89A-F][0-9A-F]{2}|FFF[EF])_", re.IGNORECASE
)
