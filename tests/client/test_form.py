"""What people see when they fill in a Connection, on every Airflow, held against what the hook reads of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers_manager import ProvidersManager

from cor_provider.client.form import EXTRA_FIELDS, FIELD_BEHAVIOUR
from cor_provider.client.settings import CorSettings
from cor_provider.fields.sources import KNOWN_SOURCES
from cor_provider.get_provider_info import get_provider_info
from cor_provider.hooks.cor_integrations import CorIntegrationsHook

STANDARD_FIELDS = ("description", "host", "login", "password", "port", "schema")


class ReadKeys(dict[str, Any]):
    """An Extra that notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.keys_read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.keys_read.add(key)
        return default


def test_the_form_has_every_extra_that_is_read_and_no_other() -> None:
    extra = ReadKeys()
    connection: Any = SimpleNamespace(
        host="", port=None, login="", password="token", extra='{"source": ""}', extra_dejson=extra
    )
    CorSettings.from_connection(connection)
    assert extra.keys_read == set(EXTRA_FIELDS)


def test_standard_fields_that_are_not_read_are_hidden() -> None:
    used = {"description", *FIELD_BEHAVIOUR["relabeling"]}
    assert used | {*FIELD_BEHAVIOUR["hidden-fields"]} == set(STANDARD_FIELDS)
    assert not used & {*FIELD_BEHAVIOUR["hidden-fields"]}


def test_every_field_explains_itself() -> None:
    assert {*FIELD_BEHAVIOUR["placeholders"]} == {*FIELD_BEHAVIOUR["relabeling"]}
    assert all(field["label"] and field["description"].endswith(".") for field in EXTRA_FIELDS.values())


def test_the_source_is_one_that_cor_documents_or_another() -> None:
    schema = EXTRA_FIELDS["source"]["schema"]
    assert schema["examples"] == list(KNOWN_SOURCES)
    assert "enum" not in schema


def test_the_hook_has_the_form_itself_as_older_airflow_asks_only_the_class() -> None:
    assert {"get_connection_form_widgets", "get_ui_field_behaviour"} <= vars(CorIntegrationsHook).keys()


def test_the_hook_says_of_standard_fields_what_the_metadata_says() -> None:
    (connection_type,) = get_provider_info()["connection-types"]
    declared = connection_type["ui-field-behaviour"]
    assert CorIntegrationsHook.get_ui_field_behaviour() == {
        "hidden_fields": declared["hidden-fields"],
        "relabeling": declared["relabeling"],
        "placeholders": declared["placeholders"],
    }


@pytest.mark.since_airflow("3.2")
def test_airflows_user_interface_shows_the_form_as_declared() -> None:
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService  # noqa: PLC0415  # Airflow 3's

    (form,) = (form for form in HookMetaService.hook_meta_data() if form.connection_type == "cor")
    assert form.hook_name == "COR Integrations"
    assert form.standard_fields is not None
    standard = form.standard_fields.model_dump(by_alias=True)
    shown = {name: field for name, field in standard.items() if field and not field["hidden"]}
    assert {name for name, field in standard.items() if field and field["hidden"]} == {"url_schema", "port"}
    assert {name: field["title"] for name, field in shown.items()} == FIELD_BEHAVIOUR["relabeling"]
    assert {name: field["placeholder"] for name, field in shown.items()} == FIELD_BEHAVIOUR["placeholders"]
    assert form.extra_fields is not None
    extras = {name: (field["schema"]["title"], field["description"]) for name, field in form.extra_fields.items()}
    assert extras == {name: (field["label"], field["description"]) for name, field in EXTRA_FIELDS.items()}
    assert form.extra_fields["source"]["schema"]["examples"] == list(KNOWN_SOURCES)


@pytest.mark.before_airflow("3.0")
def test_airflow_2_shows_the_form_as_declared() -> None:
    import wtforms  # noqa: PLC0415  # comes with Airflow 2

    manager = ProvidersManager()
    own = {
        widget.field_name: widget.field
        for key, widget in manager.connection_form_widgets.items()
        if key.startswith("extra__cor__")
    }
    form = type("Form", (wtforms.Form,), own)()
    assert {name: form[name].label.text for name in own} == {
        name: field["label"] for name, field in EXTRA_FIELDS.items()
    }
    assert all(form[name].description.startswith(field["description"]) for name, field in EXTRA_FIELDS.items())
    assert all(source in form["source"].description for source in KNOWN_SOURCES)
    shown = manager.field_behaviours["cor"]
    assert shown["hidden_fields"] == FIELD_BEHAVIOUR["hidden-fields"]
    assert shown["relabeling"] == FIELD_BEHAVIOUR["relabeling"]
    assert shown["placeholders"] == FIELD_BEHAVIOUR["placeholders"]
