"""The settings in a COR Connection, checked and with their defaults."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cor_provider._compat import Connection
from cor_provider.client.extra import Extra, wrong
from cor_provider.client.tokens import is_token
from cor_provider.client.urls import base_url, is_loopback, proxies
from cor_provider.exceptions import CorConfigurationError

# developers.projectcor.com/api-reference/integrations-introduction and /quickstart
DEFAULT_HOST = "https://integrations.projectcor.com"
DEFAULT_API_URL = "https://api.projectcor.com/v1"
DEFAULT_WEB_URL = "https://app.projectcor.com"  # from public clients; COR documents only its APIs
DEFAULT_TIMEOUT = 30.0

MAX_TIMEOUT = 86_400.0
"""Seconds: a day."""

MAX_SHOWN_PATH = 200
"""Characters; a longer text is probably no path, and is not repeated."""

MIN_LEDGER_SECRET = 16
"""Characters."""


@dataclass(frozen=True)
class CorSettings:
    """
    A COR Connection's settings.

    :param host: base URL of the Integrations API, without a trailing slash.
    :param api_url: base URL of COR's main API, likewise; empty if it must not be guessed.
    :param password: the bearer token, or the client secret if there is a ``login``.
    :param login: the API key; empty if the password is a token.
    :param source: default for ``metadata.source``, if any.
    :param timeout: seconds that a response may take, to its last byte.
    :param requests_per_second: the most that one push sends per second, or all that share a pace; None for as many as
        COR accepts.
    :param pace_redis_conn_id: the Airflow Connection to the Redis over which pushes share their pace; empty if they do
        not.
    :param ledger_secret: the key of a sync's ledger; empty for the Connection's own secret.
    :param web_url: where people see the leave in COR.
    :param ca_bundle: path of the certificates to trust; empty for the usual ones.
    :param proxies: as ``requests`` takes them; empty for the environment's.
    """

    host: str
    api_url: str
    password: str = field(repr=False)
    login: str = field(default="", repr=False)
    source: str = ""
    timeout: float = DEFAULT_TIMEOUT
    requests_per_second: float | None = None
    pace_redis_conn_id: str = ""
    ledger_secret: str = field(default="", repr=False)
    web_url: str = DEFAULT_WEB_URL
    ca_bundle: str = ""
    proxies: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_connection(cls, connection: Connection) -> CorSettings:
        """
        Read a Connection. Values from a URI are text, and blanks are empty text: both work.

        :raises CorConfigurationError: naming the field that is wrong, never a secret.
        """
        extra = Extra(connection)
        password, login = (connection.password or "").strip(), (connection.login or "").strip()
        if not password:
            raise CorConfigurationError(
                "The COR connection has no Password: enter the bearer token there, or an API key as Login and its "
                "client secret as Password."
            )
        for field_name, text in {"Password": password, "Login": login}.items():
            if not is_token(text):
                raise wrong(
                    f"{field_name} contains spaces or characters that are not allowed: enter only the token or key, "
                    "without the word Bearer."
                )
        host = base_url("Host", connection.host or DEFAULT_HOST, connection.port)
        api_url = extra.text("api_url")
        if not api_url and not is_loopback(host):
            api_url = DEFAULT_API_URL
        return cls(
            host=host,
            api_url=base_url("Extra api_url", api_url) if api_url else "",
            password=password,
            login=login,
            source=extra.text("source"),
            timeout=extra.number("timeout", "seconds", minimum=0.001, maximum=MAX_TIMEOUT) or DEFAULT_TIMEOUT,
            requests_per_second=extra.number("requests_per_second", "requests", minimum=0.001),
            pace_redis_conn_id=extra.text("pace_redis_conn_id"),
            ledger_secret=_ledger_secret(extra.text("ledger_secret")),
            web_url=base_url("Extra web_url", extra.text("web_url") or DEFAULT_WEB_URL),
            ca_bundle=_ca_bundle(extra.text("ca_bundle")),
            proxies=proxies("Extra proxy", extra.get("proxy")),
        )

    def main_api(self) -> str:
        """
        Return ``api_url``.

        :raises CorConfigurationError: if it is missing and the Host is on this machine: the credentials of a sandbox
            must not go to COR.
        """
        if not self.api_url:
            raise CorConfigurationError(
                "The COR connection's Host is on this machine, so set its Extra api_url too: the sandbox's ends in /v1."
            )
        return self.api_url


def _ledger_secret(secret: str) -> str:
    if secret and not secret.strip("*"):  # apache/airflow#52301: the mask of a secret is stored in its place
        raise wrong(
            "Extra ledger_secret consists of asterisks, with which Airflow's form has replaced the secret: enter the "
            "secret again."
        )
    if secret and len(secret) < MIN_LEDGER_SECRET:
        raise wrong(
            f"Extra ledger_secret is shorter than {MIN_LEDGER_SECRET} characters, so it could be guessed: enter "
            "a long random text."
        )
    return secret


def _ca_bundle(text: str) -> str:
    """Check the path of the certificates to trust once, with a better error than that of ``requests``."""
    if not text:
        return ""
    if "-----BEGIN" in text:
        raise wrong("Extra ca_bundle contains certificates: enter the path of a file with them instead.")
    shown = f": {text!r}" if text.isprintable() and os.sep in text and len(text) <= MAX_SHOWN_PATH else ""
    try:
        path = Path(text)
        if path.is_dir():
            os.scandir(path).close()
        elif path.is_file():
            ssl.create_default_context(cafile=path)
        else:
            raise FileNotFoundError
    except ssl.SSLError:
        problem = f"is not a file of certificates (PEM){shown}"
    except FileNotFoundError:
        problem = f"is not a file on this machine{shown}"
    except (OSError, ValueError):
        problem = f"cannot be read on this machine{shown}"
    else:
        return text
    raise wrong(f"Extra ca_bundle {problem}.")
