"""What can be in a Connection's Extra, and the errors for the rest."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from cor_provider.client.extra import unknown_fields
from cor_provider.client.form import EXTRA_FIELDS
from cor_provider.client.settings import CorSettings
from cor_provider.exceptions import CorConfigurationError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from odd_connection import SECRET, OddConnection, problem, read_settings

# Airflow 2 warns of such an Extra too, and goes on.
pytestmark = pytest.mark.filterwarnings("ignore:Encountered (JSON value|non-JSON) in `extra`")


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


class TestExtra:
    @pytest.mark.parametrize("extra", NOT_JSON)
    def test_the_error_for_invalid_json_names_its_position(self, extra: str) -> None:
        message = problem(extra)
        assert message.startswith("The COR connection's Extra is not JSON")
        assert all(part in message for part in NOT_JSON[extra])

    @pytest.mark.parametrize("extra", BEYOND_AIRFLOW)
    def test_nor_is_what_takes_too_much_to_read(self, extra: str) -> None:
        assert problem(extra).startswith("The COR connection's Extra is not JSON")

    @pytest.mark.parametrize("extra", NO_OBJECT)
    def test_the_error_for_json_that_is_no_object_names_its_type(self, extra: str) -> None:
        assert f"Extra is not a JSON object but {NO_OBJECT[extra]}" in problem(extra)

    @pytest.mark.parametrize("form", ["json", "uri"])
    @pytest.mark.parametrize("extra", [*NOT_JSON, *NO_OBJECT])
    def test_the_error_is_the_same_for_a_connection_from_json_and_from_a_uri(
        self, extra: str, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        connection = {
            "json": json.dumps({"conn_type": "cor", "password": "token-1", "extra": extra}),
            "uri": f"cor://:token-1@/?__extra__={quote(extra)}",
        }
        monkeypatch.setenv("AIRFLOW_CONN_ODD", connection[form])
        with pytest.raises(CorConfigurationError, match="Extra is not"):
            CorIntegrationsHook("odd").check_source()
        assert SECRET not in "".join(capsys.readouterr())

    @pytest.mark.parametrize("extra", [None, "", " ", "\n", "{}", "null", '{"source": null}'])
    def test_none_is_no_extra(self, extra: str | None) -> None:
        assert read_settings(extra) == CorSettings(
            host="https://integrations.projectcor.com",
            api_url="https://api.projectcor.com/v1",
            password="token-1",
        )

    @pytest.mark.parametrize("name", ["Source", "SOURCE", "source ", "requests-per-second", "apiUrl", "Ca_Bundle"])
    def test_a_name_that_is_spelt_another_way_is_not_ignored(self, name: str) -> None:
        assert "spelt" in problem({name: SECRET})

    def test_what_other_tools_put_there_is_ignored(self) -> None:
        assert read_settings({"owner": "HR", "source": "GLOBANT"}).source == "GLOBANT"

    def test_what_is_not_known_is_listed_with_what_may_be_meant(self) -> None:
        extra = {"pace_redis_conn": "pace", "request_per_second": 5, "Time_Outs": 5, "owner": "HR", "source": "SAP"}
        connection: Any = OddConnection(json.dumps(extra))
        assert unknown_fields(connection) == {
            "Time_Outs": "timeout",
            "owner": None,
            "pace_redis_conn": "pace_redis_conn_id",
            "request_per_second": "requests_per_second",
        }

    def test_it_is_airflow_that_reads_it_and_masks_its_secrets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(OddConnection, "extra_dejson", {"source": "as Airflow read it"})
        assert read_settings({"source": "GLOBANT"}).source == "as Airflow read it"


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
        settings = read_settings({"timeout": value, "requests_per_second": value})
        assert (settings.timeout, settings.requests_per_second) == (5, 5)

    @pytest.mark.parametrize("value", [None, "", " "])
    def test_a_blank_is_the_default(self, value: Any) -> None:
        settings = read_settings(dict.fromkeys(EXTRA_FIELDS, value))
        assert settings == read_settings()
