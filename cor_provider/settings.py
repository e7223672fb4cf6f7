"""What a COR Connection says, checked and with its defaults: the one place where both meet."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from airflow.providers.common.compat.sdk import Connection

from cor_provider.auth import is_token
from cor_provider.exceptions import CorConfigurationError

# developers.projectcor.com/api-reference/integrations-introduction and /quickstart
DEFAULT_HOST = "https://integrations.projectcor.com"
DEFAULT_API_URL = "https://api.projectcor.com/v1"
DEFAULT_WEB_URL = "https://app.projectcor.com"  # as public clients have it; COR documents only its APIs
DEFAULT_TIMEOUT = 30.0

SHORTEST_LEDGER_SECRET = 16
"""Characters."""


@dataclass(frozen=True)
class CorSettings:
    """
    A COR Connection's settings.

    :param host: base URL of the Integrations API, without a slash at its end.
    :param api_url: base URL of COR's main API, likewise; empty if it must not be guessed.
    :param password: the bearer token; with ``login`` the client secret.
    :param login: the API key, empty where the password is a token.
    :param source: default for ``metadata.source``, if any.
    :param timeout: seconds that an answer may take, to its last byte.
    :param requests_per_second: how many requests one push may send per second; None for as many as COR takes.
    :param ledger_secret: keys the digests in a sync's ledger; empty for the connection's own secret.
    :param web_url: where people see what COR holds.
    :param ca_bundle: path of the certificates to trust, empty for the usual ones.
    :param proxies: as ``requests`` takes them; empty for the environment's.
    """

    host: str
    api_url: str
    password: str = field(repr=False)
    login: str = field(default="", repr=False)
    source: str = ""
    timeout: float = DEFAULT_TIMEOUT
    requests_per_second: float | None = None
    ledger_secret: str = field(default="", repr=False)
    web_url: str = DEFAULT_WEB_URL
    ca_bundle: str = ""
    proxies: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_connection(cls, connection: Connection) -> CorSettings:
        """
        Read a Connection. Values from a URI are text and blanks are empty text: both are fine.

        :raises CorConfigurationError: naming the field that is wrong, never a secret.
        """
        extra = connection.extra_dejson
        if not isinstance(extra, dict):
            raise CorConfigurationError("The COR connection's Extra is not a JSON object.")
        password, login = (connection.password or "").strip(), (connection.login or "").strip()
        if not password:
            raise CorConfigurationError(
                "The COR connection has no Password: put the bearer token there, or the client secret beside an API "
                "key in Login."
            )
        for field_name, text in {"Password": password, "Login": login}.items():
            if not is_token(text):
                raise CorConfigurationError(
                    f"The COR connection's {field_name} holds spaces or characters that it cannot have: put the token "
                    "or key there alone, without the word Bearer."
                )
        host = _base_url("Host", connection.host or DEFAULT_HOST, connection.port)
        api_url = _text(extra, "api_url")
        if not api_url and not is_loopback(host):
            api_url = DEFAULT_API_URL
        return cls(
            host=host,
            api_url=_base_url("Extra api_url", api_url) if api_url else "",
            password=password,
            login=login,
            source=_text(extra, "source"),
            timeout=_above_zero(extra, "timeout", "seconds") or DEFAULT_TIMEOUT,
            requests_per_second=_above_zero(extra, "requests_per_second", "requests"),
            ledger_secret=_ledger_secret(extra),
            web_url=_base_url("Extra web_url", _text(extra, "web_url") or DEFAULT_WEB_URL),
            ca_bundle=_existing_path("Extra ca_bundle", _text(extra, "ca_bundle")),
            proxies=_proxies(extra.get("proxy")),
        )

    def main_api(self) -> str:
        """
        Return ``api_url``.

        :raises CorConfigurationError: if it is not set beside a Host on this machine: credentials of a sandbox are not
            for COR.
        """
        if not self.api_url:
            raise CorConfigurationError(
                "The COR connection's Host is on this machine, so its Extra api_url must be set too: the sandbox's "
                "ends in /v1."
            )
        return self.api_url


def is_loopback(url: str) -> bool:
    """Tell a URL of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _text(extra: dict[str, Any], key: str) -> str:
    value = extra.get(key)
    return "" if value is None else str(value).strip()


def _ledger_secret(extra: dict[str, Any]) -> str:
    secret = _text(extra, "ledger_secret")
    if secret and not secret.strip("*"):  # apache/airflow#52301: what masks a secret is stored in its place
        raise CorConfigurationError(
            "The COR connection's Extra ledger_secret is nothing but asterisks: Airflow's form has put them in the "
            "place of the secret. Write the secret there again."
        )
    if secret and len(secret) < SHORTEST_LEDGER_SECRET:
        raise CorConfigurationError(
            f"The COR connection's Extra ledger_secret is shorter than {SHORTEST_LEDGER_SECRET} characters, so it "
            "could be guessed: write some long random text."
        )
    return secret


def _above_zero(extra: dict[str, Any], key: str, unit: str) -> float | None:
    text = _text(extra, key)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise CorConfigurationError(f"The COR connection's Extra {key} is not a number of {unit} above 0.")
    return number


def _proxies(value: object) -> dict[str, str]:
    """Read a proxy's URL, or a mapping of schemes to URLs, which from a URI comes as JSON text."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            raise CorConfigurationError("The COR connection's Extra proxy is not JSON.") from None
    if isinstance(value, dict):
        return {str(scheme): str(url) for scheme, url in value.items() if url}
    return dict.fromkeys(("http", "https"), str(value).strip()) if value else {}


def _existing_path(field_name: str, text: str) -> str:
    if text and not Path(text).exists():
        raise CorConfigurationError(f"The COR connection's {field_name} is not a file on this machine: {text!r}.")
    return text


def _base_url(field_name: str, text: str, port: int | None = None) -> str:
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        has_port = parts.port is not None
    except ValueError:
        raise _not_a_base_url(field_name) from None
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise _not_a_base_url(field_name)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.geturl())):
        raise CorConfigurationError(f"The COR connection's {field_name} must begin with https://: a token crosses it.")
    netloc = parts.netloc if has_port or not port else f"{parts.netloc}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))


def _not_a_base_url(field_name: str) -> CorConfigurationError:
    return CorConfigurationError(
        f"The COR connection's {field_name} is not a base URL such as {DEFAULT_HOST}; credentials do not belong there."
    )
