"""Paths and URIs: which text names a file, and which may be shown."""

from __future__ import annotations

import os
import re

from cor_provider._compat import ObjectStoragePath
from cor_provider.inputs.formats import find_reader, split_sheet
from cor_provider.inputs.json_text import is_json

PATH_TYPES = (os.PathLike, ObjectStoragePath)
"""The types that name a file, besides text."""


def names_a_file(value: object) -> bool:
    """Return whether an input is the path or URI of a file, and not records themselves."""
    if isinstance(value, str):
        return not is_json(value) and find_reader(split_sheet(value)[0]) is not None
    return isinstance(value, PATH_TYPES)


def looks_like_a_path(text: str) -> bool:
    """
    Return whether text is certainly a path or URI, and not records in some unknown form.

    Such text is one line that begins like a path or URI, or is the name of a file. The result decides only whether the
    text may be shown, not how it is read.
    """
    text = text.strip()
    if len(text) > _LONGEST_PATH or not text.isprintable() or any(character in _IN_RECORDS for character in text):
        return False
    text, _sheet = split_sheet(text)
    has_known_ending = find_reader(text) is not None
    return bool(_START_OF_PATH.match(text) and (has_known_ending or " " not in text)) or (
        has_known_ending and _FILE_NAME.fullmatch(text) is not None
    )


def may_be_shown(file: object) -> bool:
    """Return whether the name of a file may appear in logs, errors and lineage."""
    return not isinstance(file, str) or looks_like_a_path(file)


_LONGEST_PATH = 4096  # characters: Linux takes no more
_IN_RECORDS = frozenset(",;|<>{}[]\"'`")
_START_OF_PATH = re.compile(r"[a-z][a-z0-9+.-]*://|file:/|~?/|\.{1,2}/", re.IGNORECASE)
_FILE_NAME = re.compile(r"[\w./@%+~-]+")
