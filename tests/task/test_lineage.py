"""Where leave comes from and where it goes, as reported to Airflow and OpenLineage."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from airflow_names import HookLineageCollector
from cor_provider._compat import get_hook_lineage_collector
from cor_provider.exceptions import CorLeavesRejectedError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator, UpdateLeaveOperator
from cor_provider.sandbox import Sandbox
from cor_provider.task.lineage import openlineage_facets
from support import Connect, leave

EveryOperator = pytest.mark.parametrize(
    "operator_class", [CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator]
)


@pytest.fixture
def file_of_leave(tmp_path: Path) -> Path:
    """Hold leave that COR has, leave that it does not have, and a record that cannot be read."""
    path = tmp_path / "leave.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (leave(), leave("L2"), {"id": "L3"})))
    return path


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Collect what hooks report: Airflow's own collector does nothing as long as nobody reads it."""
    collector = HookLineageCollector()
    try:
        place = import_module("airflow.providers.common.compat.sdk")
    except ImportError:  # before version 1.8, the compatibility package looked for it there
        place = import_module("airflow.lineage.hook")
    monkeypatch.setattr(place, "get_hook_lineage_collector", lambda: collector, raising=False)
    return get_hook_lineage_collector()


Run = Callable[..., LeaveOperator]


@pytest.fixture
def run(connect: Connect, sandbox: Sandbox) -> Run:
    """Run an operator against a COR that has the leave `L1`, and return it."""
    connect()

    def execute(operator_class: type[LeaveOperator], leave_requests: Any, **parameters: Any) -> LeaveOperator:
        CorIntegrationsHook().create_leave(leave())
        operator = operator_class(task_id="push", leave_requests=leave_requests, max_rejected=1, **parameters)
        operator.execute({})
        return operator

    return execute


@EveryOperator
def test_the_file_and_cors_endpoint_are_reported_once_each(
    operator_class: type[LeaveOperator], run: Run, collector: Any, sandbox: Sandbox, file_of_leave: Path
) -> None:
    run(operator_class, file_of_leave)
    reported = collector.collected_assets
    assert [(one.asset.uri.removeprefix("file://"), one.count) for one in reported.inputs] == [(str(file_of_leave), 1)]
    assert [(one.asset.uri, one.count) for one in reported.outputs] == [(f"{sandbox.url}/v2/integrations/leaves", 1)]


@pytest.mark.parametrize(
    ("operator_class", "parameters"),
    [
        (CreateLeaveOperator, {}),
        (UpdateLeaveOperator, {"if_missing": "skip"}),
        (UpdateLeaveOperator, {"if_missing": "fail"}),
        (DeleteLeaveOperator, {"if_missing": "fail"}),
    ],
)
def test_a_push_that_wrote_nothing_reports_no_output(
    operator_class: type[LeaveOperator], parameters: dict[str, Any], run: Run, collector: Any
) -> None:
    with suppress(CorLeavesRejectedError):
        run(operator_class, [leave("L2", user_id="nobody")], **parameters)
    assert collector.collected_assets.outputs == []


class TestOpenLineage:
    @pytest.mark.parametrize(
        ("uri", "name"),
        [
            ("s3://aws_default@bucket/hr/leave.csv", ("s3://bucket", "hr/leave.csv")),
            ("file:///srv/leave.csv", ("file", "/srv/leave.csv")),
            ("/srv/leave.csv", ("file", "/srv/leave.csv")),
        ],
    )
    def test_files_are_named_as_openlineage_names_them(self, uri: str, name: tuple[str, str]) -> None:
        (source,) = openlineage_facets(input_uris=[uri], output_url="https://cor.example/leaves", row_count=1).inputs
        assert (source.namespace, source.name) == name

    @EveryOperator
    def test_the_facets_name_the_file_the_endpoint_and_how_many_leaves_cor_took(
        self, operator_class: type[LeaveOperator], run: Run, sandbox: Sandbox, file_of_leave: Path
    ) -> None:
        lineage: Any = run(operator_class, f"file://{file_of_leave}").get_openlineage_facets_on_complete(None)
        (source,), (target,) = lineage.inputs, lineage.outputs
        assert (source.namespace, source.name) == ("file", str(file_of_leave))
        assert (target.namespace, target.name) == (sandbox.url, "/v2/integrations/leaves")
        assert target.outputFacets["outputStatistics"].rowCount == 2

    @EveryOperator
    def test_every_file_of_a_list_is_reported_once(
        self, operator_class: type[LeaveOperator], run: Run, file_of_leave: Path, tmp_path: Path
    ) -> None:
        another = tmp_path / "another.csv"
        another.write_text("id,user_id,leave_type_id,start,end\nL4,u1,vacation,2026-06-01,2026-06-01\n")
        inputs = [str(file_of_leave), [another, leave("L5")], f" {another}\n"]
        lineage = run(operator_class, inputs).get_openlineage_facets_on_complete(None)
        assert [source.name for source in lineage.inputs] == [str(file_of_leave), str(another)]

    def test_leave_passed_as_records_has_no_input_dataset(self, run: Run) -> None:
        lineage = run(CreateLeaveOperator, [leave(), json.dumps(leave("L2"))]).get_openlineage_facets_on_complete(None)
        assert lineage.inputs == []

    def test_text_that_only_ends_like_a_file_is_not_reported(self, run: Run, collector: Any, tmp_path: Path) -> None:
        path = tmp_path / "E-7, ill.jsonl"
        path.write_text(json.dumps(leave("L2")))
        operator = run(CreateLeaveOperator, [str(path), leave("L3")])
        assert operator.get_openlineage_facets_on_complete(None).inputs == []
        assert collector.collected_assets.inputs == []

    @EveryOperator
    def test_a_task_that_sent_nothing_has_no_facets(
        self, operator_class: type[LeaveOperator], connect: Connect
    ) -> None:
        connect()
        operator = operator_class(task_id="push", leave_requests=[])
        assert operator.get_openlineage_facets_on_complete(None) is None
        operator.execute({})
        assert operator.get_openlineage_facets_on_complete(None) is None

    def test_its_provider_is_not_imported_where_nobody_asks(self) -> None:
        code = """
import sys
import cor_provider.operators.leaves
sys.exit("airflow.providers.openlineage.extractors" in sys.modules)
"""
        subprocess.run([sys.executable, "-c", code], check=True)
