"""Describe an input without reading it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from cor_provider._compat import is_lazy
from cor_provider.inputs.formats import split_sheet
from cor_provider.inputs.frames import is_frame, is_used_up
from cor_provider.inputs.paths import PATH_TYPES, may_be_shown, names_a_file
from cor_provider.leave import LeaveRequest, read_leave_id
from cor_provider.records.record import Record


def can_be_read_again(value: object) -> bool:
    """Return whether an input gives the same records each time it is read."""
    if isinstance(value, (list, tuple)):
        return all(map(can_be_read_again, value))
    if is_frame(value):
        return not is_used_up(value)
    return isinstance(value, (str, Mapping, Record, *PATH_TYPES))


def files_in(value: object) -> Iterator[object]:
    """Yield the paths and URIs of the files that an input names, if they can be found without consuming it."""
    if names_a_file(value):
        yield split_sheet(value)[0] if isinstance(value, str) else value
    elif isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping)) and not _is_opaque(value):
        for element in value:
            yield from files_in(element)


def _is_opaque(value: object) -> bool:
    """Return whether a collection would be read to look into it, or has the names of columns for elements."""
    return is_lazy(value) or is_frame(value)


def uris_in(value: object) -> Iterator[str]:
    """Yield those of :func:`files_in` that lineage may show."""
    for file in files_in(value):
        if may_be_shown(file):
            yield str(file).strip()


def label(value: object) -> str | None:
    """
    Return a short name that distinguishes this input among mapped tasks. Its only personal data is a leave's id.

    :param value: an input. For a form that would have to be read, the result is None.
    """
    if names_a_file(value):
        return label_of_file(value)
    if isinstance(value, (Mapping, LeaveRequest)):
        return read_leave_id(value)
    if isinstance(value, (list, tuple)) and value:
        return f"{read_leave_id(value[0]) or 'leave'} and {len(value) - 1} more" if value[1:] else label(value[0])
    return None


def label_of_file(value: object) -> str | None:
    """Return such a name if the input is a file that may be shown: it has no personal data."""
    if not names_a_file(value) or not may_be_shown(value):
        return None
    path, sheet = split_sheet(str(value).strip())
    name = "/".join(urlsplit(path).path.split("/")[-2:])
    return f"{name}#{sheet}" if sheet else name
