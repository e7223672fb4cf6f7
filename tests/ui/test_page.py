"""The page in the tab, read as text."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from cor_provider.audit.published import WHAT_TO_DO, PublishedAudit, PublishedReason
from cor_provider.results.published import PublishedSummary
from cor_provider.sync.by_user import by_user
from cor_provider.ui.contents import Rejected, ShownPlan
from cor_provider.ui.page import MOST_LISTED, LeavePage, render_page, render_problem

SCRIPT = "<script>alert(1)</script>"
NO_CHANGES = {"create": 0, "may_overwrite": 0, "update": 0, "delete": 0, "forget": 0}


def cause(error: str = "UserNotFoundError", **fields: Any) -> dict[str, Any]:
    return {"status": "rejected", "error": error, "count": 3, "example": "L1", "advice": "create them.", **fields}


def outcomes(**fields: Any) -> PublishedSummary:
    content = {"received": 5, "created": 2, "rejected": 3, "source": "SAP", "causes": []}
    return PublishedSummary.model_validate({**content, **fields})


def text(page: LeavePage) -> str:
    html = re.sub(r"<style>.*?</style>", "", render_page(page), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_it_counts_the_outcomes_that_there_are() -> None:
    shown = text(LeavePage(outcomes(received=1234, not_sent=7)))
    assert "SAP 1,234 received 2 created 3 rejected 7 not sent" in shown
    assert "deleted" not in shown


def test_an_audit_is_counted_with_what_to_do_its_reasons_and_what_is_marked() -> None:
    counts = {"audited": 1234, "confirmed": 1230, "missing": 3, "changed": 1, "foreign": 0}
    reasons = [PublishedReason(finding="missing", reason=SCRIPT, count=3)]
    page = LeavePage(audit=PublishedAudit(source="SAP", counts=counts, reasons=reasons, healed=4))
    shown = text(page)
    assert "SAP 1,234 audited 1,230 confirmed 3 missing 1 changed 4 missing or changed leaves are marked" in shown
    assert f"missing 3 {WHAT_TO_DO['missing']} changed 1 {WHAT_TO_DO['changed']}" in shown
    assert f"Finding Leaves Reason missing 3 {SCRIPT}" in shown
    assert SCRIPT not in render_page(page)
    assert "foreign" not in shown


def test_an_audit_without_differences_says_so() -> None:
    counts = {"audited": 3, "confirmed": 3}
    shown = text(LeavePage(audit=PublishedAudit(counts=counts, reasons=[], is_complete=True)))
    assert shown.endswith("3 audited 3 confirmed Nothing differs: COR holds what HR says.")


def test_an_audit_that_compared_nothing_does_not_say_so() -> None:
    counts = {"audited": 2, "confirmed": 0, "unverifiable": 2}
    shown = text(LeavePage(audit=PublishedAudit(counts=counts, reasons=[])))
    assert "Nothing differs" not in shown
    assert "No leave could be compared." in shown


def test_each_cause_has_its_count_an_example_and_what_to_do() -> None:
    shown = text(LeavePage(outcomes(causes=[cause(), cause("ServerError", status="failed", count=1, example=None)])))
    assert "UserNotFoundError 3 L1 create them. ServerError (failed) 1 create them." in shown


def test_it_says_so_if_nothing_was_rejected() -> None:
    assert "Nothing was rejected, and nothing failed." in text(LeavePage(outcomes(rejected=0)))


def test_whom_cor_does_not_know_is_listed_most_frequent_first() -> None:
    page = LeavePage(outcomes(), users={"u1": 1, "u2": 1200}, leave_types={"sabbatical": 1})
    shown = text(page)
    assert "Users that COR does not know External id Rejected u2 1,200 u1 1" in shown
    assert "Leave types that COR does not know External id Rejected sabbatical 1" in shown


def test_long_lists_end_with_how_many_are_left() -> None:
    users = {f"u{number:04}": 1 for number in range(MOST_LISTED + 1234)}
    rejected = [Rejected(id="L1", status="rejected", error="E", message="m", position=1)]
    shown = text(LeavePage(outcomes(rejected=2001), users=users, rejected=rejected))
    assert "and 1,234 more" in shown
    assert "and 2,000 more, which the report lists" in shown


def test_a_record_without_a_readable_id_is_named_by_its_place() -> None:
    rejected = [Rejected(id=None, status="rejected", error="E", message="m", position=1234)]
    assert "no readable id, record 1,234 E m" in text(LeavePage(outcomes(), rejected=rejected))


PLAN_ROW = {"operation": "create", "id": "L1", "user_id": "u1", "start": "2026-05-11", "end": "2026-05-12"}


def test_the_plan_is_drawn_like_its_page() -> None:
    html = render_page(LeavePage(outcomes(), plan=ShownPlan(rows=[PLAN_ROW], counts={**NO_CHANGES, "create": 1})))
    assert 'aria-label="u1: Create, Mon 11 May 2026 to Tue 12 May 2026; external id L1"' in html


def test_of_a_long_plan_it_shows_totals_and_the_largest_changes_without_a_script() -> None:
    with by_user([PLAN_ROW, {**PLAN_ROW, "id": SCRIPT, "user_id": SCRIPT, "end": "2026-05-31"}]) as changes:
        plan = ShownPlan(counts={**NO_CHANGES, "create": 2000}, overview=changes.overview())
    shown, html = text(LeavePage(outcomes(), plan=plan)), render_page(LeavePage(outcomes(), plan=plan))
    assert "2,000 to create 0 to update 0 to delete 0 to forget 2 users" in shown
    assert (
        f"Longest leave to create by days from the first to the last User Days Dates External id {SCRIPT} 21" in shown
    )
    assert "python -m cor_provider plan FILE --user ID" in shown
    assert "<script" not in html
    assert "#user-" not in html


def test_what_comes_from_files_is_text() -> None:
    everywhere = LeavePage(
        outcomes(source=SCRIPT, causes=[cause(SCRIPT, example=SCRIPT, advice=SCRIPT)]),
        users={SCRIPT: 1},
        leave_types={SCRIPT: 1},
        rejected=[Rejected(id=SCRIPT, status="rejected", error=SCRIPT, message=SCRIPT, position=1)],
        files={"Report": SCRIPT},
        notes=[SCRIPT],
    )
    html = render_page(everywhere)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 11


def test_it_loads_nothing() -> None:
    html = render_page(LeavePage(outcomes())) + render_problem("Reload Airflow.")
    assert re.findall(r"""(?:src|href)="(?!data:,|#)[^"]*""", html) == []
    assert "url(" not in html
    assert "@import" not in html


def test_a_problem_is_a_sentence() -> None:
    assert "Reload Airflow." in render_problem("Reload Airflow.")
