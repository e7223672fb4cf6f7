"""The rows of a file, and what is no such file."""

from __future__ import annotations

from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from cor_provider.cli.rows import absolute, read_rows
from cor_provider.exceptions import CorConfigurationError
from support import attach_memory


def ids(path: object) -> list[str]:
    return list(read_rows(str(path), lambda row: str(row["id"]), what="a report"))


def test_they_come_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    file.write_text('{"id": "L1"}\n{"id": "L2"}\nnot json')
    assert next(read_rows(str(file), lambda row: row["id"], what="a report")) == "L1"


def test_an_object_store_is_read_too() -> None:
    bucket = attach_memory()
    from cor_provider._compat import ObjectStoragePath  # noqa: PLC0415  # once the store is attached

    ObjectStoragePath(f"{bucket}/rows.jsonl").write_text('{"id": "L1"}\n')
    assert ids(f"{bucket}/rows.jsonl") == ["L1"]


@pytest.mark.parametrize(
    ("path", "means"),
    [("rows.jsonl", "{folder}/rows.jsonl"), ("./a/../b", "{folder}/b"), ("/b", "/b"), ("s3://b/x", "s3://b/x")],
)
def test_a_path_begins_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, means: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute(path) == means.format(folder=tmp_path)


@pytest.mark.parametrize("content", ["not json\n", "[1]\n", '{"name": "x"}\n', "3\n", "\xff\n"])
def test_another_file_is_refused_by_its_line(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text('{"id": "L1"}\n' + content, encoding="latin-1")
    with pytest.raises(CorConfigurationError, match="is not a report: line 2 is something else"):
        ids(file)


def test_what_is_wrong_in_a_row_is_said_with_its_line(tmp_path: Path) -> None:
    def read(row: object) -> object:
        if row == 2:
            raise CorConfigurationError("id: is missing")
        return row

    (tmp_path / "rows.jsonl").write_text("1\n2\n")
    with pytest.raises(CorConfigurationError, match=r"rows\.jsonl, line 2: id: is missing"):
        list(read_rows(str(tmp_path / "rows.jsonl"), read, what="a report"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorConfigurationError, match=r"there is no file .*none"):
        ids(tmp_path / "none")


def test_an_error_of_a_stores_client_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = attach_memory()
    monkeypatch.setattr(MemoryFileSystem, "_open", lambda *_, **__: 1 / 0)
    with pytest.raises(CorConfigurationError, match=r"rows cannot be read \(ZeroDivisionError\): check the store"):
        ids(f"{bucket}/rows")


def test_a_store_that_is_unknown_here_is_no_traceback() -> None:
    with pytest.raises(CorConfigurationError, match="is not a path, or a URI of a store that is installed here"):
        ids("unknown://bucket/x")
