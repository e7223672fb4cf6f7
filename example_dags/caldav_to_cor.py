"""
A team's absence calendar on a CalDAV server, kept up to date in COR: each run asks for what changed since the last.

It needs
  * ``pip install "caldav<2.1" icalendar``: from 2.1 on, caldav puts another urllib3 in the place of Airflow's;
  * the Connection ``absence_calendar``, of type HTTP or generic: Host is the calendar's own URL, such as
    ``https://cloud.example/remote.php/dav/calendars/hr/absences/``; Login and Password are those of who may read it;
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``) for what is
    extracted and for the reports. That is personal data: let few people read it, and delete what is some days
    old, save the file that the next paragraph names.

Of an event that is gone, the server tells only the address, while COR wants to know the leave and whose it was. So the
file ``caldav_to_cor/known.json`` in that folder remembers both for each event: keep it. Without it everything is read
anew, and what was deleted in the meantime stays in COR. An event that is deleted, becomes cancelled or tentative, or is
somebody else's now is deleted from COR; a moved one is updated. If a run would delete more than ``max_deletes``, which
is what a wrong URL or a lost permission looks like, it fails before anything is sent.

The sync token is kept once COR has accepted everything. Until then every run reads and sends the same changes again,
which is harmless; so leave of somebody whom COR does not know yet arrives as soon as COR does. A token that the server
refuses as too old leads to a full read.

Events that recur, and events of nobody or of several people, are not guessed at: they are rejected in the report, and
the log says why. Titles and notes of events are not kept. Events marked as free count: many calendars mark whole days.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from datetime import date, datetime, time, timezone
from http import HTTPStatus
from typing import Any

from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowException,
    AirflowFailException,
    Asset,
    BaseHook,
    ObjectStoragePath,
    Param,
    get_current_context,
    task,
)

from cor_provider import _files
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import map_leave_type, prefix_id, to_inclusive
from cor_provider.extract.watermark import Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# Your choice: where an event says whose leave it is, here by mail address, under which COR's users were created. Where
# people enter their own leave and invite the team, that is ORGANIZER; a property such as X-EMPLOYEE-ID will do as well.
WHO = "ATTENDEE"
# Your choice: which leave type of COR stands for which category of events. What is not listed goes out as "unmapped",
# which COR refuses: it is reported, where a filter would lose it.
LEAVE_TYPES = {"Vacation": "vacation", "Training": "training", "Sick": "absence", "": "absence"}  # "": has no category
NOT_LEAVE = {"CANCELLED", "TENTATIVE"}  # values of STATUS
COMPANY_ZONE = "Europe/Madrid"  # of times without one

FOLDER = "{{ var.value.leave_exchange }}/caldav_to_cor"
RUN = FOLDER + "/{{ run_id }}"
CALENDAR = Asset("absence_calendar")

log = logging.getLogger(__name__)


@task(inlets=[CALENDAR])
def extract(folder: str, run: str, max_deletes: str) -> None:
    """Write what is to be in COR, what is to go, and what to remember then. Nothing of it is returned, hence logged."""
    known_file = ObjectStoragePath(folder) / "known.json"
    known = json.loads(known_file.read_text()) if known_file.exists() else {}
    events, token, is_all = read_changes(Watermark(CALENDAR, get_current_context()).get() if known else None)
    leaves = [(address, to_leave(event)) for address, found in events.items() for event in found]
    after: dict[str, list[list[str]]] = {} if is_all else {a: pairs for a, pairs in known.items() if a not in events}
    for address, leave in leaves:
        if leave["user_id"] and leave["start"]:
            after.setdefault(address, []).append([leave["id"], leave["user_id"]])
    deleted = to_pairs(known) - to_pairs(after)
    if len(deleted) > int(max_deletes):
        raise AirflowFailException(
            f"{len(deleted)} of {len(to_pairs(known))} leaves are gone from the calendar, more than max_deletes="
            f"{max_deletes}. If that is true, trigger the DAG with a higher max_deletes. Nothing was sent."
        )
    write_lines(f"{run}/leaves.jsonl", [leave for _, leave in leaves])
    write_lines(f"{run}/deleted.jsonl", [{"id": leave_id, "user_id": user_id} for leave_id, user_id in sorted(deleted)])
    write_lines(f"{run}/after.json", [{"token": token, "known": after}])
    # Should this run end halfway, COR may hold leave of before and after.
    either = {address: to_pairs(known, address) | to_pairs(after, address) for address in {**known, **after}}
    _files.replace(known_file, json.dumps({address: sorted(pairs) for address, pairs in either.items()}).encode())


@task(outlets=[CALENDAR])
def remember(folder: str, run: str, deleted: Any, pushed: Any) -> None:
    """Have the next run begin where this one ended."""
    after = json.loads((ObjectStoragePath(run) / "after.json").read_text())
    if not deleted["rejected"]:
        _files.replace(ObjectStoragePath(folder) / "known.json", json.dumps(after["known"]).encode())
    Watermark(CALENDAR, get_current_context()).advance(after["token"], [deleted, pushed])


def read_changes(token: str | None) -> tuple[dict[str, list[Any]], str, bool]:
    """Return the events at each address that changed, none where it is gone; the new token; and whether that is all."""
    from caldav import DAVClient  # noqa: PLC0415  # only the worker needs it
    from caldav.lib.error import DAVError  # noqa: PLC0415  # likewise

    connection = BaseHook.get_connection("absence_calendar")
    url = str(connection.host)
    server: Any = DAVClient(url, username=connection.login, password=connection.password, timeout=30)
    with server as client:
        calendar = client.calendar(url=url)
        try:
            urls, new_token = list_changes(calendar, token)
        except DAVError:
            if token is None:
                raise
            log.warning("The server refuses the sync token of the last run: everything is read anew.")
            token = None
            urls, new_token = list_changes(calendar, None)
        return {url.path: read_events(client, url) for url in urls}, new_token, token is None


def list_changes(calendar: Any, token: str | None) -> tuple[set[Any], str]:
    """Ask until there is no more: a server may answer in parts."""
    urls: set[Any] = set()
    while True:
        part = calendar.objects_by_sync_token(token)
        token, more = part.sync_token, {one.url for one in part} - urls
        if not more:
            return urls, token
        urls |= more


def read_events(client: Any, url: Any) -> list[Any]:
    """Read the events at an address. What caldav would load itself, it logs in full where it finds it odd."""
    from icalendar import Calendar  # noqa: PLC0415  # only the worker needs it

    response = client.request(url)
    if response.status == HTTPStatus.NOT_FOUND:
        return []
    if response.status != HTTPStatus.OK:
        raise AirflowException(f"The calendar answers {response.status} to {url}.")
    try:
        events = Calendar.from_ical(response.raw).events
    except ValueError:
        raise AirflowException(f"What the calendar has at {url} is not iCalendar.") from None
    return [event for event in events if event.get("STATUS", "").upper() not in NOT_LEAVE]


def to_leave(event: Any) -> dict[str, Any]:
    """Say in COR's terms what an event says, and leave open what it does not: COR's side refuses that by its name."""
    leave_id = prefix_id("caldav", event.uid)
    people = event.get(WHO, [])
    people = [str(one).lower().removeprefix("mailto:") for one in (people if isinstance(people, list) else [people])]
    start = end = all_day = None
    if len(people) != 1:
        log.warning("%s is the leave of %d people by its %s: it is refused.", leave_id, len(people), WHO)
    if {"RRULE", "RDATE", "RECURRENCE-ID"} & set(event):
        log.warning("%s recurs: it is refused. Enter each leave as an event of its own.", leave_id)
    else:
        with suppress(ValueError):  # such as an end without a start; icalendar's message would have the value
            start, end, all_day = to_dates(event.start, event.end)
    return {
        "id": leave_id,
        "user_id": people[0] if len(people) == 1 else None,
        "leave_type_id": map_leave_type(str(event.categories[0]) if event.categories else "", LEAVE_TYPES),
        "start": start,
        "end": end,
        "all_day": all_day,
    }


def to_dates(start: date, end: date) -> tuple[str, str, bool]:
    """Return first and last day of whole days, or the moments of anything else; and which of them it is."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        if start.time() != time() or end.time() != time():
            return start.isoformat(), end.isoformat(), False
        start, end = start.date(), end.date()  # so Exchange writes whole days
    # Some write the last day where iCalendar has the day after it.
    return start.isoformat(), max(start, to_inclusive(end)).isoformat(), True


def to_pairs(known: dict[str, list[list[str]]], *addresses: str) -> set[tuple[str, ...]]:
    """Return the leaves, each with whose it is, that are known of the events at these addresses, or at all."""
    return {tuple(pair) for address in addresses or known for pair in known.get(address, [])}


with DAG(
    dag_id="caldav_to_cor",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={"max_deletes": Param(20, type="integer", minimum=0, description="More deletions than these fail the run")},
) as dag:
    options: dict[str, Any] = {"source": "GLOBANT", "max_rejected": 10}  # source: as your users were created in COR
    delete = DeleteLeaveOperator(
        task_id="delete", leave_requests=RUN + "/deleted.jsonl", report_path=RUN + "/report-delete.jsonl", **options
    )
    push = CreateLeaveOperator(
        task_id="push",
        leave_requests=RUN + "/leaves.jsonl",
        report_path=RUN + "/report.jsonl",
        timezone=COMPANY_ZONE,
        if_exists="update",
        **options,
    )
    (
        extract(FOLDER, RUN, "{{ params.max_deletes }}")
        >> delete
        >> push
        >> remember(FOLDER, RUN, delete.output, push.output)
    )
