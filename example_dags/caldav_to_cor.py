"""
Keep COR in step with a team's absence calendar on a CalDAV server.

It needs
  * `pip install icalendar`;
  * the Connection `absence_calendar`, of type HTTP: Host is the URL of the calendar itself, such as
    `https://cloud.example/remote.php/dav/calendars/hr/absences/`; Login and Password may read it;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts, reports
    and the ledger. It holds personal data: restrict access, and delete old runs.

Leave whose event is gone, cancelled or tentative is deleted from COR if this DAG created it: the folder
`caldav_to_cor/ledger` remembers that, so keep it. A run that would delete more than 20 leaves, because of a wrong URL
or a lost permission for example, fails before it sends anything. Recurring events, and events of nobody or of several
people, are rejected in the report. Titles and notes are not kept. Events marked as free count too, since many calendars
mark whole days as free.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta, timezone
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree as ET

import requests
from airflow.providers.common.compat.sdk import DAG, AirflowException, BaseHook, task

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import map_leave_type, prefix_id, to_inclusive
from cor_provider.operators.leaves import SyncLeavesOperator

# Your choice: the property with the person on leave, here by the mail address that is the user's external id in COR.
WHO = "ATTENDEE"
# Your choice: COR's leave types by the category of the event. COR refuses "unmapped", so the report shows the others.
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
    today = datetime.now(timezone.utc).date()
    first, last = today - BACK, today + AHEAD
    write_lines(path, [to_leave(event) for event in read_events(first, last)])
    return {"path": path, "window": [first.isoformat(), last.isoformat()]}


def read_events(first: date, last: date) -> Iterator[Any]:
    """Yield the events of the window, and of a day around it: days differ between time zones."""
    from icalendar import Calendar  # noqa: PLC0415  # only the worker needs it

    calendar = BaseHook.get_connection("absence_calendar")
    query = QUERY.format(first - timedelta(days=1), last + timedelta(days=2))
    login, headers = (calendar.login or "", calendar.password or ""), {"Depth": "1", "Content-Type": "application/xml"}
    answer = requests.request("REPORT", str(calendar.host), data=query, headers=headers, auth=login, timeout=60)
    if answer.status_code != HTTPStatus.MULTI_STATUS:
        raise AirflowException(f"The calendar answers {answer.status_code}. Nothing was sent to COR.")
    for one in ET.fromstring(answer.content).iter("{DAV:}response"):  # noqa: S314  # the company's server
        if (text := one.findtext(f".//{{{CALDAV}}}calendar-data")) is None:  # a missing event would look deleted
            raise AirflowException("The calendar's answer is incomplete. Nothing was sent to COR.")
        yield from (e for e in Calendar.from_ical(text).events if e.get("STATUS") not in {"CANCELLED", "TENTATIVE"})


def to_leave(event: Any) -> dict[str, Any]:
    """Return the leave request of an event; one that is not a single leave of one person has no user and no dates."""
    leave: dict[str, Any] = {
        "id": prefix_id("caldav", event.uid),
        "leave_type_id": map_leave_type(str(event.categories[0]) if event.categories else "", LEAVE_TYPES),
    }
    people = event.get(WHO, [])
    people = people if isinstance(people, list) else [people]
    if len(people) != 1 or {"RRULE", "RDATE", "RECURRENCE-ID"} & set(event):
        logging.getLogger(__name__).warning("%s is rejected: enter one event per leave and %s.", leave["id"], WHO)
        return leave
    leave["user_id"] = str(people[0]).lower().removeprefix("mailto:")
    with suppress(ValueError):  # such as an end without a start
        start, end = event.start, event.end
        if isinstance(start, datetime) and {start.time(), end.time()} != {time()}:
            return {**leave, "start": start.isoformat(), "end": end.isoformat(), "all_day": False}
        # Exchange writes whole days as midnights. Some calendars end a leave on its last day, not on the day after.
        first, end = date.fromordinal(start.toordinal()), date.fromordinal(end.toordinal())
        return {**leave, "start": str(first), "end": str(max(first, to_inclusive(end))), "all_day": True}
    return leave


with DAG(
    "caldav_to_cor",
    description="A team's absence calendar (CalDAV), kept in step with COR",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    tags=["cor", "leave", "caldav"],
    doc_md=__doc__,
) as dag:
    extracted: Any = extract(RUN + "/leaves.jsonl")
    SyncLeavesOperator(
        task_id="sync",
        leave_requests=extracted["path"],
        source="GLOBANT",  # the source of your users and leave types in COR
        window=extracted["window"],
        ledger="{{ var.value.leave_exchange }}/caldav_to_cor/ledger",
        timezone="Europe/Madrid",  # for times without an offset
        max_deletes=20,
        max_delete_fraction=1.0,  # the limit is max_deletes alone
        max_rejected=10,
        report_path=RUN + "/report.jsonl",
    )
