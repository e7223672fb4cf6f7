"""A Connection with any content, and what the settings make of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cor_provider.client.settings import CorSettings
from cor_provider.exceptions import CorConfigurationError

SECRET = "s3cr3t"


class OddConnection:
    """A Connection of which even what Airflow would not read can be had."""

    conn_id = "odd"

    def __init__(self, extra: str | None, **fields: Any) -> None:
        self.extra = extra
        self.__dict__.update({"host": None, "port": None, "login": None, "password": "token-1", **fields})

    @property
    def extra_dejson(self) -> Any:
        return json.loads(self.extra) if self.extra else {}


def read_settings(extra: Any = None, **fields: Any) -> CorSettings:
    connection: Any = OddConnection(json.dumps(extra) if isinstance(extra, dict) else extra, **fields)
    return CorSettings.from_connection(connection)


def problem(extra: Any = None, **fields: Any) -> str:
    """Return what is said of a Connection that cannot work."""
    with pytest.raises(CorConfigurationError) as raised:
        read_settings(extra, **fields)
    assert raised.value.__context__ is None
    assert SECRET not in raised.value.message
    return raised.value.message
