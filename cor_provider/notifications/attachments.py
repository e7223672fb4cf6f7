"""Files of a task as a notifier can attach them."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cor_provider import _files

_log = logging.getLogger(__name__)


@contextmanager
def copied(paths: Iterable[str]) -> Iterator[list[str]]:
    """
    Copy files, wherever they are, to where only this process's user can read them; delete the copies at the end.

    :param paths: paths or URIs. One that cannot be read is left out: a notice without it is better than none.
    :return: the paths of the copies, which have the names of the files.
    """
    with tempfile.TemporaryDirectory(prefix="cor-notice-") as folder:
        yield [str(copy) for number, path in enumerate(paths) if (copy := _copy(path, Path(folder) / str(number)))]


def _copy(path: str, folder: Path) -> Path | None:
    try:
        file = _files.locate(path)
        content = _files.read(file)
    except Exception as error:  # noqa: BLE001  # each store raises its own
        _log.warning("%s cannot be read, so the notice comes without it: %s", path, error)
        return None
    if content is None:
        _log.warning("%s is gone, so the notice comes without it.", path)
        return None
    folder.mkdir()
    copy = folder / file.name
    copy.write_bytes(content)
    return copy
