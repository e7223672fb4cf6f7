"""A mixin for the connections of an adapter."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from cor_provider.client.connections import mix_in
from cor_provider.sandbox import Sandbox


class Counting(HTTPConnection):
    """Counts the requests of every connection that it is mixed into."""

    requests = 0

    def request(self, *args: Any, **kwargs: Any) -> None:
        Counting.requests += 1
        super().request(*args, **kwargs)


def requests_counted(sandbox: Sandbox, *, times_mixed: int, proxy: str = "") -> int:
    Counting.requests = 0
    with requests.Session() as session:
        session.trust_env = False
        adapter = HTTPAdapter()
        session.mount("http://", adapter)
        for _ in range(times_mixed):
            session.get(sandbox.url, timeout=60)  # so that there is a pool with the old connections
            mix_in(adapter, Counting)
        session.get(sandbox.url, timeout=60, proxies={"http": proxy})
    return Counting.requests


def test_it_is_used_by_connections_made_later(sandbox: Sandbox) -> None:
    assert requests_counted(sandbox, times_mixed=0) == 0
    assert requests_counted(sandbox, times_mixed=1) == 1


def test_a_proxys_connections_use_it_too(sandbox: Sandbox) -> None:
    assert requests_counted(sandbox, times_mixed=1, proxy=sandbox.url) == 1


def test_mixing_it_in_again_changes_nothing(sandbox: Sandbox) -> None:
    assert requests_counted(sandbox, times_mixed=2) == 2
