"""A run of leave, and the API server of an Airflow that has it: users log in there, and open the tab."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox
from local_airflow import RunningAirflow, make_environment, start
from ports import free_port

LEAVE_TAB = "leave_tab"
PASSWORD = "password-zq7"
USERS = {"admin": "admin", "viewer": "viewer", "nobody": ""}
"""The users of this Airflow and their roles; the last one has none, and may do nothing."""


@dataclass
class ApiServer:
    """Airflow's API server, and the file to which its log goes."""

    url: str
    output: Path

    def ask(self, method: str, path: str, *, token: str | None = None, **options: Any) -> requests.Response:
        """Send a request, as a browser does that keeps a token."""
        cookies = {"_token": token} if token else {}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, cookies=cookies, timeout=60, **options)

    def log_in(self, name: str) -> str:
        """Return the token of a user."""
        answer = self.ask("POST", "/auth/token", json={"username": name, "password": PASSWORD})
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/api/v2/version").ok
        except requests.RequestException:
            return False


@dataclass
class Tab:
    """The tab, as somebody's browser asks for it."""

    server: ApiServer
    token: str | None
    run_id: str
    folder: Path

    def get(self, task_id: str = "push", *, map_index: object = "{MAP_INDEX}", **options: Any) -> requests.Response:
        """Ask for the leave of a task instance."""
        return self.ask("GET", f"/cor/leave/{LEAVE_TAB}/{self.run_id}/{task_id}/{map_index}", **options)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.server.ask(method, path, token=self.token, **options)

    def xcom(self, task_id: str, key: str) -> Any:
        """Return an XCom of a task."""
        return self.ask("GET", self._xcom(task_id, key)).json()["value"]

    def edit_xcom(self, task_id: str, key: str, value: Any) -> None:
        """Edit an XCom, as Airflow lets its users do."""
        self.ask("PATCH", self._xcom(task_id, key), json={"value": value}).raise_for_status()

    @property
    def files(self) -> Path:
        """The folder of the run's files."""
        return self.folder / self.run_id

    def _xcom(self, task_id: str, key: str) -> str:
        return f"/api/v2/dags/{LEAVE_TAB}/dagRuns/{self.run_id}/taskInstances/{task_id}/xcomEntries/{key}"


@pytest.fixture(scope="session")
def tab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tab")


@pytest.fixture(scope="session")
def run_leave(airflow_db: None, tab_folder: Path, load_dag: Callable[[str], Any]) -> Callable[[], str]:
    """Return a function that runs the DAG in this process and returns the run's id."""

    def run() -> str:
        seed = {"source": "GLOBANT", "users": [{"id": "employee-7"}], "leave_types": [{"id": "surgery"}]}
        with Sandbox(seed=seed) as sandbox, pytest.MonkeyPatch.context() as patch:
            extra = {"source": "GLOBANT", "api_url": sandbox.api_url}
            connection = {"host": sandbox.url, "password": sandbox.token, "extra": extra}
            patch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps({"conn_type": "cor", **connection}))
            patch.setenv("TAB_FOLDER", str(tab_folder))
            return str(load_dag(LEAVE_TAB).test().run_id)

    return run


@pytest.fixture(scope="session")
def run_id(run_leave: Callable[[], str]) -> str:
    return run_leave()


@pytest.fixture(scope="session")
def api_server(airflow_db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Airflow's API server, to which several users may log in."""
    home = tmp_path_factory.mktemp("api-server")
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps(dict.fromkeys(USERS, PASSWORD)))
    running = RunningAirflow(home, f"http://127.0.0.1:{free_port()}")
    environment = {
        **make_environment(running),
        "AIRFLOW_HOME": os.environ["AIRFLOW_HOME"],
        "AIRFLOW__COR__SHOW_LEAVE_IN_UI": "True",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }
    (home / "output").mkdir()
    with start(running, "api-server", "api-server", environment=environment):
        server = ApiServer(running.url, home / "output" / "api-server.log")
        running.wait_for(server.answers)
        yield server


@pytest.fixture(scope="session")
def tab_of(api_server: ApiServer, run_id: str, tab_folder: Path) -> Callable[[str | None], Tab]:
    """Return a function that opens the tab as one of the users; None for somebody who has not logged in."""

    def open_tab(name: str | None) -> Tab:
        return Tab(api_server, api_server.log_in(name) if name else None, run_id, tab_folder)

    return open_tab
