"""The URLs in a Connection."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from odd_connection import SECRET, problem, read_settings
from support import Connect


class TestProxy:
    @pytest.mark.parametrize(
        "proxy",
        [
            *(5, True, [f"http://{SECRET}@proxy.example"], {"http": 5}, {"http": [SECRET]}, {"http": {"url": SECRET}}),
            *("http://", "http:///path", "://proxy.example", "ftp://proxy.example", "proxy.example:99999"),
            *("http://proxy.example:-1", "http://proxy.example:port", f"http://{SECRET}:pass word@proxy.example"),
            *(f"http://{SECRET}@pro xy.example", "http://[::", "http://::1:3128", f"http://{SECRET}@proxy\n.example"),
            *(
                "http://proxy\u200b .example",
                f"http://{SECRET}@.",
                {"https": "http://"},
                {"hppts": "http://proxy.example"},
            ),
            *(f'["http://{SECRET}@proxy.example"]', f'{{"http": 5, "https": "{SECRET}"}}', f"{{'http': '{SECRET}'}}"),
            *("{" * 100_000, "http://" + "a" * 70 + "\u00e9"),
        ],
    )
    def test_what_is_no_proxy_is_named(self, proxy: Any) -> None:
        assert "Extra proxy " in problem({"proxy": proxy})

    @pytest.mark.parametrize(
        "proxy",
        [
            *(
                "http://proxy.example:3128",
                "https://user:pass@proxy.example",
                "proxy.example:3128",
                "http://[::1]:3128",
            ),
            *("socks5h://proxy.example:1080", "http://bücher.example:3128", " http://proxy.example/ "),
        ],
    )
    def test_one_url_is_for_both_schemes(self, proxy: str) -> None:
        assert read_settings({"proxy": proxy}).proxies == dict.fromkeys(("http", "https"), proxy.strip())

    @pytest.mark.parametrize("as_text", [False, True])
    def test_each_scheme_and_host_may_have_its_own(self, as_text: bool) -> None:
        proxies = {
            "https": "http://a.example:1",
            "https://cor.example": "http://b.example",
            "all": "socks5://c.example",
            "no_proxy": "localhost,.example",
        }
        proxy: Any = {**proxies, "http": ""}
        assert read_settings({"proxy": json.dumps(proxy) if as_text else proxy}).proxies == proxies

    @pytest.mark.parametrize("proxy", [None, "", " ", {}, {"http": None}, "{}"])
    def test_none_is_the_environments(self, proxy: Any) -> None:
        assert read_settings({"proxy": proxy}).proxies == {}


class TestUrls:
    @pytest.mark.parametrize(
        "host",
        [
            *("https://cor .example", "https://cor\n.example", "https://cor\t.example", "https://cor.example/\x00"),
            *("https://", "https:///v1", "https://:8000", "https://::1", "https://[::", "https://[::1]x", "https://."),
            *("https://cor.example:99999", "https://cor.example:-1", "https://cor.example:port", "https://*.example"),
            *("https://\u200b .example", "https://é" + "a" * 70, f"https://{SECRET}@cor.example"),
        ],
    )
    def test_what_is_no_base_url_is_named(self, host: str) -> None:
        assert "Host is not a base URL" in problem(host=host)
        assert "Extra api_url is not a base URL" in problem({"api_url": host})
        assert "Extra web_url is not a base URL" in problem({"web_url": host})

    @pytest.mark.parametrize("port", [99999, -1, 65536])
    def test_a_port_that_cannot_be_is_named(self, port: int) -> None:
        assert "Port" in problem(host="https://cor.example", port=port)

    @pytest.mark.parametrize(
        ("host", "port", "url"),
        [
            ("cor.example", None, "https://cor.example"),
            (" https://cor.example/ ", 8000, "https://cor.example:8000"),
            ("https://cor.example:8443", 8000, "https://cor.example:8443"),
            ("https://[2001:db8::1]", 8000, "https://[2001:db8::1]:8000"),
            ("https://bücher.example/v2/", None, "https://xn--bcher-kva.example/v2"),
            ("HTTPS://Cor.Example/Base", None, "https://Cor.Example/Base"),
        ],
    )
    def test_a_base_url_is_taken_as_people_type_it(self, host: str, port: int | None, url: str) -> None:
        assert read_settings(host=host, port=port).host == url

    def test_a_host_in_another_script_gets_the_token(self, connect: Connect) -> None:
        connect(host="https://bücher.example")
        session = CorIntegrationsHook().get_conn()
        request = session.prepare_request(requests.Request("GET", "https://bücher.example/v2"))
        assert request.headers["Authorization"] == "Bearer sandbox-token"
