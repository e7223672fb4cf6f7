"""The error for an input of no known form."""

from __future__ import annotations

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats import READERS
from cor_provider.inputs.packing import ENDING


def unexpected_input(found: str) -> CorConfigurationError:
    """Return the error; ``found`` describes the input without quoting it."""
    return CorConfigurationError(
        "leave_requests: expected a mapping, a list of mappings, a data frame, an upstream task's output, JSON text, "
        f"or the path or URI of a {', '.join(READERS)} file, which may end in {ENDING} too; got {found}."
    )
