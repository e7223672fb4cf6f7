"""The operations: the sandbox answers as its OpenAPI document says, whatever schemathesis thinks of, over HTTP."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

pytestmark = pytest.mark.needs("schemathesis>=4.28")  # before, it sent values beyond an enum

SETTINGS = """
# That an end is not before its start is beyond a schema.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 404, 409, 422]

# The path of a leave has the id of the request, not that of the answer; the document has links for that.
[phases.stateful.inference]
algorithms = []

[auth.openapi]
token = { bearer = "sandbox-token" }
key = { username = "sandbox-key", password = "sandbox-secret" }
"""
SETTINGS_WITH_CONTRACT = f"""
{SETTINGS.replace("409, 422]", "400, 409, 417, 422]")}

[checks.negative_data_rejection]
expected-statuses = [400, 401, 404, 405, 409, 415, 417, 422]
"""
"""The COR of the contract refuses an end before its start with 417, and an id that is used with 400."""

KNOWN_AND_UNKNOWN = {
    "userId": ["external-user-id-3", "nobody"],
    "leaveTypeId": ["external-type-3", "nothing"],
    "usersId": [67890, 1],
    "user_id": ["external-user-id-3", "nobody"],
}
"""What the sandbox knows, and what not: of random text it would know none."""
OF_FAULTS = {"429", "500", "502", "503", "504"}


def run_schemathesis(
    sandbox: Sandbox, document: dict[str, Any], folder: Path, *, configuration: str = SETTINGS
) -> subprocess.CompletedProcess[str]:
    """Make every check of schemathesis, always with the same requests."""
    settings, described = folder / "schemathesis.toml", folder / "openapi.json"
    settings.write_text(configuration)
    described.write_text(json.dumps(document))
    command = [str(Path(sys.executable).with_name("st")), "--config-file", str(settings), "run", str(described)]
    options = ["--url", sandbox.url, "--checks", "all", "--max-examples", "10"]
    repeatable = ["--generation-deterministic", "--no-shrink", "--no-color"]
    return subprocess.run(
        [*command, *options, *repeatable], capture_output=True, text=True, timeout=240, check=False, cwd=folder
    )


def document_of(sandbox: Sandbox) -> dict[str, Any]:
    """Return the document, with values from which requests that COR accepts can be made."""
    document: dict[str, Any] = requests.get(f"{sandbox.url}/sandbox/openapi.json", timeout=60).json()
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        for parameter in operation["parameters"]:
            narrow(parameter["schema"], parameter["name"])
        if "requestBody" in operation:
            fields = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
            fields["metadata"]["properties"]["source"]["enum"] = ["GLOBANT"]
            for name, schema in fields.items():
                narrow(schema, name)
    return document


def narrow(schema: dict[str, Any], name: str) -> None:
    if name in KNOWN_AND_UNKNOWN:
        schema["enum"] = KNOWN_AND_UNKNOWN[name]


def test_any_request_is_answered_as_the_document_says(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    document = document_of(sandbox)
    with caplog.at_level(logging.INFO, logger="cor_provider.sandbox"):
        run = run_schemathesis(sandbox, document, tmp_path)

    assert run.returncode == 0, run.stdout
    # And each answer of the document has been seen: no operation was refused throughout.
    seen = {re.sub(r"(leave|user)s/[^:]*(?=: )", r"\1s/{\1_id}", message) for message in caplog.messages}
    described = {
        f"{method.upper()} {path}: {status}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for status in operation["responses"].keys() - OF_FAULTS
    }
    assert described <= seen


def test_with_a_contract_too(file: Path, tmp_path: Path) -> None:
    with Sandbox(contract=file) as sandbox:
        run = run_schemathesis(sandbox, document_of(sandbox), tmp_path, configuration=SETTINGS_WITH_CONTRACT)

    assert run.returncode == 0, run.stdout


def test_an_answer_unlike_the_document_is_found(sandbox: Sandbox, tmp_path: Path) -> None:
    document = document_of(sandbox)
    document["paths"] = {"/v1/me": document["paths"]["/v1/me"]}
    answer = document["paths"]["/v1/me"]["get"]["responses"]["200"]["content"]["application/json"]
    answer["schema"]["properties"]["email"] = {"type": "integer"}

    run = run_schemathesis(sandbox, document, tmp_path)

    assert run.returncode == 1
    assert "Response violates schema" in run.stdout
