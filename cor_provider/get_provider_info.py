"""
The metadata that Airflow reads about this provider.

A pure dict: Airflow calls this whenever it starts, and an error here would stop the whole installation. From 3.2 on the
connection form is made from ``conn-fields`` and ``ui-field-behaviour`` alone, without importing the hook.
"""

from __future__ import annotations

from typing import Any

from cor_provider.client.form import EXTRA_FIELDS, FIELD_BEHAVIOUR


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata in the form of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "airflow-provider-cor",
        "name": "COR",
        "description": "Carries leave from HR systems into COR (projectcor.com).",
        "integrations": [
            {
                "integration-name": "COR",
                "external-doc-url": "https://developers.projectcor.com/api-reference/integrations-introduction",
                "tags": ["service"],
            }
        ],
        "hooks": [{"integration-name": "COR", "python-modules": ["cor_provider.hooks.cor_integrations"]}],
        "operators": [
            {
                "integration-name": "COR",
                "python-modules": ["cor_provider.operators.leaves", "cor_provider.operators.users"],
            }
        ],
        "cli": ["cor_provider.cli.airflow_commands.get_cli_commands"],  # since Airflow 3.2; ignored before
        "extra-links": ["cor_provider.links.CorLink"],
        "notifications": ["cor_provider.notifications.LeaveNotifier"],
        "plugins": [{"name": "cor", "plugin-class": "cor_provider.ui.plugin.CorPlugin"}],
        "config": {
            "cor": {
                "description": "Options of the COR provider.",
                "options": {
                    "show_leave_in_ui": {
                        "description": (
                            "Show the tab *Leave* at each task instance, from Airflow 3.1 on: the outcomes by cause, "
                            "the rejected records, the users that COR does not know, and the plan of a sync. These "
                            "are people's data: whoever may read the task instance and its XComs can read them. The "
                            "API server must be able to read the paths of the reports and plans. Restart it after a "
                            "change.\n"
                        ),
                        "version_added": "0.2.0",
                        "type": "boolean",
                        "example": "True",
                        "default": "False",
                    },
                },
            },
        },
        "connection-types": [
            {
                "connection-type": "cor",
                "hook-class-name": "cor_provider.hooks.cor_integrations.CorIntegrationsHook",
                "hook-name": "COR Integrations",
                "ui-field-behaviour": FIELD_BEHAVIOUR,
                "conn-fields": EXTRA_FIELDS,
            }
        ],
    }
