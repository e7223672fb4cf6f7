"""Work in a thread of its own, which an interruption of the main thread stops and never breaks off."""

from __future__ import annotations

import signal
import threading

import pytest

from cor_provider.task.shield import run_shielded


def interrupt_main_thread() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_work_runs_in_another_thread() -> None:
    threads = []
    run_shielded(lambda: threads.append(threading.current_thread()), stop=lambda: None)
    assert threads != [threading.main_thread()]


def test_its_error_is_raised() -> None:
    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_shielded(fail, stop=lambda: None)


def test_an_interruption_stops_the_work_and_is_raised_once_it_has_ended() -> None:
    stopping = threading.Event()
    ended = []

    def work() -> None:
        interrupt_main_thread()
        stopping.wait(60)
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        run_shielded(work, stop=stopping.set)
    assert ended


def test_work_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.task.shield.GRACE_SECONDS", 0.0)
    never = threading.Event()

    def work() -> None:
        interrupt_main_thread()
        never.wait(60)

    with pytest.raises(KeyboardInterrupt):
        run_shielded(work, stop=lambda: None)
    never.set()
