"""
The endpoint of the tab.

Airflow does not protect the applications of plugins, so this one asks Airflow's auth manager about each request.
The request names a task instance and nothing else; :mod:`cor_provider.ui.published` decides which files are read.
"""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request, status
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from cor_provider.ui.leave_tab import gather
from cor_provider.ui.page import render_page, render_problem
from cor_provider.ui.published import TaskKey

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PROBLEMS = {
    status.HTTP_401_UNAUTHORIZED: "You are not logged in to Airflow, or no longer. Reload Airflow to log in.",
    status.HTTP_403_FORBIDDEN: "Airflow does not let you read this task instance and its XComs.",
}
NOT_MAPPED = {"{MAP_INDEX}", "-1"}
"""What Airflow's UI puts into the URL if the task is not mapped."""

MOST_DIGITS = 9
"""Of a map index; Airflow's database takes no more."""

app = FastAPI(title="COR", docs_url=None, redoc_url=None, openapi_url=None)


@app.get(
    "/leave/{dag_id}/{run_id}/{task_id}/{map_index}",
    dependencies=[
        Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE)),
        Depends(requires_access_dag("GET", DagAccessEntity.XCOM)),
    ],
)
def show_leave(dag_id: str, run_id: str, task_id: str, map_index: str, session: SessionDep) -> HTMLResponse:
    """Show the leave of a task instance to those who may read that, and its XComs, in Airflow."""
    key = TaskKey(dag_id, run_id, task_id, _read_map_index(map_index))
    return HTMLResponse(render_page(gather(key, session)), headers=HEADERS)


@app.exception_handler(AnyHTTPException)
def show_problem(_: Request, error: AnyHTTPException) -> HTMLResponse:
    """Say in the tab why there is nothing to see."""
    problem = PROBLEMS.get(error.status_code, "There is nothing here.")
    return HTMLResponse(render_problem(problem), error.status_code, {**(error.headers or {}), **HEADERS})


def _read_map_index(text: str) -> int:
    if text in NOT_MAPPED:
        return -1
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return int(text)
    raise HTTPException(status.HTTP_404_NOT_FOUND)
