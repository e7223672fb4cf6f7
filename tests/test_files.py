"""Files that are there whole or not at all, on a disk and in an object store."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from support import open_files


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The URI of a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "opens-nothing",
        "extra": {"endpoint_url": url, "region_name": "us-east-1"},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_S3_OF_FILES", json.dumps(connection))
        ObjectStoragePath("s3://s3_of_files@hr-bucket").fs.mkdir("hr-bucket")
        yield "s3://s3_of_files@hr-bucket"
    server.stop()


@pytest.fixture(params=["disk", "s3"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStoragePath]:
    """A folder that does not exist yet."""
    if request.param == "disk":
        yield ObjectStoragePath(f"file://{tmp_path}/a/ledger")
    else:
        yield ObjectStoragePath(request.getfixturevalue("s3")) / tmp_path.name / "ledger"


def test_what_is_not_there_is_none(folder: ObjectStoragePath) -> None:
    assert _files.read(folder / "a.jsonl") is None
    assert _files.names(folder) == []


def test_a_file_is_replaced(folder: ObjectStoragePath) -> None:
    for content in (b"old", b"new"):
        _files.replace(folder / "a.jsonl", content)
        assert _files.read(folder / "a.jsonl") == content
    assert _files.names(folder) == ["a.jsonl"]


def test_a_file_is_made_once(folder: ObjectStoragePath) -> None:
    assert _files.create(folder / "a.lock.1", b"mine")
    assert not _files.create(folder / "a.lock.1", b"yours")
    assert _files.read(folder / "a.lock.1") == b"mine"


def test_what_somebody_else_did_since_is_seen(folder: ObjectStoragePath) -> None:
    _files.create(folder / "a.lock.1", b"1")
    assert _files.names(folder) == ["a.lock.1"]
    fs = type(folder.fs)(**folder.fs.storage_options, skip_instance_cache=True)  # another machine
    fs.pipe_file((folder / "a.lock.2").path, b"2")
    assert sorted(_files.names(folder)) == ["a.lock.1", "a.lock.2"]


def test_each_write_makes_another_version(folder: ObjectStoragePath) -> None:
    path = folder / "a.jsonl"
    assert _files.version(path) is None
    versions = []
    for content in (b"1", b"22", b"333"):
        _files.replace(path, content)
        assert _files.version(path) == _files.version(path)
        versions.append(_files.version(path))
    assert len({*versions}) == 3


def test_deleting_what_is_gone_is_fine(folder: ObjectStoragePath) -> None:
    _files.create(folder / "a.lock.1", b"1")
    _files.delete(folder / "a.lock.1")
    _files.delete(folder / "a.lock.1")
    assert _files.names(folder) == []


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ObjectStoragePath(f"file://{tmp_path}/a.jsonl")
    _files.replace(path, b"old")

    def fail(_number: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        _files.replace(path, b"new")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a.jsonl": b"old"}


def test_what_a_killed_process_left_is_deleted_by_a_later_write(tmp_path: Path) -> None:
    (left_over := tmp_path / ".a.jsonl.x7").write_bytes(b"half")
    (under_way := tmp_path / ".a.jsonl.x8").write_bytes(b"half")
    os.utime(left_over, (0, 0))
    _files.replace(ObjectStoragePath(f"file://{tmp_path}/a.jsonl"), b"new")
    assert {file.name for file in tmp_path.iterdir()} == {"a.jsonl", under_way.name}


def test_what_was_replaced_outlives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    rename = os.replace

    def replace(*paths: str) -> None:
        rename(*paths)
        steps.append("renamed")

    def fsync(number: int) -> None:
        steps.append("folder on disk" if stat.S_ISDIR(os.fstat(number).st_mode) else "content on disk")

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(os, "fsync", fsync)
    _files.replace(ObjectStoragePath(f"file://{tmp_path}/a.jsonl"), b"new")
    assert steps == ["content on disk", "renamed", "folder on disk"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = ObjectStoragePath(f"file://{tmp_path}/a.jsonl")
    contents = {bytes([letter]) * 1_000_000 for letter in b"ab"}
    _files.replace(path, b"a" * 1_000_000)
    done = threading.Event()
    seen = set()

    def look() -> None:
        while not done.is_set():
            seen.add(_files.read(path))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(20):
        for content in contents:
            _files.replace(path, content)
    done.set()
    reader.join()
    assert seen <= contents


@pytest.mark.parametrize("name", ["[a].jsonl", "a*.jsonl", "a?.jsonl", "a" * 250, "\N{SNOWMAN}" * 80])
def test_a_file_may_have_any_name(name: str, tmp_path: Path) -> None:
    path = ObjectStoragePath(str(tmp_path / name))
    (other := tmp_path / ".aa.jsonl.x7abcdef").write_bytes(b"another's")
    os.utime(other, (0, 0))
    for content in (b"old", b"new"):
        _files.replace(path, content)
        assert _files.read(path) == content
    assert {file.name for file in tmp_path.iterdir()} == {name, other.name}


def test_a_file_is_there_once_it_is_written_to_its_end(folder: ObjectStoragePath) -> None:
    _files.replace(folder / "a.jsonl", b"old")
    with _files.writing(folder / "a.jsonl") as stream:
        stream.write(b"ne")
        assert _files.read(folder / "a.jsonl") == b"old"
        stream.write(b"w")
    assert _files.read(folder / "a.jsonl") == b"new"
    assert _files.names(folder) == ["a.jsonl"]


def test_a_file_whose_writing_ends_in_an_error_is_as_it_was(folder: ObjectStoragePath) -> None:
    def write(name: str) -> None:
        with _files.writing(folder / name) as stream:
            stream.write(b"half")
            raise LookupError

    _files.replace(folder / "a.jsonl", b"old")
    for name in ("a.jsonl", "b.jsonl"):
        with pytest.raises(LookupError):
            write(name)
    assert _files.read(folder / "a.jsonl") == b"old"
    assert _files.names(folder) == ["a.jsonl"]


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for write in (_files.replace, _files.create):
        with pytest.raises(OSError, match="file"):
            write(ObjectStoragePath(f"{tmp_path}/file/a.jsonl"), b"")


@pytest.fixture
def open_to_all() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_what_is_written_and_the_folders_that_are_made_are_for_their_owner_alone(
    open_to_all: None, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir(0o755)
    path = ObjectStoragePath(f"file://{there}/made/made too/a.jsonl")
    _files.create(path.parent / "lock", b"")
    _files.replace(path, b"")
    with _files.writing(path.parent / "b.jsonl"):
        assert {stat.S_IMODE(file.stat().st_mode) for file in (there / "made" / "made too").iterdir()} == {0o600}
    modes = {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in there.rglob("*")}
    folders = dict.fromkeys(("made", "made too"), "0o700")
    assert modes == {**folders, **dict.fromkeys(("lock", "a.jsonl", "b.jsonl"), "0o600")}
    assert stat.S_IMODE(there.stat().st_mode) == 0o755


def test_home_is_where_what_is_read_and_written_there_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    path = _files.locate("~/a/b.jsonl")
    _files.replace(path, b"new")
    _files.create(path.parent / "lock", b"")
    assert _files.read(path) == b"new"
    assert sorted(_files.names(path.parent)) == ["b.jsonl", "lock"]
    assert [one.name for one in tmp_path.iterdir()] == ["home"]


def test_text_may_have_blanks_around_its_path_and_a_path_may_not(tmp_path: Path) -> None:
    for value in (f" {tmp_path}/a\n", tmp_path / "a", ObjectStoragePath(str(tmp_path / "a"))):
        assert _files.on_disk(_files.locate(value)) == tmp_path / "a"
    assert _files.on_disk(_files.locate(tmp_path / "a ")) == tmp_path / "a "


class TestTrying:
    def test_it_leaves_the_file_as_it_is_and_none_beside_it(self, folder: ObjectStoragePath) -> None:
        _files.replace(folder / "a.jsonl", b"old")
        _files.try_writing(folder / "a.jsonl")
        assert _files.read(folder / "a.jsonl") == b"old"
        assert _files.names(folder) == ["a.jsonl"]

    def test_it_leaves_no_file_where_there_was_none(self, folder: ObjectStoragePath) -> None:
        _files.try_writing(folder / "a.jsonl")
        assert _files.names(folder) == []

    def test_what_a_killed_process_left_stays_for_its_retry(self, tmp_path: Path) -> None:
        path = ObjectStoragePath(f"file://{tmp_path}/a.jsonl")
        unfinished = _files.begin(path)
        (path_of_it,) = _files.left_overs(path)
        os.utime(path_of_it, (0, 0))
        _files.try_writing(path)
        assert _files.left_overs(path) == [path_of_it]
        unfinished.discard()

    def test_a_bucket_that_does_not_exist_is_not_made(self, s3: str) -> None:
        path = ObjectStoragePath(s3.replace("hr-bucket", "hr-bukcet")) / "reports" / "a.jsonl"
        for write in (_files.try_writing, lambda path: _files.begin(path).finish()):
            with pytest.raises(FileNotFoundError, match="bucket"):
                write(path)
        assert not path.fs.exists("hr-bukcet")

    def test_a_store_that_lets_nobody_delete_can_be_written(
        self, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def deny(*_: object) -> None:
            raise PermissionError

        path = ObjectStoragePath(s3) / tmp_path.name / "a.jsonl"
        monkeypatch.setattr(path.fs, "rm_file", deny)
        _files.try_writing(path)


class TestScratch:
    """A database for what does not fit into memory."""

    def test_what_does_not_fit_into_memory_is_in_a_file_without_a_name(self) -> None:
        database = _files.scratch()
        database.execute("CREATE TABLE big (content BLOB)")
        database.execute("INSERT INTO big VALUES (zeroblob(?))", (2 * _files.SCRATCH_KIB_IN_MEMORY * 1024,))
        assert any("(deleted)" in target for target in open_files())
        database.close()

    def test_two_of_them_share_nothing(self) -> None:
        one, other = _files.scratch(), _files.scratch()
        one.execute("CREATE TABLE leave (id TEXT)")
        other.execute("CREATE TABLE leave (id TEXT)")
        one.close()
        other.close()


def test_a_file_is_read_piece_by_piece(folder: ObjectStoragePath) -> None:
    path = folder / "pieces"
    assert _files.open_to_read(path) is None
    _files.replace(path, b"content")
    stream = _files.open_to_read(path)
    assert stream
    with stream:
        assert (stream.read(3), stream.read()) == (b"con", b"tent")


def test_what_another_machine_has_written_meanwhile_is_read_whole(s3: str) -> None:
    path = ObjectStoragePath(f"{s3}/meanwhile/pieces")
    _files.replace(path, b"short")
    assert _files.names(path.parent) == ["pieces"]  # and remembered with its size
    path.fs.call_s3("put_object", Bucket="hr-bucket", Key="meanwhile/pieces", Body=b"much longer")
    stream = _files.open_to_read(path)
    assert stream
    with stream:
        assert stream.read() == b"much longer"
