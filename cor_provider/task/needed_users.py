"""The users that a push of leave found missing in COR, from its report or its summary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath, load_lazy
from cor_provider.exceptions import CorConfigurationError, CorUserNotFoundError
from cor_provider.inputs.paths import PATH_TYPES, may_be_shown
from cor_provider.inputs.translation import is_unset
from cor_provider.records.kinds import LEAVE
from cor_provider.results.summary import MOST_UNKNOWN
from cor_provider.task.summary_file import SUMMARY_SUFFIX, read_summary, summary_path

_UNSENT = ("failed", "not_sent")

_EXPECTED = (
    "only_for: expected the report_path of a push of leave, its summary, or what the push returned. Give the push a "
    "report_path: XComs name nobody."
)


@dataclass
class Needed:
    """
    The users that leave needs, as far as the pushes could find out.

    :param users: their external ids, with the number of rejected leave requests of each.
    :param received: how many leave requests the pushes had.
    :param unsent: of how many COR has said nothing: they failed, or were not sent.
    """

    users: Counter[str] = field(default_factory=Counter, repr=False)
    received: int = 0
    unsent: int = 0

    @property
    def may_be_more(self) -> bool:
        """Whether COR may lack other users, too, since not all leave was sent."""
        return not self.received or bool(self.unsent)


def read_needed(only_for: object, *, source: str) -> Needed:
    """
    Return the users that leave needs.

    :param only_for: path or URI of a report or of its summary; what a push has returned, which names its report; or
        several of these.
    :param source: COR's ``metadata.source`` under which users are to be created. A report does not name its own, so
        that of the summary beside it counts, if there is one.
    :raises CorConfigurationError: if it is none of these, there is no such file, or it is of another source.
    """
    needed = Needed()
    for path in _paths(only_for):
        _read_file(path, source, needed)
    return needed


def paths_in(only_for: object) -> list[object]:
    """Return the paths that it names, as far as they can be found."""
    try:
        return list(_paths(only_for))
    except CorConfigurationError:
        return []  # reported before anything is sent


def _paths(only_for: object) -> Iterable[object]:
    if isinstance(only_for, str) and not is_unset(only_for):
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


def _read_file(path: object, source: str, needed: Needed) -> None:
    place = _locate(path)
    stream = _files.open_to_read(place)
    if stream is None:
        if not may_be_shown(path):  # it may be anything, such as somebody's id
            raise CorConfigurationError(_EXPECTED)
        raise CorConfigurationError(
            f"only_for: there is no file {place} where this task runs. Check that the push ran."
        )
    is_summary = place.name.endswith(SUMMARY_SUFFIX)
    summary = read_summary(place if is_summary else summary_path(place))
    try:
        with stream:
            if summary.get("records", LEAVE.many) != LEAVE.many:
                raise ValueError
            if is_summary:
                _add_summary(summary, needed)
            else:
                _add_report(stream, needed)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise CorConfigurationError(
            f"only_for: {place} is not the report of a push of leave, or its summary."
        ) from None
    if summary.get("source") not in {None, source}:
        raise CorConfigurationError(
            f"only_for: {place} is of a push under another source. COR keeps the users of each source apart, so give "
            "both tasks the same one."
        )


def _add_report(lines: Iterable[bytes], needed: Needed) -> None:
    for line in lines:
        row = json.loads(line)
        status = row["status"]
        needed.received += 1
        needed.unsent += status in _UNSENT
        if status == "rejected" and row["error"] == CorUserNotFoundError.default_name:
            needed.users[_text(row["unknown_id"])] += 1


def _add_summary(content: Mapping[str, Any], needed: Needed) -> None:
    users = Counter({_text(user_id): int(count) for user_id, count in content["users"].items()})
    if len(users) >= MOST_UNKNOWN:
        raise CorConfigurationError(
            f"only_for: the summary lists the first {MOST_UNKNOWN} users alone. Give the report."
        )
    needed.users += users
    needed.received += int(content["received"])
    needed.unsent += sum(int(content.get(status, 0)) for status in _UNSENT)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _locate(path: object) -> ObjectStoragePath:
    try:
        return _files.locate(path)
    except ValueError:
        raise CorConfigurationError(_EXPECTED) from None
