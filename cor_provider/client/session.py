"""The HTTP session to COR: authenticated, patient within limits, and talking to COR alone."""

from __future__ import annotations

import platform
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
from airflow import __version__ as airflow_version
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError, SSLError

from cor_provider import __version__
from cor_provider.client.limits import Exchange, keep_limits, refuse_the_rest
from cor_provider.client.settings import CorSettings
from cor_provider.client.tokens import BearerAuth, ClientCredentials, FixedToken, TokenSource
from cor_provider.client.urls import is_loopback
from cor_provider.exceptions import CorConfigurationError, CorConnectionError

MAX_CONNECT_SECONDS = 10.0
MOST_KEPT_CONNECTIONS = 100  # to one host; more may be open at once
MOST_BYTES = 2**20
"""What an answer may hold, as it comes and unpacked; COR's have some hundred bytes."""
PIECE = 4096
"""Bytes that are unpacked at once: to 4 MiB at most, if urllib3 is too old to do less."""
UNPACKED = {"", "identity", "gzip", "x-gzip", "deflate"}
"""How an answer may be packed. Other ways are not asked for: they know no bounds, or are not everywhere."""
USER_AGENT = f"airflow-provider-cor/{__version__} (airflow/{airflow_version}; python/{platform.python_version()})"


class CorSession(requests.Session):
    """
    A session whose every request follows no redirect, and uses the Connection's token, TLS and proxy.

    An answer is read at once and to its end, within the Connection's timeout and ``MOST_BYTES``.

    :param settings: of the Connection.
    """

    def __init__(self, settings: CorSettings) -> None:
        super().__init__()
        self._settings = settings
        self.bearer = self.auth = BearerAuth(self._token_source(), (settings.host, settings.api_url))
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter())
        self.headers.update(
            {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
        )

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """
        Send a request, with this session's defaults for what it does not say.

        :raises CorConnectionError: if no answer arrives, or not all of one within the timeout.
        :raises CorConfigurationError: if the Connection's URLs cannot be used at all.
        """
        exchange = Exchange(self._settings.timeout, MOST_BYTES)
        # None of these is chained: what requests says of a failure may hold headers.
        try:
            with exchange:
                return super().request(method, url, *args, **{**self._defaults(), **kwargs})
        except requests.exceptions.InvalidProxyURL:
            raise CorConfigurationError("The COR connection's Extra proxy is no URL of a proxy.") from None
        except requests.RequestException as error:
            if isinstance(error, ValueError) and not isinstance(error, requests.exceptions.InvalidHeader):
                raise CorConfigurationError(_UNUSABLE_URL.format(type(error).__name__)) from None
            reason = _TOO_MUCH if exchange.holds_too_much else _reason(error)
            message = f"{reason.format(field=self._field_of(url))} ({type(error).__name__})."
            raise CorConnectionError(message, lost_answer=exchange.is_written) from None
        except (HTTPError, ValueError) as error:  # requests does not wrap all that urllib3 raises
            raise CorConfigurationError(_UNUSABLE_URL.format(type(error).__name__)) from None
        except OSError:  # nor is it a request that fails where there is no file of certificates
            raise CorConfigurationError(_NO_CERTIFICATES) from None

    def _defaults(self) -> dict[str, Any]:
        """Return the arguments of a request that the Connection decides."""
        settings = self._settings
        defaults: dict[str, Any] = {
            "allow_redirects": False,
            "timeout": (min(MAX_CONNECT_SECONDS, settings.timeout), settings.timeout),
        }
        # Passed with each request, because the environment's settings override those of a session.
        if settings.ca_bundle:
            defaults["verify"] = settings.ca_bundle
        if settings.proxies:
            defaults["proxies"] = dict(settings.proxies)  # `requests` adds the environment's to this very dict
        elif is_loopback(settings.host):
            # The environment's proxy is for other machines, and over plain http it would see the token.
            defaults["proxies"] = {"no_proxy": urlsplit(settings.host).hostname}
        return defaults

    def _field_of(self, url: str | bytes) -> str:
        """Return the field of the Connection that this URL is made of."""
        api_url = self._settings.api_url
        return "Extra api_url" if api_url and str(url).startswith(api_url) else "Host"

    def _token_source(self) -> TokenSource:
        settings = self._settings
        if not settings.login:
            return FixedToken(settings.password)
        # The grant goes into the query and there is no body: developers.projectcor.com/quickstart
        return ClientCredentials(
            lambda: self.post(
                f"{settings.main_api()}/oauth/token",
                params={"grant_type": "client_credentials"},
                auth=(settings.login, settings.password),
            )
        )


class _Adapter(HTTPAdapter):
    """Sends a request and reads its answer to the end, within the limits of the exchange."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=MOST_KEPT_CONNECTIONS)
        keep_limits(self)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        response._content = _read(response.raw)  # noqa: SLF001  # as `content` would, had it any limits
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        return response


def _read(raw: HTTPResponse) -> bytes:
    """Return what an answer holds, unpacked, or raise what ``requests`` would."""
    content = b""
    try:
        if raw.headers.get("Content-Encoding", "").strip().lower() not in UNPACKED:
            raise DecodeError
        for piece in raw.stream(PIECE, decode_content=True):
            content += piece
            if len(content) > MOST_BYTES:
                refuse_the_rest()
    except ReadTimeoutError:
        raise requests.ReadTimeout from None
    except SSLError:
        raise requests.exceptions.SSLError from None
    except DecodeError:
        raise requests.exceptions.ContentDecodingError from None
    except (HTTPError, HTTPException, ValueError):
        raise requests.exceptions.ChunkedEncodingError from None
    finally:
        raw.close()  # and with it the connection, where there is more to come
    return content


_UNUSABLE_URL = (
    "The COR connection's Host, or where it redirects to, cannot be used as a URL ({}): check the Host, the Extra "
    "api_url and the Extra proxy."
)
_NO_CERTIFICATES = (
    "The certificates to trust cannot be read on this machine: check the Extra ca_bundle of the COR connection, or "
    "REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE in the worker's environment."
)
_TOO_MUCH = (
    "What came holds more than an answer of COR would (1 MiB), and was not read to its end: check the {field} and the "
    "network"
)
_REASONS: tuple[tuple[type[requests.RequestException], str], ...] = (
    (requests.exceptions.SSLError, "TLS with COR failed: where a proxy opens TLS, set the Extra ca_bundle"),
    (requests.exceptions.ProxyError, "The proxy did not work: check the Extra proxy, or the worker's environment"),
    (requests.exceptions.ConnectTimeout, "COR could not be reached in time: check the {field} and the network"),
    (requests.exceptions.ReadTimeout, "COR did not answer in time; the Extra timeout sets how long to wait"),
    (requests.RequestException, "COR could not be reached, or its answer was lost: check the {field} and the network"),
)


def _reason(error: requests.RequestException) -> str:
    return next(reason for error_class, reason in _REASONS if isinstance(error, error_class))
