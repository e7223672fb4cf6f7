"""What a Connection says: what works in which form, and what is said of what does not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from certificates import write_certificate
from cor_provider.client.form import EXTRA_FIELDS
from cor_provider.client.settings import CorSettings
from cor_provider.exceptions import CorConfigurationError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from support import Connect, leave

# Airflow 2 warns of such an Extra too, and goes on.
pytestmark = pytest.mark.filterwarnings("ignore:Encountered (JSON value|non-JSON) in `extra`")

SECRET = "s3cr3t"
NOT_JSON = {
    f"{{'source': '{SECRET}'}}": ("line 1, column 2", "double quotes"),
    f'{{"source": "{SECRET}",}}': ("line 1, column", "one comma too many"),
    f'{{"source": "{SECRET}",\n  \n}}': ("one comma too many",),
    f'{{\n  "source": "GLOBANT",\n  "ledger_secret": {SECRET}\n}}': ("line 3, column 20",),
    f"{{“source”: “{SECRET}”}}": ("line 1, column 2", "double quotes"),
    f'{{"timeout": None, "source": "{SECRET}"}}': ("line 1, column 13", "lower case"),
    f'{{"source": "{SECRET}"': ("line 1, column",),
    f'{{"source": "{SECRET}"}} {{}}': ("line 1, column 22",),
    f"source={SECRET}": ("line 1, column 1",),
    f"source: {SECRET}\ntimeout: 5": ("line 1, column 1",),
}
BEYOND_AIRFLOW = ["[" * 100_000, "1" * 5000]
"""What Airflow itself may fail to read."""
NO_OBJECT = {
    json.dumps([{"source": SECRET}]): "a list",
    json.dumps(json.dumps({"source": SECRET})): "text",
    "5": "a number",
    "0": "a number",
    "NaN": "a number",
    "true": "true or false",
    "false": "true or false",
}


class OddConnection:
    """A Connection of which even what Airflow would not read can be had."""

    conn_id = "odd"

    def __init__(self, extra: str | None, **fields: Any) -> None:
        self.extra = extra
        self.__dict__.update({"host": None, "port": None, "login": None, "password": "token-1", **fields})

    @property
    def extra_dejson(self) -> Any:
        return json.loads(self.extra) if self.extra else {}


def read(extra: Any = None, **fields: Any) -> CorSettings:
    connection: Any = OddConnection(json.dumps(extra) if isinstance(extra, dict) else extra, **fields)
    return CorSettings.from_connection(connection)


def problem(extra: Any = None, **fields: Any) -> str:
    """Return what is said of a Connection that cannot work."""
    with pytest.raises(CorConfigurationError) as raised:
        read(extra, **fields)
    assert raised.value.__context__ is None
    assert SECRET not in raised.value.message
    return raised.value.message


class TestExtra:
    @pytest.mark.parametrize("extra", NOT_JSON)
    def test_what_is_not_json_is_told_with_its_place(self, extra: str) -> None:
        message = problem(extra)
        assert message.startswith("The COR connection's Extra is not JSON")
        assert all(part in message for part in NOT_JSON[extra])

    @pytest.mark.parametrize("extra", BEYOND_AIRFLOW)
    def test_nor_is_what_takes_too_much_to_read(self, extra: str) -> None:
        assert problem(extra).startswith("The COR connection's Extra is not JSON")

    @pytest.mark.parametrize("extra", NO_OBJECT)
    def test_json_that_is_no_object_is_told_as_what_it_is(self, extra: str) -> None:
        assert f"Extra is not a JSON object but {NO_OBJECT[extra]}" in problem(extra)

    @pytest.mark.parametrize("form", ["json", "uri"])
    @pytest.mark.parametrize("extra", [*NOT_JSON, *NO_OBJECT])
    def test_it_is_told_however_the_connection_came(
        self, extra: str, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        connection = {
            "json": json.dumps({"conn_type": "cor", "password": "token-1", "extra": extra}),
            "uri": f"cor://:token-1@/?__extra__={quote(extra)}",
        }
        monkeypatch.setenv("AIRFLOW_CONN_ODD", connection[form])
        with pytest.raises(CorConfigurationError, match="The COR connection's Extra is not"):
            CorIntegrationsHook("odd").check_source()
        assert SECRET not in "".join(capsys.readouterr())

    @pytest.mark.parametrize("extra", [None, "", " ", "\n", "{}", "null", '{"source": null}'])
    def test_none_is_no_extra(self, extra: str | None) -> None:
        assert read(extra) == CorSettings(
            host="https://integrations.projectcor.com",
            api_url="https://api.projectcor.com/v1",
            password="token-1",
        )

    @pytest.mark.parametrize("name", ["Source", "SOURCE", "source ", "requests-per-second", "apiUrl", "Ca_Bundle"])
    def test_a_name_that_is_spelt_another_way_is_not_ignored(self, name: str) -> None:
        assert "spelt" in problem({name: SECRET})

    def test_what_other_tools_put_there_is_ignored(self) -> None:
        assert read({"owner": "HR", "source": "GLOBANT"}).source == "GLOBANT"

    def test_it_is_airflow_that_reads_it_and_masks_its_secrets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(OddConnection, "extra_dejson", {"source": "as Airflow read it"})
        assert read({"source": "GLOBANT"}).source == "as Airflow read it"


class TestKinds:
    @pytest.mark.parametrize("key", ["source", "api_url", "web_url", "ledger_secret", "ca_bundle"])
    @pytest.mark.parametrize("value", [5, 4711471147114711, 1.5, True, False, [SECRET], {SECRET: 1}, []])
    def test_what_must_be_text_is_named_where_it_is_none(self, key: str, value: Any) -> None:
        message = problem({key: value})
        assert f"Extra {key} is " in message
        assert "not text" in message

    @pytest.mark.parametrize("key", ["source", "api_url", "web_url", "ledger_secret", "ca_bundle", "proxy"])
    def test_text_that_no_system_can_take_is_named(self, key: str) -> None:
        assert f"Extra {key} " in problem({key: "\ud800 some long random text"})

    @pytest.mark.parametrize(("key", "unit"), [("timeout", "seconds"), ("requests_per_second", "requests")])
    @pytest.mark.parametrize(
        "value",
        [0, -1, "0", "-1", "soon", SECRET, True, False, [5], {}, [], {"seconds": 5}, "nan", "inf", 10**400, "1e999"],
    )
    def test_what_must_be_a_number_is_named_where_it_is_none(self, key: str, unit: str, value: Any) -> None:
        assert f"Extra {key} is not a number of {unit}" in problem({key: value})

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_numbers_that_json_does_not_have_are_none(self, value: str) -> None:
        assert "Extra timeout is not a number" in problem(f'{{"timeout": {value}}}')

    @pytest.mark.parametrize(("key", "value"), [("timeout", 1e9), ("requests_per_second", 1e-320)])
    def test_numbers_that_no_clock_can_take_are_named(self, key: str, value: float) -> None:
        assert f"Extra {key} is not a number" in problem({key: value})

    @pytest.mark.parametrize("value", [5, 5.0, "5", " 5.0 ", "5e0"])
    def test_a_number_may_be_text(self, value: Any) -> None:
        settings = read({"timeout": value, "requests_per_second": value})
        assert (settings.timeout, settings.requests_per_second) == (5, 5)

    @pytest.mark.parametrize("value", [None, "", " "])
    def test_a_blank_is_the_default(self, value: Any) -> None:
        settings = read(dict.fromkeys(EXTRA_FIELDS, value))
        assert settings == read()


class TestCaBundle:
    PEM = f"-----BEGIN CERTIFICATE-----\n{SECRET}\n-----END CERTIFICATE-----\n"

    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        return write_certificate(tmp_path)

    @pytest.mark.parametrize("text", [PEM, PEM.replace("\n", "\\n"), PEM.strip().replace("\n", " "), PEM * 1000])
    def test_certificates_in_place_of_a_path_are_told(self, text: str) -> None:
        message = problem({"ca_bundle": text})
        assert "Extra ca_bundle contains certificates: enter the path of a file with them" in message

    @pytest.mark.parametrize(
        "text", [f"/{SECRET}\n/two", f"/{SECRET}\0", f"/{SECRET * 1000}", SECRET, f"/{SECRET}\x1b[31m", "/\ud800"]
    )
    def test_what_can_be_no_path_is_not_repeated(self, text: str) -> None:
        assert "Extra ca_bundle " in problem({"ca_bundle": text})

    def test_a_path_where_nothing_is_is_told(self, tmp_path: Path) -> None:
        path = tmp_path / "certificates.pem"
        assert f"Extra ca_bundle is not a file on this machine: {str(path)!r}" in problem({"ca_bundle": str(path)})

    @pytest.mark.parametrize("content", [b"", b"no certificate", PEM.encode(), b"\0" * 1000])
    def test_a_file_without_certificates_is_told(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "certificates.pem"
        path.write_bytes(content)
        assert "Extra ca_bundle is not a file of certificates" in problem({"ca_bundle": str(path)})

    def test_a_file_that_never_ends_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        assert "Extra ca_bundle is not a file" in problem({"ca_bundle": str(path)})

    def test_a_file_and_a_folder_are_taken(self, certificate: Path) -> None:
        for path in (certificate, certificate.parent):
            assert read({"ca_bundle": str(path)}).ca_bundle == str(path)

    def test_a_file_that_is_gone_when_it_is_needed_is_told(self, connect: Connect, certificate: Path) -> None:
        connect(host="https://127.0.0.1:1", extra={"ca_bundle": str(certificate)})
        hook = CorIntegrationsHook()
        hook.get_conn()
        certificate.unlink()
        with pytest.raises(CorConfigurationError, match="check the Extra ca_bundle") as raised:
            hook.create_leave(leave())
        assert str(certificate) not in raised.value.message

    def test_the_environments_is_named_where_it_is_gone(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
        connect(host="https://127.0.0.1:1")
        with pytest.raises(CorConfigurationError, match="REQUESTS_CA_BUNDLE"):
            CorIntegrationsHook().create_leave(leave())


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
        assert read({"proxy": proxy}).proxies == dict.fromkeys(("http", "https"), proxy.strip())

    @pytest.mark.parametrize("as_text", [False, True])
    def test_each_scheme_and_host_may_have_its_own(self, as_text: bool) -> None:
        proxies = {
            "https": "http://a.example:1",
            "https://cor.example": "http://b.example",
            "all": "socks5://c.example",
            "no_proxy": "localhost,.example",
        }
        proxy: Any = {**proxies, "http": ""}
        assert read({"proxy": json.dumps(proxy) if as_text else proxy}).proxies == proxies

    @pytest.mark.parametrize("proxy", [None, "", " ", {}, {"http": None}, "{}"])
    def test_none_is_the_environments(self, proxy: Any) -> None:
        assert read({"proxy": proxy}).proxies == {}


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
        assert read(host=host, port=port).host == url

    def test_a_host_in_another_script_gets_the_token(self, connect: Connect) -> None:
        connect(host="https://bücher.example")
        session = CorIntegrationsHook().get_conn()
        request = session.prepare_request(requests.Request("GET", "https://bücher.example/v2"))
        assert request.headers["Authorization"] == "Bearer sandbox-token"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just(SECRET),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.one_of(
        st.text().map(lambda text: text + SECRET),
        st.dictionaries(st.sampled_from([*EXTRA_FIELDS, "Source", SECRET]), json_values).map(json.dumps),
    ),
    st.text() | st.sampled_from(["https://cor.example", "http://localhost", "cor.example:80"]),
    st.none() | st.integers(),
)
def test_whatever_stands_in_a_connection_it_works_or_its_field_is_named(
    extra: str, host: str, port: int | None
) -> None:
    said = ""
    try:
        read(extra, host=host, port=port)
    except CorConfigurationError as error:
        said = error.message
    assert SECRET not in said
