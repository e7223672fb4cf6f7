"""The kinds of records: nobody can take one for the other."""

from __future__ import annotations

from dataclasses import astuple

from cor_provider.records.kinds import LEAVE, USERS


def test_no_word_of_one_kind_stands_for_the_other() -> None:
    assert not set(astuple(LEAVE)) & set(astuple(USERS))
