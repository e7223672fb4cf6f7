"""Edits by hand: leave that is deleted, moved or added behind the integrations API, in a process and by forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

Send = Callable[..., requests.Response]

NOON = 1705314600  # 2024-01-15T10:30:00Z, the time in COR's examples
LEAVE, USER, LEAVE_TYPE = 12345, 67890, 54321
"""COR's ids of the documented example."""
ONE_DAY: dict[str, Any] = {"start": "2026-06-01", "end": "2026-06-01"}


def submit(
    sandbox: Sandbox, path: str, form: dict[str, Any] | None = None, *, headers: dict[str, str] | None = None
) -> requests.Response:
    """Send a form as a browser does that stands at the sandbox's page, and do not follow where it leads."""
    return requests.post(
        f"{sandbox.url}/sandbox/leaves{path}",
        data=form or {},
        headers={"Origin": sandbox.url, **(headers or {})},
        allow_redirects=False,
        timeout=60,
    )


def in_main_api(sandbox: Sandbox, user: int = USER) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    answer = requests.get(f"{sandbox.api_url}/user/leaves?usersId={user}", headers=headers, timeout=60)
    return list(answer.json())


def span(sandbox: Sandbox) -> tuple[str, str, bool]:
    (leave,) = sandbox.leaves
    return leave.start, leave.end, leave.all_day


# --- in a process


def test_leave_deleted_by_hand_stays_in_the_main_api_alone(held: Sandbox, send: Send, replacement: Any) -> None:
    held.delete_by_hand(LEAVE)

    assert held.leaves == ()
    assert [(one["id"], one["deleted_at"] is None) for one in in_main_api(held)] == [(LEAVE, False)]
    assert send(held, "PUT", "leaves/external-id-3", replacement).status_code == 404


def test_an_external_id_is_free_once_its_leave_is_deleted_by_hand(held: Sandbox, send: Send, leave: Any) -> None:
    held.delete_by_hand(LEAVE)

    assert send(held, "POST", "leaves", leave).json()["data"]["id"] == LEAVE + 1


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-05-18", "2026-05-20", ("2026-05-18T00:00:00-00:00", "2026-05-20T23:59:00-00:00", True)),
        ("2026-05-18T07:00", "2026-05-18T11:30", ("2026-05-18T07:00:00-00:00", "2026-05-18T11:30:00-00:00", False)),
        (
            "2026-05-18T07:00:00-03:00",
            "2026-05-18T11:30:00Z",
            ("2026-05-18T10:00:00-00:00", "2026-05-18T11:30:00-00:00", False),
        ),
    ],
)
def test_leave_is_moved_to_days_or_times(held: Sandbox, start: str, end: str, expected: tuple[str, str, bool]) -> None:
    held.move_by_hand(LEAVE, start, end)

    assert span(held) == expected


def test_moved_leave_keeps_its_ids_and_is_updated(send: Send, leave: dict[str, Any], deletion: Any) -> None:
    now = [NOON]
    with Sandbox(clock=lambda: now[0]) as sandbox:
        send(sandbox, "POST", "leaves", leave)
        now[0] += 60
        sandbox.move_by_hand(LEAVE, "2026-05-18", "2026-05-18")
        (listed,) = in_main_api(sandbox)
        deleted = send(sandbox, "DELETE", "leaves/external-id-3", deletion)

    assert (listed["id"], listed["start"]) == (LEAVE, "2026-05-18T00:00:00.000Z")
    assert (listed["created_at"], listed["updated_at"]) == ("2024-01-15 10:30:00", "2024-01-15 10:31:00")
    assert deleted.status_code == 200


def test_leave_added_by_hand_has_no_external_id(held: Sandbox, send: Send, deletion: Any) -> None:
    first, second = (held.add_by_hand(USER, "2026-06-01", "2026-06-02") for _ in range(2))

    assert (first.external_id, second.external_id) == ("", "")
    assert [one["id"] for one in in_main_api(held)] == [LEAVE + 2, LEAVE + 1, LEAVE]
    assert in_main_api(held)[0]["leave_type_id"] == LEAVE_TYPE
    assert send(held, "DELETE", "leaves/", deletion).status_code == 404
    held.delete_by_hand(first.cor_id)
    assert [one.cor_id for one in held.leaves] == [LEAVE, second.cor_id]


def test_a_user_who_is_removed_takes_leave_along_that_was_added_by_hand(held: Sandbox) -> None:
    held.delete_by_hand(held.add_by_hand(USER, "2026-06-01", "2026-06-01").cor_id)
    held.add_by_hand(USER, "2026-06-02", "2026-06-02")

    held.store.remove_user("GLOBANT", "external-user-id-3")

    assert held.leaves == ()


def test_leave_of_another_type_can_be_added() -> None:
    types = [{"id": "vacation"}, {"id": "sick"}]
    sandbox = Sandbox(seed={"source": "SAP", "users": [{"id": "7"}], "leave_types": types})

    added = sandbox.add_by_hand(USER, "2026-06-01", "2026-06-01", leave_type_cor_id=LEAVE_TYPE + 1)

    assert added.leave_type_id == "sick"


@pytest.mark.parametrize(("start", "end"), [("2026-06-02", "2026-06-01"), ("2026-06-01T09:00", "2026-06-01T08:00")])
def test_an_end_before_the_start_is_refused(held: Sandbox, start: str, end: str) -> None:
    with pytest.raises(ValueError, match="must not be before its start"):
        held.move_by_hand(LEAVE, start, end)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-06-01", "2026-06-01T08:00"), ("", ""), ("1 June", "2 June"), ("T", "T"), ("x", "275760-01-01")],
)
def test_other_text_is_no_date(held: Sandbox, start: str, end: str) -> None:
    with pytest.raises(ValueError, match="two days, such as 2026-05-11, or two date-times"):
        held.add_by_hand(USER, start, end)


def test_leave_users_and_types_that_cor_does_not_have_are_refused(held: Sandbox) -> None:
    held.delete_by_hand(LEAVE)

    with pytest.raises(LookupError, match="no leave 12345"):
        held.delete_by_hand(LEAVE)
    with pytest.raises(LookupError, match="no leave 12345"):
        held.move_by_hand(LEAVE, **ONE_DAY)
    with pytest.raises(LookupError, match="no user 1"):
        held.add_by_hand(1, **ONE_DAY)
    with pytest.raises(LookupError, match="no such leave type"):
        held.add_by_hand(USER, **ONE_DAY, leave_type_cor_id=1)


def test_leave_without_any_leave_type_cannot_be_added() -> None:
    sandbox = Sandbox(seed={"source": "SAP", "users": [{"id": "7"}]})

    with pytest.raises(LookupError, match="no such leave type"):
        sandbox.add_by_hand(USER, **ONE_DAY)


# --- the forms


def test_forms_delete_move_and_add(held: Sandbox) -> None:
    moved = submit(held, f"/{LEAVE}/move", {"start": "2026-05-18", "end": "2026-05-19"})
    assert (moved.status_code, moved.headers["Location"]) == (303, f"/#leave-{LEAVE}")
    assert span(held) == ("2026-05-18T00:00:00-00:00", "2026-05-19T23:59:00-00:00", True)

    added = submit(held, "", {"user": USER, "leave_type": LEAVE_TYPE, **ONE_DAY})
    assert (added.status_code, added.headers["Location"]) == (303, f"/#leave-{LEAVE + 1}")

    deleted = submit(held, f"/{LEAVE}/delete")
    assert (deleted.status_code, deleted.headers["Location"]) == (303, "/")
    assert [(one.cor_id, one.external_id) for one in held.leaves] == [(LEAVE + 1, "")]


@pytest.mark.parametrize(
    ("path", "form", "status", "message"),
    [
        ("/1/delete", {}, 404, "There is no leave 1."),
        ("/1/move", ONE_DAY, 404, "There is no leave 1."),
        ("/12345/move", {}, 400, "A leave needs two days"),
        ("/12345/move", {"start": "2026-06-02", "end": "2026-06-01"}, 400, "The end of a leave must not be before"),
        ("", ONE_DAY, 400, "A leave needs a person and a leave type"),
        ("", {"user": "1", "leave_type": LEAVE_TYPE, **ONE_DAY}, 404, "There is no user 1"),
        ("", {"user": USER, "leave_type": "1", **ONE_DAY}, 404, "The source GLOBANT has no such leave type"),
    ],
)
def test_a_form_that_cannot_be_used_says_why_and_changes_nothing(
    held: Sandbox, path: str, form: dict[str, Any], status: int, message: str
) -> None:
    before = held.leaves

    answer = submit(held, path, form)

    assert answer.status_code == status
    assert answer.text.startswith(message)
    assert held.leaves == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},  # another server of this machine
        {"Host": "evil.example", "Origin": "http://evil.example"},  # whose name was made to lead to this machine
        {"Host": "127.0.0.1.evil.example", "Origin": "http://127.0.0.1.evil.example"},
    ],
)
@pytest.mark.parametrize("path", [f"/{LEAVE}/delete", f"/{LEAVE}/move", ""])
def test_a_foreign_page_edits_nothing(held: Sandbox, path: str, headers: dict[str, str]) -> None:
    before = held.leaves

    answer = submit(held, path, {"user": USER, "leave_type": LEAVE_TYPE, **ONE_DAY}, headers=headers)

    assert answer.status_code == 403
    assert held.leaves == before


def test_a_foreign_page_cannot_show_the_forms_as_its_own(held: Sandbox) -> None:
    policy = requests.get(held.url, timeout=60).headers["Content-Security-Policy"]
    assert policy == "frame-ancestors 'none'"


def test_another_name_of_this_machine_may_edit(held: Sandbox) -> None:
    own = {"Host": "localhost:9000", "Origin": "http://localhost:9000"}  # as through a tunnel

    assert submit(held, f"/{LEAVE}/delete", headers=own).status_code == 303


def test_a_script_may_edit_without_a_page(held: Sandbox) -> None:
    requests.post(f"{held.url}/sandbox/leaves/{LEAVE}/delete", timeout=60)

    assert held.leaves == ()


def test_forms_are_no_requests_to_cor(held: Sandbox) -> None:
    held.clear_requests()
    held.go_down()

    assert submit(held, f"/{LEAVE}/delete").status_code == 303
    assert held.requests == ()


# --- what can be chosen


def test_the_page_offers_the_users_and_types_of_each_source_that_has_both() -> None:
    people = [{"id": "E-8", "name": "Bo"}, {"id": "E-7"}]
    seed = [
        {"source": "GLOBANT", "users": people, "leave_types": [{"id": "vacation", "name": "Vacation"}]},
        {"source": "SAP", "users": [{"id": "7"}]},
        {"source": "OKTA", "users": [{"id": "8"}], "leave_types": [{"id": "v"}]},
    ]
    with Sandbox(seed=seed) as sandbox:
        page = requests.get(sandbox.url, timeout=60).text

    assert page.index('<option value="67890">Bo (E-8)</option>') < page.index('<option value="67891">E-7</option>')
    assert '<option value="54321">Vacation (vacation)</option>' in page
    assert "Add leave of GLOBANT" in page
    assert "Add leave of OKTA" in page
    assert "Add leave of SAP" not in page
