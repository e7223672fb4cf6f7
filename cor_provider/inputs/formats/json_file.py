"""``.json``: one document, a list of records or a single one."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider.inputs.json_text import read_document


def read(path: ObjectStoragePath) -> Iterator[object]:
    """Yield the records of a JSON file, which is loaded at once."""
    yield from read_document(path.read_bytes().removeprefix(BOM_UTF8))
