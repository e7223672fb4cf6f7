"""`python -m cor_provider.sandbox`, as a process."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.assumptions import ASSUMPTIONS
from cor_provider.sandbox.main_api import CHOICES
from cor_provider.sandbox.store import leave_id_at

COMMAND = [sys.executable, "-m", "cor_provider.sandbox"]


class Served:
    """A running sandbox: its first line, and once it has ended, its exit code and what else it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.line = process.stdout.readline()
        self.url = re.findall(r"http://127\.0\.0\.1:\d+", self.line)[0]

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=60)
        return self.process.returncode, output + errors


@contextmanager
def served(*options: str) -> Iterator[Served]:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Served(process)
        finally:
            process.kill()


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=120, check=False)


def post(url: str, leave: dict[str, Any], token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{url}/v2/integrations/leaves", json=leave, headers=headers, timeout=60)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_ends_cleanly(leave: dict[str, Any], number: int) -> None:
    with served() as sandbox:
        assert post(sandbox.url, leave, "sandbox-token").status_code == 201
        assert sandbox.end(number) == (0, "")


def test_its_one_line_is_the_connection_that_airflow_needs() -> None:
    with served() as sandbox:
        assignment = shlex.split(sandbox.line)[-1]

    variable, _, connection = assignment.partition("=")
    assert variable == "AIRFLOW_CONN_COR_DEFAULT"
    assert json.loads(connection) == {
        "conn_type": "cor",
        "host": sandbox.url,
        "password": "sandbox-token",
        "extra": {"source": "GLOBANT", "api_url": f"{sandbox.url}/v1", "web_url": sandbox.url},
    }


def test_of_several_sources_the_connection_names_none(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('[{"source": "GLOBANT"}, {"source": "SAP"}]')
    with served("--seed", str(seed)) as sandbox:
        connection = json.loads(shlex.split(sandbox.line)[-1].partition("=")[2])

    assert connection["extra"] == {"api_url": f"{sandbox.url}/v1", "web_url": sandbox.url}


def test_a_token_of_ones_own_is_used_and_not_shown(leave: dict[str, Any]) -> None:
    with served("--token", "s3cr3t", "--verbose") as sandbox:
        assert post(sandbox.url, leave, "s3cr3t").status_code == 201
        _, output = sandbox.end()

    assert "s3cr3t" not in sandbox.line + output


def test_verbose_logs_requests_without_their_contents(leave: dict[str, Any]) -> None:
    with served("--verbose") as sandbox:
        post(sandbox.url, leave, "sandbox-token")
        requests.post(f"{sandbox.url}/v1/oauth/token?grant_type=s3cr3t", timeout=60)
        _, output = sandbox.end()

    assert output == "POST /v2/integrations/leaves: 201\nPOST /v1/oauth/token: 400\n"


def test_verbose_logs_edits_by_hand_too(leave: dict[str, Any]) -> None:
    with served("--verbose", "--first-leave-id", "700") as sandbox:
        post(sandbox.url, leave, "sandbox-token")
        for cor_id in (700, 701):
            requests.post(f"{sandbox.url}/sandbox/leaves/{cor_id}/delete", allow_redirects=False, timeout=60)
        _, output = sandbox.end()

    assert output.splitlines()[1:] == ["POST /sandbox/leaves/700/delete: 303", "POST /sandbox/leaves/701/delete: 404"]


def test_options_reach_the_sandbox(tmp_path: Path, leave: dict[str, Any]) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"source": "SAP"}')
    with served("--seed", str(seed), "--error-style", "error-name", "--latency-ms", "1") as sandbox:
        refused = post(sandbox.url, leave, "sandbox-token")

    assert refused.json() == {
        "error": "UserNotFoundError",
        "message": "The user is not in the integration mappings",
    }


def test_the_main_api_is_read_as_asked() -> None:
    with served("--main-api", "deleted=absent, unknown_user=empty") as sandbox:
        headers = {"Authorization": "Bearer sandbox-token"}
        answer = requests.get(f"{sandbox.url}/v1/user/leaves?usersId=1", headers=headers, timeout=60)

    assert (answer.status_code, answer.json()) == (200, [])


def test_it_answers_in_the_shapes_of_a_contract(tmp_path: Path, leave: dict[str, Any]) -> None:
    file = tmp_path / "cor-contract.json"
    created = {"call": "create", "method": "POST", "path": "/v2/integrations/leaves", "status": 202, "headers": []}
    file.write_text(json.dumps({"version": 1, "calls": [{**created, "form": "nothing"}]}))
    with served("--contract", str(file)) as sandbox:
        assert post(sandbox.url, leave, "sandbox-token").status_code == 202


def test_ids_of_leave_begin_with_the_time_so_that_none_of_an_earlier_run_comes_again(leave: dict[str, Any]) -> None:
    cor_ids: list[int] = []
    for _ in range(2):
        while (now := leave_id_at(time.time())) in cor_ids:  # an id has the second in it
            time.sleep(0.05)
        cor_ids.append(now)
        with served() as sandbox:
            cor_ids.append(post(sandbox.url, leave, "sandbox-token").json()["data"]["id"])

    assert cor_ids == sorted(cor_ids)
    assert cor_ids[1] != cor_ids[3]


def test_ids_of_leave_begin_where_they_are_told_to(leave: dict[str, Any]) -> None:
    with served("--first-leave-id", "700") as sandbox:
        assert post(sandbox.url, leave, "sandbox-token").json()["data"]["id"] == 700


def test_help_says_what_it_is_and_what_it_assumes() -> None:
    text = " ".join(run("--help").stdout.split())

    assert "It is not COR" in text
    for assumption in ASSUMPTIONS:
        assert assumption in text
    for name, choices in CHOICES.items():
        assert f"- {name}: {next(iter(choices))} (" in text


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--error-style", "rude"], "error_style must be one of envelope, "),
        (["--error-rate", "2"], "error_rate and drop_rate must be between 0 and 1"),
        (["--seed", "nowhere.json"], "nowhere.json: No such file or directory"),
        (["--main-api", "paging"], "main_api must be NAME=VALUE"),
        (["--main-api", "paging=rows"], "main_api: paging must be one of page, row, ignored"),
        (["--contract", "nowhere.json"], "contract: nowhere.json: No such file or directory"),
        (["--first-leave-id", "0"], "first_leave_id must be a whole number above 0"),
        (["--port", "99999"], "cannot listen on --port 99999"),
    ],
)
def test_a_wrong_option_is_an_error_of_one_line(options: list[str], complaint: str) -> None:
    ended = run(*options)

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: {complaint}")
    assert ended.stderr.endswith(". See --help for the options.\n")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("option", "content", "complaint"),
    [
        ("--contract", '{"version": 1, "calls": []}', "contract: {}: has no answer of COR. Run prove again"),
        ("--seed", "[]", "{}: is empty. Give at least one object with a source"),
    ],
)
def test_a_file_with_nothing_in_it_is_refused(tmp_path: Path, option: str, content: str, complaint: str) -> None:
    file = tmp_path / "file.json"
    file.write_text(content)
    ended = run(option, str(file))

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: {complaint.format(file)}")


def test_a_taken_port_is_an_error_of_one_line(sandbox: Sandbox) -> None:
    ended = run("--port", sandbox.url.rpartition(":")[2])

    assert ended.returncode == 2
    assert "cannot listen on --port" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn", "jinja2"])
def test_a_missing_web_server_is_an_error_of_one_line(missing: str) -> None:
    code = (
        f"import runpy, sys; sys.modules[{missing!r}] = None; sys.argv = ['sandbox'];"
        "runpy.run_module('cor_provider.sandbox', run_name='__main__')"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 1
    assert ended.stderr == f"The COR sandbox needs {missing}: pip install 'airflow-provider-cor[sandbox]'\n"
