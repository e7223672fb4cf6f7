"""What not every version of ``apache-airflow-providers-common-compat`` that this package accepts hands out."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any

_MODULES = (
    "airflow.sdk.log",
    "airflow.sdk.execution_time.secrets_masker",  # Airflow 3.0 and 3.1
    "airflow.utils.log.secrets_masker",  # Airflow 2
)


def mask_secret(secret: str) -> None:
    """Have Airflow mask a secret in its logs."""
    _mask_secret(secret)


def _find(name: str) -> Any:
    for module in _MODULES:
        with suppress(ImportError, AttributeError):
            return getattr(import_module(module), name)
    raise ImportError(f"{name} is in none of {', '.join(_MODULES)}")


_mask_secret = _find("mask_secret")
