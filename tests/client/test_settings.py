"""What a Connection says: what works in which form, and what is said of what does not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates import write_certificate
from cor_provider.client.form import EXTRA_FIELDS
from cor_provider.exceptions import CorConfigurationError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from odd_connection import SECRET, problem, read_settings
from support import Connect, leave

# Airflow 2 warns of such an Extra too, and goes on.
pytestmark = pytest.mark.filterwarnings("ignore:Encountered (JSON value|non-JSON) in `extra`")


class TestCaBundle:
    PEM = f"-----BEGIN CERTIFICATE-----\n{SECRET}\n-----END CERTIFICATE-----\n"

    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        return write_certificate(tmp_path)

    @pytest.mark.parametrize("text", [PEM, PEM.replace("\n", "\\n"), PEM.strip().replace("\n", " "), PEM * 1000])
    def test_the_error_for_certificates_in_place_of_a_path_asks_for_a_path(self, text: str) -> None:
        message = problem({"ca_bundle": text})
        assert "Extra ca_bundle contains certificates: enter the path of a file with them" in message

    @pytest.mark.parametrize(
        "text", [f"/{SECRET}\n/two", f"/{SECRET}\0", f"/{SECRET * 1000}", SECRET, f"/{SECRET}\x1b[31m", "/\ud800"]
    )
    def test_what_can_be_no_path_is_not_repeated(self, text: str) -> None:
        assert "Extra ca_bundle " in problem({"ca_bundle": text})

    def test_the_error_for_a_missing_file_names_the_path(self, tmp_path: Path) -> None:
        path = tmp_path / "certificates.pem"
        assert f"Extra ca_bundle is not a file on this machine: {str(path)!r}" in problem({"ca_bundle": str(path)})

    @pytest.mark.parametrize("content", [b"", b"no certificate", PEM.encode(), b"\0" * 1000])
    def test_a_file_without_certificates_is_refused(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "certificates.pem"
        path.write_bytes(content)
        assert "Extra ca_bundle is not a file of certificates" in problem({"ca_bundle": str(path)})

    def test_a_file_that_never_ends_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        assert "Extra ca_bundle is not a file" in problem({"ca_bundle": str(path)})

    def test_a_file_and_a_folder_are_taken(self, certificate: Path) -> None:
        for path in (certificate, certificate.parent):
            assert read_settings({"ca_bundle": str(path)}).ca_bundle == str(path)

    def test_the_error_for_a_file_deleted_later_names_the_field(self, connect: Connect, certificate: Path) -> None:
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
        read_settings(extra, host=host, port=port)
    except CorConfigurationError as error:
        said = error.message
    assert SECRET not in said
