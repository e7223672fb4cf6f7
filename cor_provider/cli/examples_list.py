"""``examples list``: the example DAGs, and what each does."""

from __future__ import annotations

from argparse import Namespace

from cor_provider.cli.examples import find_examples
from cor_provider.cli.output import Output


def run(_options: Namespace, output: Output) -> bool:
    """Print the examples; they are no finding."""
    rows = [(one.name, one.purpose) for one in find_examples()]
    output.result(
        [{"name": name, "purpose": purpose} for name, purpose in rows],
        lambda: output.table(("example", "does"), rows),
    )
    return False
