"""An Airflow as firms scale it: Celery workers that share no disk, PostgreSQL, Redis, and files in an object store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_airflow import RunningAirflow, make_environment, run_airflow
from on_celery.engine import POOL_SLOTS, Engine, Supervisor, supervision
from on_celery.servers import Bucket, Cor, check_installed, cor_process, object_store
from on_celery.workers import Worker, run_workers
from postgres_server import Database, new_database, start_server
from redis_server import Redis

DAGS = Path(__file__).parent / "dags"
LATENCY_MS = 100
"""How long an answer of COR takes: long enough for a push to be interrupted in the middle."""


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    check_installed()
    with start_server() as server, new_database(server) as database:
        yield database


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    check_installed()
    redis = Redis(tmp_path_factory.mktemp("redis"))
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture(scope="session")
def bucket() -> Iterator[Bucket]:
    with object_store() as bucket:
        yield bucket


@pytest.fixture(scope="session")
def cor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cor]:
    with cor_process(tmp_path_factory.mktemp("cor"), latency_ms=LATENCY_MS) as cor:
        yield cor


@pytest.fixture(scope="session")
def settings(database: Database, redis: Redis, bucket: Bucket, cor: Cor) -> dict[str, str]:
    """Airflow's settings, the same for the workers and all else."""
    postgres = "postgresql+psycopg2://{login}@{host}:{port}/{schema}".format(**database.airflow_connection)
    return {
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres,
        "AIRFLOW__CELERY__BROKER_URL": redis.url,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{postgres}",
        # A message that is not acknowledged by then is delivered again: that of a killed worker, and that of each task
        # that takes longer. By default a day; so soon, pushes here meet it.
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "5",
        # A task that has not been heard of for so long is taken for dead. By default after five minutes, looked for
        # every ten seconds.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
        "AIRFLOW_CONN_COR_DEFAULT": cor.connection,
        "AIRFLOW_CONN_STORE": bucket.connection,
    }


@pytest.fixture(scope="session")
def running_airflow(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAirflow]:
    with run_airflow(tmp_path_factory.mktemp("airflow"), dags=DAGS, settings=settings) as running:
        running.post("pools", name="cor", slots=POOL_SLOTS)
        yield running


@pytest.fixture(scope="session")
def both_workers(running_airflow: RunningAirflow, settings: dict[str, str]) -> Iterator[list[Worker]]:
    with run_workers(running_airflow, make_environment(running_airflow) | settings, "a", "b") as workers:
        running_airflow.wait_for_dags("batches", "sync")
        yield workers


@pytest.fixture
def engine(
    running_airflow: RunningAirflow,
    both_workers: list[Worker],
    bucket: Bucket,
    cor: Cor,
    request: pytest.FixtureRequest,
) -> Engine:
    """All of it with both workers, even if the test before has killed one."""
    for worker in both_workers:
        worker.revive()
    cor.answers()  # those to the tests before
    return Engine(running_airflow, both_workers, bucket, cor, folder=request.node.name)


@pytest.fixture(scope="session")
def supervisor(running_airflow: RunningAirflow, settings: dict[str, str]) -> Iterator[Supervisor]:
    with supervision(running_airflow, make_environment(running_airflow) | settings) as supervisor:
        yield supervisor
