"""
Keep COR in step with a team's absence calendar on a CalDAV server.

It needs
  * `pip install icalendar`, and the Connection `cor_default`, of type "COR Integrations";
  * the Connection `absence_calendar`, of type HTTP: Host is the URL of the calendar itself, such as
    `https://cloud.example/remote.php/dav/calendars/hr/absences/`; Login and Password may read it;
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts, reports
    and the ledger. It holds personal data: restrict access, and delete old runs, but keep the ledger.

Change these first
  * `COMPANY_ZONE`, of times without a zone;
  * `LEAVE_TYPES`, by the category of the event, and `SOURCE`. A sensitive category gets a type that gives no reason;
  * `WHO`: the property with the person on leave, here by the mail address that is the user's external id in COR.

It reads events such as

    UID:17  DTSTART;VALUE=DATE:20260511  DTEND;VALUE=DATE:20260513  CATEGORIES:Vacation  ATTENDEE:mailto:ana@x.example

Traps
  * Leave whose event is gone, cancelled, tentative or declined is deleted from COR if this DAG created it. A run that
    would delete more than `max_deletes` leaves sends nothing. If that is right, trigger it with more.
  * These are rejected in the report: recurring events; events of nobody, or of several people who have not declined; an
    end before the start; times with nothing in between; a zone that is not known. Rooms and things are no people.
  * Midnights are whole days in the event's zone, in UTC and in `COMPANY_ZONE`. Those of another zone, but written in
    UTC, are hours. Events marked as free count too, since many calendars mark whole days as free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree as ET

import requests
from airflow.providers.common.compat.sdk import DAG, AirflowException, BaseHook, Param, task

from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.spans import map_leave_type, prefix_id, span_between, to_inclusive, to_spans
from cor_provider.operators.leaves import SyncLeavesOperator

SOURCE = "GLOBANT"  # of your users and leave types in COR
COMPANY_ZONE = "Europe/Madrid"
WHO = "ATTENDEE"
LEAVE_TYPES = {"Vacation": "vacation", "Training": "training", "Sick": "absence", "": "absence"}  # "": no category
BACK, AHEAD = timedelta(days=30), timedelta(days=365)  # the window around today

RUN = "{{ var.value.leave_exchange }}/caldav_to_cor/{{ run_id }}"
CALDAV = "urn:ietf:params:xml:ns:caldav"
QUERY = f"""<c:calendar-query xmlns:c="{CALDAV}" xmlns:d="DAV:"><d:prop><c:calendar-data/></d:prop><c:filter>
<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="{{:%Y%m%d}}T000000Z"
end="{{:%Y%m%d}}T000000Z"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"""


@task(multiple_outputs=True)
def extract(path: str) -> dict[str, Any]:
    """Write the leave of the window, and return path and window, which is all that Airflow stores."""
    first, last = (datetime.now(timezone.utc).date() + days for days in (-BACK, AHEAD))
    write_lines(path, to_leaves_or_rejected(read_events(first, last), to_leaves, leave_id=id_of))
    show_dry_run(path, source=SOURCE)
    return {"path": path, "window": [first.isoformat(), last.isoformat()]}


def read_events(first: date, last: date) -> Iterator[str]:
    """Yield the events of the window, and of a day around it: days differ between time zones."""
    calendar = BaseHook.get_connection("absence_calendar")
    query = QUERY.format(first - timedelta(days=1), last + timedelta(days=2))
    login, headers = (calendar.login or "", calendar.password or ""), {"Depth": "1", "Content-Type": "application/xml"}
    answer = requests.request("REPORT", str(calendar.host), data=query, headers=headers, auth=login, timeout=60)
    if answer.status_code != requests.codes.multi_status:
        raise AirflowException(f"The calendar answers {answer.status_code}. Nothing was sent to COR.")
    for one in ET.fromstring(answer.content).iter("{DAV:}response"):  # noqa: S314  # the company's server
        if (text := one.findtext(f".//{{{CALDAV}}}calendar-data")) is None:  # a missing event would look deleted
            raise AirflowException("The calendar's answer is incomplete. Nothing was sent to COR.")
        yield text


def id_of(text: str) -> str:
    """Return the external leave id of an event that cannot be read."""
    uid = re.findall(r"^UID:(.*)", re.sub(r"\r?\n[ \t]", "", text), re.MULTILINE)[0]
    return prefix_id("caldav", re.sub(r"\\(.)", r"\1", uid))  # calendars fold lines and quote commas


def to_leaves(text: str) -> Iterator[dict[str, Any]]:
    """Yield the leave request of an event that is leave."""
    from icalendar import Calendar, use_zoneinfo  # noqa: PLC0415  # only the worker needs it

    use_zoneinfo()  # type: ignore[no-untyped-call]  # forgets zones of other events, which may have the same name
    for event in Calendar.from_ical(text).events:
        people = people_of(event)
        on_leave = [who for who, has_declined in people.items() if not has_declined]
        if str(event.get("STATUS")).upper() in {"CANCELLED", "TENTATIVE"} or (people and not on_leave):
            continue
        if len(on_leave) != 1 or {"RRULE", "RDATE", "RECURRENCE-ID"} & set(event):
            raise ValueError("Enter one event per leave, with one person.")
        leave_type = map_leave_type(str(event.categories[0]) if event.categories else "", LEAVE_TYPES)
        yield {"user_id": on_leave[0], "leave_type_id": leave_type, **span_of(event)}


def people_of(event: Any) -> dict[str, bool]:
    """Return the people of an event by mail address, and whether they have declined. Rooms and things are no people."""
    entries = event.get(WHO, [])
    return {
        str(one).lower().removeprefix("mailto:"): str(one.params.get("PARTSTAT")).upper() == "DECLINED"
        for one in (entries if isinstance(entries, list) else [entries])
        if str(one.params.get("CUTYPE")).upper() not in {"ROOM", "RESOURCE"}
    }


def span_of(event: Any) -> dict[str, Any]:
    """Return the span of an event."""
    leave_id, start, end = prefix_id("caldav", event.uid), event.start, event.end
    if event.duration < timedelta():
        raise ValueError("It ends before it starts.")
    if not isinstance(start, datetime):  # some calendars end a leave of one day on its own day
        return to_spans(leave_id, start, to_inclusive(end) if end > start else start)[0]
    written = [event[name] for name in ("DTSTART", "DTEND") if name in event]
    if any("TZID" in one.params and one.dt.tzinfo is None for one in written):
        raise ValueError("It names a zone that is not known.")
    return span_between(leave_id, start, end, zone=COMPANY_ZONE)


with DAG(
    "caldav_to_cor",
    description="A team's absence calendar (CalDAV), kept in step with COR",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={"max_deletes": Param(20, type="integer"), **dry_run_params()},
    tags=["cor", "leave", "caldav"],
    doc_md=__doc__,
) as dag:
    extracted: Any = extract(RUN + "/leaves.jsonl")
    SyncLeavesOperator(
        task_id="sync",
        leave_requests=extracted["path"],
        source=SOURCE,
        window=extracted["window"],
        ledger="{{ var.value.leave_exchange }}/caldav_to_cor/ledger",
        max_deletes="{{ params.max_deletes }}",
        max_delete_fraction=1.0,  # the limit is max_deletes alone
        max_rejected=10,
        report_path=RUN + "/report.jsonl",
    )
