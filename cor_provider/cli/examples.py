"""The example DAGs, as they are installed with the package or lie beside it in a clone."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import cor_provider

PACKAGE = Path(cor_provider.__file__).parent

# No `example_dags`, as other providers have it: Airflow would one day load that folder with its own examples, in which
# case a DAG would be there twice once it has been copied.
INSTALLED = PACKAGE / "_example_dags"
IN_A_CLONE = PACKAGE.parent / "example_dags"


@dataclass(frozen=True)
class Example:
    """
    An example DAG.

    :param path: its file, which is all that it consists of.
    """

    path: Path

    @property
    def name(self) -> str:
        """The id of the DAG, or of the first one."""
        return self.path.stem

    @property
    def purpose(self) -> str:
        """What it does, in a line."""
        text = ast.get_docstring(ast.parse(self.path.read_text(encoding="utf-8"))) or ""
        return text.partition("\n")[0]


def find_examples() -> list[Example]:
    """Return all examples by name."""
    folder = INSTALLED if INSTALLED.is_dir() else IN_A_CLONE
    return [Example(path) for path in sorted(folder.glob("*.py"))]
