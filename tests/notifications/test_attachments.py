"""Files of a task, copied for a notifier."""

from __future__ import annotations

import stat
from pathlib import Path

from cor_provider._compat import ObjectStoragePath
from cor_provider.notifications.attachments import copied
from support import attach_memory


def test_a_copy_has_the_name_and_the_content_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "rejected.csv"
    path.write_bytes(b"id\nL-7\n")
    with copied([f"file://{path}", str(path)]) as copies:
        assert [Path(copy).name for copy in copies] == ["rejected.csv"] * 2
        assert [Path(copy).read_bytes() for copy in copies] == [b"id\nL-7\n"] * 2
    assert not any(Path(copy).exists() for copy in copies)


def test_a_file_comes_from_an_object_store_too() -> None:
    path = f"{attach_memory()}/notice/rejected.csv"
    ObjectStoragePath(path).write_bytes(b"id\n")
    with copied([path]) as copies:
        assert [Path(copy).read_bytes() for copy in copies] == [b"id\n"]


def test_only_its_owner_can_get_at_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "rejected.csv"
    path.write_bytes(b"id\n")
    with copied([str(path)]) as copies:
        folder = Path(copies[0]).parents[1]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    with copied([str(tmp_path / "gone.csv"), "no-such-scheme://rejected.csv", str(tmp_path)]) as copies:
        assert copies == []
