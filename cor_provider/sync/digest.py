"""Keyed digests: whoever does not have the key cannot find out by guessing which leave a digest is of."""

from __future__ import annotations

import hmac
import json
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
    _source, leave_id, user_id, leave_type_id, start, end, all_day = leave.to_payload("").values()
    return (
        f'{_ID}{quoted(leave_id)}{_USER}{quoted(user_id)}{_TYPE}{quoted(leave_type_id)}{_START}"{start}"{_END}"{end}"'
        f"{_ALL_DAY}{'true' if all_day else 'false'}{_CLOSE}"
    )


_EXAMPLE = LeaveRequest.model_validate(
    {"id": "L", "user_id": "u", "leave_type_id": "t", "start": "2026-05-11", "end": "2026-05-11"}
).to_payload("")
_GAPS = dict.fromkeys(_EXAMPLE, "GAP") | {"metadata": _EXAMPLE["metadata"]}
_ID, _USER, _TYPE, _START, _END, _ALL_DAY, _CLOSE = json.dumps(_GAPS).split('"GAP"')
"""What the JSON has before each value, and after the last."""
