"""Notices about leave: when there is one, and who gets it."""

from __future__ import annotations

from collections.abc import Sequence

from cor_provider._compat import BaseNotifier, Context
from cor_provider.notifications.attachments import copied
from cor_provider.notifications.change import find_change
from cor_provider.notifications.delivery import deliver

__all__ = ["LeaveNotifier"]

NAME = "leave"
"""The name under which the templates of notifiers find the notice."""

ATTACHABLE = ("audit", "audit_page", "plan", "plan_page", "rejected", "report", "summary")
"""The kinds of files that a task may write."""


class LeaveNotifier(BaseNotifier):
    """
    Tells people what happened to leave, once for each change: by mail, in Slack, or with any other notifier.

    Give the same one to ``on_failure_callback`` and ``on_success_callback`` of a task::

        notifier = LeaveNotifier(
            SmtpNotifier(to="hr@example.com", subject="{{ leave.subject }}", html_content="{{ leave.html }}")
        )
        push = CreateLeaveOperator(..., on_failure_callback=notifier, on_success_callback=notifier)

    It sends when leave begins to be rejected, when the errors become other ones, and when there are none any more, but
    not again while they stay the same, whatever the counts. The same goes for leave that could not be sent, and for
    errors that stop the task. A notice names errors and external leave ids, but no people.

    Templates of the notifiers find the notice under the name ``leave``: ``leave.subject``, ``leave.text``,
    ``leave.html``, ``leave.slack`` and, to compose one's own, ``leave.news`` (``began``, ``changed`` or ``gone``),
    ``leave.counts``, ``leave.causes``, ``leave.links`` and ``leave.files``.

    An Airflow Variable for each task (``cor_notice.<DAG>.<task>…``) holds the names of the errors of the last notice.
    If a notifier fails, the next run sends the notice again.

    :param notifiers: who delivers the notices.
    :param attach: which of the task's files to attach, if it has written them: ``rejected``, ``report``, ``summary``,
        ``plan``, ``plan_page``, ``audit`` or ``audit_page``. They are personal data, so mind who gets the notice. SMTP
        and Apprise take them.
    """

    def __init__(self, *notifiers: BaseNotifier, attach: str | Sequence[str] = ()) -> None:
        super().__init__()
        self.notifiers = notifiers
        self.attach = (attach,) if isinstance(attach, str) else tuple(attach)
        if not notifiers or not all(isinstance(one, BaseNotifier) for one in notifiers):
            raise ValueError(
                "LeaveNotifier takes the notifiers that deliver its notices, such as SmtpNotifier(to=...)."
            )
        if unknown := set(self.attach) - set(ATTACHABLE):
            raise ValueError(f"attach takes {', '.join(ATTACHABLE)}, not {', '.join(sorted(unknown))}.")

    def notify(self, context: Context) -> None:
        """
        Send a notice, if there is news.

        :param context: the context of a task's callback.
        :raises Exception: that of the first notifier that failed, after all of them had their turn.
        """
        if context["ti"].state == "skipped":  # Airflow 2 takes it for a success
            return
        change = find_change(context)
        if not change.notice:
            return
        context[NAME] = change.notice  # type: ignore[literal-required]
        files = [change.notice.files[kind] for kind in self.attach if kind in change.notice.files]
        with copied(files) as paths:
            errors = [error for one in self.notifiers if (error := _error_of(one, context, paths))]
        if errors:
            change.failed()
            raise errors[0]
        change.delivered()


def _error_of(notifier: BaseNotifier, context: Context, paths: Sequence[str]) -> Exception | None:
    try:
        deliver(notifier, context, paths=paths)
    except Exception as error:  # noqa: BLE001  # each notifier raises its own
        return error
    return None
