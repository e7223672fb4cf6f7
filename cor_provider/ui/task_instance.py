"""
What Airflow's REST API tells a person about one task instance.

It is asked within the process, with the credentials of that person, so that Airflow itself decides who may know. This
API stays the same between versions: neither the tables nor the functions behind it do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import HTTPException, Request, status
from httpx import ASGITransport, AsyncClient, Response

from cor_provider.ui.published import TaskKey

XCOMS = ("summary", "files", "audit")
FORWARDED = ("authorization", "cookie", "host")


@dataclass(frozen=True)
class TaskInstance:
    """
    A task instance as somebody may see it.

    :ivar xcoms: the value of each XCom that the tab needs; None if there is none.
    :ivar rendered: its rendered template fields; None if Airflow does not keep them any more.
    """

    xcoms: dict[str, Any]
    rendered: dict[str, Any] | None


async def read_task_instance(key: TaskKey, request: Request) -> TaskInstance:
    """
    Return a task instance as Airflow shows it to the one who sends a request.

    :raises HTTPException: with the status of Airflow's answer, such as 401 or 403 if it does not show it to them.
    """
    path = path_of(key)
    async with _client(request) as client:
        of_airflow = _read(await client.get(path if key.map_index < 0 else f"{path}/{key.map_index}"))
        entries = {
            name: _read(await client.get(f"{path}/xcomEntries/{name}", params={"map_index": key.map_index}))
            for name in XCOMS
        }
    return TaskInstance(
        xcoms={name: entry and _from_json(entry["value"]) for name, entry in entries.items()},
        rendered=(of_airflow or {}).get("rendered_fields") or None,
    )


def path_of(key: TaskKey) -> str:
    """Return the path of a task instance in the REST API, which no name in it, such as ``..``, makes another path."""
    names = (quote(name, safe="").replace(".", "%2E") for name in (key.dag_id, key.run_id, key.task_id))
    return "/api/v2/dags/{}/dagRuns/{}/taskInstances/{}".format(*names)


def _client(request: Request) -> AsyncClient:
    # It is this app's parent, which makes this one: at the import of this module it does not exist yet.
    from airflow.api_fastapi.main import app as airflow  # noqa: PLC0415

    headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
    client = (request.client.host, request.client.port) if request.client else ("127.0.0.1", 0)
    # The header Host has no part in the URL: it can be anything.
    base_url = f"{request.scope['scheme']}://localhost{request.scope.get('app_root_path', '')}"
    return AsyncClient(transport=ASGITransport(airflow, client=client), base_url=base_url, headers=headers)


def _read(answer: Response) -> Any:
    """Return what an answer says; None if there is no such thing."""
    if answer.status_code == status.HTTP_404_NOT_FOUND:
        return None
    if not answer.is_success:
        raise HTTPException(answer.status_code if answer.is_error else status.HTTP_502_BAD_GATEWAY)
    return answer.json()


def _from_json(value: Any) -> Any:
    """Return a value that a task has pushed, or one that somebody has edited, which Airflow stores as JSON text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
