"""Whatever a body holds, what it says is found in no time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests

from cor_provider import exceptions
from cor_provider.client.responses import read_response
from cor_provider.exceptions import CorConfigurationError, CorError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from support import error_of, leave


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all: every test here says itself what is answered."""
    with Sandbox() as sandbox:
        yield sandbox


class TestOddBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b'\xef\xbb\xbf{"error":"UserNotFoundError"}',
            json.dumps({"error": "UserNotFoundError"}).encode("utf-16"),
            b'{"error":"x","error":"UserNotFoundError"}',
            b'{"a":NaN,"b":-Infinity,"error":"UserNotFoundError"}',
            b'{"error":["UserNotFoundError"],"status":{"a":[]},"statusCode":[400],"message":7}',
            b'{"errors":["UserNotFoundError"]}',
            b'{"error":"UserNotFoundError: no such user"}',
            b'{"errors":[[],7,{"name":"UserNotFoundError"}]}',
            b'{"a":' + b"[" * 900 + b"]" * 900 + b',"error":"UserNotFoundError"}',
            b"<?xml version='1.0'?><error><name>UserNotFoundError</name></error>",
        ],
    )
    def test_a_name_is_found_in_them(self, body: bytes, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.answer_next(400, body)
        assert type(error_of(hook)) is exceptions.CorUserNotFoundError

    @pytest.mark.parametrize(
        "key", ["status", "statusCode", "error", "errors", "data", "message", "name", "code", "id"]
    )
    @pytest.mark.parametrize("value", [{"a": {}}, [[]], [None], 1e400, -1, True, None, "\ud800", "x" * 100])
    @pytest.mark.parametrize("status", [200, 400, 404, 409, 500])
    def test_a_field_of_any_type_makes_an_outcome(
        self, status: int, value: Any, key: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        body = json.dumps({key: value}).encode()
        for push in (hook.create_leaves, hook.update_leaves, hook.delete_leaves):
            sandbox.answer_next(status, body)
            pushed = push([leave()], max_attempts=1)
            assert next(pushed).status in {"failed", "rejected"}
            with suppress(CorConfigurationError):
                assert list(pushed) == []

    @pytest.mark.parametrize(
        "text",
        ["A" * 5_000_000, "Error" * 1_000_000, "missing " * 600_000, "missing" + " " * 5_000_000, "<" * 5_000_000],
        ids=lambda text: text[:9],
    )
    @pytest.mark.parametrize("form", ['{{"code": "ZC001", "message": "{}"}}', "{}", '{{"name": "{}"}}'])
    def test_a_long_text_is_read_in_no_time(self, form: str, text: str) -> None:
        response = requests.Response()
        response.status_code, response._content = 404, form.format(text).encode()
        started = time.process_time()
        with suppress(CorError):
            read_response(response, "delete")
        assert time.process_time() - started < 60  # a search that is not linear would take hours


class TestShape:
    """What is said of an answer that nobody expected: what kind of thing it is, and nothing that it holds."""

    @pytest.mark.parametrize(
        ("body", "shape"),
        [
            (b"", "no body"),
            (b"OK", "text that is not JSON"),
            (b'{"status":"success"', "text that is not JSON"),
            (b"<p>busy</p>", "text that is not JSON"),
            (b" <!DOCTYPE HTML>", "a web page"),
            (b"\xef\xbb\xbf<html lang='es'>", "a web page"),
            (b"<?xml version='1.0'?>\n<!DOCTYPE html>", "a web page"),
            (b"<h1>Maintenance</h1>", "a web page"),
            (b"[1]", "a JSON list"),
            (b'"OK"', "a JSON text"),
            (b"7", "a JSON number"),
            (b"1e999", "a JSON number"),
            (b"false", "a JSON boolean"),
            (b"null", "a JSON null"),
            (b"{}", "a JSON object (empty)"),
            (b'{"message": 7, "Zacharias": 1, "ok": null}', "a JSON object (ok, message, 1 more)"),
            (b'{"Zacharias": {}, "Zoe": {}}', "a JSON object (2 unknown keys)"),
        ],
    )
    def test_it_is_said_without_a_value(
        self, body: bytes, shape: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(200, body)
        (outcome,) = hook.create_leaves([leave()], max_attempts=1)
        message = outcome.message
        assert message
        assert f" answered 200 with {shape}, which does not say whether COR did what was asked." in message
        assert "check that it is the base URL of COR's Integrations API" in message

    def test_a_page_is_known_by_its_content_type_too(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.answer_next(200, b"<div>Welcome</div>", headers={"Content-Type": "text/html"})
        (outcome,) = hook.create_leaves([leave()], max_attempts=1)
        message = outcome.message
        assert message
        assert "a web page" in message
