"""``examples copy``: an example DAG to begin with."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from cor_provider.cli.examples import Example, find_examples
from cor_provider.cli.output import Output
from cor_provider.exceptions import CorConfigurationError


def run(options: Namespace, output: Output) -> bool:
    """Copy an example, and print where it is; that is no finding."""
    path = _copy(_find(options.name), Path(options.folder))
    output.result({"name": options.name, "path": str(path)}, lambda: _show(output, path))
    return False


def _find(name: str) -> Example:
    for example in find_examples():
        if example.name == name:
            return example
    raise CorConfigurationError(f"there is no example {name!r}: `examples list` shows all.")


def _copy(example: Example, folder: Path) -> Path:
    """Copy an example into a folder, where no file may have its name."""
    if not folder.is_dir():
        raise CorConfigurationError(f"there is no folder {folder}: make it first, or name another.")
    path = folder / example.path.name
    try:
        with path.open("xb") as file:
            file.write(example.path.read_bytes())
    except FileExistsError:
        raise CorConfigurationError(
            f"{path} exists, and is never overwritten: name another folder, or move it away."
        ) from None
    return path


def _show(output: Output, path: Path) -> None:
    output.line(f"Copied to {path}.", style="bold green")
    output.line("Its first lines say what it needs and what to change first.")
