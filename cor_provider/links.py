"""The link from a task to COR."""

from __future__ import annotations

from typing import Any

from cor_provider._compat import BaseOperatorLink, XCom

__all__ = ["CorLink"]

XCOM_KEY = "cor_url"


class CorLink(BaseOperatorLink):
    """Leads from a task that changed leave in COR to COR's pages; empty if it changed none."""

    name = "COR"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002  # Airflow's signature
        """Return the URL that the task has stored, without a request to COR."""
        return XCom.get_value(key=XCOM_KEY, ti_key=ti_key) or ""
