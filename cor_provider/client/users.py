"""
The two verbs of COR's user endpoint that this provider uses, by external id.

The bodies are those of developers.projectcor.com/api-reference/integrations/users. COR documents a DELETE too: this
provider never deletes a user.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cor_provider.client.call import call
from cor_provider.client.parsed_response import OnUsers
from cor_provider.client.session import CorSession
from cor_provider.user import UserRequest, UserUpdate

USERS_PATH = "/v2/integrations/users"


def _names_no_user(record: logging.LogRecord) -> bool:
    return f"{USERS_PATH}/" not in record.getMessage()


# At the level DEBUG, urllib3 logs the path of each request, which has the external id of the user.
logging.getLogger("urllib3.connectionpool").addFilter(_names_no_user)


@dataclass(frozen=True)
class UsersEndpoint:
    """
    COR's user endpoint, for the external ids of one source.

    Each verb sends one request, returns the user as COR shows it, and raises a
    :class:`~cor_provider.exceptions.CorError` if COR did not do what it was asked to.
    """

    session: CorSession
    url: str
    source: str

    def create(self, user: UserRequest) -> dict[str, Any]:
        """Create a user."""
        return call(self.session, "POST", self.url, "create_user", json=user.to_payload(self.source))

    def update(self, user: UserUpdate, *, exists: bool = False) -> dict[str, Any]:
        """
        Change what is given of the user that COR has under this external id.

        :param exists: whether COR is known to have it, so that ``ZC001`` is about its position or seniority.
        """
        operation: OnUsers = "update_existing_user" if exists else "update_user"
        return call(self.session, "PUT", self._url_of(user.id), operation, json=user.to_payload(self.source))

    def show(self, user_id: str) -> dict[str, Any]:
        """Change nothing of a user: the only way to ask whether COR has this external id."""
        body = {"metadata": {"source": self.source}}
        return call(self.session, "PUT", self._url_of(user_id), "update_user", json=body)

    def _url_of(self, user_id: str) -> str:
        return f"{self.url}/{quote(user_id, safe='')}"
