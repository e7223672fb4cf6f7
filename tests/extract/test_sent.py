"""What is remembered of the leave that was sent to COR."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cor_provider.exceptions import CorDeleteGuardError
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.sent import SentLeave

Send = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return f"{tmp_path}/sent.jsonl"


@pytest.fixture
def send(path: str, tmp_path: Path) -> Send:
    """Return a function that remembers a run: the leaves as `id: user`, and what became of each."""

    def send(
        leaves: dict[str, str], outcomes: dict[str, str], *, error: str | None = None, begins: bool = True
    ) -> None:
        rows = [{"id": leave_id, "user_id": user_id} for leave_id, user_id in leaves.items()]
        sent = SentLeave(path)
        if begins:
            sent.begin(rows)
        outcome_rows = [{"id": one, "status": status, "error": error} for one, status in outcomes.items()]
        report = write_lines(f"{tmp_path}/report.jsonl", outcome_rows)
        sent.settle(write_lines(f"{tmp_path}/leaves.jsonl", rows), [report, f"{tmp_path}/no-report.jsonl"])

    return send


def test_what_is_read_twice_is_sent_once_unless_it_changed(path: str, send: Send) -> None:
    send({"L1": "E-1", "L2": "E-2"}, {"L1": "created", "L2": "rejected"})
    read = [{"id": "L1", "user_id": "E-1"}, {"id": "L2", "user_id": "E-2"}]
    assert SentLeave(path).changed(read) == read[1:]
    assert SentLeave(path).changed([{**read[0], "end": "2026-05-12"}]) == [{**read[0], "end": "2026-05-12"}]


def test_what_hr_no_longer_has_is_gone_until_cor_has_deleted_it(path: str, send: Send) -> None:
    send({"L1": "E-1", "L2": "E-2"}, {"L1": "created", "L2": "existing"})
    assert gone(path, "L1") == {"L2": "E-2"}
    send({}, {"L2": "failed"})
    assert gone(path, "L1") == {"L2": "E-2"}
    send({}, {"L2": "deleted"})
    assert gone(path, "L1") == {}


def test_leave_is_its_users_as_cor_took_it_last(path: str, send: Send) -> None:
    send({"L1": "E-1"}, {"L1": "created"})
    send({"L1": "E-2"}, {"L1": "rejected"})
    assert gone(path) == {"L1": "E-1"}
    send({"L1": "E-2"}, {"L1": "updated"})
    assert gone(path) == {"L1": "E-2"}


@pytest.mark.parametrize("outcomes", [{}, {"L1": "failed"}])
def test_leave_that_went_back_while_nobody_knew_what_cor_has_is_sent_again(
    outcomes: dict[str, str], path: str, send: Send
) -> None:
    send({"L1": "E-1"}, {"L1": "created"})
    send({"L1": "E-2"}, outcomes)
    assert SentLeave(path).changed([{"id": "L1", "user_id": "E-1"}])


def test_leave_that_was_about_to_be_deleted_and_is_back_is_sent_again(path: str, send: Send) -> None:
    send({"L1": "E-1"}, {"L1": "created"})
    sent = SentLeave(path)
    sent.begin([], sent.gone(["another"], max_deletes=9))
    assert SentLeave(path).changed([{"id": "L1", "user_id": "E-1"}])


def test_if_it_is_not_certain_whose_leave_cor_has_each_user_is_asked_for(path: str, send: Send) -> None:
    send({"L1": "E-1"}, {"L1": "created"})
    send({"L1": "E-2"}, {"L1": "failed"})
    assert gone(path) == {"L1": "E-2"}
    send({}, {"L1": "deleted"}, error="UserNotFoundError")
    assert gone(path) == {"L1": "E-1"}
    send({}, {"L1": "deleted"}, error="UserNotFoundError")
    assert gone(path) == {}


def test_an_old_run_that_is_cleared_has_its_leave_sent_again(path: str, send: Send) -> None:
    send({"L1": "E-1"}, {"L1": "created"})
    send({"L1": "E-2"}, {"L1": "updated"})
    send({"L1": "E-1"}, {"L1": "updated"}, begins=False)
    assert SentLeave(path).changed([{"id": "L1", "user_id": "E-2"}])
    assert gone(path) == {"L1": "E-1"}


def test_leave_of_a_run_that_was_cut_off_may_be_in_cor_but_is_sent_again(path: str) -> None:
    SentLeave(path).begin([{"id": "L1", "user_id": "E-1"}])
    assert SentLeave(path).taken == []
    assert gone(path) == {"L1": "E-1"}


def test_what_cor_refused_is_sent_again(path: str, send: Send) -> None:
    send({"L1": "E-1", "L2": "E-2"}, {"L1": "created", "L2": "rejected"})
    assert SentLeave(path).taken == ["L1"]


def test_what_the_push_will_reject_for_its_ids_is_not_remembered(path: str) -> None:
    rows: list[dict[str, str]] = [{}]
    unread = to_leaves_or_rejected(rows, lambda row: {"user_id": row["employee"]}, leave_id=lambda _: "L1")
    SentLeave(path).begin([*unread, {"id": "", "user_id": "E-1"}, {"id": "L2", "user_id": None}])
    assert gone(path) == {}


def test_ids_are_compared_as_cor_gets_them(path: str) -> None:
    SentLeave(path).begin([{"id": 7, "user_id": 42}])
    assert gone(path) == {"7": "42"}
    assert gone(path, "7") == {}


def test_more_that_is_gone_than_allowed_is_refused_and_names_nobody(path: str, send: Send) -> None:
    send({"L1": "E-1", "L2": "E-2"}, {"L1": "created", "L2": "created"})
    with pytest.raises(CorDeleteGuardError, match=r"no longer has 2 of 2 leaves .* more than max_deletes=1") as refusal:
        SentLeave(path).gone(["L3"], max_deletes=1)
    assert not {"L1", "E-1"} & {*str(refusal.value).split()}


def test_an_hr_system_without_any_leave_is_not_believed(path: str, send: Send) -> None:
    assert SentLeave(path).gone([], max_deletes=0) == []
    send({"L1": "E-1"}, {"L1": "created"})
    with pytest.raises(CorDeleteGuardError, match="HR has no leave, but 1 leaves were sent"):
        SentLeave(path).gone([], max_deletes=9)


def test_a_file_that_is_not_there_is_named_once(path: str, caplog: pytest.LogCaptureFixture) -> None:
    SentLeave(path).begin([])
    assert f"There is no {path} yet." in caplog.text
    caplog.clear()
    SentLeave(path)
    assert caplog.text == ""


def test_only_the_owner_can_read_the_file_and_it_holds_no_dates(path: str) -> None:
    SentLeave(path).begin([{"id": "L1", "user_id": "E-1", "leave_type_id": "sick", "start": "2026-05-11"}])
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    row = json.loads(Path(path).read_text())
    assert row.pop("digest")
    assert row == {"id": "L1", "users": ["E-1"], "taken": False}


def gone(path: str, *current: str) -> dict[str, str]:
    return {one["id"]: one["user_id"] for one in SentLeave(path).gone(["another", *current], max_deletes=9)}
