"""What may be imported: docs/public.md lists it, and the modules' `__all__` say the same."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cor_provider
from cor_provider._compat import airflow_since

REPOSITORY = Path(__file__).parents[1]
INTERNAL = {
    *(
        f"cor_provider.{room}"
        for room in (
            *("audit", "cli", "client", "contract", "fields", "inputs", "pages", "prove", "push", "records"),
            *("results", "sync", "task", "ui"),
        )
    ),
    *(f"cor_provider.operators.{module}" for module in ("audit", "base", "parameters", "run", "sync")),
    *(
        f"cor_provider.notifications.{module}"
        for module in ("attachments", "change", "delivery", "ending", "memory", "notice", "notifier")
    ),
    "cor_provider.get_provider_info",
}
"""Packages and modules that docs/public.md says are internal, besides the sandbox's own."""


def listed_names() -> dict[str, list[str]]:
    """Return the names on the page by module, in its order."""
    names: dict[str, list[str]] = {}
    for line in (REPOSITORY / "docs" / "public.md").read_text().splitlines():
        if module := re.fullmatch(r"## `([\w.]+)`", line):
            names[module[1]] = []
        elif names and line.startswith("| `"):
            names[[*names][-1]] += re.findall(r"`(\w+)`", line.split("|")[1])
    return names


def public_modules() -> Iterator[str]:
    """Yield the modules that nothing says are internal."""
    for module in pkgutil.walk_packages(cor_provider.__path__, "cor_provider."):
        parents = {module.name.rsplit(".", depth)[0] for depth in range(module.name.count("."))}
        is_of_the_sandbox = module.name.startswith("cor_provider.sandbox.")
        if not parents & INTERNAL and "._" not in module.name and not is_of_the_sandbox:
            yield module.name


def test_the_page_lists_every_public_module() -> None:
    with_names = {name for name in public_modules() if not is_empty(name)}
    assert set(listed_names()) == with_names


def is_empty(module: str) -> bool:
    """Return whether a module is a package that only has a docstring."""
    path = REPOSITORY.joinpath(*module.split("."))
    return path.is_dir() and len(ast.parse((path / "__init__.py").read_text()).body) <= 1


@pytest.mark.parametrize("module", listed_names())
def test_the_page_lists_every_public_name_and_no_other(module: str) -> None:
    if module == "cor_provider.retry_policy" and not airflow_since("3.3"):
        return  # Airflow had no retry policies yet
    exported = importlib.import_module(module).__all__
    assert len(set(exported)) == len(exported)
    assert set(listed_names()[module]) == set(exported)
    assert all(hasattr(importlib.import_module(module), name) for name in exported)


@pytest.mark.parametrize("path", sorted((REPOSITORY / "example_dags").rglob("*.py")), ids=lambda path: path.stem)
def test_example_dags_import_public_names_alone(path: Path) -> None:
    imported = {
        (node.module, alias.name)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cor_provider"
        for alias in node.names
    }
    assert imported <= {(module, name) for module, names in listed_names().items() for name in names}
