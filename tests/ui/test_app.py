"""Who is admitted to the tab by the API server of a real Airflow, what it shows them, and what nobody gets from it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cor_provider.sandbox import Sandbox
from cor_provider.ui.page import NO_LEAVE, NO_REPORT
from tab_support import LEAVE_TAB, ApiServer, Tab

pytestmark = pytest.mark.since_airflow("3.1")

OF_PEOPLE = ("stranger-", "employee-7", "unknown-0", "backwards", "sabbatical")
TabOf = Callable[[str | None], Tab]


@pytest.fixture(scope="module")
def viewer(tab_of: TabOf) -> Tab:
    """The tab of somebody who may read everything in this Airflow, and change nothing."""
    return tab_of("viewer")


@pytest.fixture(scope="module")
def admin(tab_of: TabOf) -> Tab:
    return tab_of("admin")


@pytest.fixture
def published(admin: Tab) -> Iterator[dict[str, str]]:
    """What the task `push` has published; a test may publish something else."""
    files = admin.xcom("push", "files")
    yield dict(files)
    admin.edit_xcom("push", "files", files)


def people_in(text: str) -> list[str]:
    return [one for one in OF_PEOPLE if one in text]


def shows_no_file(text: str) -> bool:
    """Return whether a page shows causes alone, as XComs have them, and nothing of a report."""
    return "stranger-" not in text and "rejected-title" not in text


def test_who_may_read_the_task_instance_sees_its_leave(viewer: Tab) -> None:
    answer = viewer.get()
    assert answer.status_code == 200
    assert "UserNotFoundError" in answer.text
    assert people_in(answer.text) == ["stranger-", "unknown-0", "backwards", "sabbatical"]


@pytest.mark.parametrize("task_id", ["push", "plan", "other", "no_such_task"])
def test_nobody_sees_anything_without_a_login(tab_of: TabOf, task_id: str) -> None:
    answer = tab_of(None).get(task_id)
    assert answer.status_code == 401
    assert "You are not logged in" in answer.text
    assert people_in(answer.text) == []


@pytest.mark.parametrize("task_id", ["push", "plan", "other", "no_such_task"])
def test_nobody_sees_anything_without_the_right_to_it(tab_of: TabOf, task_id: str) -> None:
    answer = tab_of("nobody").get(task_id)
    assert answer.status_code == 403
    assert "Airflow does not let you read this task instance" in answer.text
    assert people_in(answer.text) == []


def test_a_forged_token_is_no_login(viewer: Tab) -> None:
    header, payload, _ = str(viewer.token).split(".")
    answer = viewer.server.ask(
        "GET", f"/cor/leave/{LEAVE_TAB}/{viewer.run_id}/push/-1", token=f"{header}.{payload}.AAAA"
    )
    assert answer.status_code in {401, 403}
    assert people_in(answer.text) == []


@pytest.mark.parametrize("name", ["viewer", "nobody", None])
def test_the_dag_that_is_asked_about_is_the_one_that_is_shown(tab_of: TabOf, name: str | None) -> None:
    tab = tab_of(name)
    for path in (f"~/{tab.run_id}/push/-1?dag_id={LEAVE_TAB}", f"other/{tab.run_id}/push/-1?dag_id={LEAVE_TAB}"):
        answer = tab.ask("GET", f"/cor/leave/{path}")
        assert people_in(answer.text) == []


def test_the_header_host_names_no_other_path(viewer: Tab) -> None:
    answer = viewer.get(headers={"Host": "x/evil?"})
    assert answer.text == viewer.get().text


@pytest.mark.parametrize("dag_id", ["%7E", "leave_tab%3F", "leave_tab%23"])
def test_a_dag_whose_name_could_be_another_path_is_none(viewer: Tab, dag_id: str) -> None:
    answer = viewer.ask("GET", f"/cor/leave/{dag_id}/{viewer.run_id}/push/-1")
    assert (answer.status_code, NO_LEAVE in answer.text) == (200, True)


@pytest.mark.parametrize(
    "path", ["/cor/", "/cor/leave", "/cor/docs", "/cor/openapi.json", "/cor/leave/a/b/c", "/cor/leave/a/b/c/d/e"]
)
def test_there_is_one_page_and_nothing_beside_it(viewer: Tab, path: str) -> None:
    assert viewer.ask("GET", path).status_code == 404


@pytest.mark.parametrize("map_index", ["x", "-2", "1.5", "9" * 5000, "%2E%2E", "0;1"])
def test_a_map_index_is_a_number(viewer: Tab, map_index: str) -> None:
    assert viewer.get(map_index=map_index).status_code == 404


def test_a_request_can_name_no_path(viewer: Tab, tmp_path: Path) -> None:
    other = viewer.files / "0.jsonl"
    for name in (str(other), f"../{other.name}", f"file://{other}"):
        answer = viewer.ask("GET", f"/cor/leave/{LEAVE_TAB}/{viewer.run_id}/{quote(name, safe='')}/-1")
        assert people_in(answer.text) == []
        answer = viewer.get(params={"path": name, "files": name, "report_path": name})
        assert answer.text == viewer.get().text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_can_only_be_read(viewer: Tab, method: str) -> None:
    answer = viewer.ask(method, f"/cor/leave/{LEAVE_TAB}/{viewer.run_id}/push/-1")
    assert answer.status_code == 405
    assert people_in(answer.text) == []


def test_browsers_keep_nothing_and_load_nothing(viewer: Tab, tab_of: TabOf) -> None:
    for answer in (viewer.get(), viewer.get(map_index="x"), tab_of(None).get(), tab_of("nobody").get()):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "script-src" not in policy


def test_the_servers_log_names_nobody(viewer: Tab, api_server: ApiServer) -> None:
    viewer.get()
    log = api_server.output.read_text(errors="replace")
    assert f"/cor/leave/{LEAVE_TAB}" in log
    assert people_in(log) == []


def test_the_page_shows_causes_whom_cor_does_not_know_and_what_was_rejected(viewer: Tab) -> None:
    text = viewer.get().text
    for shown in ("7", "stranger-0", "stranger-1", "sabbatical", "InvalidDateRangeError", "LeaveTypeNotFoundError"):
        assert shown in text
    for leave_id in ("unknown-0", "unknown-1", "unknown-2", "odd", "backwards"):
        assert f"<bdi>{leave_id}</bdi>" in text
    assert f"{viewer.files}/rejected.jsonl" in text
    assert "taken-1" not in text


def test_a_mapped_task_instance_shows_its_own(viewer: Tab) -> None:
    assert "stranger-7" in viewer.get("mapped", map_index=0).text
    assert "stranger-8" not in viewer.get("mapped", map_index=0).text
    assert "stranger-8" in viewer.get("mapped", map_index=1).text
    assert NO_LEAVE in viewer.get("mapped").text
    assert NO_LEAVE in viewer.get("mapped", map_index=2).text


def test_an_audit_shows_its_counts_its_report_and_its_page(viewer: Tab) -> None:
    text = viewer.get("audit").text
    assert re.search(r"<b>2</b>\s*audited.*<b>2</b>\s*confirmed", text, re.DOTALL)
    assert f"{viewer.files}/audit.jsonl" in text
    assert f"{viewer.files}/audit.html" in text
    assert people_in(text) == []


def test_the_plan_is_on_its_calendar(viewer: Tab) -> None:
    text = viewer.get("plan").text
    assert "May 2026" in text
    assert "employee-7: Create, Mon 11 May 2026 to Tue 12 May 2026; external id taken-1" in text


@pytest.mark.parametrize("task_id", ["other", "no_such_task"])
def test_another_task_has_no_leave(viewer: Tab, task_id: str) -> None:
    answer = viewer.get(task_id)
    assert (answer.status_code, NO_LEAVE in answer.text) == (200, True)


def test_without_a_report_the_causes_are_shown_and_no_people(viewer: Tab) -> None:
    text = viewer.get("push_without_report").text
    assert "UserNotFoundError" in text
    assert NO_REPORT in unescape(text)
    assert "stranger-" not in text


def test_a_later_run_does_not_take_the_place_of_this_one(viewer: Tab, run_leave: Callable[[], str]) -> None:
    assert "stranger-0" in viewer.get("push_always_there").text
    later = run_leave()
    text = viewer.get("push_always_there").text
    assert "Another task has overwritten this report" in text
    assert "UserNotFoundError" in text
    assert "stranger-" not in text
    assert "stranger-0" in Tab(viewer.server, viewer.token, later, viewer.folder).get("push_always_there").text


@pytest.mark.not_on_airflow("3.1")  # where an XCom that is edited turns into text
def test_a_path_that_the_task_did_not_render_is_not_read(
    viewer: Tab, admin: Tab, published: dict[str, str], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(viewer.files, copy)
    report = published["report"]
    others = [
        f"{copy}/report.jsonl",
        f"file://{report}",
        f"{viewer.files}/../{viewer.run_id}/report.jsonl",
        f"{viewer.files}/0.jsonl",
        f"{viewer.folder}/always-there.jsonl",
        "/etc/passwd",
        f" {report}",
    ]
    for other in others:
        admin.edit_xcom(
            "push", "files", {**published, "report": other, "summary": other.replace(".jsonl", ".summary.json")}
        )
        text = viewer.get().text
        assert "names another path of the report than the task&#39;s report_path" in text
        assert shows_no_file(text)


@pytest.mark.not_on_airflow("3.1")  # where an XCom that is edited turns into text
@pytest.mark.parametrize(
    "edited", [None, [], "text", 7, {"report": None}, {"report": ["x"]}, {"plan": {}}, {"report": 7}]
)
def test_an_xcom_of_another_form_is_no_path(viewer: Tab, admin: Tab, published: dict[str, str], edited: Any) -> None:
    admin.edit_xcom("push", "files", edited)
    answer = viewer.get()
    assert answer.status_code == 200
    assert "stranger-" not in answer.text


@pytest.mark.not_on_airflow("3.1")  # where an XCom that is edited turns into text
def test_no_server_is_asked_that_an_xcom_names(viewer: Tab, admin: Tab, published: dict[str, str]) -> None:
    with Sandbox() as elsewhere:
        for kind in ("report", "summary", "plan", "rejected"):
            admin.edit_xcom("push", "files", {**published, kind: f"{elsewhere.url}/x.jsonl"})
            assert viewer.get().status_code == 200
        assert len(elsewhere.requests) == 0


def test_another_tasks_summary_is_not_shown(viewer: Tab, published: dict[str, str], tmp_path: Path) -> None:
    summary = Path(published["summary"])
    kept = summary.read_text()
    try:
        shutil.copy(viewer.files / "0.summary.json", summary)
        assert "stranger-" not in viewer.get().text
        summary.write_text(json.dumps({**json.loads(kept), "format": "another"}))
        text = viewer.get().text
        assert "The file is not a summary" in text
        assert "stranger-" not in text
        summary.unlink()
        assert "The summary is not there" in viewer.get().text
    finally:
        summary.write_text(kept)


def test_another_plan_is_not_shown(viewer: Tab) -> None:
    plan = viewer.files / "plan.jsonl"
    kept = plan.read_text()
    try:
        plan.write_text("".join(json.dumps({**json.loads(line), "plan": "x"}) + "\n" for line in kept.splitlines()))
        text = viewer.get("plan").text
        assert "Another task has overwritten this plan" in text
        assert "employee-7" not in text
    finally:
        plan.write_text(kept)


def test_rendered_fields_that_airflow_has_dropped_leave_the_causes(viewer: Tab) -> None:
    from airflow.models.renderedtifields import RenderedTaskInstanceFields  # noqa: PLC0415  # as it is needed here
    from airflow.utils.session import create_session  # noqa: PLC0415

    of_task = {"dag_id": LEAVE_TAB, "run_id": viewer.run_id, "task_id": "push_always_there"}
    with create_session() as session:
        session.query(RenderedTaskInstanceFields).filter_by(**of_task).delete()
    text = viewer.get("push_always_there").text
    assert "Airflow no longer keeps the rendered fields" in text
    assert "python -m cor_provider report" in text
    assert "UserNotFoundError" in text
    assert "stranger-" not in text
