"""Bearer tokens: one that is fixed, and those of the client-credentials flow (developers.projectcor.com/quickstart)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable


class Tokens:
    """The valid tokens: minted ones for ``lifetime`` seconds, the fixed one forever."""

    def __init__(
        self, *, token: str, api_key: str, client_secret: str, lifetime: int, clock: Callable[[], float]
    ) -> None:
        self.lifetime = lifetime
        self._basic = "Basic " + base64.b64encode(f"{api_key}:{client_secret}".encode()).decode()
        self._clock = clock
        self._expiry = {token: float("inf")}

    def mint(self, authorization: str | None) -> str | None:
        """Return a new token for the right Basic ``authorization`` header, None for any other."""
        return self.mint_one() if authorization == self._basic else None

    def mint_one(self) -> str:
        """Return a new token."""
        token = secrets.token_urlsafe(24)
        self._expiry[token] = self._clock() + self.lifetime
        return token

    def accepts(self, authorization: str | None) -> bool:
        """Return whether ``authorization`` is a bearer header with a valid token."""
        scheme, _, token = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and self._clock() < self._expiry.get(token, 0.0)

    def revoke_all(self) -> None:
        """Refuse every token issued so far, the fixed one included."""
        self._expiry.clear()
