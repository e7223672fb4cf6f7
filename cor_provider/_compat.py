"""
What differs between the versions of Airflow that this package supports: where a name is, and what XComs are.

All other modules import Airflow's names from here. Most are in ``airflow.providers.common.compat.sdk`` as well, but of
the versions that Airflow's constraints pin, those of Airflow 2.11.0 and 3.0 do not have that module yet.

A name is looked up when it is imported, since some take Airflow a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from packaging.version import Version

if TYPE_CHECKING:
    from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector
    from airflow.sdk import (
        Asset,
        BaseHook,
        BaseNotifier,
        BaseOperator,
        BaseOperatorLink,
        Connection,
        Context,
        ObjectStoragePath,
        Param,
        Variable,
        XComArg,
        get_current_context,
    )
    from airflow.sdk._shared.observability.metrics.stats import Stats
    from airflow.sdk.configuration import conf
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSkipException,
    )
    from airflow.sdk.execution_time.xcom import XCom
    from airflow.sdk.log import mask_secret

__all__ = [
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSkipException",
    "Asset",
    "BaseHook",
    "BaseNotifier",
    "BaseOperator",
    "BaseOperatorLink",
    "Connection",
    "Context",
    "ObjectStoragePath",
    "Param",
    "Stats",
    "Variable",
    "XCom",
    "XComArg",
    "airflow_since",
    "conf",
    "get_current_context",
    "get_hook_lineage_collector",
    "is_lazy",
    "load_lazy",
    "mask_secret",
]

_PLACES = {
    "AirflowException": ("airflow.sdk.exceptions", "airflow.exceptions"),
    "AirflowFailException": ("airflow.sdk.exceptions", "airflow.exceptions"),
    "AirflowNotFoundException": ("airflow.sdk.exceptions", "airflow.exceptions"),
    "AirflowSkipException": ("airflow.sdk.exceptions", "airflow.exceptions"),
    "Asset": ("airflow.sdk", "airflow.datasets:Dataset"),
    "BaseHook": ("airflow.sdk", "airflow.hooks.base"),
    "BaseNotifier": ("airflow.sdk.bases.notifier", "airflow.notifications.basenotifier"),
    "BaseOperator": ("airflow.sdk", "airflow.models.baseoperator"),
    "BaseOperatorLink": ("airflow.sdk", "airflow.models.baseoperatorlink"),
    "Connection": ("airflow.sdk", "airflow.models.connection"),
    "Context": ("airflow.sdk", "airflow.utils.context"),
    "ObjectStoragePath": ("airflow.sdk", "airflow.io.path"),
    "Param": ("airflow.sdk", "airflow.models.param"),
    "Stats": ("airflow.sdk.observability.stats", "airflow.observability.stats", "airflow.stats"),
    "Variable": ("airflow.sdk", "airflow.models.variable"),
    "XCom": ("airflow.sdk.execution_time.xcom", "airflow.models.xcom"),
    "XComArg": ("airflow.sdk", "airflow.models.xcom_arg"),
    "conf": ("airflow.sdk.configuration", "airflow.configuration"),
    "get_current_context": ("airflow.sdk", "airflow.operators.python"),
    "get_hook_lineage_collector": ("airflow.providers.common.compat.lineage.hook",),  # it knows Airflow 2's datasets
    "mask_secret": (
        "airflow.sdk.log",
        "airflow.sdk.execution_time.secrets_masker",  # Airflow 3.0 and 3.1
        "airflow.utils.log.secrets_masker",
    ),
}
"""The modules in which versions of Airflow have a name, the newest version's first; after a colon, its older name."""


def airflow_since(version: str) -> bool:
    """Return whether this Airflow is of a version, as ``3.1``, or a later one."""
    return _airflow_version() >= Version(version)


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


if not TYPE_CHECKING:  # or every name would be taken for one of this module's

    def __getattr__(name: str) -> Any:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = _find(name, _PLACES[name])
        return value


def _find(name: str, places: Sequence[str]) -> Any:
    reason = None
    for place in places:
        module, _, older_name = place.partition(":")
        try:
            return getattr(import_module(module), older_name or name)
        except (ImportError, AttributeError) as error:
            reason = error
    raise ImportError(f"{name} is in none of {', '.join(places)}") from reason


@cache
def _airflow_version() -> Version:
    from airflow import __version__  # noqa: PLC0415  # not each command needs Airflow

    return Version(Version(__version__).base_version)  # a release candidate has what its release has
