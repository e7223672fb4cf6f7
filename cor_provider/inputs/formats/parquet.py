"""``.parquet``: a record per row; needs pyarrow (extra ``parquet``)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.record import Record

_ROWS_PER_BATCH = 1000

_EXACT_BELOW = {"halffloat": 2**11, "float": 2**24}
"""The size from which whole numbers in narrow floats may have lost digits, by pyarrow's names of the types."""


def read(file: InputFile) -> Iterator[Record]:
    """Yield the rows of a Parquet file, batch by batch."""
    try:
        from pyarrow import ArrowInvalid  # noqa: PLC0415  # an optional extra
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415  # likewise
    except ImportError:
        raise CorConfigurationError(
            "leave_requests: a .parquet file needs pyarrow: pip install 'airflow-provider-cor[parquet]'."
        ) from None
    with file.open(seekable=True) as stream:
        try:
            parquet = ParquetFile(stream)
            file.check_columns(parquet.schema_arrow.names)
            row_number = 0
            narrow = {one.name: bound for one in parquet.schema_arrow if (bound := _EXACT_BELOW.get(str(one.type)))}
            for batch in parquet.iter_batches(batch_size=_ROWS_PER_BATCH):
                for row in batch.to_pylist():
                    row_number += 1
                    yield Record(_without_lost_digits(row, narrow) if narrow else row, f"row {row_number}")
        except ArrowInvalid:
            raise file.error("this is not a readable .parquet file. Check that it was written completely.") from None


def _without_lost_digits(row: dict[str, Any], narrow: Mapping[str, int]) -> dict[str, Any]:
    """Replace numbers that may have lost digits with infinity, which is refused as an id."""
    lost = (name for name, bound in narrow.items() if row[name] is not None and abs(row[name]) >= bound)
    return {**row, **dict.fromkeys(lost, math.inf)}
