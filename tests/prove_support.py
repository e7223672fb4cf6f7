"""A trial against a sandbox, to which something happens at one of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from cor_provider.client.leaves import LeavesEndpoint
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.prove.trial import Ids, Trial

CALLS = (
    "create",
    "create again",
    "end before start",
    "unknown leave type",
    "update",
    "update of an unknown id",
    "list",
    "delete",
    "delete again",
    "delete of the refused dates",
    "delete of the refused type",
    "delete of the refused update",
)
"""The calls of a trial in their order."""


def trial(at: str = "", happens: Callable[[], object] = lambda: None) -> Trial:
    """Return a trial with the connection `cor_default`. `happens` is called before the call of the name `at`."""
    hook = CorIntegrationsHook()

    @contextmanager
    def labelled(name: str) -> Iterator[None]:
        if name == at:
            happens()
        yield

    return Trial(
        LeavesEndpoint(hook.get_conn(), hook.leaves_url, "GLOBANT"),
        hook.leaves_in_cor,
        ids=Ids("prove-1"),
        user_id="u1",
        leave_type_id="vacation",
        day=date(2016, 5, 9),
        labelled=labelled,
    )
