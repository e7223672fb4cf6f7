"""
Which files of a task instance may be read: those that it has published, and no other.

The task publishes the paths in its XCom ``files``. Whoever may edit XComs could put any path there. So a path counts
only if the rendered template fields of the task instance, which nobody can edit, name the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.sync.page import page_beside
from cor_provider.task.published_files import PUBLISHED_FILES
from cor_provider.task.summary_file import summary_path


@dataclass(frozen=True)
class TaskKey:
    """What tells a task instance from all others; ``map_index`` is -1 if the task is not mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


class UnavailableError(Exception):
    """Something cannot be shown. Its text is a sentence for the reader."""


@dataclass(frozen=True)
class PublishedFiles:
    """
    The files that a task instance has published.

    :param files: its XCom ``files``: a path by the kind of file.
    :param rendered: its rendered template fields; None if Airflow does not keep them any more.
    """

    files: Mapping[str, Any]
    rendered: Mapping[str, Any] | None

    def __contains__(self, kind: str) -> bool:
        """Return whether the task says that it has written a file of this kind."""
        return kind in self.files

    def shown_path(self, kind: str) -> str:
        """
        Return the path of a file, as text.

        :raises UnavailableError: if it is not certain that the task has written there.
        """
        if self.rendered is None:
            raise UnavailableError(
                f"Airflow no longer keeps the rendered fields of this task instance, so its {_name(kind)} cannot be "
                "found here. Use: python -m cor_provider report FILE."
            )
        path = self.rendered.get(PUBLISHED_FILES[kind].parameter)
        if kind == "audit_page" and isinstance(path, str):
            path = _page_beside(path)
        if not isinstance(path, str) or path != self.files[kind]:
            raise UnavailableError(
                f"The XCom files names another path of the {_name(kind)} than the task's "
                f"{PUBLISHED_FILES[kind].parameter}, so it is not read."
            )
        return path

    def path(self, kind: str) -> ObjectStoragePath:
        """
        Return the path of a file to read.

        :raises UnavailableError: as :meth:`shown_path` does.
        """
        return _locate(self.shown_path(kind), kind)

    def summary_path(self) -> ObjectStoragePath:
        """
        Return the path of the summary, which lies beside the report.

        :raises UnavailableError: as :meth:`shown_path` does.
        """
        path = summary_path(self.path("report"))
        if path is None or str(path) != self.files.get("summary"):
            raise UnavailableError("The XCom files names another summary than that of the report, so it is not read.")
        return path


def _name(kind: str) -> str:
    return PUBLISHED_FILES[kind].label.lower()


def _page_beside(path: str) -> str | None:
    with suppress(Exception):  # each store checks paths in its own way
        return str(page_beside(path) or "") or None
    return None


def _locate(path: str, kind: str) -> ObjectStoragePath:
    try:
        return _files.locate(path)
    except Exception:  # noqa: BLE001  # each store checks paths in its own way
        raise UnavailableError(f"This process of Airflow cannot open the path of the {_name(kind)}.") from None
