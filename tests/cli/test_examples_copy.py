"""`examples copy`: an example DAG to begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Cor

NAME = "minimal_leave_to_cor"
ORIGINAL = Path(__file__).parents[2] / "example_dags" / f"{NAME}.py"


def test_it_copies_into_a_folder_and_says_where_and_what_to_read(cor: Cor, tmp_path: Path) -> None:
    ran = cor("examples", "copy", NAME, tmp_path)
    copied = tmp_path / f"{NAME}.py"
    assert ran.code == 0
    assert copied.read_bytes() == ORIGINAL.read_bytes()
    assert str(copied) in "".join(ran.out.split())
    assert "Its first lines say what it needs" in ran.text


def test_it_copies_into_the_working_folder_if_none_is_named(
    cor: Cor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cor("examples", "copy", NAME, "--output", "json").data == {"name": NAME, "path": f"{NAME}.py"}
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.py"]


def test_it_never_overwrites(cor: Cor, tmp_path: Path) -> None:
    mine = tmp_path / f"{NAME}.py"
    mine.write_text("mine")
    ran = cor("examples", "copy", NAME, tmp_path)
    assert ran.code == 2
    assert ran.err == f"error: {mine} exists, and is never overwritten: name another folder, or move it away.\n"
    assert mine.read_text() == "mine"


def test_a_link_to_nowhere_is_not_followed(cor: Cor, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.py").symlink_to(tmp_path / "elsewhere.py")
    assert cor("examples", "copy", NAME, tmp_path).code == 2
    assert not (tmp_path / "elsewhere.py").exists()


@pytest.mark.parametrize("name", ["nothing_to_cor", "../demo/run", f"{NAME}.py", ""])
def test_a_name_that_no_example_has_is_refused(cor: Cor, tmp_path: Path, name: str) -> None:
    ran = cor("examples", "copy", name, tmp_path)
    assert ran.code == 2
    assert ran.err == f"error: there is no example {name!r}: `examples list` shows all.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_not_made(cor: Cor, tmp_path: Path) -> None:
    ran = cor("examples", "copy", NAME, tmp_path / "dgas")
    assert ran.code == 2
    assert ran.err == f"error: there is no folder {tmp_path / 'dgas'}: make it first, or name another.\n"
    assert list(tmp_path.iterdir()) == []
