"""What kept an answer from arriving is said cause first, with the host, the fix, and nothing of the request."""

from __future__ import annotations

from http.client import RemoteDisconnected
from socket import gaierror

import pytest
import requests

from cor_provider.client.no_answer import describe


def described(error: requests.RequestException, *, too_large: bool = False) -> str:
    return describe(error, host="cor.example", field="Host", timeouts=(10.0, 30.0), too_large=too_large)


def wrapped(cause: Exception) -> requests.ConnectionError:
    """Wrap an error as urllib3 and requests do: as the reason of the first argument."""
    around = Exception("https://cor.example/?secret", cause)
    around.reason = cause  # type: ignore[attr-defined]
    return requests.ConnectionError(around)


@pytest.mark.parametrize(
    ("error", "beginning"),
    [
        (requests.ConnectTimeout(), "COR does not answer at cor.example: no connection within 10 s (ConnectTimeout). "),
        (requests.ReadTimeout(), "COR does not answer at cor.example: no complete answer within 30 s (ReadTimeout). "),
        (wrapped(ConnectionRefusedError(111, "x")), "COR does not answer at cor.example: connection refused (Connec"),
        (wrapped(gaierror(-2, "x")), "COR does not answer at cor.example: the host name is not found (ConnectionErr"),
        (wrapped(RemoteDisconnected("x")), "COR does not answer at cor.example: it closed the connection (Connection"),
        (wrapped(ValueError()), "COR does not answer at cor.example: no complete answer (ConnectionError). "),
        (
            requests.exceptions.ProxyError(OSError(113, "")),
            "The proxy to cor.example fails: no route to host (",
        ),
        (requests.exceptions.SSLError(), "TLS with COR fails at cor.example (SSLError). "),
    ],
)
def test_the_cause_comes_first(error: requests.RequestException, beginning: str) -> None:
    message = described(error)
    assert message.startswith(beginning)
    assert "secret" not in message
    assert len(message) < 150


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (requests.ConnectTimeout(), "Check the connection's Host and the network."),
        (requests.ReadTimeout(), "The connection's Extra timeout sets how long to wait."),
        (requests.exceptions.ProxyError(), "Check the Extra proxy or the worker's environment."),
        (requests.exceptions.SSLError(), "If a proxy inspects TLS, set the connection's Extra ca_bundle."),
    ],
)
def test_the_fix_comes_second(error: requests.RequestException, fix: str) -> None:
    assert described(error).endswith(f"). {fix}")


def test_an_answer_that_is_too_large_is_no_silence() -> None:
    assert described(requests.ConnectionError(), too_large=True).startswith("The answer of cor.example is larger than")


def test_errors_that_hold_each_other_are_searched_once() -> None:
    first, second = Exception(), Exception()
    first.__cause__, second.__cause__ = second, first
    assert "no complete answer" in described(wrapped(first))
