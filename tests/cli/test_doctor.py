"""`doctor`: a line for each thing, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from cor_provider import _clock
from cor_provider.sandbox import Sandbox
from redis_server import Redis, running_redis
from support import Connect

from .conftest import Cor


def states(cor: Cor, *arguments: object) -> dict[str, str]:
    return {one["check"]: one["state"] for one in cor("doctor", *arguments, "--output", "json").data}


def message(cor: Cor, check: str, *arguments: object) -> str:
    findings = cor("doctor", *arguments, "--output", "json").data
    return str(next(one["message"] for one in findings if one["check"] == check))


def test_a_healthy_setup_is_all_ok_and_ends_with_0(cor: Cor, connect: Connect, tmp_path: Path) -> None:
    connect()
    ran = cor("doctor", "--path", tmp_path)
    assert ran.code == 0
    assert [line.split()[:2] for line in ran.out.splitlines() if not line.startswith(" ")] == [
        ["ok", "versions"],
        ["ok", "connection"],
        ["ok", "token"],
        ["ok", "host"],
        ["ok", "source"],
        ["ok", "clock"],
        ["ok", "path"],
    ]
    assert max(map(len, ran.out.splitlines())) <= 80


def test_it_changes_nothing_in_cor_and_leaves_no_file(
    cor: Cor, connect: Connect, sandbox: Sandbox, tmp_path: Path
) -> None:
    connect()
    cor("doctor", "--path", tmp_path, "--path", tmp_path / "report.jsonl")
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert list(tmp_path.iterdir()) == []


def test_without_a_connection_it_says_how_to_make_one_and_ends_with_1(cor: Cor) -> None:
    ran = cor("doctor", "--conn-id", "nowhere")
    assert ran.code == 1
    assert ran.err == ""
    assert "problem connection The connection 'nowhere' does not exist: create it" in ran.text


def test_a_host_that_does_not_answer_is_a_problem_although_the_token_is_good(
    cor: Cor, connect: Connect, closed_port: int
) -> None:
    connect(host=f"http://127.0.0.1:{closed_port}")
    assert "connection refused" in message(cor, "host")
    assert states(cor)["host"] == "problem"


def test_a_redis_that_answers_is_ok_and_one_that_does_not_is_a_warning(
    cor: Cor, connect: Connect, redis: Redis, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(extra={"pace_redis_conn_id": "pace"})
    monkeypatch.setenv("AIRFLOW_CONN_PACE", redis.connection())
    assert states(cor)["redis"] == "ok"
    monkeypatch.setenv("AIRFLOW_CONN_PACE", f"redis://127.0.0.1:{closed_port}")
    assert states(cor)["redis"] == "warning"
    assert "'pace'" in message(cor, "redis")
    assert "each push finds its own pace" in message(cor, "redis")


def test_a_redis_that_refuses_what_a_push_does_is_a_problem_without_its_password(
    cor: Cor, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(extra={"pace_redis_conn_id": "pace"})
    with running_redis(tmp_path, "--requirepass", "password-4711") as redis:
        monkeypatch.setenv("AIRFLOW_CONN_PACE", redis.connection(password="password-4712"))
        ran = cor("doctor")
    assert ran.code == 1
    assert f"problem redis Redis at 127.0.0.1:{redis.port} (Connection 'pace') refuses the user or" in ran.text
    assert "password-471" not in ran.out + ran.err


def test_a_redis_whose_connection_is_missing_is_a_problem(cor: Cor, connect: Connect) -> None:
    connect(extra={"pace_redis_conn_id": "nowhere"})
    assert states(cor)["redis"] == "problem"
    assert "Extra pace_redis_conn_id names the connection 'nowhere'" in message(cor, "redis")


def test_a_connection_in_the_environment_that_airflow_cannot_read_is_not_called_missing(
    cor: Cor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", "{garbage")
    assert "AIRFLOW_CONN_COR_DEFAULT is set, but Airflow cannot read" in message(cor, "connection")


def test_an_invalid_field_is_named(cor: Cor, connect: Connect) -> None:
    connect(extra={"timeout": "soon"})
    assert "Extra timeout" in message(cor, "connection")


def test_a_field_that_has_no_effect_is_a_warning_with_what_may_be_meant(cor: Cor, connect: Connect) -> None:
    connect(extra={"pace_redis_conn": "pace", "o" * 100: "HR"})
    ran = cor("doctor")
    assert ran.code == 0
    assert "'pace_redis_conn', which has no effect here: did you mean pace_redis_conn_id?" in ran.text
    assert "'" + "o" * 40 + "…', which has no effect here: it may be another tool's." in ran.text


def test_a_connection_of_another_type_is_a_warning(cor: Cor, connect: Connect) -> None:
    connect(conn_type="http")
    ran = cor("doctor")
    assert ran.code == 0
    assert "warning type cor_default has the type 'http', not 'cor': change it" in ran.text


def test_a_refused_token_says_what_to_put_where(cor: Cor, connect: Connect) -> None:
    connect(password="expired-token")
    ran = cor("doctor")
    assert ran.code == 1
    assert "problem token COR refused the token (401): put a valid bearer token into" in ran.text
    assert "expired-token" not in ran.out + ran.err


def test_a_wrong_api_key_is_found_too(cor: Cor, connect: Connect) -> None:
    connect(login="api-key-4711", password="wrong-secret-1")
    assert states(cor)["token"] == "problem"


def test_an_unreachable_cor_is_a_problem_and_its_clock_is_not_compared(
    cor: Cor, connect: Connect, closed_port: int
) -> None:
    connect(extra={"api_url": f"http://127.0.0.1:{closed_port}/v1"})
    assert states(cor) == {"versions": "ok", "connection": "ok", "token": "problem", "host": "ok", "source": "ok"}


@pytest.mark.parametrize(
    ("source", "says"), [("", "No source: pass source="), ("HOMEMADE", "not document the source HOMEMADE")]
)
def test_a_source_that_is_missing_or_undocumented_is_a_warning(
    cor: Cor, connect: Connect, source: str, says: str
) -> None:
    connect(extra={"source": source})
    ran = cor("doctor")
    assert ran.code == 0
    assert "warning source " in ran.text
    assert says in ran.text


@pytest.mark.parametrize(("seconds", "direction"), [(3600, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_wrong_is_a_problem(
    cor: Cor, connect: Connect, monkeypatch: pytest.MonkeyPatch, seconds: int, direction: str
) -> None:
    connect()
    now = _clock.timestamp
    monkeypatch.setattr(_clock, "timestamp", lambda: now() + seconds)
    assert f"seconds {direction} COR's" in message(cor, "clock")
    assert states(cor)["clock"] == "problem"


def test_a_path_that_cannot_be_written_to_is_named_with_the_reason(cor: Cor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "folder"
    assert message(cor, "path", "--path", path) == (
        f"{path} cannot be written to (Not a directory): let this user write there."
    )


def test_a_store_that_is_unknown_here_is_a_problem(cor: Cor) -> None:
    assert states(cor, "--path", "unknown://bucket/x")["path"] == "problem"
