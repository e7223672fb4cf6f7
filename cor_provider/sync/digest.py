"""Keyed digests: whoever does not have the key cannot find out by guessing which leave a digest is of."""

from __future__ import annotations

import hmac
from json.encoder import encode_basestring_ascii as quoted

from cor_provider.leave import LeaveRequest

_HEX_DIGITS = 32


class Digests:
    """
    The digests of one key.

    :param key: without it, a leave could be guessed from its digest.
    """

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod="sha256")

    @property
    def key_check(self) -> str:
        """The digest by which to know the key again."""
        return self._of("key check")

    def of(self, leave: LeaveRequest) -> str:
        """Return the digest of a leave request as it would be sent."""
        return self._of(_as_json(leave))

    def _of(self, text: str) -> str:
        digest = self._begun.copy()  # half of the work is done
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:_HEX_DIGITS]


def _as_json(leave: LeaveRequest) -> str:
    """Return a leave request as ``json.dumps`` writes it, in half of the time."""
    payload = leave.to_payload("")
    return (
        f'{{"metadata": {{"source": ""}}, "id": {quoted(payload["id"])}, "userId": {quoted(payload["userId"])}, '
        f'"leaveTypeId": {quoted(payload["leaveTypeId"])}, "start": "{payload["start"]}", "end": "{payload["end"]}", '
        f'"allDay": {"true" if payload["allDay"] else "false"}}}'
    )
