"""Questions at the terminal; who asks what is tested with the commands."""

from __future__ import annotations

import io

import pytest

from cor_provider.cli.asking import ask
from cor_provider.exceptions import CorConfigurationError


def answer(monkeypatch: pytest.MonkeyPatch, text: str, *, at_terminal: bool = True) -> None:
    stdin = io.StringIO(text)
    monkeypatch.setattr(stdin, "isatty", lambda: at_terminal)
    monkeypatch.setattr("sys.stdin", stdin)
    ask("Begin?", "It means much.", what="begin")


@pytest.mark.parametrize("text", ["y\n", "YES\n", " yes "])
def test_a_yes_goes_on(monkeypatch: pytest.MonkeyPatch, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer(monkeypatch, text)
    assert capsys.readouterr() == ("", "It means much.\nBegin? [y/N] ")


@pytest.mark.parametrize("text", ["", "\n", "n\n", "yess\n"])
def test_anything_else_does_not(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(CorConfigurationError, match="nothing was changed"):
        answer(monkeypatch, text)


def test_where_nobody_can_be_asked_it_says_what_to_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorConfigurationError, match="nobody can be asked here: pass --yes to begin without asking"):
        answer(monkeypatch, "y\n", at_terminal=False)
