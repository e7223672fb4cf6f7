"""Have a notifier of any provider send something."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from cor_provider._compat import BaseNotifier, Context

ATTACHMENTS = ("files", "attach")
"""What notifiers call the files that they attach: that for SMTP, that for Apprise."""


def deliver(notifier: BaseNotifier, context: Context, *, paths: Sequence[str] = ()) -> None:
    """
    Have a notifier send what its templates make of the context.

    :param paths: the files to attach, if it can.
    :raises Exception: whatever it raises. On Airflow 2, a notifier only logs that.
    """
    sender: Any = copy.copy(notifier)  # it changes when it renders its templates
    errors: list[Exception] = []
    notify = sender.notify

    def notify_and_keep_error(context: Context) -> None:
        _attach(sender, paths)  # now that it has rendered: the name of a file is no template
        try:
            notify(context)
        except Exception as error:
            errors.append(error)
            raise

    sender.notify = notify_and_keep_error
    sender(context)
    if errors:
        raise errors[0]


def _attach(sender: Any, paths: Sequence[str]) -> None:
    name = next((name for name in ATTACHMENTS if hasattr(sender, name)), None)
    if name and paths:
        own = getattr(sender, name) or []
        setattr(sender, name, [*([own] if isinstance(own, str) else own), *paths])
