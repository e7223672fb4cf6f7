"""The link from a task to COR."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom

XCOM_KEY = "cor_url"


class CorLink(BaseOperatorLink):
    """Leads from a task that has changed leave in COR to COR's own pages; without a change it is empty."""

    name = "COR"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002  # Airflow's signature
        """Return the URL that the task has stored, without any request."""
        return XCom.get_value(key=XCOM_KEY, ti_key=ti_key) or ""
