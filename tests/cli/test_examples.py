"""The example DAGs that the commands know."""

from __future__ import annotations

from pathlib import Path

import pytest

from cor_provider.cli import examples
from cor_provider.cli.examples import Example, find_examples

REPOSITORY = Path(__file__).parents[2]


def test_all_of_a_clone_are_found_and_nothing_of_the_demo() -> None:
    assert [one.path for one in find_examples()] == sorted((REPOSITORY / "example_dags").glob("*.py"))


def test_those_that_are_installed_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "installed_to_cor.py").write_text('"""Do it."""\n')
    monkeypatch.setattr(examples, "INSTALLED", tmp_path)
    assert [one.name for one in find_examples()] == ["installed_to_cor"]


def test_the_purpose_is_the_first_line_of_the_text_about_it(tmp_path: Path) -> None:
    path = tmp_path / "x_to_cor.py"
    path.write_text('"""\nPush it, every dáy.\n\nIt needs nothing.\n"""\n', encoding="utf-8")
    assert Example(path).purpose == "Push it, every dáy."


@pytest.mark.parametrize("example", find_examples(), ids=lambda example: example.name)
def test_each_says_its_purpose_in_a_sentence(example: Example) -> None:
    assert example.purpose.endswith(".")
