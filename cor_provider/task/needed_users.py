"""The users that a push of leave found missing in COR, from its report or its summary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath, load_lazy
from cor_provider.exceptions import CorConfigurationError, CorUserNotFoundError
from cor_provider.inputs.paths import PATH_TYPES, may_be_shown
from cor_provider.results.summary import MOST_UNKNOWN
from cor_provider.task.summary_file import FORMAT, SUMMARY_SUFFIX, source_of, summary_path

_EXPECTED = (
    "only_for: expected the report_path of a push of leave, its summary, or what the push returned. Give the push a "
    "report_path: XComs name nobody."
)


def read_needed(only_for: object, *, source: str) -> Counter[str]:
    """
    Return the external ids of the users, with the number of rejected leave requests of each.

    :param only_for: path or URI of a report or of its summary; what a push has returned, which names its report; or
        several of these.
    :param source: COR's ``metadata.source`` under which users are to be created. A report does not name its own, so
        that of the summary beside it counts, if there is one.
    :raises CorConfigurationError: if it is none of these, there is no such file, or it is of another source.
    """
    needed: Counter[str] = Counter()
    for path in _paths(only_for):
        needed += _read_file(path, source)
    return needed


def paths_in(only_for: object) -> list[object]:
    """Return the paths that it names, as far as they can be found."""
    try:
        return list(_paths(only_for))
    except CorConfigurationError:
        return []  # reported before anything is sent


def _paths(only_for: object) -> Iterable[object]:
    if isinstance(only_for, str) and only_for.strip() not in {"", "None"}:
        yield only_for.strip()
    elif isinstance(only_for, PATH_TYPES):
        yield only_for
    elif isinstance(only_for, Mapping) and only_for.get("report"):
        yield only_for["report"]
    elif isinstance(only_for, Iterable) and not isinstance(only_for, (str, bytes, Mapping)):
        for one in load_lazy(only_for):  # type: ignore[attr-defined]  # it stays iterable
            yield from _paths(one)
    else:
        raise CorConfigurationError(_EXPECTED)


def _read_file(path: object, source: str) -> Counter[str]:
    place = _locate(path)
    stream = _files.open_to_read(place)
    if stream is None:
        # Text that is no path may be anything, such as somebody's id.
        shown = f"no file {place}" if may_be_shown(path) else "no such file"
        raise CorConfigurationError(f"only_for: there is {shown} where this task runs. Check that the push ran.")
    is_summary = place.name.endswith(SUMMARY_SUFFIX)
    try:
        with stream:
            needed = _in_summary(json.loads(stream.read())) if is_summary else _in_report(stream)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise CorConfigurationError(
            f"only_for: {place} is not the report of a push of leave, or its summary."
        ) from None
    if (other := source_of(place if is_summary else summary_path(place))) and other != source:
        raise CorConfigurationError(
            f"only_for: {place} is of a push under another source. COR keeps the users of each source apart, so give "
            "both tasks the same one."
        )
    return needed


def _in_report(lines: Iterable[bytes]) -> Counter[str]:
    needed: Counter[str] = Counter()
    for line in lines:
        row = json.loads(line)
        if row["status"] == "rejected" and row["error"] == CorUserNotFoundError.default_name:
            needed[_text(row["unknown_id"])] += 1
    return needed


def _in_summary(content: Any) -> Counter[str]:
    if content["format"] != FORMAT:
        raise ValueError
    users = Counter({_text(user_id): int(count) for user_id, count in content["users"].items()})
    if len(users) >= MOST_UNKNOWN:
        raise CorConfigurationError(
            f"only_for: the summary lists the first {MOST_UNKNOWN} users alone. Give the report."
        )
    return users


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _locate(path: object) -> ObjectStoragePath:
    try:
        return _files.locate(path)
    except ValueError:
        raise CorConfigurationError(_EXPECTED) from None
