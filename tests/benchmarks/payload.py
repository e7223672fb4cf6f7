"""The body of a request to create leave, as somebody writes it without the provider."""

from __future__ import annotations

import json
from typing import Any


def payload_of(line: str) -> dict[str, Any]:
    """Return the body for a line of a ``.jsonl`` file of whole-day leave."""
    leave = json.loads(line)
    return {
        "metadata": {"source": "GLOBANT"},
        "id": leave["id"],
        "userId": leave["user_id"],
        "leaveTypeId": leave["leave_type_id"],
        "start": f"{leave['start']}T00:00:00-00:00",
        "end": f"{leave['end']}T23:59:00-00:00",
        "allDay": True,
    }
