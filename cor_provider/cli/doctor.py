"""``doctor``: whether a task could work here, and what to do if not."""

from __future__ import annotations

import platform
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from airflow import __version__ as airflow_version

from cor_provider import __version__, _clock, _files
from cor_provider.cli.output import Output
from cor_provider.cli.rows import locate
from cor_provider.client.extra import unknown_fields
from cor_provider.exceptions import CorConfigurationError, CorError
from cor_provider.fields.sources import doubt
from cor_provider.hooks.cor_integrations import CorIntegrationsHook

MOST_SECONDS_APART = 60.0
"""How far this machine's clock may be from COR's."""

LONGEST_NAME = 40
"""Characters that are shown of a field that is not ours."""


@dataclass(frozen=True)
class Finding:
    """
    One thing that was checked.

    :param state: whether it works; a warning does not keep a task from working.
    :param check: what was checked.
    :param message: what was found, and what to do.
    """

    state: Literal["ok", "warning", "problem"]
    check: str
    message: str


def run(options: Namespace, output: Output) -> bool:
    """Check everything, print it, and return whether there is a problem."""
    findings = [_versions(), *_connection(options.conn_id), *map(_path, options.path)]
    output.result([asdict(one) for one in findings], lambda: _show(output, findings))
    return any(one.state == "problem" for one in findings)


def _show(output: Output, findings: list[Finding]) -> None:
    output.table(("", "", ""), ((one.state, one.check, one.message) for one in findings))


def _versions() -> Finding:
    versions = f"airflow-provider-cor {__version__}, Airflow {airflow_version}, Python {platform.python_version()}"
    return Finding("ok", "versions", versions)


def _connection(conn_id: str) -> Iterator[Finding]:
    hook = CorIntegrationsHook(conn_id)
    try:
        session = hook.get_conn()
    except CorConfigurationError as error:
        yield Finding("problem", "connection", error.message)
        return
    yield Finding("ok", "connection", f"{conn_id} exists, and its fields are valid.")
    yield from _doubts(hook)
    dates: list[tuple[float, str]] = []

    def keep_date(response: requests.Response, *_: Any, **__: Any) -> None:
        dates.append((_clock.timestamp(), response.headers.get("Date", "")))

    session.hooks["response"].append(keep_date)
    is_accepted, message = hook.test_connection()
    yield Finding("ok" if is_accepted else "problem", "token", " ".join(message.split()))
    session.hooks["response"].remove(keep_date)
    yield _host(hook)
    yield _source(hook)
    yield from _redis(hook)
    if dates:
        yield _clocks(*dates[0])


def _doubts(hook: CorIntegrationsHook) -> Iterator[Finding]:
    """Warn of what works, but is probably not what was meant."""
    connection = hook.get_connection(hook.cor_conn_id)
    if connection.conn_type != hook.conn_type:
        problem = f"{hook.cor_conn_id} has the type {connection.conn_type!r}, not {hook.conn_type!r}"
        yield Finding("warning", "type", f"{problem}: change it, so that Airflow shows its form and can test it.")
    for name, meant in unknown_fields(connection).items():
        hint = f"did you mean {meant}?" if meant else "it may be another tool's."
        yield Finding("warning", "extra", f"Extra has the field {_shown(name)}, which has no effect here: {hint}")


def _shown(name: str) -> str:
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…")


def _host(hook: CorIntegrationsHook) -> Finding:
    """Ask the Integrations API for nothing: any answer shows that it can be reached."""
    address = urlsplit(hook.leaves_url)
    try:
        hook.get_conn().request("HEAD", f"{address.scheme}://{address.netloc}/")
    except CorError as error:
        return Finding("problem", "host", " ".join(error.message.split()))
    return Finding("ok", "host", f"{address.netloc} answers. It has nothing to read that would show more.")


def _source(hook: CorIntegrationsHook) -> Finding:
    try:
        source = hook.check_source()
    except CorConfigurationError as error:
        return Finding("warning", "source", error.message)
    if problem := doubt(source):
        return Finding("warning", "source", problem)
    return Finding("ok", "source", f"{source}, which COR documents.")


def _redis(hook: CorIntegrationsHook) -> Iterator[Finding]:
    try:
        tested = hook.test_redis()
    except CorConfigurationError as error:
        yield Finding("problem", "redis", error.message)
        return
    if tested:
        yield Finding("ok" if tested[0] else "warning", "redis", tested[1])


def _clocks(here: float, date: str) -> Finding:
    try:
        apart = here - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, IndexError):
        return Finding("warning", "clock", "COR's answer has no date, so the clocks cannot be compared.")
    if abs(apart) <= MOST_SECONDS_APART:
        return Finding("ok", "clock", "this machine's clock agrees with COR's.")
    direction = "ahead of" if apart > 0 else "behind"
    return Finding(
        "problem",
        "clock",
        f"this machine's clock is {abs(apart):.0f} seconds {direction} COR's: set it, and keep it right (NTP).",
    )


def _path(path: str) -> Finding:
    """Write a file to a folder, or beside a file, and delete it."""
    try:
        place = locate(path)
        folder = place if not place.suffix or place.is_dir() else place.parent
        probe = folder / f".cor-doctor.{uuid4().hex}"
        _files.make_folder(folder)
        _files.replace(probe, b"")
        _files.delete(probe)
    except (CorError, ImportError) as error:
        return Finding("problem", "path", str(error))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Finding("problem", "path", f"{path} cannot be written to ({reason}): let this user write there.")
    except Exception as error:  # noqa: BLE001  # each store raises its own errors
        reason = type(error).__name__
        return Finding(
            "problem", "path", f"{path} cannot be written to ({reason}): check the store and its Connection."
        )
    return Finding("ok", "path", f"{path} can be written to.")
