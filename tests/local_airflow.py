"""
A whole Airflow of one's own, as in production: a scheduler, its web server, and each task in its own process.

All that it writes is in a folder that it is given, and nothing of it is left running.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

import airflow
import psutil  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package
import pytest
import requests
from cryptography.fernet import Fernet
from packaging.specifiers import SpecifierSet

from ports import free_port

EXECUTOR = "LocalExecutor"
FERNET_KEY = Fernet.generate_key().decode()
SECONDS_TO_START = 300
SECONDS_TO_RUN = 300
SECONDS_TO_SHOW = 120
SECONDS_BETWEEN_LOOKS = 0.2
UNTIL_READ_AGAIN = "120"
"""Seconds until a DAG file is read once more: no test changes one, and reading them all keeps a core busy."""

_open: list[ExitStack] = []
"""What ends each Airflow that was started."""


@dataclass(frozen=True)
class Major:
    """How versions of Airflow differ for those who start and ask them."""

    components: tuple[tuple[str, ...], ...]
    healthy: set[str]
    api: str
    health: str
    asset_events: str
    settings: dict[str, str]
    """Airflow's, in which ``{url}`` and ``{port}`` are those of the REST API."""
    files: dict[str, str] = field(default_factory=dict)
    new_run: dict[str, Any] = field(default_factory=dict)


AIRFLOW_2 = Major(
    components=(("webserver",), ("scheduler", "--skip-serve-logs")),
    healthy={"metadatabase", "scheduler"},
    api="api/v1",
    health="health",
    asset_events="datasets/events",
    settings={
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.providers.fab.auth_manager.api.auth.backend.basic_auth",
        # It would rather have another database; for two tasks at a time SQLite is enough.
        "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": UNTIL_READ_AGAIN,
        "AIRFLOW__WEBSERVER__BASE_URL": "{url}",
        "AIRFLOW__WEBSERVER__SECRET_KEY": secrets.token_hex(),
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": "{port}",
        "AIRFLOW__WEBSERVER__WORKERS": "1",
    },
    files={"webserver_config.py": 'AUTH_ROLE_PUBLIC = "Admin"\n'},
)
AIRFLOW_3 = Major(
    components=(("api-server",), ("dag-processor",), ("scheduler", "--skip-serve-logs")),
    healthy={"metadatabase", "scheduler", "dag_processor"},
    api="api/v2",
    health="monitor/health",
    asset_events="assets/events",
    settings={
        "AIRFLOW__API__BASE_URL": "{url}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": "{port}",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        # On a busy machine, Airflow may need longer than its five seconds to answer its very first task.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "300",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": UNTIL_READ_AGAIN,
        # As long as that, Airflow may take to see that a task's process has ended.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    },
    new_run={"logical_date": None},
)
WITH_TRIGGERER = replace(AIRFLOW_3, components=(*AIRFLOW_3.components, ("triggerer", "--skip-serve-logs")))
"""What waits for a person waits in a triggerer, until Airflow 3.3, whose REST API hands the answer to the task."""
BY_VERSION = {SpecifierSet("<3"): AIRFLOW_2, SpecifierSet(">=3.1,<3.3"): WITH_TRIGGERER}
MAJOR = next((major for versions, major in BY_VERSION.items() if airflow.__version__ in versions), AIRFLOW_3)


@dataclass
class RunningAirflow:
    """An Airflow to talk to through its REST API."""

    home: Path
    url: str
    components: dict[tuple[str, ...], subprocess.Popen[bytes]] = field(default_factory=dict)
    """The process of each command that it consists of."""

    def start_run(self, dag_id: str, **conf: str) -> Run:
        """Trigger a DAG."""
        body = {**MAJOR.new_run, "conf": conf}
        return Run(self, dag_id, self.post(f"dags/{dag_id}/dagRuns", **body)["dag_run_id"])

    def unpause(self, dag_id: str) -> None:
        """Wait until a DAG can be run, and let its runs begin."""
        self.wait_for_dags(dag_id)
        self._ask("PATCH", f"dags/{dag_id}", json={"is_paused": False})

    def add_connection(self, conn_id: str, **fields: Any) -> None:
        """Add a Connection; ``extra`` is a mapping."""
        extra = json.dumps(fields.pop("extra", {}))
        self.post("connections", connection_id=conn_id, extra=extra, **fields)

    def delete_connections(self, conn_type: str) -> None:
        """Delete all Connections of a type."""
        for connection in self.get("connections", limit=1000)["connections"]:
            if connection["conn_type"] == conn_type:
                self._ask("DELETE", f"connections/{connection['connection_id']}")

    def get(self, path: str, **parameters: Any) -> Any:
        """Return what the REST API answers."""
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, **body: Any) -> Any:
        """Have the REST API make something."""
        return self._ask("POST", path, json=body)

    def is_up(self) -> bool:
        """Return whether every component is healthy."""
        with suppress(requests.RequestException):
            health = self.get(MAJOR.health)
            return all(health[part]["status"] == "healthy" for part in MAJOR.healthy)
        return False

    def wait_for_dags(self, *dag_ids: str) -> None:
        """Wait until these DAGs can be run."""
        self.wait_for(lambda: {*dag_ids} <= {dag["dag_id"] for dag in self.get("dags")["dags"]}, SECONDS_TO_START)

    def wait_for(self, look: Callable[[], Any], seconds: float = SECONDS_TO_RUN) -> Any:
        """Return the first true thing that is seen."""
        end = time.monotonic() + seconds
        while not (seen := look()):
            if time.monotonic() > end:
                self.fail(f"waited for {seconds} seconds")
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return seen

    def fail(self, reason: str) -> NoReturn:
        """Fail the test, with the end of what every component has said."""
        logs = sorted((self.home / "output").glob("*.log"))
        tails = (f"{path.name}:\n{path.read_text(errors='replace')[-3000:]}" for path in logs)
        pytest.fail("\n\n".join([reason, *tails]), pytrace=False)

    def _ask(self, method: str, path: str, **kwargs: Any) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.url}/{MAJOR.api}/{path}"
            answer = session.request(method, url, timeout=120, **kwargs)
            if answer.status_code == HTTPStatus.UNAUTHORIZED:  # Airflow 3.1 wants a token, and gives it to everybody
                token = session.get(f"{self.url}/auth/token", timeout=120).json()["access_token"]
                session.headers["Authorization"] = f"Bearer {token}"
                answer = session.request(method, url, timeout=120, **kwargs)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@dataclass
class Run:
    """One run of a DAG."""

    airflow: RunningAirflow
    dag_id: str
    run_id: str

    def wait(self, meanwhile: Callable[[], object] = lambda: None) -> str:
        """Return the state in which the run ends; until then, do something again and again."""

        def look() -> str | None:
            meanwhile()
            state = str(self.airflow.get(self._path)["state"])
            return state if state in {"success", "failed"} else None

        return str(self.airflow.wait_for(look))

    def states(self) -> dict[str, set[str]]:
        """Return the states of every task, which are several if it is mapped."""
        states: dict[str, set[str]] = {}
        for instance in self.tasks():
            states.setdefault(instance["task_id"], set()).add(instance["state"])
        return states

    def tasks(self) -> list[dict[str, Any]]:
        """Return every task instance, as the REST API returns it."""
        return list(self.airflow.get(f"{self._path}/taskInstances")["task_instances"])

    def link(self, task_id: str, name: str) -> str | None:
        """Return where an extra link of a task leads, if anywhere."""
        links = self.airflow.get(f"{self._path}/taskInstances/{task_id}/links")
        link: str | None = links.get("extra_links", links)[name]
        return link

    def xcom(self, task_id: str, key: str = "return_value") -> Any:
        """Return an XCom of a task."""
        return self.airflow.get(f"{self._path}/taskInstances/{task_id}/xcomEntries/{key}", stringify=False)["value"]

    @property
    def _path(self) -> str:
        return f"dags/{self.dag_id}/dagRuns/{self.run_id}"


@pytest.fixture(scope="session")
def airflow_db() -> None:
    """A migrated metadata database of this process; only what runs tasks needs one."""
    migrate(os.environ)  # not a copy: Airflow may have opened the database already
    if airflow.__version__ in SpecifierSet(">=3.1,<3.3"):
        from airflow.sdk.execution_time import supervisor  # noqa: PLC0415  # Airflow 2 has none

        # `DAG.test` builds its API anew for each task, which takes seconds. Later ones keep it, too.
        supervisor.in_process_api_server = functools.cache(supervisor.in_process_api_server)


@pytest.hookimpl(trylast=True)  # after the end of the fixtures, which may still use it
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """
    End what no other test needs, as the next one is of another folder: an idle Airflow keeps a processor busy.

    So the tests of a folder that share an Airflow must run in one process, and in one go.
    """
    if nextitem and nextitem.path.parent != item.path.parent:
        while _open:
            _open.pop().close()


@contextmanager
def run_airflow(home: Path, *, dags: Path, settings: Mapping[str, str]) -> Iterator[RunningAirflow]:
    """
    Start an Airflow, and end it with the block.

    :param home: an empty folder.
    :param dags: the folder of its DAGs.
    :param settings: environment variables, which take the place of this function's own.
    """
    running = RunningAirflow(home, f"http://127.0.0.1:{free_port()}")
    environment = {**make_environment(running), "AIRFLOW__CORE__DAGS_FOLDER": str(dags), **settings}
    (home / "output").mkdir(parents=True)
    for name, content in MAJOR.files.items():
        (home / name).write_text(content)
    with ExitStack() as stack:
        _open.append(stack)
        if "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" in settings:
            migrate(environment)
        else:
            make_database(home)
        for command in MAJOR.components:
            process = stack.enter_context(start(running, command[0], *command, environment=environment))
            running.components[command] = process
        running.wait_for(running.is_up, SECONDS_TO_START)
        yield running


def make_database(home: Path) -> None:
    """Copy an empty database of Airflow into a folder: making one takes half a minute, so each process makes one."""
    shutil.copy(_empty_database(), home / "airflow.db")


@functools.cache
def _empty_database() -> Path:
    home = Path(tempfile.mkdtemp(dir=os.environ["AIRFLOW_HOME"]))
    migrate({**os.environ, "AIRFLOW_HOME": str(home)})
    return home / "airflow.db"


def migrate(environment: Mapping[str, str]) -> None:
    """Make the tables of a database, as Airflow does."""
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        check=False,
        env=environment,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS_TO_START,
    )
    if done.returncode:
        pytest.fail(f"Airflow's database could not be made:\n{done.stdout[-3000:]}", pytrace=False)


def make_environment(running: RunningAirflow) -> dict[str, str]:
    """Return an environment in which nothing of another Airflow is left, nor a proxy on the way."""
    port = running.url.rpartition(":")[2]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW"))},
        "AIRFLOW_HOME": str(running.home),
        **{name: setting.format(url=running.url, port=port) for name, setting in MAJOR.settings.items()},
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": EXECUTOR,
        # Without one, each process of a new Airflow may make its own, and cannot read the Connections of the others.
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),  # Airflow 2 calls `airflow`
    }


@contextmanager
def start(
    running: RunningAirflow, name: str, *arguments: str, environment: dict[str, str], folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run an Airflow command, in Airflow's folder or another one, and leave no process of it behind."""
    with (running.home / "output" / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", *arguments],
            env=environment,
            cwd=folder or running.home,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, some of it in groups of their own; nothing of it is worth waiting for."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.kill()
