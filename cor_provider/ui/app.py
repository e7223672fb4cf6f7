"""
The endpoint of the tab.

Airflow does not protect the applications of plugins. So this one shows a person what Airflow's REST API tells that
person about a task instance, and the files to which that leads: the request names a task instance and nothing else, and
:mod:`cor_provider.ui.published` decides which files are read.
"""

from __future__ import annotations

from fastapi import FastAPI, HTTPException, Request, status
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from cor_provider.ui.leave_tab import gather
from cor_provider.ui.page import render_page, render_problem
from cor_provider.ui.published import TaskKey
from cor_provider.ui.task_instance import read_task_instance

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
    status.HTTP_404_NOT_FOUND: "There is nothing here.",
    status.HTTP_405_METHOD_NOT_ALLOWED: "There is nothing here.",
}
NOT_MAPPED = {"{MAP_INDEX}", "-1"}
"""What Airflow's UI puts into the URL if the task is not mapped."""

MOST_DIGITS = 9
"""Of a map index; Airflow's database takes no more."""

app = FastAPI(title="COR", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/leave/{dag_id}/{run_id}/{task_id}/{map_index}")
async def show_leave(request: Request, dag_id: str, run_id: str, task_id: str, map_index: str) -> HTMLResponse:
    """Show the leave of a task instance to those who may read that, and its XComs, in Airflow."""
    key = TaskKey(dag_id, run_id, task_id, _read_map_index(map_index))
    page = await run_in_threadpool(gather, key, await read_task_instance(key, request))
    return HTMLResponse(render_page(page), headers=HEADERS)


@app.exception_handler(AnyHTTPException)
def show_problem(_: Request, error: AnyHTTPException) -> HTMLResponse:
    """Say in the tab why there is nothing to see."""
    problem = PROBLEMS.get(error.status_code, "Airflow cannot say at the moment. Reload the page.")
    return HTMLResponse(render_problem(problem), error.status_code, {**(error.headers or {}), **HEADERS})


def _read_map_index(text: str) -> int:
    if text in NOT_MAPPED:
        return -1
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return int(text)
    raise HTTPException(status.HTTP_404_NOT_FOUND)
