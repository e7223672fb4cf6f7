"""The example DAGs for large files: one task and many batches come to the same, leave by leave."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cor_provider._compat import AirflowFailException
from cor_provider.sandbox import Sandbox
from example_dags.in_cor import xcoms_and_rendered_fields
from support import leave

IN_ONE_TASK, IN_BATCHES = "large_file_to_cor", "large_file_to_cor_in_batches"
BATCHES = 5  # instead of the many of the example, each of which takes its time

LEAVES = [leave(f"L{number}", user_id=f"u{1 + number % 2}") for number in range(200)]
REPEATED = leave("1000")
CONTRADICTED = [leave(str(number)) for number in range(2000, 2004)]
CONTRADICTIONS = [{**one, "id": int(one["id"]), "end": "2026-05-30"} for one in CONTRADICTED]
UNREADABLE = [b"no JSON", b"[]", b"\xff", json.dumps(leave("3000", start="11.05.2026")).encode()]


def lines_of(*leaves: dict[str, Any]) -> list[bytes]:
    return [json.dumps(one).encode() for one in leaves]


LINES = [
    *lines_of(REPEATED, *CONTRADICTED),
    *UNREADABLE,
    *lines_of(*LEAVES, REPEATED, *CONTRADICTIONS),
]


class Run(NamedTuple):
    """A run of a DAG, and what it left behind."""

    state: str
    tasks: Counter[tuple[str, str]]
    result: dict[str, int] | None
    in_cor: dict[str, tuple[str, str]]
    batches: list[list[bytes]]
    report: list[dict[str, Any]]

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(row["status"] for row in self.report)


RunDag = Callable[[str, Sandbox, list[bytes]], Run]


@pytest.fixture(scope="module")
def dags(example_dags: Path, module_patch: pytest.MonkeyPatch) -> dict[str, Any]:
    names = runpy.run_path(str(example_dags / "large_file_to_cor.py"))
    module_patch.setitem(names["split"].function.__globals__, "BATCHES", BATCHES)
    dags = {dag.dag_id: dag for dag in (names["in_one_task"], names["in_batches"])}
    for task in [task for dag in dags.values() for task in dag.tasks]:
        # `dag.test()` would sit out the delay before a retry.
        getattr(task, "partial_kwargs", task.__dict__)["retries"] = 0
    return dags


@pytest.fixture(scope="module")
def run_dag(dags: dict[str, Any], leave_exchange: Path, module_patch: pytest.MonkeyPatch, airflow_db: None) -> RunDag:
    """Return a function that runs a DAG over a file of these lines."""

    def run(dag_id: str, cor: Sandbox, lines: list[bytes]) -> Run:
        connection = {"conn_type": "cor", "host": cor.url, "password": cor.token}
        module_patch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        (leave_exchange / "export.jsonl").write_bytes(b"\n\n".join(lines))
        dag_run = dags[dag_id].test(run_conf={"file": "export.jsonl"})
        instances = dag_run.get_task_instances()
        (last_task,) = (task.task_id for task in dags[dag_id].tasks if not task.downstream_task_ids)
        folder = leave_exchange / dag_id / dag_run.run_id
        return Run(
            str(dag_run.state),
            Counter((instance.task_id, str(instance.state)) for instance in instances),
            instances[0].xcom_pull(task_ids=last_task),
            {one.external_id: (one.user_id, one.end) for one in cor.leaves},
            [path.read_bytes().splitlines() for path in sorted(folder.glob("batch-*.jsonl"))],
            [json.loads(row) for path in folder.glob("report*.jsonl") for row in path.read_bytes().splitlines()],
        )

    return run


@pytest.fixture(scope="module")
def runs(run_dag: RunDag) -> dict[str, Run]:
    """Both DAGs over the same file, each into a COR of its own."""
    runs = {}
    for dag_id in (IN_ONE_TASK, IN_BATCHES):
        with new_cor() as cor:
            runs[dag_id] = run_dag(dag_id, cor, LINES)
    return runs


@pytest.fixture(scope="module")
def failed_and_repeated(run_dag: RunDag) -> tuple[Run, Run]:
    """Two runs over the same file: COR turns away a batch of the first, and none of the second."""
    with new_cor() as cor:
        cor.answer_next(403)
        return run_dag(IN_BATCHES, cor, lines_of(*LEAVES)), run_dag(IN_BATCHES, cor, lines_of(*LEAVES))


@pytest.fixture
def cor() -> Iterator[Sandbox]:
    with new_cor() as cor:
        yield cor


def new_cor() -> Sandbox:
    return Sandbox(
        seed={"source": "GLOBANT", "users": [{"id": "u1"}, {"id": "u2"}], "leave_types": [{"id": "vacation"}]}
    )


both_ways = pytest.mark.parametrize("dag_id", [IN_ONE_TASK, IN_BATCHES])


@both_ways
def test_cor_holds_every_leave_of_the_file(runs: dict[str, Run], dag_id: str) -> None:
    expected = [*LEAVES, REPEATED, *CONTRADICTED]
    assert runs[dag_id].in_cor == {one["id"]: (one["user_id"], "2026-05-12T23:59:00-00:00") for one in expected}


@both_ways
def test_refusals_that_are_tolerated_leave_the_run_green(runs: dict[str, Run], dag_id: str) -> None:
    assert runs[dag_id].state == "success"


@both_ways
def test_repeats_are_sent_once_and_contradictions_and_unreadable_lines_rejected(
    runs: dict[str, Run], dag_id: str
) -> None:
    assert runs[dag_id].outcomes == {"created": 205, "existing": 1, "rejected": 8}
    errors = Counter(row["error"] for row in runs[dag_id].report if row["status"] == "rejected")
    assert errors == {"ValidationError": 4, "ConflictingRepeatError": 4}


@both_ways
def test_the_counts_add_up_to_every_line(runs: dict[str, Run], dag_id: str) -> None:
    result = runs[dag_id].result
    assert result is not None
    counts = {status: count for status, count in result.items() if count and status != "report"}
    assert counts == {"received": len(LINES), **runs[dag_id].outcomes}


def test_every_line_is_in_one_batch(runs: dict[str, Run]) -> None:
    batches = runs[IN_BATCHES].batches
    assert Counter(line for batch in batches for line in batch) == Counter(LINES)
    assert len(batches) == BATCHES
    assert all(batches)


@both_ways
def test_airflow_keeps_nothing_of_the_leave(runs: dict[str, Run], dag_id: str) -> None:
    kept = xcoms_and_rendered_fields(dag_id)
    assert "report" in kept
    assert [marker for marker in ("u1", "u2", "vacation", "2026-05-12", "2026-05-30") if marker in kept] == []


def test_what_is_written_of_people_is_for_its_owner_alone(runs: dict[str, Run], leave_exchange: Path) -> None:
    written = [path for path in leave_exchange.rglob("*") if path.name != "export.jsonl"]
    modes = {(path.is_dir(), oct(path.stat().st_mode & 0o777)) for path in written}
    assert len(written) > BATCHES
    assert modes == {(True, "0o700"), (False, "0o600")}


def test_a_batch_that_fails_leaves_the_others_alone(failed_and_repeated: tuple[Run, Run]) -> None:
    failed, _ = failed_and_repeated
    incomplete = [batch for batch in failed.batches if not _ids(batch) <= failed.in_cor.keys()]
    assert len(incomplete) == 1


def test_a_batch_that_fails_fails_the_run(failed_and_repeated: tuple[Run, Run]) -> None:
    failed, _ = failed_and_repeated
    assert failed.state == "failed"
    assert failed.tasks == {
        ("split", "success"): 1,
        ("push", "failed"): 1,
        ("push", "success"): BATCHES - 1,
        ("summarise", "failed"): 1,
    }


def test_the_reports_account_for_the_leaves_of_a_failed_batch(failed_and_repeated: tuple[Run, Run]) -> None:
    failed, _ = failed_and_repeated
    assert Counter(row["id"] for row in failed.report) == Counter(one["id"] for one in LEAVES)
    assert failed.outcomes["failed"] == 1


def test_a_repeated_run_sends_what_a_failed_batch_did_not(failed_and_repeated: tuple[Run, Run]) -> None:
    failed, repeated = failed_and_repeated
    created = failed.outcomes["created"]
    assert repeated.state == "success"
    assert repeated.outcomes == {"existing": created, "created": len(LEAVES) - created}


def test_refusals_that_every_batch_tolerates_fail_the_run_if_they_are_too_many(run_dag: RunDag, cor: Sandbox) -> None:
    refused = (leave(str(number), user_id="nobody") for number in range(11))
    run = run_dag(IN_BATCHES, cor, lines_of(*refused, *(leave(f"good-{number}") for number in range(40))))
    assert run.outcomes == {"rejected": 11, "created": 40}
    assert run.tasks == {("split", "success"): 1, ("push", "success"): BATCHES, ("summarise", "failed"): 1}


def test_if_the_file_cannot_be_split_the_summary_says_so(
    run_dag: RunDag,
    dags: dict[str, Any],
    logged: Callable[[], str],
) -> None:
    run = dags[IN_BATCHES].test(run_conf={"file": "missing.jsonl"})
    states = {instance.task_id: instance.state for instance in run.get_task_instances()}
    assert states == {"split": "failed", "push": "upstream_failed", "summarise": "failed"}
    log = logged()
    assert "The file was not split" in log
    assert not [error for error in ("TypeError", "XComNotFound") if error in log]


def test_if_every_batch_fails_the_summary_counts_their_leave(
    run_dag: RunDag, cor: Sandbox, logged: Callable[[], str]
) -> None:
    for _ in LEAVES:
        cor.answer_next(403)
    run = run_dag(IN_BATCHES, cor, lines_of(*LEAVES))
    assert run.tasks == {("split", "success"): 1, ("push", "failed"): BATCHES, ("summarise", "failed"): 1}
    assert f"Of {len(LEAVES)} leaves, 0 are in no batch's counts" in logged()


def test_if_no_batch_has_counts_the_summary_misses_all_leave(
    run_dag: RunDag,
    cor: Sandbox,
    logged: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cor_provider.operators.leaves.CreateLeaveOperator.execute", _stop)
    run = run_dag(IN_BATCHES, cor, lines_of(*LEAVES))
    assert run.tasks == {("split", "success"): 1, ("push", "failed"): BATCHES, ("summarise", "failed"): 1}
    log = logged()
    assert f"Of {len(LEAVES)} leaves, {len(LEAVES)} are in no batch's counts" in log


def _stop(*_: Any) -> None:
    """End a task before it has counts."""
    raise AirflowFailException("The worker is gone.")


def _ids(batch: list[bytes]) -> set[str]:
    return {json.loads(line)["id"] for line in batch}
