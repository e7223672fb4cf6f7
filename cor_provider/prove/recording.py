"""Keeps the shape of COR's answer to each call of a trial."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, cast

from requests import Response

from cor_provider.client.session import CorSession
from cor_provider.client.user_leaves import USER_LEAVES_PATH
from cor_provider.contract.contract import Call, CallName, Contract


class Recording:
    """
    The shapes of the answers that a session gets.

    :param leaves_url: the URL of COR's leave endpoint. Answers of others, such as new tokens, are not kept.
    """

    def __init__(self, session: CorSession, leaves_url: str) -> None:
        self._leaves_url = leaves_url
        self._calls: dict[str, Call] = {}
        self._name: str | None = None
        session.hooks["response"].append(self._keep)

    @contextmanager
    def labelled(self, name: str) -> Iterator[None]:
        """Keep the answers that come meanwhile under the name of a call."""
        self._name = name
        try:
            yield
        finally:
            self._name = None

    @property
    def contract(self) -> Contract:
        """What COR has answered so far."""
        return Contract(version=1, calls=tuple(self._calls.values()))

    def _keep(self, response: Response, *_: Any, **__: Any) -> None:
        if self._name is None or not self._is_of_leave(response):
            return
        before = self._calls.get(self._name)
        # A list may have pages, of which the first is kept; otherwise the answer after a new token is the one.
        if before is None or before.status == HTTPStatus.UNAUTHORIZED:
            self._calls[self._name] = Call.of(cast("CallName", self._name), response)

    def _is_of_leave(self, response: Response) -> bool:
        url = response.request.url or ""
        return url.startswith(self._leaves_url) or url.partition("?")[0].endswith(USER_LEAVES_PATH)
