"""Which paths may be read: those that the task has rendered and published."""

from __future__ import annotations

from typing import Any

import pytest

from cor_provider.ui.published import PublishedFiles, UnavailableError

REPORT = "/srv/leave/report.jsonl"
SUMMARY = "/srv/leave/report.summary.json"
RENDERED = {"report_path": REPORT, "plan_path": "s3://leave/plan.jsonl", "rejected_path": None}
ELSEWHERE = [
    "/etc/passwd",
    "/srv/leave/../leave/report.jsonl",
    "/srv/leave/report.jsonl/",
    "//srv/leave/report.jsonl",
    "file:///srv/leave/report.jsonl",
    "http://169.254.169.254/report.jsonl",
    "/srv/leave/report.jsonl ",
    "/srv/leave/REPORT.jsonl",
    "/srv/leave/report.jsonl\0",
    "",
    None,
    7,
    [REPORT],
]


def files(_rendered: dict[str, Any] | None = RENDERED, /, **published: Any) -> PublishedFiles:
    return PublishedFiles({"report": REPORT, "summary": SUMMARY, **published}, _rendered)


def test_a_path_that_is_rendered_and_published_is_read() -> None:
    assert str(files().path("report")) == REPORT
    assert str(files().summary_path()) == SUMMARY
    assert str(files(plan="s3://leave/plan.jsonl").path("plan")) == "s3://leave/plan.jsonl"


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_published_path_that_was_not_rendered_is_not_read(path: Any) -> None:
    for read in (files(report=path).summary_path, lambda: files(report=path).path("report")):
        with pytest.raises(UnavailableError, match="names another path of the report than the task's report_path"):
            read()


@pytest.mark.parametrize("path", [*ELSEWHERE, REPORT])
def test_the_summary_is_the_one_beside_the_report(path: Any) -> None:
    with pytest.raises(UnavailableError, match="names another summary than that of the report"):
        files(summary=path).summary_path()


@pytest.mark.parametrize(("kind", "name"), [("plan", "plan"), ("rejected", "rejected records")])
def test_a_file_is_not_that_of_another_parameter(kind: str, name: str) -> None:
    with pytest.raises(UnavailableError, match=f"names another path of the {name} than"):
        PublishedFiles({kind: REPORT}, RENDERED).path(kind)


def test_the_page_of_an_audit_is_the_one_beside_its_report() -> None:
    page = REPORT.replace(".jsonl", ".html")
    published = PublishedFiles({"audit": REPORT, "audit_page": page}, RENDERED)
    assert (published.shown_path("audit"), published.shown_path("audit_page")) == (REPORT, page)
    for elsewhere in (*ELSEWHERE, REPORT):
        with pytest.raises(UnavailableError, match="names another path of the page of the report than"):
            PublishedFiles({"audit_page": elsewhere}, RENDERED).shown_path("audit_page")
    with pytest.raises(UnavailableError):
        PublishedFiles({"audit_page": page}, {"report_path": "nosuch://x/report.jsonl"}).shown_path("audit_page")


@pytest.mark.parametrize("rendered", [{}, {"report_path": None}, {"report_path": 7}, {"report_path": "/srv/***"}])
def test_what_was_not_rendered_as_text_is_not_read(rendered: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError):
        files(rendered).path("report")


def test_rendered_fields_that_airflow_has_dropped_leave_the_command() -> None:
    with pytest.raises(UnavailableError, match="python -m cor_provider report"):
        files(None).path("report")


def test_a_report_that_went_to_a_stream_has_no_summary() -> None:
    with pytest.raises(UnavailableError):
        PublishedFiles({"report": "/dev/stdout"}, {"report_path": "/dev/stdout"}).summary_path()


def test_an_unknown_kind_of_store_is_a_note() -> None:
    published = PublishedFiles({"report": "nosuch://x/report.jsonl"}, {"report_path": "nosuch://x/report.jsonl"})
    with pytest.raises(UnavailableError):
        published.summary_path()
