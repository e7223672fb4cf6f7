"""What all tests share: an Airflow of their own, a COR sandbox, and the connection between them."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from cor_provider import _clock

# Which Airflow it is makes no difference to most properties: the older ones that CI also runs need only a quick look.
# More examples than these find nothing new on each change, but would take CI past its limit.
settings.register_profile(
    "repeatable",
    max_examples=30 if Version(version("apache-airflow")) >= Version("3.3") else 10,
    derandomize=True,
    deadline=None,
    suppress_health_check=[
        HealthCheck.differing_executors,  # `make mutants` runs the same test more than once in a process
        HealthCheck.function_scoped_fixture,  # the sandbox of a test serves all of its examples
    ],
)
settings.load_profile("repeatable")

# Before anything imports Airflow, which reads its settings then: nothing of the machine's own Airflow may show here.
for variable in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[variable]
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="airflow-"))
REPOSITORY = Path(__file__).parents[1]
DAG_FOLDERS = (REPOSITORY / "example_dags", REPOSITORY / "tests" / "dags")
os.environ |= {
    "AIRFLOW_HOME": str(AIRFLOW_HOME),
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(
        [
            {
                "name": f"{folder.parent.name}-{folder.name}-{path.stem}",
                "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                "kwargs": {"path": str(path)},
            }
            for folder in DAG_FOLDERS
            for path in sorted(folder.glob("*.py"))  # on its own: `DAG.test` reads all of a bundle, each time
        ]
    ),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",  # Airflow 2 warns of itself without it
    "NO_PROXY": "127.0.0.1",
}

from airflow import __version__ as airflow_version  # noqa: E402

from cor_provider.hooks.cor_integrations import CorIntegrationsHook  # noqa: E402
from cor_provider.sandbox import Sandbox  # noqa: E402
from redis_server import Redis, find_redis, running_redis  # noqa: E402
from support import SEED, Connect  # noqa: E402

# Their fixtures, hooks and options.
pytest_plugins = ["sync_support", "operators_support", "local_airflow", "tab_support", "run_record"]

AIRFLOW = Version(airflow_version)
LONGEST_ID = 200
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
DEBUG_LINES = re.compile(r"^\S+ \S+ \[debug +\].*\n(?:(?!\d{4}-\d\d-\d\d).*\n)*", re.MULTILINE)
WARNING_FILTERS = {
    SpecifierSet("<3"): (
        "error::airflow.exceptions.RemovedInAirflow3Warning",
        # To name a mapped task, Airflow 2 itself reads all of the context. Airflow 3 no longer has what this warns of.
        "ignore::airflow.utils.context.AirflowContextDeprecationWarning",
    ),
    SpecifierSet(">=3"): ("error::airflow.exceptions.RemovedInAirflow4Warning",),
    SpecifierSet(">=3.2"): ("error::airflow.sdk.exceptions.RemovedInAirflow4Warning",),
}
"""For the warnings that these versions of Airflow have."""


def pytest_configure(config: pytest.Config) -> None:
    """
    Make errors of Airflow's own deprecations, whichever module they are laid at: it is our code that runs here.

    The filters in pyproject.toml are read before Airflow may be imported, and cannot name its warnings.
    """
    of_this_airflow = [line for versions, lines in WARNING_FILTERS.items() if AIRFLOW in versions for line in lines]
    for line in ("error::airflow.exceptions.AirflowProviderDeprecationWarning", *of_this_airflow):
        config.addinivalue_line("filterwarnings", line)


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives the tests of a file to one process, as ``--dist loadfile`` does, and also files that share an Airflow."""

    TOGETHER: Mapping[str, str] = {
        "tests/browser/": "browser",
        "tests/ui/": "browser",
        "tests/running_airflow/": "running_airflow",
    }

    def _split_scope(self, nodeid: str) -> str:
        of_folder = (name for folder, name in self.TOGETHER.items() if nodeid.startswith(folder))
        return next(of_folder, super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """Distribute tests as `ByFile` does, where they are distributed by file."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Call a long value by its parameter alone, as pytest itself does from version 9 on."""
    return f"long {argname}" if isinstance(val, (bytes, str)) and len(val) > LONGEST_ID else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of what only other versions of Airflow or of a library have, or another copy or run."""
    others = [
        item for item in items if not (is_for_this_airflow(item) and is_for_this_copy(item) and is_for_this_run(item))
    ]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


def is_for_this_airflow(item: pytest.Item) -> bool:
    first = (Version(mark.args[0]) for mark in item.iter_markers("since_airflow"))
    gone = (Version(mark.args[0]) for mark in item.iter_markers("before_airflow"))
    without = (SpecifierSet(f"=={on}.*") for mark in item.iter_markers("not_on_airflow") for on in mark.args)
    needs = (Requirement(mark.args[0]) for mark in item.iter_markers("needs"))
    return (
        all(since <= AIRFLOW for since in first)
        and all(before > AIRFLOW for before in gone)
        and not any(AIRFLOW in versions for versions in without)
        and all(version(library.name) in library.specifier for library in needs)
    )


def is_for_this_copy(item: pytest.Item) -> bool:
    return (REPOSITORY / ".git").exists() or not item.get_closest_marker("needs_clone")


def is_for_this_run(item: pytest.Item) -> bool:
    """Tell whether the records may be looked at: a run that is to be recorded is not among them yet."""
    return not (item.config.getoption("--record") and item.get_closest_marker("checks_records"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of CI in which a test was skipped: there, everything must be able to run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("\nIn CI no test may be skipped.")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def load_dag(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Return a function that executes a DAG's file, as Airflow does, and returns the DAG."""

    def load(dag_id: str) -> Any:
        (path,) = (path for folder in DAG_FOLDERS if (path := folder / f"{dag_id}.py").exists())
        dag = runpy.run_path(str(path))["dag"]
        if Version("3.0") <= Version(version("apache-airflow")) < Version("3.1"):
            request.getfixturevalue("airflow_db")
            activate_assets(dag)
        return dag

    return load


def activate_assets(dag: Any) -> None:
    """Do what `DAG.test` of Airflow 3.0 leaves to the scheduler, and without which it refuses inlets and outlets."""
    from airflow.models.asset import AssetActive, AssetModel  # noqa: PLC0415  # Airflow 2 has other names
    from airflow.utils.session import create_session  # noqa: PLC0415  # not before the settings are read

    with create_session() as session:
        known = {(one.name, one.uri) for one in session.query(AssetModel)}
        used = {(asset.name, asset.uri) for task in dag.tasks for asset in (*task.inlets, *task.outlets)}
        for name, uri in used - known:
            model = AssetModel(name=name, uri=uri, group="asset")
            session.add(model)
            session.flush()
            session.add(AssetActive.for_asset(model))


class Time:
    """Passes when somebody waits, and then at once."""

    def __init__(self, waits: list[float]) -> None:
        self._waits = waits
        self._now = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def wait(self, stopping: threading.Event, seconds: float) -> None:
        with self._lock:  # no wait of several threads may be lost
            self._waits.append(seconds)
            self._now += seconds


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let nobody wait for real: time passes at once, and this lists the seconds of every wait."""
    waited: list[float] = []
    time = Time(waited)
    monkeypatch.setattr(_clock, "now", time.now)
    monkeypatch.setattr(_clock, "wait", time.wait)
    return waited


@pytest.fixture(scope="module", autouse=True)
def forget_secrets() -> Iterator[None]:
    """Let Airflow 2 forget what a module calls a secret: it would mask each "a" in what later tests look at."""
    yield
    module = sys.modules.get("airflow.utils.log.secrets_masker")
    masker = module and getattr(module, "_secrets_masker", None)  # Airflow 3 has it elsewhere, and masks nothing short
    if masker:
        masker().patterns.clear()
        masker().replacer = None


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """
    Return a function that returns what was logged, wherever this Airflow writes it, on one line and without colours.

    `DAG.test` of Airflow 3.0 also shows what a task asks for and gets, for debugging, which workers do not.
    """

    def read() -> str:
        printed = DEBUG_LINES.sub("", COLOURS.sub("", "".join(capfd.readouterr())))
        return " ".join((caplog.text + printed).split())

    return read


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=SEED, api_key="api-key-4711", client_secret="client-secret-0815") as sandbox:
        yield sandbox


@pytest.fixture
def connect(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return a function that sets the connection `cor_default`: to the sandbox, except for the given fields."""

    def set_connection(*, conn_id: str = "cor_default", extra: dict[str, Any] | None = None, **fields: Any) -> None:
        connection = {
            "conn_type": "cor",
            "host": sandbox.url,
            "password": sandbox.token,
            "extra": {"source": "GLOBANT", "api_url": sandbox.api_url, **(extra or {})},
            **fields,
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))

    return set_connection


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nobody listens. It is kept, or a sandbox of tests that run beside this one might get it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis, empty at first."""
    if not find_redis():
        pytest.skip("no Redis: install it with  apt-get install redis-server")
    with running_redis(tmp_path_factory.mktemp("redis")) as redis:
        yield redis


@pytest.fixture
def hook(connect: Connect) -> CorIntegrationsHook:
    """A hook that is connected to the sandbox."""
    connect()
    return CorIntegrationsHook()
