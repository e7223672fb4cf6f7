"""The URLs that a Connection holds."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit, urlunsplit

import requests

from cor_provider.client.extra import kind, parse_json, wrong

EXAMPLE = "https://integrations.projectcor.com"


def base_url(field: str, text: str, port: int | None = None) -> str:
    """
    Return a base URL without a slash at its end.

    :param field: what it stands in.
    :param text: with or without its scheme.
    :param port: for a URL that has none.
    :raises CorConfigurationError: if it cannot be one, holds credentials, or would show a token to the network.
    """
    parts = _split(text.strip(), "https")
    if not parts or parts.username is not None or parts.query or parts.fragment:
        raise wrong(f"{field} is not a base URL such as {EXAMPLE}; credentials do not belong there.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.geturl())):
        raise wrong(f"{field} must begin with https://: a token crosses it.")
    netloc = parts.netloc
    if port and not parts.port:
        netloc = f"{netloc}:{port}"
        if not _split(netloc, "https"):
            raise wrong("Port is not the number of a port, 1 to 65535.")
    if not netloc.isascii():  # as it goes over the wire, where it must be the same host
        netloc = urlsplit(_prepared(netloc)).netloc
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))


def is_loopback(url: str) -> bool:
    """Tell a URL of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def proxies(field: str, value: object) -> dict[str, str]:
    """
    Return proxies as ``requests`` takes them.

    :param field: what they stand in.
    :param value: one URL for all, or URLs by scheme or by scheme and host; from a URI this comes as JSON text.
    :raises CorConfigurationError: if it is something else.
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = parse_json(field, value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return {}
    if isinstance(value, str):
        return dict.fromkeys(("http", "https"), _proxy_url(field, value))
    if not isinstance(value, dict):
        raise wrong(f"{field} is {kind(value)}, not the URL of a proxy.")
    return {_proxied(field, key): _proxy(field, key, url) for key, url in value.items() if url not in (None, "")}


def _proxied(field: str, key: str) -> str:
    scheme, _, host = key.partition("://")
    if key not in {"http", "https", "all", "no_proxy"} and not (host and scheme in {"http", "https", "all"}):
        raise wrong(f"{field} has a name other than http, https, all and no_proxy, or one of them, :// and a host.")
    return key


def _proxy(field: str, key: str, url: object) -> str:
    if not isinstance(url, str):
        raise wrong(f"{field} has {kind(url)} where the URL of a proxy should be.")
    return url.strip() if key == "no_proxy" else _proxy_url(field, url)


def _proxy_url(field: str, text: str) -> str:
    text = text.strip()
    parts = _split(text, "http")
    if not parts or parts.scheme not in {"http", "https", "socks4", "socks4a", "socks5", "socks5h"}:
        raise wrong(f"{field} is no URL of a proxy such as http://proxy.example:3128.")
    return text


def _split(text: str, scheme: str) -> SplitResult | None:
    """Return the parts of a URL, or None where there is no host that could be asked."""
    if " " in text or not text.isprintable():  # `urlsplit` leaves out some of that, and so means another host
        return None
    try:
        parts = urlsplit(text if "://" in text else f"{scheme}://{text}")
        _ = parts.port
        _prepared(parts.netloc.rpartition("@")[2])
    except ValueError:
        return None
    return parts if parts.hostname else None


def _prepared(netloc: str) -> str:
    """Return the URL of a host as it is sent; raises ValueError if ``requests`` would not."""
    prepared = requests.PreparedRequest()
    prepared.prepare_url(f"http://{netloc}", None)
    return prepared.url or ""
