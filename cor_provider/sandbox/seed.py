"""The users and leave types that the sandbox starts with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from cor_provider.fields.sources import KNOWN_SOURCES
from cor_provider.sandbox.errors import Refusal
from cor_provider.sandbox.payloads import Text
from cor_provider.sandbox.store import Store

SeedInput: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | Sequence[Mapping[str, Any]]"

EXAMPLE_SEED: Mapping[str, Any] = {
    "source": "GLOBANT",
    "users": [{"id": "external-user-id-3", "name": "John Doe"}],
    "leave_types": [{"id": "external-type-3", "name": "Vacation"}],
}
"""The user and the leave type of COR's documented example of a leave."""


class SeedError(ValueError):
    """A seed is invalid; the message says where and why."""


class _Item(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    id: Text
    name: str = ""


class _User(_Item):
    email: str | None = None


class _Seed(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    source: Text
    users: list[_User] = []
    leave_types: list[_Item] = []
    positions: list[_Item] = []
    seniorities: list[_Item] = []


_SEEDS = TypeAdapter(list[_Seed])


def plant(seed: SeedInput, store: Store, *, empty: bool = False) -> tuple[str, ...]:
    """
    Register users and leave types, and the positions and seniorities that a user may have.

    :param seed: ``{"source": "GLOBANT", "users": [{"id": "HR-EMP-00001", "name": "Ana Suárez"}], "leave_types": [{"id":
        "vacation", "name": "Vacation"}]}``, a list of such objects (one per source), or the path of a JSON file of
        either. A user may also have an ``email``. ``positions`` and ``seniorities`` are lists like the leave types.
    :param store: where to register them.
    :param empty: leave out the users.
    :return: the sources of the seed.
    :raises SeedError: if the seed is malformed, or the file has none.
    """
    where = os.fspath(seed) if isinstance(seed, (str, os.PathLike)) else "seed"
    parts = _read(seed, where)
    if not parts and isinstance(seed, (str, os.PathLike)):
        raise SeedError(f'{where}: is empty. Give at least one object with a source, such as {{"source": "GLOBANT"}}')
    for part in parts:
        if part.source not in KNOWN_SOURCES:
            raise SeedError(f"{where}: {part.source!r} is not a source of COR. Use one of {', '.join(KNOWN_SOURCES)}")
        try:
            for user in () if empty else part.users:
                store.add_user(part.source, user.id, user.name or user.id, user.email)
            for leave_type in part.leave_types:
                store.add_leave_type(part.source, leave_type.id, leave_type.name or leave_type.id)
            store.positions |= {(part.source, position.id) for position in part.positions}
            store.seniorities |= {(part.source, seniority.id) for seniority in part.seniorities}
        except Refusal as refusal:
            raise SeedError(f"{where}: an id or email occurs twice in source {part.source}. Remove one") from refusal
    return tuple(dict.fromkeys(part.source for part in parts))


def _read(seed: SeedInput, where: str) -> list[_Seed]:
    try:
        parts = json.loads(Path(seed).read_bytes()) if isinstance(seed, (str, os.PathLike)) else seed
    except OSError as error:
        raise SeedError(f"{where}: {error.strerror}") from error
    except ValueError as error:
        raise SeedError(f"{where}: is not JSON: {error}") from error
    try:
        return _SEEDS.validate_python([parts] if isinstance(parts, Mapping) else parts)
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        place = ".".join(map(str, problem["loc"][1:]))
        raise SeedError(f"{where}: {place + ': ' if place else ''}{problem['msg']}") from error
