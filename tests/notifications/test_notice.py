"""What a notice says."""

from __future__ import annotations

from typing import Any

import pytest

from cor_provider.notifications.ending import Ending
from cor_provider.notifications.notice import MOST_CAUSES, News, Notice


def cause(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "status": "rejected",
        "error": f"Error{number}",
        "count": 10 - number,
        "example": f"L-{number}",
        "advice": f"advice {number}.",
        **fields,
    }


def notice(news: News = "began", **fields: Any) -> Notice:
    counts = {"received": 30, "created": 26, "rejected": 4}
    return Notice(news, Ending(**{"task": "push of hr_to_cor", "counts": counts, "causes": [cause()], **fields}))


@pytest.mark.parametrize(
    ("counts", "headline"),
    [
        ({"received": 30, "rejected": 4}, "4 of 30 leave requests were rejected"),
        ({"received": 30, "rejected": 1}, "1 of 30 leave requests was rejected"),
        ({"received": 1, "rejected": 1}, "1 of 1 leave request was rejected"),
        ({"received": 30, "failed": 2, "not_sent": 5}, "7 of 30 leave requests could not be sent"),
        (
            {"received": 30, "rejected": 4, "failed": 2},
            "4 of 30 leave requests were rejected, 2 could not be sent",
        ),
        # A task that only checks sends nothing.
        ({"received": 30, "rejected": 4, "not_sent": 26}, "4 of 30 leave requests were rejected"),
    ],
)
def test_the_subject_counts(counts: dict[str, int], headline: str) -> None:
    assert notice(counts=counts).subject == f"{headline}: push of hr_to_cor"


def test_a_notice_about_users_calls_them_users() -> None:
    rejected = notice(counts={"received": 30, "rejected": 1}, records="users")
    assert rejected.subject == "1 of 30 users was rejected: push of hr_to_cor"
    assert notice("gone", records="users").subject == "Nothing is wrong with users any more: push of hr_to_cor"


def test_drift_that_an_audit_found_is_no_interruption() -> None:
    drift = notice(error="DriftError", message="2 missing", counts={}, causes=[], files={"audit_page": "/a/audit.html"})
    assert drift.subject == "COR does not hold all leave as HR says: push of hr_to_cor"
    assert "HR says, COR says: /a/audit.html" in drift.text


def test_the_subject_is_one_line() -> None:
    assert "\n" not in notice(error="Two\nlines").subject


def test_the_text_says_what_is_wrong_and_what_to_do() -> None:
    links = {"Log": "http://airflow/log?a=1&b=2", "COR": "https://app.projectcor.com"}
    files = {"report": "/leave/report.jsonl", "rejected": "/leave/rejected.csv", "summary": "/leave/summary.json"}
    assert notice(causes=[cause(1), cause(2, example=None)], links=links, files=files).text == (
        "4 of 30 leave requests were rejected: push of hr_to_cor.\n"
        "\n"
        "* Error1 9, such as L-1: advice 1.\n"
        "* Error2 8: advice 2.\n"
        "\n"
        "Leave requests: 30 received, 26 created, 4 rejected.\n"
        "\n"
        "Rejected records, to correct: /leave/rejected.csv\n"
        "Report: /leave/report.jsonl\n"
        "Log: http://airflow/log?a=1&b=2\n"
        "COR: https://app.projectcor.com\n"
        "\n"
        "The next notice comes when other errors appear or none is left."
    )


def test_the_text_quotes_our_error_that_stopped_the_task() -> None:
    text = notice(error="AuthenticationError", message="Put a token\ninto the Password.", counts={}, causes=[]).text
    assert text.startswith(
        "AuthenticationError stopped the task: push of hr_to_cor.\n\nPut a token\ninto the Password.\n\n"
    )


def test_only_the_largest_causes_are_listed() -> None:
    many = notice(causes=[cause(number) for number in range(MOST_CAUSES + 3)])
    assert "Error9" in many.text
    assert "Error10" not in many.text
    assert "3 more" in many.text
    assert "3 more" in many.html


def test_the_end_of_it_is_told_without_a_next_notice() -> None:
    gone = notice("gone", counts={"received": 30, "created": 30}, causes=[])
    assert gone.text == (
        "Nothing is wrong with leave any more: push of hr_to_cor.\n\nLeave requests: 30 received, 30 created."
    )
    assert "next notice" not in gone.html


def test_html_takes_no_text_for_tags() -> None:
    html = notice(causes=[cause(example="<img src=x>", advice="a < b")], links={"Log": 'http://a/?"&b'}).html
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html
    assert "a &lt; b" in html
    assert 'href="http://a/?&#34;&amp;b"' in html


def test_html_has_all_that_the_text_has() -> None:
    files = {"rejected": "/leave/rejected.csv"}
    html = notice(files=files, links={"COR": "https://app.projectcor.com"}).html
    for expected in ("4 of 30", "Error1", "L-1", "advice 1.", "26 created", "/leave/rejected.csv", "projectcor.com"):
        assert expected in html


def test_slack_finds_no_mention_in_an_id() -> None:
    assert "such as &lt;!channel&gt;:" in notice(causes=[cause(example="<!channel>")]).slack


def test_a_template_can_compose_its_own() -> None:
    of_template = notice("changed", links={"Log": "http://airflow"}, files={"report": "/leave/report.jsonl"})
    assert of_template.news == "changed"
    assert of_template.counts["rejected"] == 4
    assert of_template.causes[0]["error"] == "Error1"
    assert of_template.links["Log"] == "http://airflow"
    assert of_template.files["report"] == "/leave/report.jsonl"
