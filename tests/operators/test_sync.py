"""SyncLeavesOperator: what it returns, writes and logs; `tests/sync` has what it sends, deletes and remembers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from cor_provider._compat import Context
from cor_provider.exceptions import CorConfigurationError, CorDeleteGuardError
from cor_provider.operators.leaves import SyncLeavesOperator
from cor_provider.sandbox import Sandbox
from cor_provider.sync.page import MOST_DRAWN
from support import Connect, leave, open_files
from sync_support import ZERO, Run, TaskInstance, counts, held, plan_rows, remembered


def test_the_first_run_creates(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    assert sync([leave(), leave("L2")]) == counts(received=2, created=2)
    assert held(sandbox) == ["L1", "L2"]
    assert remembered(ledger) == {"L1": "yes", "L2": "yes"}


def test_the_counts_are_in_the_order_of_the_contract(sync: Run) -> None:
    assert list(sync([leave()])) == [*ZERO, "report", "plan"]


def test_a_configuration_error_accounts_for_everything(
    sync: Run, connect: Connect, sandbox: Sandbox, task_instance: TaskInstance
) -> None:
    sync([leave("gone"), leave("changed")])
    sandbox.revoke_tokens()
    with pytest.raises(CorConfigurationError):
        sync([leave("changed", end="2026-05-20"), leave("new")], concurrency=1)
    assert task_instance.xcoms["return_value"] == counts(received=2, not_sent=2)


def test_nothing_personal_is_logged_or_handed_on(
    sync: Run, task_instance: TaskInstance, logged: Callable[[], str]
) -> None:
    sync([leave(), leave("L2")])
    with pytest.raises(CorDeleteGuardError) as refusal:
        sync([leave("L3", start="2026-05-07")], max_deletes=0)
    shown = logged() + json.dumps(task_instance.xcoms) + str(refusal.value)
    for personal in ("u1", "vacation", "2026-05-1", "2026-05-07"):
        assert personal not in shown


# The files of a plan


def test_a_plan_that_would_be_refused_is_written_with_a_warning(
    sync: Run, tmp_path: Path, logged: Callable[[], str]
) -> None:
    sync([leave()])
    sync([], plan_only=True, plan_path=f"{tmp_path}/plan.jsonl")
    assert len(plan_rows(tmp_path / "plan.jsonl")) == 1
    assert "This plan would be refused. The input is empty" in logged()


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        (
            {"plan_path": "{folder}/a.jsonl", "report_path": "{folder}/a.jsonl"},
            "report_path: would overwrite the file of plan_path",
        ),
        ({"plan_path": "{folder}/a.jsonl", "approved_plan": "{folder}/a.jsonl"}, "plan_path: .*approved_plan"),
        ({"report_path": "{folder}/in.jsonl"}, "report_path: would overwrite the file of leave_requests"),
    ],
)
def test_no_file_overwrites_another(parameters: dict[str, str], problem: str, sync: Run, tmp_path: Path) -> None:
    options = {name: path.format(folder=tmp_path) for name, path in parameters.items()}
    with pytest.raises(CorConfigurationError, match=problem):
        sync(f"{tmp_path}/in.jsonl", **options)


def test_a_page_of_the_plan_is_written_beside_it(sync: Run, tmp_path: Path) -> None:
    sync([leave("new")], plan_path=f"{tmp_path}/a.b/plan.v1.jsonl")
    assert sorted(file.name for file in (tmp_path / "a.b").iterdir()) == ["plan.v1.html", "plan.v1.jsonl"]
    page = (tmp_path / "a.b" / "plan.v1.html").read_text()
    assert "u1: Create, Mon 11 May 2026 to Tue 12 May 2026; external id new" in page
    assert "vacation" not in page
    with pytest.raises(CorConfigurationError, match=r"plan\.jsonl"):
        sync([leave("new")], plan_path=f"{tmp_path}/plan.html")


def test_the_page_of_a_long_plan_opens_user_by_user(sync: Run, tmp_path: Path) -> None:
    leaves = [leave(f"L{number}", user_id=f"u{number % 9}") for number in range(MOST_DRAWN + 1)]
    sync(leaves, plan_only=True, plan_path=f"{tmp_path}/plan.jsonl", plan_shows_types=True)
    page = (tmp_path / "plan.html").read_text()
    assert "All changes by user" in page
    assert page.count('"vacation"') == len(leaves)


@pytest.mark.parametrize("rendered", [None, "", "None"])
def test_an_approval_that_renders_to_nothing_is_refused(rendered: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    operator = SyncLeavesOperator(
        task_id="sync",
        leave_requests=[leave()],
        window=("2026-05-01", "2026-05-31"),
        ledger=str(tmp_path / "ledger"),
        approved_plan="{{ ti.xcom_pull('plan')['plan'] }}",
    )
    operator.approved_plan = rendered
    with pytest.raises(CorConfigurationError, match="approved_plan: is empty when the task runs"):
        operator.execute(cast("Context", {"ti": TaskInstance()}))
    assert sandbox.requests == ()


@pytest.mark.parametrize("rendered", [[], {}, False, 0])
def test_an_approval_that_is_no_path_is_not_lifted(rendered: Any, sync: Run, sandbox: Sandbox) -> None:
    with pytest.raises(CorConfigurationError, match="approved_plan: there is no file"):
        sync([leave()], approved_plan=rendered)
    assert sandbox.leaves == ()


@pytest.mark.parametrize("wrong", [{"window": "soon"}, {"approved_plan": "/nowhere/plan.jsonl"}])
def test_a_parameter_that_is_wrong_leaves_no_file_open(sync: Run, wrong: dict[str, str]) -> None:
    sync([leave()])
    before = sum("(deleted)" in name for name in open_files())
    with pytest.raises(CorConfigurationError):
        sync([leave()], **wrong)
    assert sum("(deleted)" in name for name in open_files()) == before
