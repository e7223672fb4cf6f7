"""The tree of errors: where each stands, and what each says without being given words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cor_provider import exceptions
from cor_provider._compat import AirflowFailException
from cor_provider.exceptions import CorError, CorLedgerBusyError, CorPushIncompleteError, CorTransientError

CLASSES = [getattr(exceptions, name) for name in exceptions.__all__]
TAKES_ONLY_WORDS = [error for error in CLASSES if error is not CorLedgerBusyError]


def drawn() -> Iterator[tuple[str, str]]:
    """Yield each error that the module's docstring draws, with the one above it."""
    above: list[str] = []
    for indent, name in re.findall(r"^ {4}([│├└─ ]*)(Cor\w*Error)", exceptions.__doc__ or "", flags=re.MULTILINE):
        del above[len(indent) // 4 :]
        yield name, above[-1] if above else "AirflowException"
        above.append(name)


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    assert dict(drawn()) == {error.__name__: error.__bases__[0].__name__ for error in CLASSES}


def test_airflow_does_not_retry_what_another_try_cannot_help() -> None:
    for_good = {error.__name__ for error in CLASSES if issubclass(error, AirflowFailException)}
    configuration = {error.__name__ for error in CLASSES if issubclass(error, exceptions.CorConfigurationError)}
    of_tasks = {"CorDeleteGuardError", "CorDriftError", "CorLeavesRejectedError", "CorUserGuardError"}
    assert for_good == {*configuration, *of_tasks, "CorUsersRejectedError"}


@pytest.mark.parametrize("error_class", TAKES_ONLY_WORDS)
def test_an_error_without_words_has_those_of_its_class(error_class: type[CorError]) -> None:
    error = error_class()
    assert str(error) == error.message == error_class.default_message
    assert (error.name, error.code, error.status) == (error_class.default_name, None, None)


@pytest.mark.parametrize("error_class", TAKES_ONLY_WORDS)
def test_an_error_takes_what_cor_says(error_class: type[CorError]) -> None:
    error = error_class("It is late.", name="LateError", code="ZC9", status=418)
    assert (str(error), error.name, error.code, error.status) == ("It is late.", "LateError", "ZC9", 418)


def test_an_answer_counts_as_lost_unless_the_error_says_otherwise() -> None:
    assert CorTransientError().lost_answer
    assert not CorTransientError(lost_answer=False).lost_answer


def test_errors_that_end_for_now_say_when_to_come_back() -> None:
    assert CorTransientError(retry_after=5.0).retry_after == CorPushIncompleteError(retry_after=5.0).retry_after == 5.0
    assert "in 6 seconds or later" in str(CorLedgerBusyError("X works on it", retry_after=5.2))
    assert "Run this task again later" in str(CorLedgerBusyError("X works on it"))
