"""What test modules share besides fixtures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]
from pydantic import JsonValue, TypeAdapter

from cor_provider._compat import airflow_since
from cor_provider.exceptions import CorError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.inputs.formats.sheet_text import unescape

Connect = Callable[..., None]
"""The fixture `connect`: sets the connection `cor_default` to the sandbox, except for the given fields."""

DOCUMENTED_BODY = {
    "metadata": {"source": "GLOBANT"},
    "id": "external-id-3",
    "userId": "external-user-id-3",
    "leaveTypeId": "external-type-3",
    "start": "2026-05-11T00:00:00-00:00",
    "end": "2026-05-11T23:59:00-00:00",
    "allDay": True,
}
"""The example of COR's page on creating leave, which the sandbox accepts."""


SEED = {
    "source": "GLOBANT",
    "users": [{"id": "external-user-id-3", "name": "Ana"}, {"id": "u1", "name": "Bo"}, {"id": "u2", "name": "Cy"}],
    "leave_types": [{"id": "external-type-3", "name": "Vacation"}, {"id": "vacation", "name": "Vacation"}],
}
"""The users and leave types of the sandbox that the tests share."""


def attach_memory() -> str:
    """Have Airflow open an object store in this process's memory, and return its URI."""
    attach: Any = import_module("airflow.sdk.io" if airflow_since("3.0") else "airflow.io.store").attach
    attach("memory", fs=MemoryFileSystem())
    return "memory://hr-bucket"


def leave(leave_id: str = "L1", **fields: Any) -> dict[str, Any]:
    """Return a leave request that the sandbox of the tests accepts."""
    return {
        "id": leave_id,
        "user_id": "u1",
        "leave_type_id": "vacation",
        "start": "2026-05-11",
        "end": "2026-05-12",
        **fields,
    }


def error_of(hook: CorIntegrationsHook, operation: str = "create") -> CorError:
    """Return the error of creating, updating or deleting a leave."""
    send: Callable[[], Any] = {
        "create": lambda: hook.create_leave(leave()),
        "update": lambda: hook.update_leave(leave()),
        "delete": lambda: hook.delete_leave("L1", user_id="u1"),
    }[operation]
    with pytest.raises(CorError) as raised:
        send()
    return raised.value


_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


class StateStore:
    """Keeps JSON, as Airflow's does, and refuses what Airflow refuses: a tuple, for instance."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> Any:
        return json.loads(self.values.get(key, "null"))

    def set(self, key: str, value: Any) -> None:
        self.values[key] = json.dumps(_JSON.validate_python(value, strict=True))


def read_sheet(path: str) -> list[dict[str, Any]]:
    """Return the rows of the sheet in an `.xlsx` file, by column."""
    sheet = openpyxl.load_workbook(path).worksheets[0]
    header, *rows = [[_value_of(cell) for cell in row] for row in sheet.iter_rows()]
    return [dict(zip(header, row, strict=True)) for row in rows]


def _value_of(cell: Any) -> Any:
    assert cell.data_type != "f"
    if isinstance(cell.value, datetime) and "h" not in cell.number_format:
        return cell.value.date()
    return unescape(cell.value) if isinstance(cell.value, str) else cell.value


def open_files() -> Iterator[str]:
    """Yield what this process has open, by name."""
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder itself, which is open only meanwhile
            yield str(link.readlink())
