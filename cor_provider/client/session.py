"""The HTTP session to COR: authenticated, limited in time and size, and for COR's hosts only."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
from airflow import __version__ as airflow_version
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError, SSLError

from cor_provider import __version__
from cor_provider.client.limits import ResponseLimits, abandon_response, enforce_limits
from cor_provider.client.no_answer import describe
from cor_provider.client.settings import CorSettings
from cor_provider.client.tokens import BearerAuth, ClientCredentials, FixedToken, TokenSource
from cor_provider.client.urls import is_loopback
from cor_provider.exceptions import CorConfigurationError, CorConnectionError

MAX_CONNECT_SECONDS = 10.0
POOL_SIZE = 100  # connections kept open to one host; more may be in use at once
MAX_RESPONSE_BYTES = 2**20
"""The limit for a response, both as sent and decompressed; COR's have a few hundred bytes."""
CHUNK_BYTES = 4096
"""How much is decompressed at once: to 4 MiB at most, even by a urllib3 that cannot limit it."""
ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}
"""The accepted encodings. Others are not requested: they cannot be decompressed in bounded steps, or not everywhere."""
USER_AGENT = f"airflow-provider-cor/{__version__} (airflow/{airflow_version}; python/{platform.python_version()})"


class CorSession(requests.Session):
    """
    A session that follows no redirects and uses the Connection's token, TLS and proxy.

    Each response is read immediately and completely, within the Connection's timeout and ``MAX_RESPONSE_BYTES``.

    :param settings: the Connection's.
    """

    def __init__(self, settings: CorSettings) -> None:
        super().__init__()
        self._settings = settings
        self._timeout = (min(MAX_CONNECT_SECONDS, settings.timeout), settings.timeout)
        self._proxies = _proxies(settings)
        self.bearer = self.auth = BearerAuth(self._token_source(), (settings.host, settings.api_url))
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter())
        self.headers.update(
            {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
        )

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """
        Send a request, with the Connection's settings as defaults.

        :raises CorConnectionError: if no complete response arrives within the timeout.
        :raises CorConfigurationError: if the Connection's URLs cannot be used at all.
        """
        limits = ResponseLimits(self._settings.timeout, MAX_RESPONSE_BYTES)
        # No error is chained: the text of the original may hold headers.
        try:
            with limits:
                return super().request(method, url, *args, **{**self._defaults(), **kwargs})
        except (requests.RequestException, HTTPError, ValueError, OSError) as error:  # not all are wrapped by requests
            if not limits.request_sent and (reason := _why_it_cannot_be_sent(error)):
                raise CorConfigurationError(reason) from None
            message = describe(
                error,
                host=urlsplit(str(url)).netloc,
                field=self._field_of(url),
                timeouts=self._timeout,
                too_large=limits.too_large,
            )
            raise CorConnectionError(message, lost_answer=limits.request_sent, too_large=limits.too_large) from None

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: no redirect is followed. ``requests`` reads its address even if it is not to follow it."""

    def _defaults(self) -> dict[str, Any]:
        """Return the arguments of a request that come from the Connection."""
        defaults: dict[str, Any] = {"allow_redirects": False, "timeout": self._timeout}
        # Passed with each request, because the environment's settings override those of a session.
        if self._settings.ca_bundle:
            defaults["verify"] = self._settings.ca_bundle
        if self._proxies:
            defaults["proxies"] = dict(self._proxies)  # `requests` adds the environment's to this very dict
        return defaults

    def _field_of(self, url: str | bytes) -> str:
        """Return the field of the Connection that this URL comes from."""
        api_url = self._settings.api_url
        return "Extra api_url" if api_url and str(url).startswith(api_url) else "Host"

    def _token_source(self) -> TokenSource:
        settings = self._settings
        if not settings.login:
            return FixedToken(settings.password)
        # The grant is in the query and there is no body: developers.projectcor.com/quickstart
        return ClientCredentials(
            lambda: self.post(
                f"{settings.main_api()}/oauth/token",
                params={"grant_type": "client_credentials"},
                auth=(settings.login, settings.password),
            )
        )


def _proxies(settings: CorSettings) -> Mapping[str, str | None]:
    if not settings.proxies and is_loopback(settings.host):
        # The environment's proxy is for other machines, and over plain http it would see the token.
        return {"no_proxy": urlsplit(settings.host).hostname}
    return settings.proxies


class _Adapter(HTTPAdapter):
    """Sends a request and reads the complete response, within the current limits."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=POOL_SIZE)
        enforce_limits(self)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        response._content = _read(response.raw)  # noqa: SLF001  # as `content` would, but without limits
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        return response

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return a response; one whose head ``requests`` makes nothing of counts as lost, like one that is no HTTP."""
        try:
            return super().build_response(req, resp)
        except Exception:  # noqa: BLE001  # of any kind, such as that of a charset without a value
            resp.close()
            raise requests.exceptions.InvalidHeader from None


def _read(raw: HTTPResponse) -> bytes:
    """Return the decompressed body of a response, or raise what ``requests`` would."""
    content = b""
    try:
        if raw.headers.get("Content-Encoding", "").strip().lower() not in ENCODINGS:
            raise DecodeError
        for chunk in raw.stream(CHUNK_BYTES, decode_content=True):
            content += chunk
            if len(content) > MAX_RESPONSE_BYTES:
                abandon_response()
    except ReadTimeoutError:
        raise requests.ReadTimeout from None
    except SSLError:
        raise requests.exceptions.SSLError from None
    except DecodeError:
        raise requests.exceptions.ContentDecodingError from None
    except (HTTPError, HTTPException, ValueError):
        raise requests.exceptions.ChunkedEncodingError from None
    finally:
        raw.close()  # and the connection, if the response is not at its end
    return content


def _why_it_cannot_be_sent(error: Exception) -> str | None:
    """Return what is wrong with the settings if no request with them can be sent."""
    if isinstance(error, requests.exceptions.InvalidProxyURL):
        return "The COR connection's Extra proxy is not the URL of a proxy."
    if isinstance(error, (HTTPError, ValueError)):
        return _UNUSABLE_URL.format(type(error).__name__)
    # `requests` raises the OSError of Python if a file of certificates is missing.
    return None if isinstance(error, requests.RequestException) else _NO_CERTIFICATES


_UNUSABLE_URL = (
    "The COR connection's Host is not a usable URL ({}): check the Host, the Extra api_url and the Extra proxy."
)
_NO_CERTIFICATES = (
    "The trusted certificates cannot be read on this machine: check the Extra ca_bundle of the COR connection, or "
    "REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE in the worker's environment."
)
