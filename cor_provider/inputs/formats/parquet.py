"""``.parquet``: a record per row; needs pyarrow (extra ``parquet``)."""

from __future__ import annotations

from collections.abc import Iterator

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs import arrow
from cor_provider.inputs.formats.guarded import Guarded
from cor_provider.inputs.input_file import CHUNK, InputFile
from cor_provider.inputs.record import Record
from cor_provider.inputs.typed_columns import ROWS_AT_ONCE, iter_rows, used_columns

_ENCRYPTED = b"PARE"
"""What a file begins with if even its columns' names are encrypted."""

_DAMAGED = "this is not a readable .parquet file: damaged, cut off or encrypted. Check that it was written completely."


def read(file: InputFile) -> Iterator[Record]:
    """Yield the rows of a Parquet file, batch by batch. Columns that are not used are not read."""
    try:
        from pyarrow import parquet  # noqa: PLC0415  # an optional extra
    except ImportError:
        raise CorConfigurationError(
            f"{file.parameter}: a .parquet file needs pyarrow: pip install 'airflow-provider-cor[parquet]'."
        ) from None
    with file.open(seekable=True) as stream:
        head = stream.peek(len(_ENCRYPTED))
        if not head:
            raise file.error("is empty. Check that it was written completely.")
        if head.startswith(_ENCRYPTED):
            raise file.error("is encrypted. Write it without encryption.")
        guarded = Guarded(file, stream, _DAMAGED)
        # Older writers (INT96) have times that nanoseconds cannot tell. With a buffer, whole columns are not in memory.
        options = {"coerce_int96_timestamp_unit": "us", "buffer_size": CHUNK, "pre_buffer": False}
        table = guarded.do(lambda: parquet.ParquetFile(guarded, **options))
        schema = guarded.do(lambda: table.schema_arrow)
        used = used_columns(file, guarded.do(lambda: schema.names))
        arrow.check_zones(file, schema, used)
        batches = table.iter_batches(batch_size=ROWS_AT_ONCE, columns=used, use_threads=False)
        yield from iter_rows(arrow.iter_parts(iter(lambda: guarded.do(lambda: next(batches, None)), None)), file.name)
