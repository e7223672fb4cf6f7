"""The users that a push of leave found missing in COR, from its report or its summary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath, load_lazy
from cor_provider.exceptions import CorConfigurationError, CorUserNotFoundError
from cor_provider.inputs.paths import PATH_TYPES
from cor_provider.results.summary import MOST_UNKNOWN
from cor_provider.task.summary_file import FORMAT

_EXPECTED = (
    "only_for: expected the report_path of a push of leave, its summary, or what the push returned. Give the push a "
    "report_path: XComs name nobody."
)


def read_needed(only_for: object) -> Counter[str]:
    """
    Return the external ids of the users, with the number of rejected leave requests of each.

    :param only_for: path or URI of a report or of its summary; what a push has returned, which names its report; or
        several of these.
    :raises CorConfigurationError: if it is none of these, or there is no such file.
    """
    needed: Counter[str] = Counter()
    for path in _paths(only_for):
        needed += _read_file(path)
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


def _read_file(path: object) -> Counter[str]:
    place = _locate(path)
    stream = _files.open_to_read(place)
    if stream is None:
        raise CorConfigurationError(
            f"only_for: there is no file {place} where this task runs. Check that the push ran."
        )
    needed: Counter[str] = Counter()
    try:
        with stream:
            if str(place).endswith(".summary.json"):
                return _in_summary(json.loads(stream.read()))
            for line in stream:
                row = json.loads(line)
                if row["status"] == "rejected" and row["error"] == CorUserNotFoundError.default_name:
                    needed[_text(row["unknown_id"])] += 1
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise CorConfigurationError(
            f"only_for: {place} is not the report of a push of leave, or its summary."
        ) from None
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
