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

    :param field: the field that holds it.
    :param text: with or without its scheme.
    :param port: for a URL without one.
    :raises CorConfigurationError: if it is not a base URL, contains credentials, or would expose a token.
    """
    parts = _split(text.strip(), "https")
    if not parts or parts.username is not None or parts.query or parts.fragment:
        raise wrong(f"{field} is not a base URL such as {EXAMPLE}: enter one, without credentials.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.geturl())):
        raise wrong(f"{field} must begin with https://, because it receives a token.")
    netloc = parts.netloc
    if port and not parts.port:
        netloc = f"{netloc}:{port}"
        if not _split(netloc, "https"):
            raise wrong("Port is not a port number from 1 to 65535.")
    if not netloc.isascii():  # convert it to what is sent, so that hosts compare as equal
        netloc = urlsplit(_prepared(netloc)).netloc
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))


def is_loopback(url: str) -> bool:
    """Return whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def proxies(field: str, value: object) -> dict[str, str]:
    """
    Return proxies as ``requests`` takes them.

    :param field: the field that holds them.
    :param value: one URL for all, or URLs by scheme or by scheme and host; in a URI this is JSON text.
    :raises CorConfigurationError: if it is neither.
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
        raise wrong(
            f"{field} has an unknown key: use http, https, all or no_proxy, or a scheme and a host such as https://cor.example."
        )
    return key


def _proxy(field: str, key: str, url: object) -> str:
    if not isinstance(url, str):
        raise wrong(f"{field} has {kind(url)} where the URL of a proxy should be.")
    return url.strip() if key == "no_proxy" else _proxy_url(field, url)


def _proxy_url(field: str, text: str) -> str:
    text = text.strip()
    parts = _split(text, "http")
    if not parts or parts.scheme not in {"http", "https", "socks4", "socks4a", "socks5", "socks5h"}:
        raise wrong(f"{field} is not the URL of a proxy, such as http://proxy.example:3128.")
    return text


def _split(text: str, scheme: str) -> SplitResult | None:
    """Return the parts of a URL, or None if it has no usable host."""
    if " " in text or not text.isprintable():  # `urlsplit` drops some of these, and so another host results
        return None
    try:
        parts = urlsplit(text if "://" in text else f"{scheme}://{text}")
        _ = parts.port
        _prepared(parts.netloc.rpartition("@")[2])
    except ValueError:
        return None
    return parts if parts.hostname else None


def _prepared(netloc: str) -> str:
    """Return the URL of a host as ``requests`` sends it; raises ValueError if ``requests`` refuses it."""
    prepared = requests.PreparedRequest()
    prepared.prepare_url(f"http://{netloc}", None)
    return prepared.url or ""
