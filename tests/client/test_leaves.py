"""The three verbs: what goes over the wire."""

from __future__ import annotations

import json

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from support import DOCUMENTED_BODY, leave


def test_create_posts_the_documented_body(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    data = hook.create_leave(DOCUMENTED_BODY)
    (request,) = sandbox.requests
    assert (request.method, request.path) == ("POST", "/v2/integrations/leaves")
    assert json.loads(request.body) == DOCUMENTED_BODY
    assert data["id"] == sandbox.leaves[0].cor_id
    assert data["status"] == "pending"


def test_update_puts_everything_but_the_id_under_the_id(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    created = hook.create_leave(leave("año/1 %2F"))
    updated = hook.update_leave(leave("año/1 %2F", end="2026-05-20"))
    request = sandbox.requests[-1]
    assert (request.method, request.path) == ("PUT", "/v2/integrations/leaves/a%C3%B1o%2F1%20%252F")
    assert list(json.loads(request.body)) == ["metadata", "userId", "leaveTypeId", "start", "end", "allDay"]
    assert updated["id"] == created["id"]
    assert sandbox.leaves[0].end == "2026-05-20T23:59:00-00:00"


def test_delete_sends_the_user_and_the_source_in_its_body(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    hook.create_leave(leave())
    data = hook.delete_leave("L1", user_id="u1")
    request = sandbox.requests[-1]
    assert (request.method, request.path) == ("DELETE", "/v2/integrations/leaves/L1")
    assert json.loads(request.body) == {"userId": "u1", "metadata": {"source": "GLOBANT"}}
    assert data == {"message": "Leave request deleted successfully", "deletedId": "L1"}
    assert sandbox.leaves == ()
