"""Bearer tokens: the one that a Connection holds, or those that COR hands out for an API key."""

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
    """Tell what can stand in an ``Authorization`` header; anything else would end up in an error's text."""
    return text.isascii() and text.isprintable() and " " not in text


TYPICAL_TOKEN_SECONDS = 3600.0
"""How long a token lives where COR does not say: "typically 1 hour" (developers.projectcor.com/quickstart)."""

LEAST_TOKEN_SECONDS = 60.0
MOST_TOKEN_SECONDS = 86_400.0
"""How long a token is taken to live at least and at most, whatever is said: it may be 0, or no number at all."""

RENEWAL_MARGIN_SECONDS = 60.0
"""How long before its end a token is renewed."""

MOST_REPLACEMENTS = 5
REPLACEMENTS_SECONDS = 60.0
"""How many tokens that COR refused are replaced in how long; from there on a refusal stands."""


class TokenSource(Protocol):
    """Where bearer tokens come from."""

    def get(self) -> str:
        """Return a token that should be good now."""

    def replace(self, refused: str) -> bool:
        """Replace a token that COR refused; return whether there is another one to try."""


class FixedToken:
    """The token in the Connection's Password."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get(self) -> str:
        """Return the token."""
        return self._token

    def replace(self, refused: str) -> bool:  # noqa: ARG002  # there is no other one
        """Return False: only a person can replace it."""
        return False


class ClientCredentials:
    """
    Tokens that COR hands out for an API key and its client secret (developers.projectcor.com/quickstart).

    Whichever thread notices that a token ends renews it; the others wait for the new one.

    :param request_token: asks COR for a token and returns the answer.
    :param clock: seconds that only go forward.
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
        self._replaced_at: deque[float] = deque(maxlen=MOST_REPLACEMENTS)

    def get(self) -> str:
        """
        Return a token that is good for a while.

        :raises CorAuthenticationError: if COR refuses the API key.
        :raises CorTransientError: if COR could not answer.
        """
        failures = self._failures
        with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                self._renew(failures)
            return self._token

    def replace(self, refused: str) -> bool:
        """Renew the token unless another thread has done so since; return False if too many were refused lately."""
        failures = self._failures
        with self._lock:
            if self._token == refused:
                now = self._clock()
                if len(self._replaced_at) == MOST_REPLACEMENTS and now < self._replaced_at[0] + REPLACEMENTS_SECONDS:
                    return False
                self._replaced_at.append(now)
                self._renew(failures)
        return True

    def _renew(self, failures: int) -> None:
        """
        Ask for a token, unless that has failed for another thread since the caller began to wait.

        :param failures: how often it had failed then.
        """
        if self._last_failure and self._failures > failures:
            raise self._last_failure
        asked_at = self._clock()
        try:
            token, lifetime = _read_token_reply(self._request_token())
        except CorError as error:
            if isinstance(error, CorTransientError):
                error.lost_answer = False  # what waits for the token was not sent
            self._failures += 1
            self._last_failure = error
            raise
        mask_secret(token)  # Airflow masks what the Connection holds, and this came from elsewhere
        self._token = token
        self._renew_at = asked_at + max(lifetime - RENEWAL_MARGIN_SECONDS, lifetime / 2)


class BearerAuth(AuthBase):
    """
    Puts a token on requests to COR's own hosts, and on no others.

    As an ``AuthBase`` it keeps ``requests`` from replacing the token by what ``~/.netrc`` says of the host.
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
        """Replace the token that was refused with this answer; return whether there is another one to try."""
        return self.tokens.replace(response.request.headers.get("Authorization", "").removeprefix("Bearer "))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _read_token_reply(response: requests.Response) -> tuple[str, float]:
    """Return the token and its lifetime in seconds; some of COR's replies nest both under ``token``."""
    try:
        body: Any = json.loads(response.content)
    except (ValueError, RecursionError):
        body = _NO_JSON
    if HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES and isinstance(body, Mapping):
        reply: Any
        for reply in (body, body.get("token")):
            token = str(reply.get("access_token") or "").strip() if isinstance(reply, Mapping) else ""
            if token and is_token(token):
                return token, _seconds(reply.get("expires_in"))
    raise _no_token(response, body)


_NO_JSON = object()

# RFC 6749, section 5.2 and 4.1.2.1; COR does not document what its token endpoint answers to a wrong key.
_REFUSALS = {
    *("invalid_client", "unauthorized_client", "invalid_grant", "unsupported_grant_type"),
    *("access_denied", "invalid_scope", "invalid_request"),
}
_PASSING_ERRORS = {"temporarily_unavailable", "server_error", "slow_down"}
_REFUSING = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def _no_token(response: requests.Response, body: Any) -> CorError:
    """Return the error for a reply without a token: final only where it is about the API key, and not about the way."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return CorRateLimitError(status=status, retry_after=read_retry_after(response))
    if not is_transient(status) and _is_about_the_key(response, body):
        return CorAuthenticationError(
            f"COR handed out no token for the API key (HTTP {status}): check the COR connection's Login (API key), "
            "Password (client secret) and Extra api_url.",
            status=status,
        )
    kind = CorServerError if is_transient(status) else CorConnectionError
    return kind(
        f"COR could not hand out a token for now (HTTP {status}). If that stays so, check the COR connection's Extra "
        "api_url.",
        status=status,
        retry_after=read_retry_after(response),
    )


def _is_about_the_key(response: requests.Response, body: Any) -> bool:
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, str) and error in _REFUSALS | _PASSING_ERRORS:
        return error in _REFUSALS
    return response.status_code in _REFUSING and (body is not _NO_JSON or not response.content.strip())


def _seconds(value: object) -> float:
    """Return for how long a token is good, of what is said about it: COR's clients have seen numbers and text."""
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        seconds = math.nan
    except OverflowError:
        seconds = math.inf
    if math.isnan(seconds):
        seconds = TYPICAL_TOKEN_SECONDS
    return min(max(seconds, LEAST_TOKEN_SECONDS), MOST_TOKEN_SECONDS)
