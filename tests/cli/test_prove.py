"""`prove`: it asks, tries, deletes what it created, and prints what came of it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider.contract.assumptions import ASSUMPTIONS
from cor_provider.contract.contract import Contract
from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.error_styles import ERROR_STYLES
from prove_support import CALLS
from support import SEED, Connect

from .conftest import Cor, Ran

ARGUMENTS = ("prove", "--user", "u1", "--leave-type", "vacation")
REPOSITORY = Path(__file__).parents[2]
MONDAY = 1479686400.0 + 3653 * 86400
"""Ten years after Monday, 21 November 2016."""


@pytest.fixture(autouse=True)
def _connected(connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connect()
    monkeypatch.chdir(tmp_path)


def prove(cor: Cor, *more: object) -> Ran:
    return cor(*ARGUMENTS, "--yes", *more)


def sit_at_a_terminal(monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    terminal = io.StringIO(says + "\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)


def test_where_all_is_as_assumed_it_says_so_and_ends_with_0(cor: Cor, sandbox: Sandbox) -> None:
    ran = prove(cor)
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "12 hold, 0 do not, 4 could not be tried."
    assert max(map(len, ran.out.splitlines())) <= 80
    assert sandbox.leaves == ()


def test_the_table_has_a_row_for_each_assumption(cor: Cor) -> None:
    found = prove(cor, "--output", "json").data["assumptions"]
    assert [one["assumption"] for one in found] == [one.text for one in ASSUMPTIONS]
    for one, assumption in zip(found, ASSUMPTIONS, strict=True):
        assert one["result"] == ("could not be tried" if assumption.untried else "holds")
        assert one["meaning"] == (f"Not known: {assumption.untried}" if assumption.untried else assumption.gives)


def test_one_that_does_not_hold_is_counted_as_one(cor: Cor, sandbox: Sandbox) -> None:
    sandbox.error_style = "zc001"
    assert prove(cor).out.splitlines()[-1] == "11 hold, 1 does not, 4 could not be tried."


def test_an_assumption_that_does_not_hold_ends_it_with_1(cor: Cor, sandbox: Sandbox) -> None:
    sandbox.error_style = "null"
    ran = prove(cor)
    assert ran.code == 1
    assert "does not hold" in ran.text
    assert ran.out.splitlines()[-1] == "5 hold, 6 do not, 5 could not be tried."
    assert sandbox.leaves == ()


def test_it_says_what_it_will_do_before_it_does_it(cor: Cor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_clock, "timestamp", lambda: MONDAY + 3 * 86400)
    sit_at_a_terminal(monkeypatch, "n")
    ran = cor(*ARGUMENTS)
    assert (ran.code, ran.out, sandbox.requests) == (2, "", ())
    for part in (sandbox.url, "source GLOBANT", "user u1", "type vacation", "on 2016-11-21", "until 2016-11-27"):
        assert part in ran.err
    assert "begins with cor-provider-prove-" in ran.err
    assert ran.err.endswith("Begin? [y/N] error: nothing was sent.\n")


def test_after_a_yes_it_begins(cor: Cor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_at_a_terminal(monkeypatch, "y")
    assert cor(*ARGUMENTS).code == 0
    assert sandbox.requests


def test_where_nobody_can_be_asked_it_needs_yes(cor: Cor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = cor(*ARGUMENTS)
    assert (ran.code, sandbox.requests) == (2, ())
    assert ran.err.endswith("error: nobody can be asked here: pass --yes to begin without asking.\n")


def test_the_day_the_source_and_the_connection_can_be_named(cor: Cor, connect: Connect, sandbox: Sandbox) -> None:
    connect(conn_id="cor_other", extra={"source": "SAP"})
    ran = prove(cor, "--day", "2015-03-04", "--source", "GLOBANT", "--conn-id", "cor_other", "-o", "json")
    assert (ran.code, ran.data["day"]) == (0, "2015-03-04")


@pytest.mark.parametrize("day", ["soon", "2015-02-29", "9999-12-31"])
def test_a_day_that_is_none_is_wrong_use(cor: Cor, sandbox: Sandbox, day: str) -> None:
    ran = prove(cor, "--day", day)
    says = f"error: --day: {day!r} is no day; expected a date, such as 2016-05-11.\n"
    assert (ran.code, ran.err, sandbox.requests) == (2, says, ())


TODAY = 1479686400.0
"""21 November 2016."""
RECENT = ["2015-11-17", "2016-11-20", "2016-12-24", "2030-01-01"]


@pytest.mark.parametrize("day", RECENT)
def test_a_day_on_which_real_leave_may_be_is_not_used_unasked(
    cor: Cor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    monkeypatch.setattr(_clock, "timestamp", lambda: TODAY)
    ran = prove(cor, "--day", day)
    assert (ran.code, sandbox.requests) == (2, ())
    assert ran.err.startswith(f"error: --day: {day} is in the future or less than a year ago, where real leave may be.")
    assert "leave out --yes" in ran.err


@pytest.mark.parametrize("day", RECENT)
def test_but_may_be_confirmed(cor: Cor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    monkeypatch.setattr(_clock, "timestamp", lambda: TODAY)
    sit_at_a_terminal(monkeypatch, "y")
    ran = cor(*ARGUMENTS, "--day", day)
    assert ran.code == 0
    assert f"Make sure that the user has none from {day} to " in ran.err


def test_a_day_of_more_than_a_year_ago_needs_no_such_care(
    cor: Cor, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_clock, "timestamp", lambda: TODAY)
    ran = prove(cor, "--day", "2015-11-16")
    assert ran.code == 0
    assert "Real leave" not in ran.err


@pytest.mark.parametrize("arguments", [("--user", "nobody"), ("--leave-type", "none")])
def test_a_leave_that_cor_refuses_is_wrong_use(cor: Cor, sandbox: Sandbox, arguments: tuple[str, str]) -> None:
    ran = prove(cor, *arguments)
    assert ran.code == 2
    assert "COR refused the leave, so that nothing could be tried" in ran.err
    assert "Check --user, --leave-type, --source and --day" in ran.err


@pytest.mark.parametrize("style", ["null", "empty", "html"])
def test_a_404_without_a_name_may_be_about_the_user_or_the_host(cor: Cor, sandbox: Sandbox, style: str) -> None:
    sandbox.error_style = style
    ran = prove(cor, "--user", "nobody")
    message = ran.err.splitlines()[-1]
    assert ran.code == 2
    assert message.startswith("error: COR answered 404 to the create without saying what is missing")
    assert 0 < message.index("check --user, --leave-type and --source") < message.index("Host")


def test_a_source_that_cor_does_not_know_is_named_and_nothing_can_be_left_under_it(cor: Cor, sandbox: Sandbox) -> None:
    ran = prove(cor, "--source", "GLOBENT")
    assert ran.code == 2
    doubt, _, clean_up, error = ran.err.splitlines()
    assert doubt == "WARNING: COR does not document the source GLOBENT: did you mean GLOBANT?"
    assert clean_up == "Nothing was created in COR."
    assert error.startswith("error: COR does not know this source")


@pytest.mark.parametrize(
    "happens",
    [
        lambda sandbox: sandbox.drop_next(),
        lambda sandbox: sandbox.answer_next(500, commit=True),
        lambda sandbox: sandbox.answer_next(404, {"error": "UserNotFoundError"}),
    ],
    ids=["the answer is lost", "COR fails", "COR refuses it"],
)
def test_where_nothing_could_be_tried_it_says_that_nothing_is_left(
    cor: Cor, sandbox: Sandbox, happens: Callable[[Sandbox], object]
) -> None:
    happens(sandbox)
    assert told_of_clean_up(prove(cor)) == ["COR holds nothing of this any more: it has confirmed that."]
    assert sandbox.leaves == ()


def told_of_clean_up(ran: Ran) -> list[str]:
    return [line for line in ran.err.splitlines() if line.startswith(("COR holds", "Nothing was", "WARNING"))]


def test_an_unusable_connection_is_an_error_of_one_line(cor: Cor, connect: Connect) -> None:
    connect(password="expired-token")
    ran = prove(cor)
    assert ran.code == 2
    assert "error: COR refused the token (401)" in ran.err
    assert told_of_clean_up(ran) == ["Nothing was created in COR."]
    assert "expired-token" not in ran.out + ran.err


def test_leave_that_could_not_be_deleted_is_named_and_ends_it_with_1(cor: Cor, sandbox: Sandbox) -> None:
    sandbox.go_down(after=6)
    ran = prove(cor, "--output", "json")
    (held,) = sandbox.leaves
    left = ran.data["left_in_cor"]
    assert (ran.code, left[0]) == (1, held.external_id)
    assert "WARNING: COR may still hold leave of u1 under these external ids" in ran.err
    assert f": {', '.join(left)}. Look in COR at the leave of this user from " in ran.err


def test_where_cor_never_says_that_it_has_no_leave_what_is_not_proven_is_named(cor: Cor, sandbox: Sandbox) -> None:
    sandbox.error_style = "null"
    ran = prove(cor, "--day", "2016-05-09", "--output", "json")
    leave = ran.data["id"]
    left = [leave, f"{leave}-dates", f"{leave}-type", f"{leave}-unknown"]
    assert ran.data["left_in_cor"] == left
    assert f": {', '.join(left)}. Look in COR at the leave of this user from 2016-05-09 to 2016-05-15." in ran.err


MARKED = {
    "status": "success",
    "message": "Marker: 987654",
    "name": "Marker",
    "Marker": ["Marker", {"Marker": 987654}],
    "data": {"id": 987654, "userId": 876543, "name": "Marker", "marker@example.com": {"0": 987654}},
}


@pytest.mark.parametrize("status", [200, 202, 400, 403, 404, 409, 422, 500])
def test_it_prints_and_writes_nothing_personal_but_what_was_typed(
    cor: Cor, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, tmp_path: Path, status: int
) -> None:
    sandbox.answer_next(201, MARKED, headers={"X-Marker": "Marker"}, commit=True)
    for _ in CALLS[1:]:
        sandbox.answer_next(status, MARKED, headers={"X-Marker": "Marker", "Server": "Marker"})
    ran = prove(cor)
    assert ran.out
    for told in (ran.out, ran.err, caplog.text, (tmp_path / "cor-contract.json").read_text()):
        for marker in ("987654", "876543", "arker"):
            assert marker not in told


def test_the_shape_of_the_answers_is_written_to_the_current_folder(cor: Cor, tmp_path: Path) -> None:
    ran = prove(cor)
    assert "cor-contract.json has the shape of COR's answers" in ran.err
    text = (tmp_path / "cor-contract.json").read_text()
    assert [one.call for one in Contract.read(text).calls] == [*CALLS]
    for typed in ("u1", "vacation", "GLOBANT", "2016", "127.0.0.1", "cor-provider-prove"):
        assert typed not in text


@pytest.mark.parametrize("style", ERROR_STYLES)
def test_a_sandbox_with_that_file_answers_alike(
    cor: Cor, connect: Connect, sandbox: Sandbox, tmp_path: Path, style: str
) -> None:
    sandbox.error_style = style
    first = prove(cor, "--contract", tmp_path / "first.json", "--output", "json")
    with Sandbox(seed=SEED, contract=tmp_path / "first.json") as other:
        connect(host=other.url, extra={"api_url": other.api_url})
        second = prove(cor, "--contract", tmp_path / "second.json", "--output", "json")
    assert (second.code, second.data["assumptions"]) == (first.code, first.data["assumptions"])
    assert (tmp_path / "second.json").read_text() == (tmp_path / "first.json").read_text()


def test_or_to_another_file(cor: Cor, tmp_path: Path) -> None:
    ran = prove(cor, "--contract", tmp_path / "mine.json", "--output", "json")
    assert ran.data["contract"] == str(tmp_path / "mine.json")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("file/mine.json", "there is no folder {0}/file for {0}/file/mine.json. Create it first."),
        ("none/mine.json", "there is no folder {0}/none for {0}/none/mine.json. Create it first."),
        ("folder", "{0}/folder is a folder. Name a file in it."),
    ],
)
def test_a_file_that_cannot_be_written_is_found_before_anything_is_sent(
    cor: Cor, sandbox: Sandbox, tmp_path: Path, place: str, problem: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    ran = prove(cor, "--contract", tmp_path / place)
    assert (ran.code, ran.err, sandbox.requests) == (2, f"error: --contract: {problem.format(tmp_path)}\n", ())
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no folder that nobody can write to")
def test_a_folder_that_cannot_be_written_to_is_named_with_its_option(cor: Cor, sandbox: Sandbox) -> None:
    ran = prove(cor, "--contract", "/proc/mine.json")
    assert (ran.code, sandbox.requests) == (2, ())
    assert ran.err.startswith("error: --contract: /proc/mine.json cannot be written (")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_process_that_is_told_to_end_deletes_its_leave_first(connect: Connect, name: str) -> None:
    with Sandbox(seed=SEED, latency_ms=100) as slow:
        connect(host=slow.url, extra={"api_url": slow.api_url})
        for running in started():
            wait_until(lambda: bool(slow.leaves))
            running.send_signal(getattr(signal, name))
            _, told = running.communicate(timeout=60)
        assert running.returncode == 130
        assert told.endswith(b"COR holds nothing of this any more: it has confirmed that.\n")
        assert slow.leaves == ()


def started() -> Iterator[subprocess.Popen[Any]]:
    """Yield `prove` as a process."""
    command = [sys.executable, "-m", "cor_provider", *ARGUMENTS, "--yes"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def wait_until(is_so: Any) -> None:
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        threading.Event().wait(0.01)
