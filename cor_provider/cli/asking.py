"""Questions to whoever sits at the terminal."""

from __future__ import annotations

import sys

from cor_provider.exceptions import CorConfigurationError


def ask(question: str, meaning: str, *, what: str, otherwise: str = "nothing was changed.") -> None:
    """
    Ask before anything is changed.

    :param meaning: said before the question.
    :param what: what ``--yes`` does without asking.
    :param otherwise: said after a no.
    :raises CorConfigurationError: if the answer is no, or nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise CorConfigurationError(f"nobody can be asked here: pass --yes to {what} without asking.")
    say(meaning)
    say(f"{question} [y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CorConfigurationError(otherwise)


def say(text: str, *, end: str = "\n") -> None:
    """Tell the user something that is not the result."""
    print(text, end=end, file=sys.stderr, flush=True)  # noqa: T201  # a command prints
