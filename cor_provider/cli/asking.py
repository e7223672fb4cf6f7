"""Questions to whoever sits at the terminal."""

from __future__ import annotations

import sys

from cor_provider.exceptions import CorConfigurationError


def ask(question: str, *, otherwise: str, unless: str) -> None:
    """
    Ask, and go on only after a yes.

    :param otherwise: what is said after any other answer.
    :param unless: which option to pass, and for what, where nobody can be asked.
    :raises CorConfigurationError: after any other answer, and where nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise CorConfigurationError(f"nobody can be asked here: {unless}.")
    say(f"{question} [y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CorConfigurationError(otherwise)


def say(text: str, *, end: str = "\n") -> None:
    """Print beside the result: to standard error."""
    print(text, end=end, file=sys.stderr, flush=True)  # noqa: T201  # a command prints
