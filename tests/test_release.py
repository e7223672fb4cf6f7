"""`make release-check`: what keeps a version from being released before anything is built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
CHECK = REPOSITORY / ".ci" / "release-check"
RELEASED = "# Changelog\n\n## 1.2.0 - 2026-11-27\n\n## 1.1.0 - 2026-11-23\n"

pytestmark = pytest.mark.needs_clone


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which version 1.2.0 is ready."""
    for folder in (".ci", "cor_provider"):
        (tmp_path / folder).mkdir()
    shutil.copy(CHECK, tmp_path / ".ci")
    (tmp_path / "cor_provider" / "__init__.py").write_text('"""It."""\n\n__version__ = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(RELEASED)
    git(tmp_path, "init")
    commit(tmp_path)
    return tmp_path


def git(clone: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", *arguments]
    subprocess.run(command, check=True, capture_output=True, cwd=clone)


def commit(clone: Path) -> None:
    git(clone, "add", "--all")
    git(clone, "commit", "--allow-empty", "--message", "x")


def check(clone: Path) -> str:
    """Return why the check, which fails, refuses the release."""
    programs = os.path.relpath(Path(sys.executable).parent, clone)
    command = [str(clone / ".ci" / "release-check"), programs]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 1
    return run.stderr


def test_a_version_that_is_ready_is_built(clone: Path) -> None:
    assert "No release" not in check(clone)
    assert not (clone / "dist").exists()  # for want of a pyproject.toml


def test_a_file_that_is_not_committed_is_named(clone: Path) -> None:
    (clone / "new.py").touch()
    assert "?? new.py" in check(clone)


def test_a_version_that_has_a_tag_is_not_released_again(clone: Path) -> None:
    git(clone, "tag", "v1.2.0")
    assert "the tag v1.2.0 exists" in check(clone)


@pytest.mark.parametrize(
    ("changelog", "reason"),
    [
        (RELEASED.replace("1.2.0 - 2026-11-27", "Unreleased"), "has changes under Unreleased"),
        (RELEASED.replace("1.2.0 - 2026-11-27", "1.2.0"), "has no heading like  ## 1.2.0 - 2"),
        (RELEASED.replace("1.2.0", "1.20"), "has no heading like  ## 1.2.0 - 2"),
    ],
)
def test_the_changelog_has_the_version_with_its_day(clone: Path, changelog: str, reason: str) -> None:
    (clone / "CHANGELOG.md").write_text(changelog)
    commit(clone)
    assert reason in check(clone)
