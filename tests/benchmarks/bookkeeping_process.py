"""
A process that does all that a push does for each leave but to send it: validation, JSON and bookkeeping, in one thread.

It calls what the operator and the hook call, in their order, with an answer of the sandbox.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import requests

from benchmarks.push_process import StateStore
from cor_provider.client.responses import read_response
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.leave import LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome
from cor_provider.push.seen_ids import SeenIds
from cor_provider.task.checkpoint import Checkpoint
from cor_provider.task.recorder import OutcomeRecorder

SOURCE = "GLOBANT"


def cpu_seconds(url: str, token: str, leaves: str) -> float:
    """Return the CPU seconds that a file of leave requests takes; the first is created, to have an answer."""
    answer = create(url, token, next(iter_leaves(leaves)))
    recorder = OutcomeRecorder(
        report_path=leaves.replace("leaves.jsonl", "report.jsonl"),
        checkpoint=Checkpoint(StateStore(), key=b"key", bound_to={"source": SOURCE}),
        stopping=threading.Event(),
        log=logging.getLogger(__name__),
    )
    started = time.thread_time()
    recorder.record(make_outcomes(recorder.resume(lambda: iter_leaves(leaves)), answer))
    return time.thread_time() - started


def create(url: str, token: str, leave: LeaveRequest | UnreadableLeave) -> requests.Response:
    assert isinstance(leave, LeaveRequest)
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            url, json=leave.to_payload(SOURCE), headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
    answer.raise_for_status()
    return answer


def make_outcomes(
    leaves: Iterable[LeaveRequest | UnreadableLeave], answer: requests.Response
) -> Iterator[LeaveOutcome]:
    repeats = SeenIds()
    for position, leave in enumerate(leaves, start=1):
        assert isinstance(leave, LeaveRequest)
        repeats.add(leave)
        payload = leave.to_payload(SOURCE)
        json.dumps(payload, allow_nan=False).encode()  # as `requests` does
        data = read_response(answer, "create")
        yield LeaveOutcome(leave.id, "created", cor_id=int(data["id"]), attempts=1, position=position)


if __name__ == "__main__":
    task_path, result_path = map(Path, sys.argv[1:])
    result_path.write_text(json.dumps(cpu_seconds(**json.loads(task_path.read_text()))))
