"""Users in any form that a task accepts."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.translation import USER_FORM, Translation
from cor_provider.inputs.users import iter_users
from cor_provider.user import UnreadableUser, UserRequest
from user_support import MARKERS, PERSONAL, user

PEOPLE = [user("E-1"), user("E-2", role_id="Client", phone="+34 600")]
IN_HRS_WORDS = Translation(
    {"id": "No", "email": "Mail", "first_name": "Given", "last_name": "Family", "role_id": "Job"},
    {"role_id": {"boss": "Director", "*": "Collaborator"}},
    form=USER_FORM,
)


def test_every_form_gives_the_same_users(tmp_path: Path) -> None:
    expected = [UserRequest(**one) for one in PEOPLE]
    (tmp_path / "people.jsonl").write_text("".join(json.dumps(one) + "\n" for one in PEOPLE))
    pd.DataFrame(PEOPLE).to_csv(tmp_path / "people.csv", index=False)
    inputs = [PEOPLE, json.dumps(PEOPLE), str(tmp_path / "people.jsonl"), tmp_path / "people.csv", pd.DataFrame(PEOPLE)]
    for users in (*inputs, expected):
        assert list(iter_users(users)) == expected


def test_hrs_columns_and_values_become_ours() -> None:
    row = {"No": 7, "Mail": "a@b.example", "Given": "Ana", "Family": "S", "Job": "boss"}
    boss, other = iter_users([row, row | {"Job": "helper"}], translation=IN_HRS_WORDS)
    assert isinstance(boss, UserRequest)
    assert isinstance(other, UserRequest)
    assert (boss.id, boss.role_id, other.role_id) == ("7", 2, 4)


def test_only_the_optional_columns_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id;first_name;Last Name\nE-1;Ana;S\n")
    with pytest.raises(CorConfigurationError, match="has no column for email, last_name") as refusal:
        list(iter_users(path))
    assert refusal.value.message.startswith("users: people.csv: ")
    assert '{"last_name": "Last Name"}' in refusal.value.message


@pytest.mark.parametrize("users", [5, "people", "[[", '"x"', "people.docx", "nowhere.csv"])
def test_an_error_names_the_parameter_and_users(users: object) -> None:
    with pytest.raises((CorConfigurationError, OSError), match=r"\Ausers: ") as refusal:
        list(iter_users(users))
    assert "leave" not in str(refusal.value)


def test_a_field_of_leave_is_no_column_of_a_user() -> None:
    with pytest.raises(CorConfigurationError, match=r"columns: start: no such field\. The fields are id, email"):
        Translation({"start": "From"}, form=USER_FORM)


def test_an_unreadable_user_says_where_it_stands_and_shows_nobody(tmp_path: Path) -> None:
    (tmp_path / "people.jsonl").write_text(json.dumps({**PERSONAL, "email": "zq7"}) + "\n")
    (unreadable,) = iter_users(tmp_path / "people.jsonl")
    assert isinstance(unreadable, UnreadableUser)
    assert unreadable.id == PERSONAL["id"]
    assert "(people.jsonl, line 1)" in unreadable.error.message
    assert not [marker for marker in (*MARKERS, "zq7") if marker in unreadable.error.message + repr(unreadable)]


def test_who_is_not_wanted_has_no_position() -> None:
    kept: list[tuple[int, object]] = []
    wanted = iter_users(PEOPLE, is_wanted=lambda one: one.id == "E-2", on_record=lambda *one: kept.append(one))
    assert [one.id for one in wanted] == ["E-2"]
    assert kept == [(1, PEOPLE[1])]
