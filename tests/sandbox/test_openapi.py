"""The OpenAPI document: each part has its source, and it is that of every error style."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.assumptions import ASSUMPTIONS
from cor_provider.sandbox.error_styles import ERROR_STYLES
from cor_provider.sandbox.openapi import describe

Send = Callable[..., requests.Response]

REASONS = {"documented": "x-cor-page", "recorded": "x-cor-calls", "assumed": "x-cor-assumptions"}
PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


def parts(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what needs a source, each with where it is."""
    yield from document["components"]["securitySchemes"].items()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from parts_of(operation, f"{method.upper()} {path}")


def parts_of(operation: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield where, operation
    for parameter in operation["parameters"]:
        yield f"{where}, {parameter['name']}", parameter
    if "requestBody" in operation:
        yield f"{where}, body", operation["requestBody"]
        yield from bodies(operation["requestBody"], where)
    for status, response in operation["responses"].items():
        yield f"{where}, {status}", response
        for name, header in response.get("headers", {}).items():
            yield f"{where}, {status}, {name}", header
        yield from bodies(response, f"{where}, {status}")


def bodies(part: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for body in part["content"].values():
        yield from fields(body["schema"], where)


def fields(schema: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{where}, {name}", field
        yield from fields(field, f"{where}, {name}")
    for inner in (*schema.get("anyOf", ()), schema.get("items")):
        if inner:
            yield from fields(inner, where)


@pytest.mark.parametrize("style", ERROR_STYLES)
def test_each_operation_parameter_answer_and_field_has_a_source_and_its_reason(style: str) -> None:
    for where, part in parts(describe(style)):
        assert part.get(REASONS[part.get("x-cor-source", where)]), where


@pytest.mark.parametrize("style", ["envelope", "ok-envelope"])
def test_every_assumption_is_said_where_it_matters_or_at_the_top(style: str) -> None:
    document = describe(style)
    at_the_top = document.pop("x-cor-assumptions")
    below = json.dumps(document, ensure_ascii=False)

    for assumption in ASSUMPTIONS:
        assert (assumption in at_the_top) != (json.dumps(assumption, ensure_ascii=False) in below)
    about_the_style = [text for text in at_the_top if text.startswith("Error styles that wrap")]
    assert len(about_the_style) == (0 if style == "ok-envelope" else 1)


def test_names_of_errors_are_documented_where_the_page_has_them() -> None:
    responses = describe()["paths"]["/v2/integrations/leaves"]["post"]["responses"]

    assert responses["400"]["x-cor-errors"] == {"ValidationError": "documented", "InvalidSourceError": "assumed"}
    assert responses["409"]["x-cor-errors"] == {"DuplicateExternalIdError": "documented"}


def test_a_status_of_an_error_is_assumed_but_that_of_a_refused_token_documented() -> None:
    responses = describe()["paths"]["/v2/integrations/leaves"]["post"]["responses"]

    assert responses["404"]["x-cor-source"] == "assumed"
    assert (responses["401"]["x-cor-source"], responses["429"]["x-cor-source"]) == ("documented", "documented")


def test_it_is_served_in_the_error_style_of_the_moment(sandbox: Sandbox) -> None:
    for style in ("envelope", "xml"):
        sandbox.error_style = style
        assert requests.get(f"{sandbox.url}/sandbox/openapi.json", timeout=60).json() == describe(style)


# --- errors in every style


def assert_described(document: dict[str, Any], answer: requests.Response) -> None:
    path = answer.url.partition("/v")[2].partition("?")[0].replace("L1", "{leave_id}")
    response = document["paths"][f"/v{path}"][str(answer.request.method).lower()]["responses"][str(answer.status_code)]
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    assert [*response["content"]] == ([media_type] if answer.content else [])
    if media_type == "application/json":
        jsonschema.validate(answer.json(), response["content"][media_type]["schema"])
    for name, header in response.get("headers", {}).items():
        if header["required"]:
            jsonschema.validate(number(answer.headers[name]), header["schema"])


def number(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


@pytest.mark.parametrize("style", ERROR_STYLES)
def test_errors_are_as_described(
    send: Send, leave: dict[str, Any], deletion: dict[str, Any], user: dict[str, Any], style: str
) -> None:
    with Sandbox(error_style=style) as sandbox:
        send(sandbox, "POST", "leaves", leave)
        answers = [
            send(sandbox, "POST", "leaves", leave),
            send(sandbox, "POST", "leaves", {}),
            send(sandbox, "POST", "leaves", "no object"),
            send(sandbox, "POST", "leaves", {**leave, "metadata": {"source": "HR"}}),
            send(sandbox, "POST", "leaves", {**leave, "userId": "nobody"}),
            send(sandbox, "POST", "leaves", {**leave, "leaveTypeId": "nothing"}),
            send(sandbox, "POST", "leaves", {**leave, "end": "2026-05-10T23:59:00-00:00"}),
            send(sandbox, "POST", "leaves", leave, token="another"),
            send(sandbox, "PUT", "leaves/L1", leave),
            send(sandbox, "DELETE", "leaves/L1", deletion),
            send(sandbox, "POST", "users", {**user, "role_id": 7}),
            requests.post(f"{sandbox.api_url}/oauth/token", timeout=60),
            requests.post(f"{sandbox.api_url}/oauth/token?grant_type=client_credentials", timeout=60),
            requests.get(f"{sandbox.api_url}/me", timeout=60),
        ]
    for answer in answers:
        assert_described(describe(style), answer)


@pytest.mark.parametrize("style", ERROR_STYLES)
def test_faults_are_as_described(send: Send, leave: dict[str, Any], style: str) -> None:
    with Sandbox(error_style=style, error_rate=1, random_seed=1) as failing:
        answers = [send(failing, "POST", "leaves", leave) for _ in range(15)]
    with Sandbox(error_style=style, rate_limit=0.01) as slow:
        answers += [send(slow, "POST", "leaves", leave) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {500, 502, 503, 504, 201, 429}
    for answer in answers:
        assert_described(describe(style), answer)


# --- with a contract


@pytest.fixture
def document(file: Path) -> dict[str, Any]:
    """The document of a sandbox with the contract of a COR unlike it."""
    with Sandbox(contract=file) as sandbox:
        served: dict[str, Any] = requests.get(f"{sandbox.url}/sandbox/openapi.json", timeout=60).json()
        return served


def test_what_a_contract_shows_is_recorded(document: dict[str, Any]) -> None:
    for where, part in parts(document):
        assert part.get(REASONS[part.get("x-cor-source", where)]), where
    creates = document["paths"]["/v2/integrations/leaves"]["post"]["responses"]
    calls = {status: response.get("x-cor-calls") for status, response in creates.items()}
    assert calls == {
        "200": ["create"],
        "400": ["create again"],
        "401": None,
        "417": ["end before start"],
        "422": ["unknown leave type"],
        "429": None,
        **dict.fromkeys(("500", "502", "503", "504")),
    }
    created = creates["200"]["content"]["application/json"]["schema"]["properties"]
    assert (created["id"]["type"], created["id"]["x-cor-source"]) == ("string", "recorded")
    assert creates["200"]["headers"].keys() >= {"etag", "x-powered-by"}


def test_what_a_contract_does_not_show_is_as_without_it(document: dict[str, Any]) -> None:
    without = describe()
    for path in ("/v2/integrations/users", "/v1/oauth/token", "/v1/me"):
        assert document["paths"][path] == without["paths"][path]
    invalid = document["paths"]["/v2/integrations/leaves/{leave_id}"]["put"]["responses"]["400"]
    assert invalid == without["paths"]["/v2/integrations/leaves/{leave_id}"]["put"]["responses"]["400"]


def test_what_is_refused_alike_is_assumed(document: dict[str, Any]) -> None:
    refused = document["paths"]["/v1/user/leaves"]["get"]["responses"]["422"]
    assert (refused["x-cor-source"], refused["x-cor-errors"]) == ("assumed", {"UserNotFoundError": "assumed"})


def test_answers_of_a_contract_are_as_described(
    send: Send, leave: dict[str, Any], deletion: dict[str, Any], file: Path, document: dict[str, Any]
) -> None:
    with Sandbox(contract=file) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        url = f"{sandbox.api_url}/user/leaves?usersId="
        statuses_and_answers = [
            (200, send(sandbox, "POST", "leaves", {**leave, "id": "L1"})),
            (400, send(sandbox, "POST", "leaves", {**leave, "id": "L1"})),
            (400, send(sandbox, "POST", "leaves", {})),
            (422, send(sandbox, "POST", "leaves", {**leave, "userId": "nobody"})),
            (422, send(sandbox, "POST", "leaves", {**leave, "leaveTypeId": "nothing"})),
            (417, send(sandbox, "POST", "leaves", {**leave, "end": "2026-05-10T23:59:00-00:00"})),
            (401, send(sandbox, "POST", "leaves", leave, token="another")),
            (200, send(sandbox, "PUT", "leaves/L1", leave)),
            (200, requests.get(f"{url}67890", headers=headers, timeout=60)),
            (422, requests.get(f"{url}1", headers=headers, timeout=60)),
            (200, send(sandbox, "DELETE", "leaves/L1", deletion)),
            (404, send(sandbox, "DELETE", "leaves/L1", deletion)),
            (404, send(sandbox, "PUT", "leaves/L1", leave)),
        ]
    for status, answer in statuses_and_answers:
        assert answer.status_code == status
        assert_described(document, answer)


# --- the table in the documentation


def table() -> str:
    """Return the table of the operations: the page that documents each, and what of it is assumed."""
    lines = ["| operation | documented in | assumed |", "| --- | --- | --- |"]
    for path, operations in describe()["paths"].items():
        for method, operation in operations.items():
            page = operation["x-cor-page"]
            name = page.rpartition("/")[2]
            link = f"[{name}]({page})" if page.startswith("https:") else page
            lines.append(f"| `{method.upper()} {path}` | {link} | {'; '.join(assumed_in(operation)) or 'nothing'} |")
    return "\n".join(lines) + "\n"


def assumed_in(operation: dict[str, Any]) -> Iterator[str]:
    responses = operation["responses"]
    yield from listed("status", [status for status, part in responses.items() if part["x-cor-source"] == "assumed"])
    sources = [source for response in responses.values() for source in response.get("x-cor-errors", {}).items()]
    yield from listed("error", [name for name, source in sources if source == "assumed"])
    success = next(response for status, response in responses.items() if status < "300")
    inside = [*parts_of({**operation, "responses": {}}, ""), *bodies(success, "")]
    names = [where.rpartition(", ")[2] for where, part in inside if part["x-cor-source"] == "assumed"]
    yield from listed("field", names)


def listed(kind: str, names: list[str]) -> Iterator[str]:
    if names:
        yield f"{kind} {', '.join(f'`{name}`' for name in names)}"


def test_the_documentation_has_the_table_of_the_operations() -> None:
    assert table() in PAGE.read_text(), f"docs/sandbox.md needs this table:\n{table()}"
