"""
What Airflow reads about this provider.

A pure dict: Airflow calls this whenever it starts, and an error here would stop the whole installation. From 3.2 on the
connection form is made from ``conn-fields`` and ``ui-field-behaviour`` alone, without importing the hook.
"""

from __future__ import annotations

from typing import Any


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
        "operators": [{"integration-name": "COR", "python-modules": ["cor_provider.operators.leaves"]}],
        "connection-types": [
            {
                "connection-type": "cor",
                "hook-class-name": "cor_provider.hooks.cor_integrations.CorIntegrationsHook",
                "hook-name": "COR Integrations",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port"],
                    "relabeling": {
                        "host": "Base URL",
                        "login": "API key",
                        "password": "Bearer token, or client secret if an API key is given",
                    },
                    "placeholders": {"host": "https://integrations.projectcor.com"},
                },
                "conn-fields": {
                    "source": {
                        "label": "Source",
                        "description": "Default for metadata.source: the one under which COR knows the users.",
                        "schema": {"type": ["string", "null"]},
                    },
                    "api_url": {
                        "label": "Main API URL",
                        "description": "For tokens and the connection test. Empty means https://api.projectcor.com/v1.",
                        "schema": {"type": ["string", "null"], "format": "url"},
                    },
                    "timeout": {
                        "label": "Timeout (seconds)",
                        "description": "For one answer of COR. Empty means 30.",
                        "schema": {"type": ["number", "null"], "minimum": 1},
                    },
                    "requests_per_second": {
                        "label": "Requests per second",
                        "description": "The most that one push sends. Empty means as many as COR takes.",
                        "schema": {"type": ["number", "null"], "minimum": 0},
                    },
                    "ca_bundle": {
                        "label": "CA bundle",
                        "description": "Path of the certificates to trust, where a proxy opens TLS.",
                        "schema": {"type": ["string", "null"]},
                    },
                    "proxy": {
                        "label": "Proxy URL",
                        "description": "Empty means the proxy of the worker's environment, if any.",
                        "schema": {"type": ["string", "null"], "format": "url"},
                    },
                },
            }
        ],
    }
