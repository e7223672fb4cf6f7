"""The progress of a push, in the task's log."""

from __future__ import annotations

import logging
import threading

import pytest

from cor_provider import _clock
from cor_provider.outcome import LeaveOutcome
from cor_provider.results.summary import Summary
from cor_provider.task.progress import Progress


def test_there_is_a_line_every_five_seconds_and_none_between(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    summary = Summary()
    progress = Progress(logging.getLogger("test"), done=0)
    for number in range(12):
        summary.add(LeaveOutcome(str(number), "rejected" if number == 3 else "created"))
        progress.log_if_due(summary, received=number + 8)
        _clock.wait(threading.Event(), 1)
    assert caplog.messages == [
        "6 of 13 received so far are done, 1/s, 1 rejected, 0 failed",
        "11 of 18 received so far are done, 1/s, 1 rejected, 0 failed",
    ]
