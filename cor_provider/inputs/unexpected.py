"""The error for an input of no known form."""

from __future__ import annotations

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats import READERS
from cor_provider.inputs.packing import ENDING
from cor_provider.records.kinds import Kind


def unexpected_input(found: str, kind: Kind) -> CorConfigurationError:
    """Return the error for records of a kind; ``found`` describes the input without quoting it."""
    return CorConfigurationError(
        f"{kind.parameter}: expected a mapping, a list of mappings, a data frame, an upstream task's output, JSON "
        f"text, or the path or URI of a {', '.join(READERS)} file, which may end in {ENDING} too; got {found}."
    )
