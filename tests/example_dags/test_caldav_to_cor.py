"""The example DAG for a calendar, on a real CalDAV server: COR holds what the calendar says, event by event."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
import requests

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in, timed, whole_days, xcoms_and_rendered_fields
from one_shot_server import OneShotServer
from ports import free_port

pytest.importorskip("icalendar", reason="icalendar is not installed")
pytest.importorskip("radicale", reason="Radicale, the CalDAV server of these tests, is not installed")

USER, PASSWORD = "hr", "opens-nothing-but-this-calendar"
SECONDS_TO_START = 300

ANA, BEN, CARO, DEV = (f"{name}@firm.example" for name in ("ana", "ben", "caro", "dev"))
PEOPLE = (ANA, BEN, CARO, DEV)


class Event(NamedTuple):
    """An event, and what COR is to hold of it: nothing, if it is None."""

    lines: list[str]
    in_cor: InCor | None
    who: str | None = ANA
    category: str | None = "Vacation"


def dates(first: str, end: str) -> list[str]:
    return [f"DTSTART;VALUE=DATE:{first}", f"DTEND;VALUE=DATE:{end}"]


def times(zone: str, start: str, end: str) -> list[str]:
    return [f"DTSTART;TZID={zone}:{start}00", f"DTEND;TZID={zone}:{end}00"]


def attendee(address: str, parameters: str) -> str:
    return f"ATTENDEE;{parameters}:mailto:{address}"


EVENTS = {
    "one-day": Event(dates("20260511", "20260512"), whole_days(ANA, "2026-05-11", "2026-05-11")),
    "two-weeks": Event(dates("20260803", "20260815"), whole_days(BEN, "2026-08-03", "2026-08-14"), BEN),
    "over-new-year": Event(dates("20261228", "20270105"), whole_days(CARO, "2026-12-28", "2027-01-04"), CARO),
    "over-a-clock-change": Event(dates("20260327", "20260331"), whole_days(DEV, "2026-03-27", "2026-03-30"), DEV),
    "without-an-end": Event(["DTSTART;VALUE=DATE:20260601"], whole_days(ANA, "2026-06-01", "2026-06-01")),
    "a-duration": Event(["DTSTART;VALUE=DATE:20260615", "DURATION:P3D"], whole_days(ANA, "2026-06-15", "2026-06-17")),
    "an-end-that-is-the-start": Event(dates("20260622", "20260622"), whole_days(ANA, "2026-06-22", "2026-06-22")),
    "from-midnight-to-midnight": Event(
        times("Pacific/Auckland", "20260706T0000", "20260708T0000"), whole_days(ANA, "2026-07-06", "2026-07-07")
    ),
    "from-midnight-to-midnight-in-utc": Event(
        ["DTSTART:20260713T000000Z", "DTEND:20260715T000000Z"], whole_days(ANA, "2026-07-13", "2026-07-14")
    ),
    # in the company's zone: over a change of clocks, too
    "midnights-of-the-company-in-utc": Event(
        ["DTSTART:20261023T220000Z", "DTEND:20261026T230000Z"], whole_days(BEN, "2026-10-24", "2026-10-26"), BEN
    ),
    "midnights-without-a-zone": Event(
        ["DTSTART:20260727T000000", "DTEND:20260728T000000"], whole_days(BEN, "2026-07-27", "2026-07-27"), BEN
    ),
    "a-zone-of-windows": Event(
        times("W. Europe Standard Time", "20260512T0900", "20260512T1300"),
        timed(BEN, "2026-05-12T07:00", "2026-05-12T11:00"),
        BEN,
    ),
    "morning-in-buenos-aires": Event(
        times("America/Argentina/Buenos_Aires", "20260511T0900", "20260511T1300"),
        timed(ANA, "2026-05-11T12:00", "2026-05-11T16:00"),
    ),
    "morning-in-berlin": Event(
        times("Europe/Berlin", "20260511T0900", "20260511T1300"),
        timed(BEN, "2026-05-11T07:00", "2026-05-11T11:00"),
        BEN,
    ),
    "morning-in-auckland": Event(
        times("Pacific/Auckland", "20260511T0900", "20260511T1300"),
        timed(CARO, "2026-05-10T21:00", "2026-05-11T01:00"),
        CARO,
    ),
    "morning-in-utc": Event(
        ["DTSTART:20260511T090000Z", "DTEND:20260511T130000Z"], timed(DEV, "2026-05-11T09:00", "2026-05-11T13:00"), DEV
    ),
    "without-a-zone": Event(
        ["DTSTART:20260511T090000", "DTEND:20260511T130000"], timed(DEV, "2026-05-11T07:00", "2026-05-11T11:00"), DEV
    ),
    "sick": Event(dates("20260907", "20260909"), whole_days(ANA, "2026-09-07", "2026-09-08", "absence"), ANA, "Sick"),
    "without-a-category": Event(
        dates("20260910", "20260911"), whole_days(ANA, "2026-09-10", "2026-09-10", "absence"), ANA, None
    ),
    "marked-free": Event(
        [*dates("20260914", "20260915"), "TRANSP:TRANSPARENT"], whole_days(ANA, "2026-09-14", "2026-09-14")
    ),
    "confirmed": Event(
        [*dates("20260916", "20260917"), "STATUS:CONFIRMED"], whole_days(ANA, "2026-09-16", "2026-09-16")
    ),
    "at 100% ñandú+1@home": Event(dates("20260918", "20260919"), whole_days(ANA, "2026-09-18", "2026-09-18")),
    "with-a-room-and-a-projector": Event(
        [
            *dates("20260928", "20260929"),
            attendee("room-1@firm.example", "CUTYPE=ROOM"),
            attendee(BEN, "CUTYPE=resource"),
        ],
        whole_days(ANA, "2026-09-28", "2026-09-28"),
    ),
    "with-one-who-declined": Event(
        [*dates("20260929", "20260930"), attendee(BEN, "PARTSTAT=DECLINED")],
        whole_days(ANA, "2026-09-29", "2026-09-29"),
    ),
    "of-one-who-has-not-answered": Event(
        [*dates("20260930", "20261001"), attendee(BEN, "CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION")],
        whole_days(BEN, "2026-09-30", "2026-09-30"),
        None,
    ),
    "of-one-person-twice": Event(
        [*dates("20261008", "20261009"), attendee(ANA.upper(), "ROLE=CHAIR")],
        whole_days(ANA, "2026-10-08", "2026-10-08"),
    ),
    "declined": Event([*dates("20261012", "20261013"), attendee(BEN, "PARTSTAT=declined")], None, None),
    "declined-with-a-room": Event(
        [*dates("20261012", "20261013"), attendee(BEN, "PARTSTAT=DECLINED"), attendee(CARO, "CUTYPE=ROOM")], None, None
    ),
    "cancelled": Event([*dates("20260921", "20260922"), "STATUS:CANCELLED"], None),
    "tentative": Event([*dates("20260923", "20260924"), "STATUS:TENTATIVE"], None),
}
REFUSED = {
    "every-friday": Event([*dates("20260515", "20260516"), "RRULE:FREQ=WEEKLY"], None),
    "of-nobody": Event(dates("20260518", "20260519"), None, None),
    "of-two": Event([*dates("20260520", "20260521"), f"ATTENDEE:mailto:{BEN}"], None),
    "of-a-room": Event([*dates("20260522", "20260523"), attendee(BEN, "CUTYPE=ROOM")], None, None),
    "backwards": Event(dates("20260528", "20260527"), None),
    "backwards-in-hours": Event(times("Europe/Berlin", "20260528T1300", "20260528T0900"), None),
    "backwards-by-its-duration": Event(["DTSTART;VALUE=DATE:20260528", "DURATION:-P3D"], None),
    "without-length": Event(times("Europe/Berlin", "20260529T0900", "20260529T0900"), None),
    "without-length-at-midnight": Event(times("Europe/Berlin", "20260529T0000", "20260529T0000"), None),
    "hours-without-an-end": Event(["DTSTART:20260529T090000Z"], None),
    "in-a-zone-that-nobody-knows": Event(times("Firm/Headquarters", "20260529T0900", "20260529T1300"), None),
    "of-an-unknown-category": Event(dates("20260525", "20260526"), None, ANA, "Jury duty"),
}


def event_lines(name: str, event: Event, before: Iterable[str] = ()) -> list[str]:
    """Return a calendar with an event, as its server keeps it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *before, "BEGIN:VEVENT", f"UID:{name}"]
    lines += ["DTSTAMP:20260101T000000Z", "SUMMARY:Secret title", "DESCRIPTION:Secret reason", *event.lines]
    lines += [f"ATTENDEE;CN=Secret Name:mailto:{event.who}"] if event.who else []
    lines += [f"CATEGORIES:{event.category}"] if event.category else []
    return [*lines, "END:VEVENT", "END:VCALENDAR"]


class TeamCalendar:
    """A calendar on a CalDAV server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (USER, PASSWORD)
        self._ask("MKCALENDAR", url)

    def put(self, name: str, event: Event, *, address: str | None = None, before: Iterable[str] = ()) -> None:
        """Create or change an event; these lines of the calendar come before it."""
        body = "".join(f"{line}\r\n" for line in event_lines(name, event, before))
        self._ask("PUT", self._address(address or name), data=body.encode(), headers={"Content-Type": "text/calendar"})

    def delete(self, name: str) -> None:
        """Delete an event."""
        self._ask("DELETE", self._address(name))

    def _address(self, name: str) -> str:
        return f"{self.url}{quote(name, safe='')}.ics"

    def _ask(self, method: str, url: str, **kwargs: Any) -> None:
        self._session.request(method, url, timeout=60, **kwargs).raise_for_status()


class Radicale(NamedTuple):
    """A CalDAV server."""

    url: str


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    folder = tmp_path_factory.mktemp("radicale")
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    port = free_port()
    options = {
        "config": "",
        "server-hosts": f"127.0.0.1:{port}",
        "auth-type": "htpasswd",
        "auth-htpasswd-filename": folder / "users",
        "auth-htpasswd-encryption": "plain",
        "auth-delay": 0,
        "storage-filesystem-folder": folder,
    }
    command = [sys.executable, "-m", "radicale", *(f"--{option}={value}" for option, value in options.items())]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, server, folder / "log")
            yield Radicale(f"{url}/{USER}/")
        finally:
            server.kill()


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < end:
        with suppress(requests.ConnectionError):
            requests.get(url, timeout=60)
            return
        time.sleep(0.05)
    pytest.fail(f"Radicale does not answer:\n{log.read_text()}")


@dataclass
class Run:
    """A run of the DAG, and what it left behind."""

    tasks: dict[str, str]
    in_cor: dict[str, InCor]
    leaves: list[dict[str, Any]]
    report: list[dict[str, Any]]
    requests: int

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(row["status"] for row in self.report)


class Transfer:
    """The calendar, the DAG and a COR."""

    def __init__(self, dag: Any, calendar: TeamCalendar, cor: Sandbox, folder: Path) -> None:
        self.dag, self.calendar, self.cor, self.folder = dag, calendar, cor, folder

    def put(self, events: dict[str, Event]) -> None:
        for name, event in events.items():
            self.calendar.put(name, event)

    def run(self, **conf: Any) -> Run:
        before = len(self.cor.requests)
        # `dag.test()` would keep trigger parameters for later runs
        dag_run = self.dag.test(run_conf={"max_deletes": 20, "dry_run": False, **conf})
        written = self.folder / "caldav_to_cor" / dag_run.run_id
        return Run(
            {one.task_id: str(one.state) for one in dag_run.get_task_instances()},
            leaves_in(self.cor),
            read_lines(written / "leaves.jsonl"),
            [row for path in sorted(written.glob("report*.jsonl")) for row in read_lines(path)],
            len(self.cor.requests) - before,
        )


def in_cor(events: dict[str, Event]) -> dict[str, InCor]:
    return {f"caldav-{name}": event.in_cor for name, event in events.items() if event.in_cor}


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


Start = Callable[[dict[str, Event]], Transfer]

SUCCESS = {"extract": "success", "sync": "success"}


@pytest.fixture(scope="module")
def dag(load_dag: Callable[[str], Any]) -> Any:
    dag = load_dag("caldav_to_cor")
    for task in dag.tasks:
        task.retries = 0  # `dag.test()` would sit out the delay before a retry
    names = dag.get_task("extract").python_callable.__globals__
    names["BACK"] = names["AHEAD"] = timedelta(days=3650)  # whatever the day of the test
    return dag


@pytest.fixture(scope="module")
def start(
    dag: Any, radicale: Radicale, leave_exchange: Path, module_patch: pytest.MonkeyPatch, airflow_db: None
) -> Iterator[Start]:
    """Return a function that makes an own calendar of these events, an empty COR, and a DAG that never ran."""
    sandboxes: list[Sandbox] = []

    def start(events: dict[str, Event]) -> Transfer:
        number = len(sandboxes)
        calendar = TeamCalendar(f"{radicale.url}absences-{number}/")
        connection = {"conn_type": "http", "host": calendar.url, "login": USER, "password": PASSWORD}
        module_patch.setenv("AIRFLOW_CONN_ABSENCE_CALENDAR", json.dumps(connection))
        users, leave_types = [{"id": who} for who in PEOPLE], [{"id": name} for name in ("vacation", "absence")]
        cor = Sandbox(seed={"source": "GLOBANT", "users": users, "leave_types": leave_types})
        cor.start()
        sandboxes.append(cor)
        connection = {"conn_type": "cor", "host": cor.url, "password": cor.token}
        module_patch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        folder = leave_exchange / str(number)
        module_patch.setenv("AIRFLOW_VAR_LEAVE_EXCHANGE", f"file://{folder}")
        transfer = Transfer(dag, calendar, cor, folder)
        transfer.put(events)
        return transfer

    yield start
    for sandbox in sandboxes:
        sandbox.stop()


CHANGES = {
    "one-day": Event(dates("20260512", "20260513"), whole_days(ANA, "2026-05-12", "2026-05-12")),
    "two-weeks": Event(dates("20260803", "20260822"), whole_days(BEN, "2026-08-03", "2026-08-21"), BEN),
    "over-new-year": Event(dates("20261228", "20270105"), whole_days(DEV, "2026-12-28", "2027-01-04"), DEV),
    "morning-in-auckland": Event(dates("20260511", "20260512"), whole_days(CARO, "2026-05-11", "2026-05-11"), CARO),
    "sick": Event([*dates("20260907", "20260909"), "STATUS:CANCELLED"], None),
    "tentative": Event(dates("20260923", "20260924"), whole_days(ANA, "2026-09-23", "2026-09-23")),
    "new": Event(dates("20261001", "20261003"), whole_days(BEN, "2026-10-01", "2026-10-02"), BEN),
}
"""Moved, made longer, somebody else's, whole days instead of hours, cancelled, approved, new."""

FEW = {name: EVENTS[name] for name in ("one-day", "two-weeks", "sick")}


def test_cor_holds_exactly_the_leave_of_the_calendar(start: Start) -> None:
    run = start(EVENTS).run()
    assert run.tasks == SUCCESS
    assert run.in_cor == in_cor(EVENTS)


def test_after_changes_moves_and_deletions_cor_holds_exactly_the_leave_of_the_calendar_again(start: Start) -> None:
    transfer = start(EVENTS)
    transfer.run()
    deleted = ("a-duration", "at 100% ñandú+1@home", "cancelled")
    for name in deleted:
        transfer.calendar.delete(name)
    transfer.put(CHANGES)
    run = transfer.run()
    assert run.tasks == SUCCESS
    assert run.in_cor == in_cor({name: event for name, event in {**EVENTS, **CHANGES}.items() if name not in deleted})


def test_only_what_changed_is_sent(start: Start) -> None:
    transfer = start(EVENTS)
    transfer.run()
    transfer.put({"one-day": CHANGES["one-day"]})
    transfer.calendar.delete("two-weeks")
    run = transfer.run()
    assert run.requests == 2
    assert {row["id"]: row["status"] for row in run.report if row["status"] != "unchanged"} == {
        "caldav-one-day": "updated",
        "caldav-two-weeks": "deleted",
    }


def test_without_changes_nothing_is_sent(start: Start) -> None:
    transfer = start(FEW)
    transfer.run()
    run = transfer.run()
    assert run.tasks == SUCCESS
    assert run.requests == 0


def test_an_event_under_another_address_is_the_same_leave(start: Start) -> None:
    transfer = start(FEW)
    transfer.run()
    transfer.calendar.delete("one-day")
    transfer.calendar.put("one-day", FEW["one-day"], address="another")
    run = transfer.run()
    assert run.in_cor == in_cor(FEW)
    assert "deleted" not in run.outcomes


def test_what_is_no_single_leave_of_one_person_is_refused_and_nothing_else_with_it(start: Start) -> None:
    run = start({**FEW, **REFUSED}).run()
    assert run.in_cor == in_cor(FEW)
    assert {row["id"]: row["error"] for row in run.report if row["status"] == "rejected"} == {
        **dict.fromkeys((f"caldav-{name}" for name in REFUSED), "UnreadableRowError"),
        "caldav-of-an-unknown-category": "LeaveTypeNotFoundError",
    }


def test_the_report_names_the_line_of_the_example_that_says_why_an_event_is_refused(
    start: Start, example_dags: Path
) -> None:
    code = (example_dags / "caldav_to_cor.py").read_text().splitlines()
    rows = start(REFUSED).run().report
    lines = {row["id"]: re.search(r"at line (\d+) of caldav_to_cor\.py", row["message"]) for row in rows}
    reasons = {leave_id: code[int(line[1]) - 1].strip() for leave_id, line in lines.items() if line}
    one_person = 'raise ValueError("Enter one event per leave, with one person.")'
    assert {f"caldav-{name}": one_person for name in ("every-friday", "of-nobody", "of-two", "of-a-room")}.items() <= (
        reasons.items()
    )
    assert reasons["caldav-backwards"] == 'raise ValueError("It ends before it starts.")'
    assert reasons["caldav-in-a-zone-that-nobody-knows"] == 'raise ValueError("It names a zone that is not known.")'


def test_a_zone_that_an_event_defines_is_known_to_that_event_alone(start: Start) -> None:
    event = Event(times("Customized Time Zone", "20260529T0900", "20260529T1300"), None)
    transfer = start({"undefined": event})  # first, since Radicale would add a definition that it knows
    for name, offset in {"one": "+0330", "another": "-0300"}.items():
        rule = [f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "DTSTART:19700101T000000"]
        standard = ["BEGIN:STANDARD", *rule, "END:STANDARD"]
        zone = ["BEGIN:VTIMEZONE", "TZID:Customized Time Zone", *standard, "END:VTIMEZONE"]
        transfer.calendar.put(name, event, before=zone)
    run = transfer.run()
    assert run.in_cor == {
        "caldav-one": timed(ANA, "2026-05-29T05:30", "2026-05-29T09:30"),
        "caldav-another": timed(ANA, "2026-05-29T12:00", "2026-05-29T16:00"),
    }
    assert run.outcomes["rejected"] == 1


def test_leave_whose_event_cannot_be_read_any_more_stays_as_it_was(start: Start) -> None:
    unreadable = {name: event for name, event in REFUSED.items() if name != "of-an-unknown-category"}
    transfer = start({**FEW, **dict.fromkeys(unreadable, FEW["one-day"])})
    before = transfer.run().in_cor
    transfer.put(unreadable)
    run = transfer.run()
    assert run.in_cor == before
    assert run.outcomes["rejected"] == len(unreadable)


def test_what_is_no_calendar_is_rejected_by_its_id_and_stops_nobody(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = start(FEW)
    transfer.run()
    good = "".join(f"{line}\r\n" for line in event_lines("two-weeks", CHANGES["two-weeks"]))
    texts = {"one-day": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:one-\r\n day\r\nEND:VCALENDAR\r\n", "two-weeks": good}
    items = "".join(
        f'<response><propstat><prop><c:calendar-data xmlns:c="urn:ietf:params:xml:ns:caldav">{text}</c:calendar-data>'
        "</prop></propstat></response>"
        for text in texts.values()
    )
    body = f'<multistatus xmlns="DAV:">{items}</multistatus>'.encode()
    with OneShotServer() as server:
        server.answer_with([b"HTTP/1.1 207 Multi-Status\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)])
        monkeypatch.setenv("AIRFLOW_CONN_ABSENCE_CALENDAR", json.dumps({"conn_type": "http", "host": server.url}))
        run = transfer.run()
    assert {row["id"]: row["status"] for row in run.report} == {
        "caldav-one-day": "rejected",
        "caldav-two-weeks": "updated",
        "caldav-sick": "deleted",
    }
    assert run.in_cor == in_cor({"one-day": FEW["one-day"], "two-weeks": CHANGES["two-weeks"]})


def test_leave_that_its_person_declines_is_deleted(start: Start) -> None:
    transfer = start({**FEW, "invited": EVENTS["of-one-who-has-not-answered"]})
    transfer.run()
    transfer.put({"invited": EVENTS["declined"]})
    assert transfer.run().in_cor == in_cor(FEW)


def test_what_cor_refused_is_sent_again_until_cor_takes_it(start: Start) -> None:
    stranger = Event(dates("20261005", "20261006"), whole_days("eve@firm.example", "2026-10-05", "2026-10-05"))
    transfer = start({**FEW, "of-a-stranger": stranger._replace(who="eve@firm.example")})
    run = transfer.run()
    assert run.outcomes["rejected"] == 1
    assert run.in_cor == in_cor(FEW)
    transfer.cor.store.add_user("GLOBANT", "eve@firm.example", "Eve")
    run = transfer.run()
    assert run.tasks == SUCCESS
    assert run.in_cor == in_cor({**FEW, "of-a-stranger": stranger})


def test_what_is_deleted_is_deleted_once_even_while_something_else_is_refused(start: Start) -> None:
    transfer = start({**FEW, "of-nobody": REFUSED["of-nobody"]})
    transfer.run()
    transfer.calendar.delete("one-day")
    assert transfer.run().outcomes["deleted"] == 1
    run = transfer.run()
    assert "caldav-one-day" not in {row["id"] for row in run.report}
    assert run.in_cor == in_cor({name: event for name, event in FEW.items() if name != "one-day"})


def test_what_a_failed_run_has_sent_is_deleted_once_it_is_gone_from_the_calendar(start: Start) -> None:
    transfer = start(FEW)
    transfer.run()
    transfer.put({"new": CHANGES["new"]})
    transfer.cor.answer_next(403, commit=True)
    failed = transfer.run()
    assert failed.tasks["sync"] == "failed"
    assert "caldav-new" in failed.in_cor
    transfer.calendar.delete("new")
    run = transfer.run()
    assert run.tasks == SUCCESS
    assert run.in_cor == in_cor(FEW)


def test_more_deletions_than_the_trigger_allows_stop_the_run_before_anything_is_sent(start: Start) -> None:
    transfer = start(FEW)
    transfer.run()
    for name in ("one-day", "two-weeks"):
        transfer.calendar.delete(name)
    refused = transfer.run(max_deletes=1)
    assert refused.tasks["sync"] == "failed"
    assert refused.requests == 0
    assert transfer.run(max_deletes=2).in_cor == in_cor({"sick": FEW["sick"]})


def test_a_dry_run_sends_nothing(start: Start) -> None:
    transfer = start(FEW)
    run = transfer.run(dry_run=True)
    assert run.tasks == dict.fromkeys(SUCCESS, "skipped")
    assert run.requests == 0


def test_an_empty_calendar_deletes_nothing(start: Start) -> None:
    transfer = start(FEW)
    transfer.run()
    for name in FEW:
        transfer.calendar.delete(name)
    refused = transfer.run()
    assert refused.tasks["sync"] == "failed"
    assert refused.in_cor == in_cor(FEW)


def test_an_answer_that_leaves_something_out_deletes_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    transfer = start(FEW)
    transfer.run()
    body = (
        b'<multistatus xmlns="DAV:"><response><href>/</href><status>HTTP/1.1 507 Insufficient Storage</status>'
        b"</response></multistatus>"
    )
    with OneShotServer() as server:
        server.answer_with([b"HTTP/1.1 207 Multi-Status\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)])
        monkeypatch.setenv("AIRFLOW_CONN_ABSENCE_CALENDAR", json.dumps({"conn_type": "http", "host": server.url}))
        run = transfer.run()
    assert run.tasks["extract"] == "failed"
    assert run.in_cor == in_cor(FEW)


def test_a_login_that_the_server_refuses_fails_the_run_and_deletes_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = start(FEW)
    transfer.run()
    connection = {"conn_type": "http", "host": transfer.calendar.url, "login": USER, "password": "wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_ABSENCE_CALENDAR", json.dumps(connection))
    run = transfer.run()
    assert run.tasks["extract"] == "failed"
    assert run.in_cor == in_cor(FEW)


def test_the_extract_holds_what_cor_needs_and_nothing_else(start: Start) -> None:
    run = start(EVENTS).run()
    assert {frozenset(leave) for leave in run.leaves} == {
        frozenset(("id", "user_id", "leave_type_id", "start", "end", "all_day"))
    }


def test_neither_log_nor_airflow_keeps_hr_data(
    start: Start, logged: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    odd = Event([*dates("20260701", "20260702"), "CREATED:00001231T000000Z"], None)  # a library may log it
    start({**EVENTS, **REFUSED, "odd": odd}).run()
    kept = logged() + xcoms_and_rendered_fields("caldav_to_cor")
    assert "report.jsonl" in kept
    personal = [*PEOPLE, "Secret", "vacation", "Vacation", "Sick", "2026-05-11", "20260511"]
    assert [marker for marker in personal if marker in kept] == []


@pytest.mark.parametrize("zone", ["America/Argentina/Buenos_Aires", "Europe/Berlin", "Pacific/Auckland", "UTC"])
def test_dates_are_right_to_the_day_wherever_the_worker_is(
    start: Start, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert start(EVENTS).run().in_cor == in_cor(EVENTS)
    finally:
        monkeypatch.undo()
        time.tzset()
