"""The summary of a push as a file beside its report, with the users and leave types that COR does not know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.results.summary import Summary, largest_counts_first

FORMAT = "airflow-provider-cor summary"

SUMMARY_SUFFIX = ".summary.json"


def summary_path(report: ObjectStoragePath) -> ObjectStoragePath | None:
    """Return the path of a report's summary, beside the report; None if the report goes to a stream."""
    return None if _files.is_stream(report) else report.parent / f"{report.stem}{SUMMARY_SUFFIX}"


def task_key(task_instance: Any) -> dict[str, Any]:
    """Return what tells a task instance from all others, as a summary names it."""
    return {
        name: getattr(task_instance, name, default)
        for name, default in (("dag_id", None), ("run_id", None), ("task_id", None), ("map_index", -1))
    }


def replaced_map_index(path: ObjectStoragePath, task: Mapping[str, Any]) -> int | None:
    """Return the index of another mapped task of the same run that wrote this summary; None if it is none of those."""
    try:
        earlier = json.loads(path.read_bytes())["task"]
        is_of_same_run = {**earlier, "map_index": None} == {**task, "map_index": None}
        map_index = int(earlier["map_index"])
    except Exception:  # noqa: BLE001  # each store raises its own errors; it may also be any other file
        return None
    return map_index if is_of_same_run and map_index != task["map_index"] else None


def read_summary(path: ObjectStoragePath | None) -> Mapping[str, Any]:
    """Return the content of a summary; nothing if there is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_bytes()) if path else {}
        return content if content["format"] == FORMAT else {}
    except Exception:  # noqa: BLE001  # each store raises its own errors; it may also be any other file
        return {}


def write_summary(
    path: ObjectStoragePath,
    summary: Summary,
    *,
    source: str | None,
    task: Mapping[str, Any],
    files: Mapping[str, str],
) -> None:
    """
    Write the summary of a push. It names people, so only its owner can read it, like the report.

    :param source: COR's ``metadata.source``.
    :param task: the task instance; see :func:`task_key`.
    :param files: the files that the task has written, by their kind.
    """
    content = {
        "format": FORMAT,
        "task": dict(task),
        **summary.to_dict(source=source),
        "users": largest_counts_first(summary.users),
        "leave_types": largest_counts_first(summary.leave_types),
        "files": dict(files),
    }
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    _files.replace(path, text.encode("utf-8", "backslashreplace"))
