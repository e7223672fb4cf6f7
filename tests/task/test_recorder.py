"""The recorder counts, reports and remembers every outcome, however the push ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cor_provider.inputs.leaves import iter_leaves
from cor_provider.leave import LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome
from cor_provider.task.checkpoint import Checkpoint
from cor_provider.task.recorder import OutcomeRecorder
from support import StateStore, leave

LEAVES = [leave("L1"), leave("L2"), leave("L3")]


def recorder_of(
    store: StateStore | None = None, *, report_path: Path | None = None, stopping: threading.Event | None = None
) -> OutcomeRecorder:
    checkpoint = Checkpoint(store, key=b"key", bound_to={}) if store else None
    return OutcomeRecorder(
        report_path=str(report_path) if report_path else None,
        checkpoint=checkpoint,
        stopping=stopping or threading.Event(),
        log=logging.getLogger("test"),
    )


def create(leaves: Iterator[LeaveRequest | UnreadableLeave], *, breaks_off_at: str = "") -> Iterator[LeaveOutcome]:
    for position, one in enumerate(leaves, start=1):
        assert isinstance(one, LeaveRequest)
        if one.id == breaks_off_at:
            raise ConnectionError
        yield LeaveOutcome(one.id, "created", position=position)


def test_outcomes_are_counted_and_reported(tmp_path: Path) -> None:
    recorder = recorder_of(report_path=tmp_path / "report.jsonl")
    recorder.record(create(recorder.resume(lambda: iter_leaves(LEAVES))))
    assert str(recorder) == "3 received: 3 created"
    assert len((tmp_path / "report.jsonl").read_text().splitlines()) == 3


def test_outcomes_before_an_error_are_kept(tmp_path: Path) -> None:
    recorder = recorder_of(report_path=tmp_path / "report.jsonl")
    with pytest.raises(ConnectionError):
        recorder.record(create(recorder.resume(lambda: iter_leaves(LEAVES)), breaks_off_at="L3"))
    assert recorder.summary.received == 2
    assert len((tmp_path / "report.jsonl").read_text().splitlines()) == 2


def test_deletions_of_what_the_input_lacks_are_counted_apart() -> None:
    recorder = recorder_of()
    recorder.record([LeaveOutcome("L1", "created", position=1), LeaveOutcome("L9", "deleted")])
    assert str(recorder) == "1 received: 1 created; 1 to delete: 1 deleted"
    assert (recorder.summary.received, recorder.deletions.received, recorder.total.received) == (1, 1, 2)


def test_a_retry_counts_what_an_earlier_try_did_and_sends_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = StateStore()
    first = recorder_of(store)
    with suppress(ConnectionError):
        first.record(create(first.resume(lambda: iter_leaves(LEAVES)), breaks_off_at="L3"))
    retry = recorder_of(store)
    sent = list(retry.resume(lambda: iter_leaves(LEAVES)))
    assert [one.id for one in sent if isinstance(one, LeaveRequest)] == ["L3"]
    assert retry.earlier.received == retry.summary.received == 2
    assert caplog.messages == ["Resuming after the first 2 leave requests: earlier tries have done them."]


def test_a_report_that_cannot_be_written_stops_the_push_and_outcomes_still_count() -> None:
    stopping = threading.Event()
    recorder = recorder_of(report_path=Path("/dev/full"), stopping=stopping)
    number = 2_000  # more than fit into the buffer of a file
    outcomes = (LeaveOutcome(f"L{position}", "created", position=position) for position in range(1, number + 1))
    with pytest.raises(OSError, match="No space left"):
        recorder.record(outcomes)
    assert stopping.is_set()
    assert recorder.summary.received == number


def test_a_store_that_fails_is_logged_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    store = StateStore()
    for method in ("get", "set"):
        monkeypatch.setattr(store, method, lambda *_: 1 / 0)
    recorder = recorder_of(store)
    recorder.record(create(recorder.resume(lambda: iter_leaves(LEAVES))))
    assert recorder.summary.received == 3
    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "(ZeroDivisionError)" in caplog.text


def test_its_files_are_closed_when_its_block_ends() -> None:
    closed = []

    def reading() -> Iterator[LeaveRequest | UnreadableLeave]:
        try:
            yield from iter_leaves(LEAVES)
        finally:
            closed.append(True)

    with recorder_of() as recorder:
        next(recorder.resume(reading))
        assert not closed
    assert closed
