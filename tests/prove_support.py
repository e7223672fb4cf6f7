"""A trial against a sandbox, to which something happens at one of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import get_args

from cor_provider.client.leaves import LeavesEndpoint
from cor_provider.contract.contract import CallName, Contract
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.prove.recording import Recording
from cor_provider.prove.trial import Ids, Label, Trial
from cor_provider.prove.verdicts import Verdict, verdicts

CALLS: tuple[CallName, ...] = get_args(CallName)
"""The calls of a trial in their order."""


def trial(at: str | Mapping[str, Callable[[], object]] = "", happens: Callable[[], object] = lambda: None) -> Trial:
    """
    Return a trial with the connection `cor_default`.

    :param at: `happens` is called before the call of this name; or what is called, by the name of the call.
    """
    happenings = {at: happens} if isinstance(at, str) else at

    @contextmanager
    def labelled(name: str) -> Iterator[None]:
        if name in happenings:
            happenings[name]()
        yield

    return _trial(CorIntegrationsHook(), labelled)


def recorded() -> tuple[list[Verdict], Contract]:
    """Run a trial with the connection `cor_default`, and return what it says and what was recorded."""
    hook = CorIntegrationsHook()
    recording = Recording(hook.get_conn(), hook.leaves_url)
    tried = _trial(hook, recording.labelled)
    tried.run()
    return verdicts(tried), recording.contract


def _trial(hook: CorIntegrationsHook, labelled: Label) -> Trial:
    return Trial(
        LeavesEndpoint(hook.get_conn(), hook.leaves_url, "GLOBANT"),
        hook.leaves_in_cor,
        ids=Ids("prove-1"),
        user_id="u1",
        leave_type_id="vacation",
        day=date(2016, 5, 9),
        labelled=labelled,
    )
