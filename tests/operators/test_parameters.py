"""Parameters are checked when the DAG is read if they are literal, and again when the task runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from airflow import DAG

from cor_provider._compat import AirflowFailException, BaseOperator, Context
from cor_provider.exceptions import CorConfigurationError
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import (
    CreateLeaveOperator,
    DeleteLeaveOperator,
    SyncLeavesOperator,
    UpdateLeaveOperator,
)
from cor_provider.operators.parameters import NOT_GIVEN, Safeguard, has_template
from cor_provider.sandbox import Sandbox
from support import Connect, leave
from sync_support import TaskInstance

EveryOperator = pytest.mark.parametrize(
    "operator_class", [CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator, SyncLeavesOperator]
)

WRONG: list[tuple[str, Any]] = [
    ("columns", {"leave_id": "Request No"}),
    ("columns", ["id"]),
    ("columns", "{"),
    ("values", {"leave_type_id": "vacation"}),
    ("values", {"leave_id": {}}),
    ("max_rejected", "10%"),
    ("max_rejected", -1),
    ("max_rejected_fraction", 1.5),
    ("max_rejected_fraction", "20%"),
    ("rejected_path", "/tmp/rejected.parquet"),  # noqa: S108  # never written
    ("rejected_path", "/tmp/rejected.csv.gz"),  # noqa: S108  # likewise
    ("rejected_path", "/dev/stdout"),
]
WRONG_FOR_SYNC: list[tuple[str, Any]] = [
    ("max_deletes", "many"),
    ("max_delete_fraction", "2"),
    ("allow_empty", "perhaps"),
]


def make(operator_class: type[LeaveOperator], folder: Path, **parameters: Any) -> LeaveOperator:
    of_sync = {"window": ("2026-05-01", "2026-05-31"), "ledger": f"{folder}/ledger"}
    required = of_sync if operator_class is SyncLeavesOperator else {}
    return operator_class(task_id="push", **{"leave_requests": [leave()], **required, **parameters})


@EveryOperator
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_literal_is_refused_when_the_dag_is_read(
    operator_class: type[LeaveOperator], name: str, value: Any, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make(operator_class, tmp_path, **{name: value})


@pytest.mark.parametrize(("name", "value"), WRONG_FOR_SYNC)
def test_a_wrong_guard_is_refused_when_the_dag_is_read(name: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make(SyncLeavesOperator, tmp_path, **{name: value})


Render = Callable[[LeaveOperator, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def run_rendered(connect: Connect, task_instance: TaskInstance) -> Render:
    """Run an operator whose parameters have templates, which render these values."""
    connect()

    def run(operator: LeaveOperator, values: dict[str, Any]) -> dict[str, Any]:
        operator.render_template_fields(cast("Context", values))
        return operator.execute(cast("Context", {"ti": task_instance}))

    return run


@EveryOperator
@pytest.mark.parametrize(("name", "value"), [*WRONG, ("rejected_path", "link.csv")])
def test_a_template_that_renders_a_wrong_value_fails_for_good_before_anything_is_sent(
    operator_class: type[LeaveOperator], name: str, value: Any, run_rendered: Render, tmp_path: Path
) -> None:
    if value == "link.csv":
        (tmp_path / value).symlink_to("/dev/stdout")
        value = f"{tmp_path}/link.csv"
    operator = make(operator_class, tmp_path, **{name: "{{ value }}"})
    with pytest.raises(CorConfigurationError, match=f"^{name}: ") as raised:
        run_rendered(operator, {"value": value if isinstance(value, str) else json.dumps(value)})
    assert isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize(("name", "value"), WRONG_FOR_SYNC)
def test_a_template_that_renders_a_wrong_guard_fails_for_good_before_anything_is_sent(
    name: str, value: Any, run_rendered: Render, tmp_path: Path, sandbox: Sandbox
) -> None:
    with pytest.raises(CorConfigurationError, match=f"^{name}: "):
        run_rendered(make(SyncLeavesOperator, tmp_path, **{name: "{{ value }}"}), {"value": value})
    assert sandbox.requests == ()


def test_before_its_parameters_are_right_a_task_has_received_nothing(
    run_rendered: Render, tmp_path: Path, sandbox: Sandbox, task_instance: TaskInstance
) -> None:
    with pytest.raises(CorConfigurationError):
        run_rendered(make(CreateLeaveOperator, tmp_path, max_rejected="{{ value }}"), {"value": "few"})
    assert task_instance.xcoms["return_value"]["received"] == 0
    assert sandbox.requests == ()


def test_templates_may_render_text(run_rendered: Render, tmp_path: Path, sandbox: Sandbox) -> None:
    rendered = {
        "columns": '{"id": "No"}',
        "values": '{"leave_type_id": {"*": "vacation"}}',
        "date_format": "",
        "max_rejected": "1",
        "max_rejected_fraction": "0.5",
        "max_deletes": "None",
        "max_delete_fraction": "1.0",
        "allow_empty": "True",
    }
    templates = {name: f"{{{{ {name} }}}}" for name in rendered}
    records = [{**leave(leave_type_id="Sick"), "No": 7}, {}]
    operator = make(SyncLeavesOperator, tmp_path, leave_requests=records, **templates)
    returned = run_rendered(operator, rendered)
    assert (returned["created"], returned["rejected"]) == (1, 1)
    assert [(one.external_id, one.leave_type_id) for one in sandbox.leaves] == [("7", "vacation")]


def test_a_date_format_that_leaves_the_date_open_is_refused_when_the_dag_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^date_format: '%d/%m' needs a year"):
        make(CreateLeaveOperator, tmp_path, date_format="%d/%m")


def test_a_date_format_of_another_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^date_format: expected text such as %d/%m/%Y, not int"):
        make(CreateLeaveOperator, tmp_path, date_format=5)


@EveryOperator
def test_what_a_mapped_task_does_not_set_is_none(operator_class: type[LeaveOperator], tmp_path: Path) -> None:
    names = ("columns", "values", "date_format", "max_rejected", "max_rejected_fraction", "rejected_path")
    operator = make(operator_class, tmp_path, **dict.fromkeys(names))
    operator.check_parameters()
    assert operator.limits.max_rejected == 0


def test_a_guard_that_a_mapped_task_does_not_set_has_its_default(tmp_path: Path) -> None:
    names = ("max_deletes", "max_delete_fraction", "allow_empty")
    operator = make(SyncLeavesOperator, tmp_path, **dict.fromkeys(names))
    assert isinstance(operator, SyncLeavesOperator)
    assert operator.guards == make_guards()


def make_guards() -> Any:
    operator = SyncLeavesOperator(task_id="sync", leave_requests=[], window="x", ledger="x")
    return operator.guards


def test_an_output_of_a_task_is_known_only_when_the_task_runs() -> None:
    with DAG("upstream", schedule=None):
        upstream = BaseOperator(task_id="upstream")
        operator = CreateLeaveOperator(task_id="push", leave_requests=[], max_rejected=upstream.output)  # type: ignore[arg-type]
    assert operator.upstream_task_ids == {"upstream"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ x }}", True),
        ("{% if x %}1{% endif %}", True),
        ({"id": "{{ x }}"}, True),
        ({"leave_type_id": {"Sick": "{{ x }}"}}, True),
        (["{{ x }}"], True),
        ('{"id": "No"}', False),
        ({"id": "No"}, False),
        (None, False),
        (10, False),
    ],
)
def test_a_template_is_recognised_anywhere_in_a_value(value: object, expected: bool) -> None:
    assert has_template(value) == expected


EMPTY = [None, "", " ", "None"]


def safeguard(value: object) -> Safeguard:
    return Safeguard("limit", value, otherwise="any number")


@pytest.mark.parametrize("is_mapped", [False, True])
@pytest.mark.parametrize("value", EMPTY)
def test_a_safeguard_that_is_empty_when_the_task_runs_is_not_lifted(value: object, is_mapped: bool) -> None:
    with pytest.raises(CorConfigurationError, match=r"limit: is empty .*, which must not mean any number"):
        safeguard("{{ x }}").check(value, is_mapped=is_mapped)


def test_the_author_of_a_dag_lifts_a_safeguard() -> None:
    safeguard(None).check(None, is_mapped=False)


def test_for_a_mapped_task_none_lifts_no_safeguard_but_leaving_it_out_does() -> None:
    with pytest.raises(CorConfigurationError, match="limit: is empty for this mapped task"):
        safeguard(None).check(None, is_mapped=True)
    safeguard(NOT_GIVEN).check(None, is_mapped=True)


@pytest.mark.parametrize("value", [0, 5, "5", ["a"], {"report": None}])
def test_a_safeguard_with_a_value_is_left_to_what_reads_it(value: object) -> None:
    safeguard(value).check(value, is_mapped=True)


def test_what_was_left_out_shows_as_none() -> None:
    assert repr(NOT_GIVEN) == "None"
