"""
What the provider assumes about COR where its documentation is silent: the one list.

docs/assumptions.md shows it, the sandbox keeps to it, and the command ``prove`` tries it on the user's own COR.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumption:
    """
    One assumption.

    :param key: its name in the code, and in the JSON of ``prove``.
    :param text: the assumption, in Markdown without links.
    :param gives: what it means for a DAG that it holds.
    :param otherwise: what it means for a DAG if it does not, and what to do.
    :param accepted: the same where COR confirms what it should refuse, or confirms something else than it did; empty
        if that makes no difference.
    :param untried: why ``prove`` cannot try it; empty if it can.
    """

    key: str
    text: str
    gives: str
    otherwise: str
    accepted: str = ""
    untried: str = ""


ASSUMPTIONS = (
    Assumption(
        "answers",
        "A successful answer to a create, an update or a delete has one of the documented forms.",
        "Each leave is sent once.",
        "Leave that COR accepted counts as lost: it is sent again until the attempts run out, and then the task fails.",
    ),
    Assumption(
        "ids",
        "Answers to creates and updates have COR's own ids of the leave and of its user.",
        "Reports and ledgers have these ids, so that leave can be read back from COR.",
        "AuditLeavesOperator cannot compare such leave: what became of it stands only in reports.",
    ),
    Assumption(
        "duplicate",
        "An external id is unique per source, and a create with one that COR has is refused as "
        "`DuplicateExternalIdError`, or `ZC004`.",
        "A task may run again: leave that COR has is existing, or updated.",
        "If a task runs again, leave that COR has is rejected, or stops the push: look at its report first.",
        accepted="If a task runs again, leave may be in COR twice: look at its report first.",
    ),
    Assumption(
        "dates",
        "A leave that ends before it starts is refused as `InvalidDateRangeError`.",
        "COR refuses what the provider refuses before it is sent.",
        "That changes nothing: the provider refuses such leave before it is sent.",
    ),
    Assumption(
        "leave_type",
        "A leave type that COR does not know is refused as `LeaveTypeNotFoundError`.",
        "Reports list the leave types that COR lacks.",
        "Reports do not list the leave types that COR lacks: compare yours with COR's before a push.",
        accepted="Such leave may be in COR without its type: compare your types with COR's before a push.",
    ),
    Assumption(
        "refused",
        "A refused leave is not in COR.",
        "What a report calls rejected can be corrected and handed in again.",
        'Rejected leave may be in COR. Hand it in again with if_exists="update", or delete it.',
    ),
    Assumption(
        "update",
        "An update replaces the leave that COR has under its external id, which keeps COR's id.",
        'if_exists="update" and syncs carry changes to COR.',
        "Changes in HR do not reach COR: delete such leave and create it again.",
        accepted="A change may make a second leave in COR beside the old one: change one leave, and look in COR.",
    ),
    Assumption(
        "update_missing",
        "An update of an external id that COR does not have is refused as `LeaveNotFoundError` or `ZC001`, and creates "
        "nothing.",
        "UpdateLeaveOperator creates leave that COR lacks, or leaves it out, as if_missing says.",
        "if_missing of UpdateLeaveOperator does not work as described, and a sync may not bring back leave that was "
        "deleted in COR.",
        accepted="Leave that COR lacks counts as updated, whatever if_missing of UpdateLeaveOperator says: look in COR "
        "whether it is there.",
    ),
    Assumption(
        "delete_missing",
        "A delete of leave that COR does not have is refused as `LeaveNotFoundError` or `ZC001`.",
        "Deleting again is safe: such leave counts as deleted.",
        "If a task deletes leave that is gone already, that leave is rejected, or stops the push.",
        accepted="Deleting again is safe. But a wrong external id does not show: it counts as deleted too.",
    ),
    Assumption(
        "named_404",
        "A 404 from COR itself names what is missing.",
        "Missing leave is not taken for a wrong Host.",
        "A missing leave, user or leave type looks like a wrong Host and stops the whole push: make sure before a push "
        "that COR has them.",
    ),
    Assumption(
        "main_api",
        "COR's main API lists the leave of a user from offset 1, with the ids of its answers to creates and updates.",
        "AuditLeavesOperator can compare what COR holds with the ledger.",
        "AuditLeavesOperator does not work with this token: check the Extra api_url, and what the API key may do.",
    ),
    Assumption(
        "days",
        "All-day leave covers its calendar dates, and `-00:00` is UTC: COR's main API lists the dates that were sent, "
        "shifted by a zone at most.",
        "Leave has the same days in HR and in COR.",
        "Leave is on other days in COR than in HR: look at one in COR before you send more.",
    ),
    Assumption(
        "zc001",
        "`ZC001` on an update means that COR does not have the leave, unless a create is then refused because of the "
        "user or leave type. If the message speaks of fields or validation, `ZC001` is a `ValidationError`.",
        "",
        "",
        untried="it would take requests with a field missing, which the provider never sends.",
    ),
    Assumption(
        "deleted_by_hand",
        "An external id that was deleted by hand may be created again; if COR still has it, it answers "
        "`DuplicateExternalIdError`, and an update restores it.",
        "",
        "",
        untried="it would take somebody who deletes leave in COR meanwhile.",
    ),
    Assumption(
        "user_of_update",
        "A PUT also replaces the user of a leave.",
        "",
        "",
        untried="it would take leave of a second person.",
    ),
    Assumption(
        "too_many",
        "A request that was answered 429 had no effect.",
        "",
        "",
        untried="it would take so many requests that they disturb others.",
    ),
)
