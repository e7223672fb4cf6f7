"""Batches of pyarrow, which Parquet files are read into and data frames may consist of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cor_provider.inputs.input_file import Input
from cor_provider.inputs.typed_columns import EXACT_BELOW, ROWS_AT_ONCE, Column, Part

_NARROW = {"halffloat": EXACT_BELOW["half"], "float": EXACT_BELOW["single"]}
"""By pyarrow's names of the types."""


def check_zones(source: Input, schema: Any, used: Iterable[str]) -> None:
    """
    Refuse columns whose times are in a zone that Python does not know.

    :param schema: a ``pyarrow.Schema``.
    """
    import pyarrow as pa  # noqa: PLC0415  # an optional extra

    for name in used:
        zone = getattr(schema.field(name).type, "tz", None)
        try:
            if zone is not None:
                pa.lib.string_to_tzinfo(zone)
        except (LookupError, OSError, ValueError):  # pytz, zoneinfo and pyarrow raise different ones
            raise source.error(
                f'the times in column "{name}" are in a zone that is not known here. Write them in UTC.'
            ) from None


def iter_parts(batches: Iterable[Any]) -> Iterator[Part]:
    """Yield the columns of ``pyarrow.RecordBatch`` objects, some rows at a time."""
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            part = batch.slice(start, ROWS_AT_ONCE)
            yield part.num_rows, dict(zip(part.schema.names, map(_column, part.columns), strict=True))


def _column(values: Any) -> Column:
    import pyarrow as pa  # noqa: PLC0415  # an optional extra

    kind = values.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        # Python has no nanoseconds.
        values = values.cast(pa.timestamp("us", kind.tz), safe=False)
    return Column(values.to_pylist, lambda at: values[at].as_py(), _NARROW.get(str(kind)))
