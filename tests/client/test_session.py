"""The HTTP session to COR: its token, proxy and timeouts, and whatever a server sends."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from cor_provider import __version__
from cor_provider.exceptions import (
    CorConfigurationError,
    CorConnectionError,
    CorError,
)
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from raw_server import CREATED, RawServer
from support import Connect, leave

status_lines = st.one_of(
    st.builds(
        b"HTTP/1.%b %b %b\r\n".__mod__,
        st.tuples(
            st.sampled_from([b"0", b"1", b"9"]), st.integers(0, 999).map(lambda status: b"%03d" % status), st.binary()
        ),
    ),
    st.binary(),
)
header_lines = st.one_of(
    st.builds(
        b"%b: %b\r\n".__mod__,
        st.tuples(
            st.sampled_from(
                [
                    *(b"Content-Length", b"Transfer-Encoding", b"Content-Encoding", b"Content-Type", b"Connection"),
                    *(b"Location", b"Set-Cookie", b"Retry-After", b"Trailer"),
                ]
            ),
            st.one_of(
                st.sampled_from([b"0", b"2", b"99", b"-1", b"chunked", b"gzip", b"deflate", b"close", b"keep-alive"]),
                st.sampled_from([b"http://[bad", b"/", b"ftp://x", b"a=b; Domain=[; Expires=x", b"9" * 5000]),
                st.binary(),
            ),
        ),
    ),
    st.binary(),
)
bodies = st.one_of(
    st.binary(),
    st.sampled_from(
        [CREATED, gzip.compress(CREATED), zlib.compress(CREATED)[:-1], b"2\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}"]
    ),
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Draw what resembles an answer, maybe cut."""
    answer = draw(status_lines) + b"".join(draw(st.lists(header_lines, max_size=4))) + b"\r\n" + draw(bodies)
    return answer[: draw(st.none() | st.integers(0, len(answer)))]


def test_whatever_comes_is_an_answer_or_a_lost_one(connect: Connect) -> None:
    scripted = [b""]
    with RawServer(lambda: [scripted[0]], closes=True) as server:
        connect(host=server.url, extra={"timeout": 60})
        session = CorIntegrationsHook().get_conn()

        @settings(max_examples=300)
        @given(answers())
        def ask(answer: bytes) -> None:
            scripted[0] = answer
            session.close()  # the connection, which the server has closed too
            try:
                response = session.post(server.url, json={})
            except CorConnectionError as error:
                assert error.lost_answer  # noqa: PT017  # or there is an answer
            else:
                assert response.status_code >= 200
                assert isinstance(response.content, bytes)

        ask()


ODD_HEADS = {
    "an address that is none": b"Location: http://[bad\r\n",
    "a port that is none": b"Location: http://a b:99999999/\r\n",
    "an address in no encoding": b"Location: http://\xff\xfe/\r\n",
    "a parameter without a value": b"Content-Type: application/json; charset\r\n",
    "an unknown charset": b"Content-Type: application/json; charset=nonsense\r\n",
    "cookies that are none": b"Set-Cookie: =; Domain=[; Expires=x; Max-Age=\xff\r\nSet-Cookie: \r\n",
    "two lengths": b"Content-Length: 1\r\nContent-Length: 2\r\n",
    "a length that is none": b"Content-Length: many\r\n",
    "chunks that are none": b"Transfer-Encoding: chunked\r\n",
    "gzip that is none": b"Content-Encoding: gzip\r\n",
    "an encoding that is none": b"Content-Encoding: x\xff\r\n",
}


@pytest.mark.parametrize("status", ["201 Created", "302 Found", "307 Temporary Redirect"])
@pytest.mark.parametrize("odd", ODD_HEADS)
def test_whatever_a_head_says_cor_may_have_done_the_work(odd: str, status: str, connect: Connect) -> None:
    answer = f"HTTP/1.1 {status}\r\n".encode() + ODD_HEADS[odd] + b"\r\n" + CREATED
    with RawServer(lambda: [answer], closes=True) as server:
        connect(host=server.url, extra={"timeout": 60})
        try:
            CorIntegrationsHook().create_leave(leave())
        except CorConnectionError as error:
            assert error.lost_answer  # noqa: PT017  # or there is an answer
        except CorConfigurationError as error:
            assert error.status == int(status[:3])  # noqa: PT017  # as above


def test_an_answer_that_requests_makes_nothing_of_is_a_lost_one(
    hook: CorIntegrationsHook, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:  # as versions of it do if a charset has no value
        raise AttributeError

    monkeypatch.setattr("requests.adapters.get_encoding_from_headers", fail)
    with pytest.raises(CorConnectionError) as raised:
        hook.create_leave(leave())
    assert raised.value.lost_answer
    assert len(sandbox.leaves) == 1


class TestToken:
    def test_another_host_does_not_bring_the_environments_proxy_to_this_machine(
        self, connect: Connect, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Sandbox() as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("https_proxy", proxy.url)
            connect(extra={"api_url": "https://api.cor.invalid/v1"})
            hook = CorIntegrationsHook()
            hook.test_connection()
            hook.create_leave(leave())
            assert proxy.requests == ()
        assert len(sandbox.leaves) == 1

    def test_netrc_does_not_replace_the_token(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\ndefault login a password b\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        hook.create_leave(leave())
        assert sandbox.requests[0].headers["authorization"] == "Bearer sandbox-token"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, status: int, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        with Sandbox() as elsewhere:
            sandbox.answer_next(status, headers={"Location": f"{elsewhere.url}/v2/integrations/leaves"})
            with pytest.raises(CorConfigurationError, match=str(status)):
                hook.create_leave(leave())
            assert elsewhere.requests == ()

    def test_where_a_redirect_leads_is_not_read(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.answer_next(302, headers={"Location": "http://[bad"})
        with pytest.raises(CorConfigurationError, match="302") as raised:
            hook.create_leave(leave())
        assert raised.value.status == 302

    def test_nor_is_it_followed_where_requests_would_by_default(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        with Sandbox() as elsewhere:
            sandbox.answer_next(302, headers={"Location": f"{elsewhere.api_url}/me"})
            assert hook.get_conn().get(f"{sandbox.api_url}/user/leaves?usersId=1").status_code == 302
            assert elsewhere.requests == ()

    def test_the_session_gives_the_token_to_cors_hosts_alone(self, hook: CorIntegrationsHook) -> None:
        with Sandbox() as elsewhere:
            hook.get_conn().get(f"{elsewhere.api_url}/me")
            assert "authorization" not in elsewhere.requests[0].headers


class TestRequests:
    def test_every_request_says_who_asks_and_what_it_takes(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_leave(leave())
        headers = sandbox.requests[0].headers
        assert headers["authorization"] == "Bearer sandbox-token"
        assert headers["accept"] == "application/json"
        assert headers["content-type"] == "application/json"
        assert headers["user-agent"].startswith(f"airflow-provider-cor/{__version__} (airflow/")
        assert "; python/3." in headers["user-agent"]


class TestProxyAndTimeout:
    @pytest.mark.parametrize("form", ["{url}", {"http": "{url}"}, '{"http": "{url}"}'])
    def test_the_proxy_is_used(self, form: Any, connect: Connect, sandbox: Sandbox) -> None:
        with Sandbox() as proxy:
            in_json = json.dumps(form).replace("{url}", proxy.url)
            connect(extra={"proxy": json.loads(in_json)})
            with pytest.raises(CorError):  # this stand-in for a proxy passes nothing on
                CorIntegrationsHook().create_leave(leave())
        assert sandbox.requests == ()

    def test_a_proxy_that_is_no_url_is_named(self, connect: Connect) -> None:
        connect(extra={"proxy": "http://"})
        with pytest.raises(CorConfigurationError, match="Extra proxy"):
            CorIntegrationsHook().create_leave(leave())

    def test_the_environments_proxy_is_not_for_this_machine(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("NO_PROXY")
        with Sandbox() as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("http_proxy", proxy.url)
            connect()
            CorIntegrationsHook().create_leave(leave())
            assert proxy.requests == ()

    @pytest.mark.parametrize(("timeout", "expected"), [("", (10, 30)), (5, (5, 5)), ("60", (10, 60))])
    def test_connecting_takes_ten_seconds_at_most(
        self, timeout: Any, expected: tuple[float, float], connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given: list[Any] = []
        send = requests.Session.send

        def note_timeout(*arguments: Any, **options: Any) -> requests.Response:
            given.append(options["timeout"])
            return send(*arguments, **options)

        monkeypatch.setattr(requests.Session, "send", note_timeout)
        connect(extra={"timeout": timeout})
        CorIntegrationsHook().create_leave(leave())
        assert given == [expected]


class TestFailures:
    def test_a_lost_answer_is_a_connection_error_without_the_record(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.drop_next()
        with pytest.raises(CorConnectionError, match="it closed the connection") as raised:
            hook.create_leave(leave(user_id="u2"))
        assert raised.value.__cause__ is None
        assert "u2" not in str(raised.value)

    def test_an_unreachable_host_is_a_connection_error(self, connect: Connect, closed_port: int) -> None:
        connect(host=f"http://127.0.0.1:{closed_port}")
        with pytest.raises(CorConnectionError, match=f"at 127.0.0.1:{closed_port}: connection refused"):
            CorIntegrationsHook().create_leave(leave())

    def test_a_host_that_keeps_silent_is_given_up_after_the_timeout(self, connect: Connect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            connect(host=f"http://127.0.0.1:{silent.getsockname()[1]}", extra={"timeout": "0.05"})
            with pytest.raises(CorConnectionError, match=r"no complete answer within 0\.05 s"):
                CorIntegrationsHook().create_leave(leave())
