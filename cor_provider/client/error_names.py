"""The names and codes that errors have: those that COR documents, and those that look like COR's own."""

from __future__ import annotations

import re

DUPLICATE = "DuplicateExternalIdError"
LEAVE_NOT_FOUND = "LeaveNotFoundError"
USER_NOT_FOUND = "UserNotFoundError"
POSITION_NOT_FOUND = "PositionNotFoundError"

MEANINGS = {
    **{
        name: name
        for name in (
            *(DUPLICATE, LEAVE_NOT_FOUND, USER_NOT_FOUND),
            *("InvalidDateRangeError", "InvalidSourceError", "LeaveTypeNotFoundError", "ValidationError"),
            *("DuplicateEmailError", "InvalidRoleError", POSITION_NOT_FOUND),
        )
    },
    "ZC004": DUPLICATE,
    "CE001": USER_NOT_FOUND,
    "ZC002": POSITION_NOT_FOUND,
}
"""The documented error that each documented name or code stands for (developers.projectcor.com/api-reference)."""

NOT_ASSOCIATED = "ZC001"
"""The one code with two meanings: a mapping is missing (update-leave), or a field is (seniority/create)."""

GENERIC_NAMES = {"CORCustomError"}
"""Names without a reason: the code beside them has it."""

# What COR's names and codes look like; only such words are repeated in an error.
_NAME = re.compile(r"[A-Za-z]{1,60}(?:Error|Exception)")
_CODE = re.compile(r"[A-Z]{1,4}[0-9]{1,5}")
_WORD = re.compile(rf"\b(?:{_NAME.pattern}|{_CODE.pattern})\b")

_COR_CODE = re.compile("[A-Z]{1,3}0[0-9]{2}")

_FRAMEWORK_NAME = re.compile(
    "(?:(?:http|route|router|page|path|url|uri|endpoint|method|resource|request|response|api|gateway|proxy|upstream|"
    "service|server|internal|network|fetch|axios|connection|timeout|status|code|bad|type|syntax|reference|range|eval|"
    "aggregate|unknown|unexpected|unhandled|application|base|custom|generic|unauthorized|forbidden|conflict|gone)*"
    "(?:not(?:found|allowed|implemented|acceptable|supported))?)error",
    re.IGNORECASE,
)


def is_word(text: str) -> bool:
    """Return whether a text is the name or the code of an error, and nothing else."""
    return bool(_WORD.fullmatch(text))


def words_in(text: str) -> list[str]:
    """Return the names and codes that a text mentions."""
    return _WORD.findall(text)


def is_code(word: str) -> bool:
    """Return whether a word is a code rather than a name."""
    return bool(_CODE.fullmatch(word))


def is_known(word: str) -> bool:
    """Return whether COR documents a word."""
    return word in MEANINGS or word in GENERIC_NAMES or word == NOT_ASSOCIATED


def is_own(word: str) -> bool:
    """
    Return whether a word looks like COR's name or code for an error of a record, not like a framework's or a gateway's.

    COR's names describe the problem (``LeaveNotFoundError``, ``DeletionError``); its codes are letters and a number
    below 100 in three digits (``UP001``, ``F010``).
    """
    return bool(_COR_CODE.fullmatch(word)) if is_code(word) else is_own_name(word)


def is_own_name(word: str) -> bool:
    """Return whether a word is a name, not a code, that looks like COR's own."""
    return word.endswith("Error") and word not in GENERIC_NAMES and not _FRAMEWORK_NAME.fullmatch(word)
