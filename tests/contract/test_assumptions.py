"""The one list of assumptions: the documentation shows it, the sandbox keeps to it, and `prove` tries it."""

from __future__ import annotations

import re
from pathlib import Path

from cor_provider.contract.assumptions import ASSUMPTIONS
from cor_provider.prove.verdicts import _CHECKS
from cor_provider.sandbox import assumptions as of_the_sandbox

PAGE = Path(__file__).parents[2] / "docs" / "assumptions.md"


def test_the_page_shows_the_same_list() -> None:
    bullets = re.findall(r"^- (.*?)$(?!\n  )", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert [" ".join(one.split()) for one in bullets] == [one.text for one in ASSUMPTIONS]


def test_the_sandbox_shows_it_before_its_own() -> None:
    theirs = of_the_sandbox.ASSUMPTIONS[: len(ASSUMPTIONS)]
    assert theirs == tuple(one.text.replace("`", "") for one in ASSUMPTIONS)
    assert len(of_the_sandbox.ASSUMPTIONS) > len(ASSUMPTIONS)


def test_each_is_tried_or_says_why_not() -> None:
    tried = {one.key for one in ASSUMPTIONS if not one.untried}
    assert tried == set(_CHECKS)
    assert all(one.gives and one.otherwise for one in ASSUMPTIONS if one.key in tried)
