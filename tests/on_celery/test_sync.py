"""Syncs whose ledger is in an object store: one at a time, and another worker takes over."""

from __future__ import annotations

from collections import Counter

from on_celery.engine import Engine


def test_another_worker_takes_over_from_a_sync_that_was_killed(engine: Engine) -> None:
    leave_ids = engine.leave_ids("x", range(100))
    run = engine.start_sync("sync", "all", leave_ids)
    task = engine.interrupted(run, "sync")
    with task.worker.drained():
        task.kill()
        engine.let_the_lease_expire()
        assert run.wait() == "success"
    (last,) = run.tasks()
    assert last["try_number"] == 2
    answers = engine.cor.answers()
    assert answers["POST 201"] == len(leave_ids)
    assert answers["DELETE 200"] == 0
    assert engine.held() == sorted(leave_ids)
    assert engine.ledger() == dict.fromkeys(leave_ids, "yes")
    report = engine.report("all")
    assert set(report) == set(leave_ids)
    assert set(report.values()) == {"created", "updated"}  # the next try writes again what the first may have written


def test_two_syncs_on_one_ledger_take_turns(engine: Engine) -> None:
    leave_ids = engine.leave_ids("x", range(120))
    first = engine.start_sync("sync_on_a", "first", leave_ids[:100])
    engine.interrupted(first, "sync")
    second = engine.start_sync("sync_on_b", "second", leave_ids[30:])
    assert [first.wait(), second.wait()] == ["success", "success"]
    (task_of_first,), (task_of_second,) = first.tasks(), second.tasks()
    assert task_of_first["try_number"] == 1
    assert task_of_second["try_number"] > 1  # it was busy
    assert engine.cor.answers() == {"POST 201": 120, "DELETE 200": 30}
    assert engine.held() == sorted(leave_ids[30:])
    assert engine.ledger() == dict.fromkeys(leave_ids[30:], "yes")
    assert Counter(engine.report("first").values()) == {"created": 100}
    assert Counter(engine.report("second").values()) == {"deleted": 30, "unchanged": 70, "created": 20}


def test_a_sync_that_was_frozen_for_too_long_changes_nothing_more(engine: Engine) -> None:
    leave_ids = engine.leave_ids("x", range(100))
    run = engine.start_sync("sync", "all", leave_ids)
    task = engine.interrupted(run, "sync")
    with task.worker.frozen():
        engine.let_the_lease_expire()
        assert run.wait() == "success"
        counts, report, ledger = run.xcom("sync"), engine.report("all"), engine.ledger()
        engine.cor.answers()
    engine.airflow.wait_for(lambda: not task.process.is_running())
    assert run.xcom("sync") == counts
    assert engine.report("all") == report
    assert engine.ledger() == ledger == dict.fromkeys(leave_ids, "yes")
    assert engine.cor.answers() == {}
    assert counts["received"] == counts["created"] + counts["updated"] == len(leave_ids)
