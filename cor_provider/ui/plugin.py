"""
The plugin that gives task instances the tab *Leave*.

Every process of Airflow imports this module, and an error here would stop some of them. So it imports nothing that the
tab needs: only the API server does, when somebody opens the tab for the first time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from cor_provider._compat import airflow_since, conf

_log = logging.getLogger(__name__)


def is_shown() -> bool:
    """Return whether this Airflow shows the tab: from 3.1 on, if its administrator wants it."""
    if not airflow_since("3.1"):
        return False
    try:
        return bool(conf.getboolean("cor", "show_leave_in_ui", fallback=False))
    except Exception:  # noqa: BLE001  # Airflow has several classes of this error
        _log.warning("[cor] show_leave_in_ui: expected True or False. The tab Leave is not shown.")
        return False


async def serve(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Answer a request for the tab, as an ASGI application."""
    from cor_provider.ui.app import app  # noqa: PLC0415  # see the module

    await app(scope, receive, send)


VIEW = {
    "name": "Leave",
    # Without a leading slash, it also works behind a proxy that serves Airflow below a path.
    "href": "cor/leave/{DAG_ID}/{RUN_ID}/{TASK_ID}/{MAP_INDEX}",
    "destination": "task_instance",
    "url_route": "leave",
}
APP = {"name": "COR", "app": serve, "url_prefix": "/cor"}


class CorPlugin(AirflowPlugin):
    """The tab *Leave*, if it is to be shown, and nothing otherwise."""

    name = "cor"
    external_views = [VIEW] * is_shown()
    fastapi_apps = [APP] * is_shown()
