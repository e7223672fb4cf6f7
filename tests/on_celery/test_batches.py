"""Mapped batches with a pool: every leave is created once, whatever happens to what they run on."""

from __future__ import annotations

from collections import Counter

from on_celery.engine import POOL_SLOTS, Engine, Push, Supervisor
from postgres_server import Database
from redis_server import Redis

CUT_ALL_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def assert_that_each_was_created_once(push: Push) -> None:
    assert push.engine.held() == push.all_ids
    assert push.engine.cor.answers()["POST 201"] == len(push.all_ids)
    assert push.run.xcom("received") == len(push.all_ids)


def most_at_once(push: Push) -> int:
    """Return how many batches were on their way at the same time."""
    starts_and_ends = [(task["start_date"], 1) for task in push.tasks()] + [
        (task["end_date"], -1) for task in push.tasks()
    ]
    at_once = most = 0
    for _when, change in sorted(starts_and_ends):
        at_once += change
        most = max(most, at_once)
    return most


def test_batches_share_a_pool(engine: Engine) -> None:
    push = engine.start_batches(batches=4, size=40)
    assert push.run.wait() == "success"
    assert_that_each_was_created_once(push)
    assert Counter(push.statuses()) == {"created": 4 * 40}
    assert most_at_once(push) == POOL_SLOTS


def test_another_worker_takes_over_from_one_that_was_killed(engine: Engine) -> None:
    push = engine.start_batches(batches=2, size=120)
    engine.interrupted(push.run, "push").worker.kill()
    assert push.run.wait() == "success"
    assert max(task["try_number"] for task in push.tasks()) == 2
    assert_that_each_was_created_once(push)
    statuses = Counter(push.statuses())  # the killed batch cannot say what it created: for the next try, that exists
    assert set(statuses) == {"created", "existing"}


def test_a_push_outlives_its_broker_and_the_connections_to_the_database(
    engine: Engine, redis: Redis, database: Database, supervisor: Supervisor
) -> None:
    push = engine.start_batches(batches=2, size=120)
    engine.interrupted(push.run, "push")
    redis.stop()
    redis.start()
    database.execute(CUT_ALL_OTHERS)
    assert push.run.wait(meanwhile=supervisor.look) == "success"
    assert_that_each_was_created_once(push)
    assert set(push.statuses()) <= {"created", "existing"}
