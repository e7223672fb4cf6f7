"""Bearer tokens: a fixed one from the Connection, or those that COR issues for an API key."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from cor_provider._compat import mask_secret
from cor_provider.client.retry_after import read_retry_after
from cor_provider.client.statuses import is_transient
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConnectionError,
    CorError,
    CorRateLimitError,
    CorServerError,
    CorTransientError,
)


def is_token(text: str) -> bool:
    """Return whether a text can be sent in a header; if not, ``requests`` would put it into an error's text."""
    return text.isascii() and text.isprintable() and " " not in text


TYPICAL_TOKEN_SECONDS = 3600.0
"""A token's lifetime if COR does not state it: "typically 1 hour" (developers.projectcor.com/quickstart)."""

MIN_TOKEN_SECONDS = 60.0
MAX_TOKEN_SECONDS = 86_400.0
"""The bounds for a token's lifetime. COR may state 0, or something that is not a number."""

RENEWAL_MARGIN_SECONDS = 60.0
"""How long before it expires a token is renewed."""

MAX_REPLACEMENTS = 5
REPLACEMENTS_SECONDS = 60.0
"""How many refused tokens are replaced within this time; after that, a refusal is final."""


class TokenSource(Protocol):
    """Where bearer tokens come from."""

    def get(self) -> str:
        """Return a token that should be valid now."""

    def replace(self, refused: str) -> bool:
        """Replace a token that COR refused, and return whether there is another one to try."""


class FixedToken:
    """The token in the Connection's Password."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get(self) -> str:
        """Return the token."""
        return self._token

    def replace(self, refused: str) -> bool:  # noqa: ARG002  # there is no other token
        """Return False: only a person can replace it."""
        return False


class ClientCredentials:
    """
    Tokens that COR issues for an API key and its client secret (developers.projectcor.com/quickstart).

    The first thread that needs a new token requests it; the others wait for that one.

    :param request_token: requests a token from COR and returns the response.
    :param clock: returns monotonic seconds.
    """

    def __init__(
        self, request_token: Callable[[], requests.Response], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._request_token = request_token
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._failures = 0
        self._last_failure: CorError | None = None
        self._replaced_at: deque[float] = deque(maxlen=MAX_REPLACEMENTS)

    def get(self) -> str:
        """
        Return a token that is valid for a while.

        :raises CorAuthenticationError: if COR refuses the API key.
        :raises CorTransientError: if COR could not issue one for now.
        """
        failures = self._failures
        with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                self._renew(failures)
            return self._token

    def replace(self, refused: str) -> bool:
        """Renew the token unless another thread has since done so; return False if too many were refused recently."""
        failures = self._failures
        with self._lock:
            if self._token == refused:
                now = self._clock()
                if len(self._replaced_at) == MAX_REPLACEMENTS and now < self._replaced_at[0] + REPLACEMENTS_SECONDS:
                    return False
                self._replaced_at.append(now)
                self._renew(failures)
        return True

    def _renew(self, failures: int) -> None:
        """
        Request a token, unless that failed for another thread while the caller was waiting.

        :param failures: how often it had failed when the caller began to wait.
        """
        if self._last_failure and self._failures > failures:
            raise self._last_failure
        requested_at = self._clock()
        try:
            token, lifetime = _read_token(self._request_token())
        except CorError as error:
            if isinstance(error, CorTransientError):
                error.lost_answer = False  # the request that needs the token was not sent
            self._failures += 1
            self._last_failure = error
            raise
        mask_secret(token)  # Airflow masks only the secrets of the Connection
        self._token = token
        self._renew_at = requested_at + max(lifetime - RENEWAL_MARGIN_SECONDS, lifetime / 2)


class BearerAuth(AuthBase):
    """
    Adds a token to requests to COR's own hosts, and to no others.

    Without an ``AuthBase``, ``requests`` would use the credentials in ``~/.netrc`` instead.
    """

    def __init__(self, tokens: TokenSource, base_urls: tuple[str, ...]) -> None:
        self.tokens = tokens
        self._origins = {_origin(url) for url in base_urls}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Authenticate one request."""
        if _origin(request.url or "") in self._origins:
            request.headers["Authorization"] = f"Bearer {self.tokens.get()}"
        return request

    def replace_token(self, response: requests.Response) -> bool:
        """Replace the token that this response refused, and return whether there is another one to try."""
        return self.tokens.replace(response.request.headers.get("Authorization", "").removeprefix("Bearer "))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _read_token(response: requests.Response) -> tuple[str, float]:
    """Return the token and its lifetime in seconds; some of COR's responses nest both under ``token``."""
    try:
        body: Any = json.loads(response.content)
    except (ValueError, RecursionError):
        body = _NO_JSON
    if HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES and isinstance(body, Mapping):
        place: Any
        for place in (body, body.get("token")):
            token = str(place.get("access_token") or "").strip() if isinstance(place, Mapping) else ""
            if token and is_token(token):
                return token, _lifetime(place.get("expires_in"))
    raise _error_without_token(response, body)


_NO_JSON = object()

# RFC 6749, section 5.2 and 4.1.2.1; COR does not document its response to a wrong API key.
_REFUSALS = {
    *("invalid_client", "unauthorized_client", "invalid_grant", "unsupported_grant_type"),
    *("access_denied", "invalid_scope", "invalid_request"),
}
_TRANSIENT_ERRORS = {"temporarily_unavailable", "server_error", "slow_down"}
_REFUSAL_STATUSES = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def _error_without_token(response: requests.Response, body: Any) -> CorError:
    """Return the error for a response without a token: permanent only if it is about the API key."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return CorRateLimitError(status=status, retry_after=read_retry_after(response))
    if not is_transient(status) and _is_about_the_key(response, body):
        return CorAuthenticationError(
            f"COR issued no token for the API key (HTTP {status}): check the COR connection's Login (API key), "
            "Password (client secret) and Extra api_url.",
            status=status,
        )
    error_class = CorServerError if is_transient(status) else CorConnectionError
    return error_class(
        f"COR issues no token for now at {urlsplit(response.url or '').netloc} (HTTP {status}). If this persists, "
        "check the COR connection's Extra api_url.",
        status=status,
        retry_after=read_retry_after(response),
    )


def _is_about_the_key(response: requests.Response, body: Any) -> bool:
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, str) and error in _REFUSALS | _TRANSIENT_ERRORS:
        return error in _REFUSALS
    return response.status_code in _REFUSAL_STATUSES and (body is not _NO_JSON or not response.content.strip())


def _lifetime(value: object) -> float:
    """Return the seconds in ``expires_in``, within bounds; COR's clients have seen numbers and text there."""
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        seconds = math.nan
    except OverflowError:
        seconds = math.inf
    if math.isnan(seconds):
        seconds = TYPICAL_TOKEN_SECONDS
    return min(max(seconds, MIN_TOKEN_SECONDS), MAX_TOKEN_SECONDS)
