"""``prove``: try on the user's own COR what is assumed about it."""

from __future__ import annotations

import signal
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from http import HTTPStatus
from types import FrameType
from typing import Any
from uuid import uuid4

from cor_provider import _clock, _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.cli.asking import ask, say
from cor_provider.cli.output import Output
from cor_provider.cli.rows import locate
from cor_provider.client.leaves import LeavesEndpoint
from cor_provider.exceptions import CorConfigurationError, CorInvalidSourceError, CorRecordError
from cor_provider.fields.sources import doubt
from cor_provider.fields.when import read_day
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import read_external_id
from cor_provider.prove.leftovers import all_deleted
from cor_provider.prove.recording import Recording
from cor_provider.prove.trial import LAST_DAY, Ids, Trial
from cor_provider.prove.verdicts import Verdict, verdicts

TEN_YEARS = timedelta(days=3653)
ONE_YEAR = timedelta(days=365)
ENDINGS = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP

PLAN = (
    "This writes to the COR at {host}, source {source}. It creates one leave of the user {user}, type {leave_type}, on "
    "{first}, makes it a day longer, reads that user's leave back, and deletes it again. It also sends what COR should "
    "refuse, for days until {last}. Every external id begins with {id}. At the end, however it ends, it deletes all "
    "leave of these ids, or names them. Should this process be killed outright, delete them yourself."
)
RECENT = (
    "Real leave may be on these days, since they are in the future or less than a year ago. Make sure that the user "
    "has none from {first} to {last}."
)
LEFT = (
    "WARNING: COR may still hold leave of {user} under these external ids, since it did not confirm that it has none: "
    "{ids}. Look in COR at the leave of this user from {first} to {last}. If this leave is there, delete it there, or "
    "with DeleteLeaveOperator by these external ids."
)
GONE = "COR holds nothing of this any more: it has confirmed that."
NEVER_THERE = "Nothing was created in COR."
NAMELESS = (
    "COR answered 404 to the create without saying what is missing, so that nothing could be tried. Perhaps COR does "
    "not know the user or the leave type: check --user, --leave-type and --source. Or the COR connection's Host is not "
    "the base URL of COR's Integrations API."
)


def run(options: Namespace, output: Output) -> bool:
    """Try the assumptions after asking, print what came of each, and return whether one does not hold."""
    hook = CorIntegrationsHook(options.conn_id, source=options.source)
    path = _writable(options.contract)
    recording = Recording(hook.get_conn(), hook.leaves_url)
    endpoint = LeavesEndpoint(hook.get_conn(), hook.leaves_url, hook.check_source())
    trial = Trial(
        endpoint,
        hook.leaves_in_cor,
        ids=Ids(f"cor-provider-prove-{uuid4().hex[:12]}"),
        user_id=read_external_id("--user", options.user),
        leave_type_id=read_external_id("--leave-type", options.leave_type),
        day=_day(options.day),
        labelled=recording.labelled,
    )
    if problem := doubt(endpoint.source):
        say(f"WARNING: {problem}")
    plan = _plan(trial, endpoint)
    if options.yes:
        _require_long_ago(trial)
        say(plan)
    else:
        ask("Begin?", plan, what="begin", otherwise="nothing was sent.")
    left: list[str] = []

    def tell(ids: list[str]) -> None:
        left.extend(ids)
        leave = trial.leave
        last = leave.start + LAST_DAY
        if ids:
            say(LEFT.format(user=leave.user_id, ids=", ".join(ids), first=leave.start, last=last))
        else:
            say(GONE if trial.leftovers.had_any else NEVER_THERE)

    with _ended_by_signals(), all_deleted(trial.leftovers, tell):
        _run(trial)
    found = verdicts(trial)
    output.result(_data(trial, found, left, path), lambda: _show(output, found))
    _files.replace(path, recording.contract.write().encode())
    say(f"{path} has the shape of COR's answers, without their content, for the sandbox's --contract.")
    return bool(left) or any(one.result == "does not hold" for one in found)


def _writable(path: str) -> ObjectStoragePath:
    """
    Return the file to write, after a look at whether that will work: later, it would be too late.

    :raises CorConfigurationError: if its folder does not exist, or it cannot be written.
    """
    place = locate(path)
    if on_disk := _files.on_disk(place):
        if not on_disk.parent.is_dir():
            raise CorConfigurationError(f"--contract: there is no folder {on_disk.parent} for {path}. Create it first.")
        if on_disk.is_dir():
            raise CorConfigurationError(f"--contract: {path} is a folder. Name a file in it.")
    probe = place.parent / f".{place.name}.{uuid4().hex}"
    try:
        _files.replace(probe, b"")
        _files.delete(probe)
    except OSError as error:
        raise CorConfigurationError(
            f"--contract: {path} cannot be written ({error.strerror or type(error).__name__}). Name another file."
        ) from None
    return place


def _today() -> date:
    return datetime.fromtimestamp(_clock.timestamp(), timezone.utc).date()


def _day(text: str | None) -> date:
    if text is None:
        long_ago = _today() - TEN_YEARS
        return long_ago - timedelta(days=long_ago.weekday())  # a Monday: leave may need a day of work
    try:
        day = read_day(text)
        _ = day + LAST_DAY
    except (ValueError, OverflowError):
        raise CorConfigurationError(f"--day: {text!r} is no day; expected a date, such as 2016-05-11.") from None
    return day


def _is_recent(trial: Trial) -> bool:
    """Return whether the user may have real leave on the days of a trial."""
    return trial.leave.start + LAST_DAY > _today() - ONE_YEAR


def _require_long_ago(trial: Trial) -> None:
    if _is_recent(trial):
        raise CorConfigurationError(
            f"--day: {trial.leave.start} is in the future or less than a year ago, where real leave may be. Choose an "
            "earlier day, or confirm this one: leave out --yes."
        )


def _plan(trial: Trial, endpoint: LeavesEndpoint) -> str:
    leave = trial.leave
    days = {"first": leave.start, "last": leave.start + LAST_DAY}
    plan = PLAN.format(
        host=endpoint.url,
        source=endpoint.source,
        user=leave.user_id,
        leave_type=leave.leave_type_id,
        **days,
        id=leave.id,
    )
    return f"{plan} {RECENT.format(**days)}" if _is_recent(trial) else plan


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End as after Ctrl-C if the process is told to end, so that the leave is deleted."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(trial: Trial) -> None:
    try:
        trial.run()
    except CorRecordError as error:
        raise CorConfigurationError(
            f"COR refused the leave, so that nothing could be tried ({error.name}): {error.message} Check --user, "
            "--leave-type, --source and --day; the user must have no leave on that day."
        ) from None
    except CorConfigurationError as error:
        if error.status != HTTPStatus.NOT_FOUND or isinstance(error, CorInvalidSourceError):
            raise
        raise CorConfigurationError(NAMELESS) from None


def _data(trial: Trial, found: list[Verdict], left: list[str], path: ObjectStoragePath) -> dict[str, Any]:
    return {
        "id": trial.leave.id,
        "day": trial.leave.start.isoformat(),
        "assumptions": [
            {
                "name": one.assumption.key,
                "assumption": one.assumption.text,
                "result": one.result,
                "found": one.found,
                "meaning": one.meaning,
            }
            for one in found
        ],
        "left_in_cor": left,
        "contract": str(path),
    }


def _show(output: Output, found: list[Verdict]) -> None:
    rows = [(one.assumption.text.replace("`", ""), one.result, one.meaning) for one in found]
    output.table(("assumption", "result", "for your DAGs"), rows)
    counts = {name: sum(one.result == name for one in found) for name in ("holds", "does not hold")}
    untried = len(found) - sum(counts.values())
    output.line()
    hold, differ = counts["holds"], counts["does not hold"]
    output.line(
        f"{hold} {'holds' if hold == 1 else 'hold'}, {differ} {'does' if differ == 1 else 'do'} not, "
        f"{untried} could not be tried."
    )
