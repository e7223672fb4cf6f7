"""The plan of users: each once, the same again only if nothing differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorPlanChangedError, CorUserGuardError
from cor_provider.inputs.users import iter_users
from cor_provider.push.options import IfExists
from cor_provider.task.users_plan import UsersPlan
from cor_provider.user import UnreadableUser
from user_support import PERSONAL, user

PEOPLE = [user("E-1"), user("E-2", position="<b>Wizard</b>")]


def plan_of(*people: Any, source: str = "GLOBANT", if_exists: IfExists = "skip") -> UsersPlan:
    return UsersPlan.of(iter_users(list(people or PEOPLE)), source=source, if_exists=if_exists)


@pytest.fixture
def written(tmp_path: Path) -> str:
    """The path of a plan, which may be the approved one."""
    path = tmp_path / "plans" / "users.jsonl"
    plan_of().write(_files.locate(path))
    return str(path)


def test_each_user_is_in_it_once_and_nobody_is_sent_who_is_not() -> None:
    plan = plan_of(user("E-1"), user("E-1"), user("E-1", last_name="Other"), {"id": "E-3"}, user("E-2"))
    assert [one.id for one in plan.users] == ["E-1", "E-2"]
    refused = [(one.id, one.error.name) for one in plan.records if isinstance(one, UnreadableUser)]
    assert refused == [("E-1", "ConflictingRepeatError"), ("E-3", "ValidationError")]
    assert plan.counts == {"create": 2, "rejected": 2}


def test_the_file_says_all_that_would_be_sent(tmp_path: Path) -> None:
    plan = plan_of(PERSONAL)
    plan.write(_files.locate(tmp_path / "plan.jsonl"))
    (row,) = map(json.loads, (tmp_path / "plan.jsonl").read_text().splitlines())
    assert row == {"operation": "create", **PERSONAL, "role_id": 5, "source": "GLOBANT", "plan": plan.id}
    (update,) = plan_of(PERSONAL, if_exists="update").rows()
    assert update["operation"] == "create or update"


def test_the_page_shows_people_to_people_and_runs_nothing_of_theirs(written: str) -> None:
    page = Path(written).with_suffix(".html")
    text = page.read_text()
    assert all(value in text for value in ("e-1@company.com", "Ana Suárez", "&lt;b&gt;Wizard", "<b>2</b> to create"))
    assert "<b>Wizard" not in text
    assert (page.stat().st_mode & 0o077, Path(written).stat().st_mode & 0o077) == (0, 0)


def test_the_page_of_nobody_says_so(tmp_path: Path) -> None:
    UsersPlan.of([], source="GLOBANT", if_exists="skip").write(_files.locate(tmp_path / "plan.jsonl"))
    assert "Nobody would be created" in (tmp_path / "plan.html").read_text()


def test_the_same_users_are_approved_in_any_order(written: str) -> None:
    plan_of(*reversed(PEOPLE)).check_approval(written)


@pytest.mark.parametrize(
    ("plan", "differences"),
    [
        (plan_of(*PEOPLE, user("E-3")), "1 users are new, 0 are gone, 0 are different"),
        (plan_of(PEOPLE[0]), "0 users are new, 1 are gone, 0 are different"),
        (plan_of(PEOPLE[0], user("E-2", role_id=1)), "0 users are new, 0 are gone, 1 are different"),
        (plan_of(source="SAP"), "0 users are new, 0 are gone, 2 are different"),
        (plan_of(if_exists="update"), "was made with another if_exists"),
    ],
)
def test_another_plan_than_the_approved_one_is_refused(plan: UsersPlan, differences: str, written: str) -> None:
    with pytest.raises(CorPlanChangedError, match=differences):
        plan.check_approval(written)


@pytest.mark.parametrize(
    "content", ["zq7", '{"operation": "delete", "id": "zq7"}', '{"operation": "create", "id": "zq7"}', "[]", "7"]
)
def test_a_file_that_is_no_plan_of_users_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "plan.jsonl").write_text(content + "\n")
    with pytest.raises(CorConfigurationError, match="is not a plan that this version of the provider wrote") as refusal:
        plan_of().check_approval(str(tmp_path / "plan.jsonl"))
    assert "zq7" not in refusal.value.message


def test_the_limit_is_a_number_of_users_and_the_error_says_how_many() -> None:
    plan_of().check_number(2)
    plan_of().check_number(None)
    with pytest.raises(CorUserGuardError, match="would create 2 users, more than max_creates=1") as refusal:
        plan_of().check_number(1)
    assert "set max_creates=2" in refusal.value.message
