"""
A stand-in for COR on this machine, for dry runs, demos and tests. Public.

This is not COR. It follows COR's public documentation (developers.projectcor.com); where that is silent, it makes the
assumptions of ``cor_provider.sandbox.assumptions.ASSUMPTIONS``. ``python -m cor_provider.sandbox`` runs it as a server,
:class:`Sandbox` runs it inside a process::

    with Sandbox(seed="people.json") as sandbox:
        ...  # Connection: host=sandbox.url, password=sandbox.token, extra={"api_url": sandbox.api_url}
        print(sandbox.leaves)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cor_provider.sandbox.store import StoredLeave, StoredMail, StoredUser

if TYPE_CHECKING:  # it needs the optional web server
    from cor_provider.sandbox.server import Sandbox

__all__ = ["Sandbox", "StoredLeave", "StoredMail", "StoredUser"]


def __getattr__(name: str) -> Any:
    """Import ``Sandbox`` on first use, so that the error for a missing web server says what to install."""
    if name != "Sandbox":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from cor_provider.sandbox.server import Sandbox  # noqa: PLC0415  # see the docstring
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        raise ModuleNotFoundError(
            f"The COR sandbox needs {package}: pip install 'airflow-provider-cor[sandbox]'", name=package
        ) from missing
    return Sandbox
