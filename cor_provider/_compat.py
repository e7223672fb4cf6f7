"""Differences between the versions of Airflow that this package supports and that no other package hides."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

_MODULES = (
    "airflow.sdk.log",
    "airflow.sdk.execution_time.secrets_masker",  # Airflow 3.0 and 3.1
    "airflow.utils.log.secrets_masker",  # Airflow 2
)


def mask_secret(secret: str) -> None:
    """Mask a secret in Airflow's logs."""
    _mask_secret(secret)


def load_lazy(value: object) -> object:
    """
    Return a lazy sequence of XComs as a list, and anything else as it is.

    Airflow 2's belongs to the thread of the task. Airflow 3's costs one request per element, but one for a slice.
    """
    if is_lazy(value):
        return value[:]  # type: ignore[index]  # it is a sequence
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, list, tuple)):
        return list(value)
    return value


def is_lazy(value: object) -> bool:
    """Return whether reading a value asks Airflow's API for XComs."""
    return isinstance(value, Sequence) and type(value).__name__ == "LazyXComSequence"


def _find(name: str) -> Any:
    for module in _MODULES:
        with suppress(ImportError, AttributeError):
            return getattr(import_module(module), name)
    raise ImportError(f"{name} is in none of {', '.join(_MODULES)}")


_mask_secret = _find("mask_secret")
