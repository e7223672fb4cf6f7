"""Where leave comes from and where it goes, as Airflow and OpenLineage are told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector
from airflow.providers.common.compat.sdk import HookLineageCollector

from cor_provider.lineage import openlineage_facets
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.sandbox import Sandbox
from support import Connect, leave


@pytest.fixture
def file_of_leave(tmp_path: Path) -> Path:
    path = tmp_path / "leave.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (leave(), leave("L2"), leave("L3", user_id="nobody"))))
    return path


def test_the_file_and_cors_endpoint_are_told_once_each(
    connect: Connect, sandbox: Sandbox, file_of_leave: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    collector = HookLineageCollector()
    # Airflow's own does nothing as long as nobody reads what it collects.
    monkeypatch.setattr("airflow.providers.common.compat.sdk.get_hook_lineage_collector", lambda: collector)
    CreateLeaveOperator(task_id="push", leave_requests=file_of_leave, max_rejected=1).execute({})
    told = get_hook_lineage_collector().collected_assets
    assert [(one.asset.uri.removeprefix("file://"), one.count) for one in told.inputs] == [(str(file_of_leave), 1)]
    assert [(one.asset.uri, one.count) for one in told.outputs] == [(f"{sandbox.url}/v2/integrations/leaves", 1)]


def test_a_push_that_wrote_nothing_is_not_told(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    connect()
    collector = HookLineageCollector()
    monkeypatch.setattr("airflow.providers.common.compat.sdk.get_hook_lineage_collector", lambda: collector)
    CreateLeaveOperator(task_id="push", leave_requests=[leave(user_id="nobody")], max_rejected=1).execute({})
    assert get_hook_lineage_collector().collected_assets.outputs == []


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
        (source,) = openlineage_facets(input_uri=uri, output_url="https://cor.example/leaves", row_count=1).inputs
        assert (source.namespace, source.name) == name

    def test_it_is_told_the_file_the_endpoint_and_how_many_leaves_cor_took(
        self, connect: Connect, sandbox: Sandbox, file_of_leave: Path
    ) -> None:
        connect()
        operator = CreateLeaveOperator(task_id="push", leave_requests=f"file://{file_of_leave}", max_rejected=1)
        operator.execute({})
        lineage = operator.get_openlineage_facets_on_complete(None)
        (source,), (target,) = lineage.inputs, lineage.outputs
        assert (source.namespace, source.name) == ("file", str(file_of_leave))
        assert (target.namespace, target.name) == (sandbox.url, "/v2/integrations/leaves")
        assert target.outputFacets["outputStatistics"].rowCount == 2

    def test_leave_that_came_as_records_has_no_input_to_tell(self, connect: Connect) -> None:
        connect()
        operator = CreateLeaveOperator(task_id="push", leave_requests=[leave()])
        operator.execute({})
        assert operator.get_openlineage_facets_on_complete(None).inputs == []

    def test_a_task_that_sent_nothing_has_nothing_to_tell(self, connect: Connect) -> None:
        connect()
        operator = CreateLeaveOperator(task_id="push", leave_requests=[])
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
