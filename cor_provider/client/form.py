"""
The form for a Connection.

Airflow 3.2 and later build it from these dicts, through ``get_provider_info``; older versions ask the hook, which uses
them too. This is imported whenever Airflow starts, so it imports nothing of Airflow.
"""

from __future__ import annotations

from typing import Any

from cor_provider.fields.sources import KNOWN_SOURCES

FIELD_BEHAVIOUR: dict[str, Any] = {
    "hidden-fields": ["schema", "port"],  # not "extra": while that is hidden, Airflow 2's Test button does nothing
    "relabeling": {
        "host": "Base URL",
        "login": "API key",
        "password": "Bearer token, or client secret if an API key is given",
    },
    "placeholders": {
        "host": "empty: https://integrations.projectcor.com",
        "login": "empty: the token below is used as is",
        "password": "only the token, without the word Bearer",
    },
}

EXTRA_FIELDS: dict[str, dict[str, Any]] = {
    "source": {
        "label": "Source",
        "description": (
            "metadata.source, the system that your users and leave types come from. Choose the one under which they "
            "were created in COR. A task can override it."
        ),
        "schema": {"type": ["string", "null"], "examples": list(KNOWN_SOURCES)},
    },
    "api_url": {
        "label": "Main API URL",
        "description": (
            "Issues tokens for an API key, and serves the Test button. Empty: https://api.projectcor.com/v1. "
            "Required if the Base URL is a sandbox on this machine: its URL, followed by /v1."
        ),
        "schema": {"type": ["string", "null"], "format": "url"},
    },
    "timeout": {
        "label": "Timeout in seconds",
        "description": "How long one response of COR may take, to its last byte. Empty: 30.",
        "schema": {"type": ["number", "null"], "minimum": 1},
    },
    "requests_per_second": {
        "label": "Requests per second",
        "description": (
            "The most that one task sends, or all together if they share their pace. Empty: as many as COR accepts, "
            "which is found out."
        ),
        "schema": {"type": ["number", "null"], "exclusiveMinimum": 0},
    },
    "pace_redis_conn_id": {
        "label": "Pace: Redis connection id",
        "description": (
            "An Airflow Connection of type Redis, over which tasks that push at the same time share what COR accepts. "
            "Empty: each task finds its own pace."
        ),
        "schema": {"type": ["string", "null"]},
    },
    "ledger_secret": {
        "label": "Ledger secret",
        "description": (
            "A long random text, the key of a sync's ledger. Empty: the Password is the key, and after a new token the "
            "next sync sends everything again."
        ),
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    "web_url": {
        "label": "Web URL",
        "description": "Where the COR link of a task leads. Empty: https://app.projectcor.com.",
        "schema": {"type": ["string", "null"], "format": "url"},
    },
    "ca_bundle": {
        "label": "CA bundle",
        "description": (
            "Path, on the workers, of the certificates to trust if a proxy inspects TLS. Empty: the usual ones."
        ),
        "schema": {"type": ["string", "null"]},
    },
    "proxy": {
        "label": "Proxy URL",
        "description": "Empty: the proxy of the worker's environment, if any.",
        "schema": {"type": ["string", "null"], "format": "url"},
    },
}


def field_behaviour() -> dict[str, Any]:
    """Return what Airflow before 3.2 expects from a hook's ``get_ui_field_behaviour``."""
    return {key.replace("-", "_"): value for key, value in FIELD_BEHAVIOUR.items()}


def widgets() -> dict[str, Any]:
    """Return what Airflow before 3.2 expects from a hook's ``get_connection_form_widgets``."""
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget  # noqa: PLC0415  # only in Airflow 2
    from wtforms import StringField  # noqa: PLC0415  # likewise

    return {
        name: StringField(field["label"], description=_help(field), widget=BS3TextFieldWidget())
        for name, field in EXTRA_FIELDS.items()
    }


def _help(field: dict[str, Any]) -> str:
    """Return a field's help, including the suggestions that a plain text field cannot show."""
    examples = field["schema"].get("examples")
    return f"{field['description']} COR documents {', '.join(examples)}." if examples else str(field["description"])
