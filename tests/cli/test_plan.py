"""`plan`: a written plan by user and kind."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from support import leave
from sync_support import Run

from .conftest import Cor


@pytest.fixture
def plan(sync: Run, tmp_path: Path) -> Path:
    """A plan that creates `L3` of u2, updates `L1` from u1 to u2, and deletes `L2` of u1."""
    sync([leave(), leave("L2")])
    path = tmp_path / "plan.jsonl"
    sync([leave(user_id="u2"), leave("L3", user_id="u2")], plan_only=True, plan_path=str(path))
    return path


def test_it_counts_by_user_and_kind(cor: Cor, plan: Path) -> None:
    ran = cor("plan", plan)
    assert ran.code == 0
    assert (
        ran.out
        == """\
2026-05-01/2026-05-31: 1 create, 1 update, 1 delete

user  create  update  delete  forget
u2         1       1       0       0
u1         0       0       1       0

2 users; --user ID shows the leave of one.
"""
    )


def test_it_shows_the_changes_of_one_user_also_those_that_take_leave_from_them(cor: Cor, plan: Path) -> None:
    assert (
        cor("plan", plan, "--user", "u1").out
        == """\
2026-05-01/2026-05-31: 1 update, 1 delete

        leave  first day   last day    until now
delete  L2     2026-05-11  2026-05-12
update  L1     2026-05-11  2026-05-12  u1
"""
    )


def test_a_create_that_may_overwrite_says_so(cor: Cor, sync: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    sync([leave()], plan_only=True, plan_path=str(path))
    assert "1 create or overwrite if COR has it" in cor("plan", path).text
    assert "COR may have it" in cor("plan", path, "--user", "u1").text


def test_scripts_get_the_same_as_json(cor: Cor, plan: Path) -> None:
    data = cor("plan", plan, "-o", "json").data
    assert data["window"] == "2026-05-01/2026-05-31"
    assert data["delete"] == 1
    assert data["users"]["u2"] == {"create": 1, "update": 1, "delete": 0, "forget": 0}
    of_one = cor("plan", plan, "--user", "u1", "-o", "json").data
    assert [one["id"] for one in of_one["operations"]] == ["L2", "L1"]


def test_an_empty_plan_changes_nothing(cor: Cor, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    path.touch()
    assert cor("plan", path).out == "Nothing would change.\n"


def test_another_file_is_refused(cor: Cor, tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    path.write_text('{"id": "L1", "status": "created"}\n')
    ran = cor("plan", path)
    assert (ran.code, ran.out) == (2, "")
    problem = "is not the plan of a sync, as plan_path has it (JSON Lines): line 1 is something else"
    assert ran.err == f"error: {path} {problem}.\n"


@pytest.mark.parametrize("wrong", [{"start": "soon"}, {"user_id": 7}, {"operation": "send"}, {"id": "\ud800"}])
def test_a_row_that_no_plan_has_is_refused(cor: Cor, plan: Path, wrong: dict[str, object]) -> None:
    first, second, _ = map(json.loads, plan.read_text().splitlines())
    plan.write_text(f"{json.dumps(first)}\n{json.dumps({**second, **wrong})}\n")
    for options in ([], ["--user", "u1"]):
        ran = cor("plan", plan, *options)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.endswith("line 2 is something else.\n")


def test_a_row_that_spells_its_values_in_another_way_is_read_as_the_tab_reads_it(cor: Cor, plan: Path) -> None:
    (create,) = (row for row in map(json.loads, plan.read_text().splitlines()) if row["operation"] == "create")
    spelt = {**create, "start": f"{create['start']}T00:00:00", "may_overwrite": "no", "previous_user_id": None}
    plan.write_text(json.dumps(spelt) + "\n")
    ran = cor("plan", plan, "--user", "u2", "--output", "json")
    assert (ran.code, ran.err) == (0, "")
    (shown,) = json.loads(ran.out)["operations"]
    assert (shown["start"], shown["may_overwrite"]) == (create["start"], False)
    assert "previous_user_id" not in shown


@pytest.mark.parametrize("output", ["table", "json"])
def test_its_memory_does_not_grow_with_the_plan(
    cor: Cor, plan: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    row = json.loads(plan.read_text().splitlines()[0])
    with plan.open("w") as file:
        file.writelines(
            json.dumps({**row, "id": f"L{number}", "user_id": f"u{number}"}) + "\n" for number in range(5000)
        )
    monkeypatch.setattr("sys.stdout", open(os.devnull, "w"))  # noqa: PTH123, SIM115  # what is printed would be kept
    cor("plan", plan, "-o", output)
    tracemalloc.start()
    try:
        cor("plan", plan, "-o", output)
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


def test_a_user_without_a_change_is_told_so(cor: Cor, sync: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    sync([leave()], plan_only=True, plan_path=str(path))
    assert cor("plan", path, "--user", "E-1").text == "The plan has no change for the user E-1."
