"""What the tests about users share."""

from __future__ import annotations

from typing import Any

DOCUMENTED_USER = {
    "id": "OKTA-USER-12345",
    "email": "john.doe@company.com",
    "first_name": "John",
    "last_name": "Doe",
    "phone": "+1 555-0100",
    "role_id": 4,
    "daily_hours": 8,
}
"""The example of COR's page on creating a user."""

PERSONAL = {
    "id": "PERSON-4711",
    "email": "zacharias.quell@marker.example",
    "first_name": "Zacharias",
    "last_name": "Quellenhof",
    "phone": "+34 600 111 222",
    "position": "Wizardry",
    "department": "Catacombs",
    "role_id": "Freelancer",
    "daily_hours": 6.5,
}
"""A user each of whose values can be told from everything else."""

MARKERS = tuple(str(value) for key, value in PERSONAL.items() if key not in {"role_id", "daily_hours"})
"""What of it is to be in no log, error or repr."""


def user(user_id: str = "E-1", **fields: Any) -> dict[str, Any]:
    """Return a user that the sandbox of the tests accepts."""
    address = f"{user_id.lower()}@company.com"
    return {"id": user_id, "email": address, "first_name": "Ana", "last_name": "Suárez", **fields}
