"""
The three verbs of COR's leave endpoint, by external id.

The bodies are those of developers.projectcor.com/api-reference/integrations/user-leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cor_provider.client.call import call
from cor_provider.client.session import CorSession
from cor_provider.leave import LeaveKey, LeaveRequest

LEAVES_PATH = "/v2/integrations/leaves"


@dataclass(frozen=True)
class LeavesEndpoint:
    """
    COR's leave endpoint, for the external ids of one source.

    Each verb sends one request, returns COR's ``data`` (empty if the response has none) and raises a
    :class:`~cor_provider.exceptions.CorError` if COR did not do what it was asked to.
    """

    session: CorSession
    url: str
    source: str

    def create(self, leave: LeaveRequest) -> dict[str, Any]:
        """Create a leave."""
        return call(self.session, "POST", self.url, "create", json=leave.to_payload(self.source))

    def update(self, leave: LeaveRequest, *, exists: bool = False) -> dict[str, Any]:
        """
        Replace the leave that COR has under this external id.

        :param exists: whether COR is known to have it, so that an ambiguous ``ZC001`` is about its user or leave type.
        """
        payload = leave.to_payload(self.source)
        url = self._url_of(payload.pop("id"))
        return call(self.session, "PUT", url, "update_existing" if exists else "update", json=payload)

    def delete(self, leave: LeaveKey) -> dict[str, Any]:
        """Delete the leave that COR has under this external id; COR requires its user in the body."""
        payload = {"userId": leave.user_id, "metadata": {"source": self.source}}
        return call(self.session, "DELETE", self._url_of(leave.id), "delete", json=payload)

    def _url_of(self, leave_id: str) -> str:
        return f"{self.url}/{quote(leave_id, safe='')}"
