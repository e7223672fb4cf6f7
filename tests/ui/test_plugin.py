"""The plugin that adds the tab: it is there if it is wanted, and it never stands in Airflow's way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from typing import Any

import pytest
from airflow import plugins_manager

from cor_provider.get_provider_info import get_provider_info
from cor_provider.ui.plugin import CorPlugin

CODE = """
import json, sys
import airflow.plugins_manager
from cor_provider.ui.plugin import CorPlugin as plugin
views, apps = [getattr(plugin, name) for name in ("external_views", "fastapi_apps")]
heavy = sorted({"fastapi", "jinja2", "airflow.api_fastapi", "cor_provider.ui.app"} & sys.modules.keys() - before)
print(json.dumps([views, [app["url_prefix"] for app in apps], heavy]))
"""


def plugin_with(setting: str | None) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """Return the views and the prefixes of the plugin's apps in a process of its own, and what it had to import."""
    environment = {name: value for name, value in os.environ.items() if name != "AIRFLOW__COR__SHOW_LEAVE_IN_UI"}
    if setting is not None:
        environment["AIRFLOW__COR__SHOW_LEAVE_IN_UI"] = setting
    code = CODE.replace("from cor_provider", "before = set(sys.modules)\nfrom cor_provider", 1)
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    views, prefixes, heavy = json.loads(run.stdout.splitlines()[-1])
    return views, prefixes, heavy


@pytest.mark.since_airflow("3.1")
def test_the_tab_is_there_if_it_is_wanted() -> None:
    ((view,), prefixes, _) = plugin_with("True")
    assert (view["name"], view["destination"], view["url_route"]) == ("Leave", "task_instance", "leave")
    assert view["href"] == "cor/leave/{DAG_ID}/{RUN_ID}/{TASK_ID}/{MAP_INDEX}"
    assert prefixes == ["/cor"]


@pytest.mark.parametrize("setting", [None, "", "False", "perhaps"])
def test_otherwise_there_is_neither_a_tab_nor_an_endpoint(setting: str | None) -> None:
    assert plugin_with(setting)[:2] == ([], [])


@pytest.mark.before_airflow("3.1")
def test_older_airflow_has_no_such_tabs() -> None:
    assert plugin_with("True")[:2] == ([], [])


def test_it_imports_nothing_that_only_the_tab_needs() -> None:
    assert plugin_with("True")[2] == []


def test_airflow_finds_it() -> None:
    (named,) = get_provider_info()["plugins"]
    (installed,) = (one for one in entry_points(group="airflow.plugins") if one.name == named["name"])
    assert installed.load() is CorPlugin
    assert named["plugin-class"] == installed.value.replace(":", ".")


@pytest.mark.since_airflow("3.0")  # before, only with the plugins that are loaded
def test_airflow_takes_it_for_a_plugin() -> None:
    assert vars(plugins_manager)["is_valid_plugin"](CorPlugin)
