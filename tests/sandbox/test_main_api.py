"""COR's main API: the list of a user's leave, as documented and in each reading of what is not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

Send = Callable[..., requests.Response]

NOON = 1705314600  # 2024-01-15T10:30:00Z, the time in COR's examples
ANA = 67890
"""COR's id of the user of the documented example, the first that the sandbox gives."""
TIMED = {"start": "2024-10-18T03:00:00-00:00", "end": "2024-10-18T03:30:00-00:00", "allDay": False}


def ask(sandbox: Sandbox, *, token: str | None = None, **query: object) -> requests.Response:
    return requests.get(
        f"{sandbox.api_url}/user/leaves",
        params={"usersId": ANA, **query},  # type: ignore[arg-type]  # requests takes any values
        headers={"Authorization": f"Bearer {sandbox.token if token is None else token}"},
        timeout=60,
    )


def ids(answer: requests.Response) -> list[int]:
    assert answer.status_code == 200
    return [leave["id"] for leave in answer.json()]


@pytest.fixture
def create(send: Send, leave: dict[str, Any]) -> Callable[..., int]:
    """Return a function that sends a leave, each under an id of its own, and returns COR's id of it."""
    numbers = count(1)

    def create_leave(sandbox: Sandbox, **fields: Any) -> int:
        answer = send(sandbox, "POST", "leaves", {**leave, "id": f"L{next(numbers)}", **fields})
        assert answer.status_code == 201
        return int(answer.json()["data"]["id"])

    return create_leave


# --- the answer


def test_a_users_leave_has_the_documented_form(send: Send, leave: dict[str, Any]) -> None:
    now = [NOON]
    with Sandbox(clock=lambda: now[0]) as sandbox:
        created = send(sandbox, "POST", "leaves", {**leave, **TIMED}).json()["data"]
        now[0] += 60
        send(sandbox, "PUT", "leaves/external-id-3", {**leave, **TIMED})
        answer = ask(sandbox, usersId=created["userId"])

    assert answer.status_code == 200
    assert answer.text == (
        '[{"id":12345,"user_id":67890,"company_id":2336,"leave_type_id":54321,'
        '"start":"2024-10-18T03:00:00.000Z","end":"2024-10-18T03:30:00.000Z",'
        '"created_at":"2024-01-15 10:30:00","updated_at":"2024-01-15 10:31:00","deleted_at":null,"all_day":false,'
        '"leaveType":{"id":54321,"name":"Vacation","type_code":"UL54321","company_id":2336,"icon_name":"Futbol",'
        '"deleted_at":null}}]'
    )
    assert (created["id"], created["leaveTypeId"]) == (12345, 54321)


def test_all_day_leave_is_shown_as_not_all_day(sandbox: Sandbox, create: Callable[..., int]) -> None:
    create(sandbox, allDay=True)

    assert [leave["all_day"] for leave in ask(sandbox).json()] == [False]


def test_the_newest_leave_comes_first(sandbox: Sandbox, create: Callable[..., int], send: Send, leave: Any) -> None:
    created = [create(sandbox) for _ in range(3)]
    send(sandbox, "PUT", "leaves/L1", leave)  # a change makes nothing newer

    assert ids(ask(sandbox)) == created[::-1]


def test_each_user_has_their_own_leave(send: Send, create: Callable[..., int], leave: Any) -> None:
    users = [{"id": "u1"}, {"id": "u2"}, {"id": "u3"}]
    types = [{"id": leave["leaveTypeId"]}]
    with Sandbox(seed={"source": "GLOBANT", "users": users, "leave_types": types}) as sandbox:
        first, moved = (create(sandbox, userId="u1") for _ in range(2))
        second = create(sandbox, userId="u2")
        send(sandbox, "PUT", "leaves/L2", {**leave, "userId": "u2"})
        lists = [ids(ask(sandbox, usersId=ANA + number)) for number in range(3)]

    assert lists == [[first], [second, moved], []]


def test_leave_that_goes_with_its_user_is_not_listed(held: Sandbox) -> None:
    held.store.remove_user("GLOBANT", "external-user-id-3")

    assert ask(held).status_code == 404
    assert held.leaves == ()


@pytest.mark.parametrize("number", ["", "0", "-1", "+1", "1.5", "one", "1,2", "\u0661", "9" * 5000])
@pytest.mark.parametrize("name", ["usersId", "offset", "size"])
def test_a_number_that_is_none_is_refused_by_its_name(held: Sandbox, name: str, number: str) -> None:
    answer = ask(held, **{name: number})

    assert answer.status_code == 400
    assert answer.json()["message"].endswith(f": {name}")


@pytest.mark.parametrize("name", ["usersId", "offset", "size"])
def test_a_number_that_is_given_twice_is_refused(held: Sandbox, name: str) -> None:
    twice: dict[str, Any] = {name: [ANA, ANA]}
    answer = ask(held, **twice)

    assert (answer.status_code, answer.json()["error"]) == (400, "ValidationError")


def test_the_users_id_is_required(held: Sandbox) -> None:
    assert ask(held, usersId=None).json()["error"] == "ValidationError"


def test_it_wants_a_token(held: Sandbox) -> None:
    assert ask(held, token="wrong").status_code == 401


def test_a_minted_token_serves_until_it_expires() -> None:
    now = [NOON]
    with Sandbox(clock=lambda: now[0], token_lifetime=60) as sandbox:
        token = sandbox.mint_token()
        statuses = [ask(sandbox, token=token).status_code]
        now[0] += 60
        statuses.append(ask(sandbox, token=token).status_code)

    assert statuses == [200, 401]


# --- paging


def test_a_page_has_ten_leaves_unless_another_size_is_asked_for(sandbox: Sandbox, create: Callable[..., int]) -> None:
    newest_first = [create(sandbox) for _ in range(12)][::-1]

    assert ids(ask(sandbox)) == newest_first[:10]
    assert ids(ask(sandbox, size=50)) == newest_first


@pytest.mark.parametrize(
    ("paging", "pages"),
    [
        ("page", [[5, 4], [3, 2], [1], []]),
        ("row", [[5, 4], [4, 3], [3, 2], [2, 1], [1], []]),
        ("ignored", [[5, 4], [5, 4], [5, 4], [5, 4]]),
    ],
)
def test_an_offset_is_a_page_a_row_or_nothing(
    sandbox: Sandbox, create: Callable[..., int], paging: str, pages: list[list[int]]
) -> None:
    first, *_ = [create(sandbox) for _ in range(5)]
    sandbox.main_api = {"paging": paging}

    answers = [ask(sandbox, offset=offset, size=2) for offset in range(1, len(pages) + 1)]

    assert [[leave_id - first + 1 for leave_id in ids(answer)] for answer in answers] == pages


# --- dates


@pytest.mark.parametrize(
    ("options", "start", "end"),
    [
        ({}, "2024-11-18T00:00:00.000Z", "2024-11-18T23:59:00.000Z"),
        ({"dates": "local"}, "2024-11-18T03:00:00.000Z", "2024-11-19T02:59:00.000Z"),  # COR's documented example
        ({"dates": "local", "zone": "Europe/Madrid"}, "2024-11-17T23:00:00.000Z", "2024-11-18T22:59:00.000Z"),
    ],
)
def test_all_day_leave_has_civil_dates_or_the_instants_of_a_local_day(
    sandbox: Sandbox, create: Callable[..., int], options: dict[str, str], start: str, end: str
) -> None:
    create(sandbox, start="2024-11-18T00:00:00-00:00", end="2024-11-18T23:59:00-00:00")
    sandbox.main_api = options

    (leave,) = ask(sandbox).json()

    assert (leave["start"], leave["end"]) == (start, end)


@pytest.mark.parametrize("dates", ["civil", "local"])
def test_timed_leave_has_its_instants_in_every_reading(
    sandbox: Sandbox, create: Callable[..., int], dates: str
) -> None:
    create(sandbox, start="2024-11-18T09:00:00-05:00", end="2024-11-18T12:30:00-05:00", allDay=False)
    sandbox.main_api = {"dates": dates}

    (leave,) = ask(sandbox).json()

    assert (leave["start"], leave["end"]) == ("2024-11-18T14:00:00.000Z", "2024-11-18T17:30:00.000Z")


def test_an_open_end_can_be_listed(sandbox: Sandbox, create: Callable[..., int]) -> None:
    create(sandbox, end="9999-12-31T23:59:00-00:00")
    sandbox.main_api = {"dates": "local"}

    assert [leave["end"] for leave in ask(sandbox).json()] == ["9999-12-31T23:59:00.000Z"]


# --- deleted leave


def test_deleted_leave_stays_in_the_list_with_the_time(send: Send, create: Callable[..., int], deletion: Any) -> None:
    now = [NOON]
    with Sandbox(clock=lambda: now[0]) as sandbox:
        create(sandbox)
        kept = create(sandbox)
        now[0] += 60
        send(sandbox, "DELETE", "leaves/L1", deletion)
        listed = {leave["id"]: leave["deleted_at"] for leave in ask(sandbox).json()}
        sandbox.main_api = {"deleted": "absent"}
        without = ids(ask(sandbox))

    assert listed == {kept - 1: "2024-01-15 10:31:00", kept: None}
    assert without == [kept]


def test_deleted_leave_may_make_its_page_short(send: Send, create: Callable[..., int], deletion: Any) -> None:
    with Sandbox(main_api={"deleted": "cut"}) as sandbox:
        first, *_ = [create(sandbox) for _ in range(5)]
        send(sandbox, "DELETE", "leaves/L4", deletion)
        answers = [ask(sandbox, offset=offset, size=2) for offset in (1, 2, 3)]

    assert [[leave_id - first + 1 for leave_id in ids(answer)] for answer in answers] == [[5], [3, 2], [1]]


def test_leave_that_is_created_again_under_its_external_id_is_another_leave(
    held: Sandbox, send: Send, leave: Any, deletion: Any
) -> None:
    send(held, "DELETE", "leaves/external-id-3", deletion)
    again = send(held, "POST", "leaves", leave).json()["data"]["id"]

    assert [(one["id"], one["deleted_at"] is None) for one in ask(held).json()] == [(again, True), (again - 1, False)]
    assert [one.cor_id for one in held.leaves] == [again]


def test_cleared_leaves_are_not_listed_even_if_they_were_deleted(held: Sandbox, send: Send, deletion: Any) -> None:
    send(held, "DELETE", "leaves/external-id-3", deletion)
    held.store.clear_leaves()

    assert ids(ask(held)) == []


# --- an unknown user


@pytest.mark.parametrize(
    ("reading", "status", "error"),
    [("404", 404, "UserNotFoundError"), ("400", 400, "ValidationError")],
)
def test_an_unknown_user_may_be_refused(sandbox: Sandbox, reading: str, status: int, error: str) -> None:
    sandbox.main_api = {"unknown_user": reading}

    answer = ask(sandbox, usersId=1)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_an_unknown_user_may_have_no_leave(sandbox: Sandbox) -> None:
    sandbox.main_api = {"unknown_user": "empty"}

    assert ids(ask(sandbox, usersId=1)) == []


def test_refusals_have_the_form_of_the_error_style() -> None:
    with Sandbox(error_style="error-name") as sandbox:
        assert ask(sandbox, usersId=1).json()["error"] == "UserNotFoundError"
        assert set(ask(sandbox, usersId=1).json()) == {"error", "message"}


# --- options


def test_readings_are_given_at_the_start_and_can_be_asked_for() -> None:
    sandbox = Sandbox(main_api={"paging": "row", "zone": "UTC"})

    assert sandbox.main_api == {
        "paging": "row",
        "dates": "civil",
        "zone": "UTC",
        "deleted": "kept",
        "unknown_user": "404",
    }


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"pages": "row"}, "main_api has no pages, only paging, dates, zone, deleted, unknown_user"),
        ({"paging": "rows"}, "main_api: paging must be one of page, row, ignored"),
        ({"zone": "Europe/Atlantis"}, "main_api: zone must be the name of a time zone"),
        ({"zone": "../etc/passwd"}, "main_api: zone must be the name of a time zone"),
    ],
)
def test_an_option_that_does_not_exist_is_refused(options: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Sandbox(main_api=options)
