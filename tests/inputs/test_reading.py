"""Records of an input, read one by one: of any kind, each keeps its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorInvalidRoleError
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.users import iter_users
from cor_provider.records.external_ids import UnreadableRecord
from support import leave
from user_support import user


@pytest.mark.parametrize(("read", "record"), [(iter_leaves, leave()), (iter_users, user())])
def test_what_is_not_valid_is_a_result_and_the_next_ones_are_read(
    read: Callable[[Any], Iterator[Any]], record: dict[str, Any]
) -> None:
    first, second, third = read([record, {}, record | {"id": "X-3"}])
    assert (first.id, third.id) == (record["id"], "X-3")
    assert isinstance(second, UnreadableRecord)
    assert second.error.message.startswith("Record 2: id: is missing")


def test_an_error_keeps_its_kind_where_its_place_is_added(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id,email,first_name,last_name,role_id\nE-1,a@b.example,Ana,S,9\n")
    (refused,) = iter_users(path)
    assert isinstance(refused, UnreadableRecord)
    assert isinstance(refused.error, CorInvalidRoleError)


def test_a_json_key_that_is_there_twice_is_no_choice_of_ours() -> None:
    (refused,) = iter_users('[{"id": "E-1", "email": "a@b.example", "email": "c@d.example"}]')
    assert isinstance(refused, UnreadableRecord)
    assert refused.error.message == "email: the JSON object has this key more than once"
