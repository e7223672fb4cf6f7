"""What Airflow reads about the provider, held against Airflow's own schemas."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from importlib.metadata import distribution
from importlib.resources import files

import airflow
import jsonschema
import pytest

from cor_provider._compat import BaseNotifier
from cor_provider.get_provider_info import get_provider_info
from cor_provider.hooks.cor_integrations import CorIntegrationsHook


def test_it_is_valid_by_airflows_schema() -> None:
    schema = json.loads(files(airflow).joinpath("provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


@pytest.mark.since_airflow("3.2")
def test_the_connection_form_is_valid_by_airflows_schema() -> None:
    path = files(airflow).joinpath("provider.yaml.schema.json")
    schema = json.loads(path.read_text())["properties"]["connection-types"]
    assert "conn-fields" in schema["items"]["properties"]
    jsonschema.validate(get_provider_info()["connection-types"], schema)


def test_the_package_name_is_that_of_the_distribution() -> None:
    # Airflow 3.3 does not start if they differ.
    assert get_provider_info()["package-name"] == distribution("airflow-provider-cor").name


def test_the_connection_type_is_the_hooks() -> None:
    (connection_type,) = get_provider_info()["connection-types"]
    assert connection_type["connection-type"] == CorIntegrationsHook.conn_type
    assert connection_type["hook-name"] == CorIntegrationsHook.hook_name
    module, _, name = connection_type["hook-class-name"].rpartition(".")
    assert getattr(importlib.import_module(module), name) is CorIntegrationsHook


@pytest.mark.parametrize("kind", ["hooks", "operators"])
def test_every_named_module_exists(kind: str) -> None:
    for integration in get_provider_info()[kind]:
        for module in integration["python-modules"]:
            importlib.import_module(module)


def test_every_named_notifier_exists() -> None:
    for path in get_provider_info()["notifications"]:
        module, _, name = path.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), name), BaseNotifier)


def test_it_is_read_without_importing_airflow() -> None:
    code = "import sys, cor_provider.get_provider_info as i; i.get_provider_info(); sys.exit('airflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", get_provider_info()["cli"])
def test_every_function_that_lists_commands_exists(name: str) -> None:
    module, _, function = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))
