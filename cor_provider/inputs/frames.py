"""
Data frames of records: pandas and polars DataFrames, and what pyarrow has.

None of these packages is imported here: an input can be a data frame only if its package has been imported already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs import arrow
from cor_provider.inputs.input_file import Input
from cor_provider.inputs.record import Record
from cor_provider.inputs.translation import PLAIN, Translation
from cor_provider.inputs.typed_columns import EXACT_BELOW, ROWS_AT_ONCE, Column, Part, iter_rows, used_columns
from cor_provider.records.kinds import Kind

NAME = "the data frame"
"""How errors name it."""


def is_frame(value: object) -> bool:
    """Return whether an input is a data frame that is read."""
    return _reader(value) is not None


def is_used_up(value: object) -> bool:
    """Return whether an input is a data frame that can be read only once."""
    return _is(value, "pyarrow", "RecordBatchReader")


def iter_frame(frame: object, translation: Translation = PLAIN) -> Iterator[Record]:
    """Yield the rows of a data frame. Its index is ignored, and so are the columns that are not used."""
    if (read := _reader(frame)) is None:
        raise TypeError(f"{type(frame).__name__} is no data frame")
    yield from read(frame, Input(NAME, translation))


def refuse_other_tables(value: object, kind: Kind) -> None:
    """
    Refuse what comes from the same packages, but is no data frame.

    :raises CorConfigurationError: saying what to pass instead.
    """
    for package, name, advice in _REFUSED:
        if _is(value, package, name):
            what = f"a {type(value).__name__} of {package} is not read: {advice.format(many=kind.many)}"
            raise CorConfigurationError(f"{kind.parameter}: {what}.")


_REFUSED = (
    ("pandas", "Series", "pass the data frame, or the Series by .tolist() if its values are {many}"),
    ("pandas", "Index", "pass the data frame"),
    ("polars", "LazyFrame", "call its .collect()"),
    ("polars", "Series", "pass the data frame, or the Series by .to_list() if its values are {many}"),
    ("pyarrow.dataset", "Dataset", "call its .to_table()"),
    ("pyarrow", "Array", "pass the Table"),
    ("pyarrow", "ChunkedArray", "pass the Table"),
    ("numpy", "ndarray", "make it a DataFrame, so that its columns have names"),
    ("narwhals", "DataFrame", "call its .to_native()"),
    ("narwhals", "LazyFrame", "call its .collect().to_native()"),
    ("dask.dataframe", "DataFrame", "call its .compute()"),
    ("pyspark.sql", "DataFrame", "call its .toPandas()"),
    ("modin.pandas", "DataFrame", "call its .modin.to_pandas()"),
    ("duckdb", "DuckDBPyRelation", "call its .df()"),
)

Reader = Callable[[Any, Input], Iterable[Record]]


def _reader(value: object) -> Reader | None:
    return next((read for package, name, read in _READERS if _is(value, package, name)), None)


def _is(value: object, package: str, name: str) -> bool:
    kind = getattr(sys.modules.get(package), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _read_pandas(frame: Any, source: Input) -> Iterator[Record]:
    names = [str(name) for name in frame.columns]
    if not names and not len(frame):
        return iter(())
    used = used_columns(source, names)
    positions = [names.index(name) for name in used]

    def parts() -> Iterator[Part]:
        for start in range(0, len(frame), ROWS_AT_ONCE):
            part = frame.iloc[start : start + ROWS_AT_ONCE, positions]
            yield len(part), {name: _pandas_column(part.iloc[:, at]) for at, name in enumerate(used)}

    return iter_rows(parts(), source.name)


def _pandas_column(values: Any) -> Column:
    gaps = values.isna().tolist()
    return Column(
        lambda: [None if gap else value for gap, value in zip(gaps, values.tolist(), strict=True)],
        lambda at: None if gaps[at] else values.iloc[at],
        _NARROW.get(str(values.dtype).lower()),
    )


def _read_polars(frame: Any, source: Input) -> Iterator[Record]:
    if not frame.columns:
        return iter(())
    used = used_columns(source, frame.columns)

    def parts() -> Iterator[Part]:
        for part in frame.select(used).iter_slices(ROWS_AT_ONCE):
            yield len(part), {name: _polars_column(part[name]) for name in used}

    return iter_rows(parts(), source.name)


def _polars_column(values: Any) -> Column:
    kind = str(values.dtype)
    if kind != "Date":
        return Column(values.to_list, values.__getitem__, _NARROW.get(kind.lower()))
    # What Python cannot have is no exception of polars, but a panic, which prints its stack.
    years = values.dt.year().is_between(1, 9999)
    gaps = values.is_null()

    def value(at: int) -> Any:
        if gaps[at]:
            return None
        if not years[at]:
            raise OverflowError
        return values[at]

    return Column(lambda: [value(at) for at in range(len(values))], value)


def _read_arrow(table: Any, source: Input) -> Iterator[Record]:
    if not table.schema.names:
        return iter(())
    used = used_columns(source, table.schema.names)
    arrow.check_zones(source, table.schema, used)
    batches = table.to_batches() if _is(table, "pyarrow", "Table") else table
    return iter_rows(arrow.iter_parts(batch.select(used) for batch in batches), source.name)


def _read_arrow_batch(batch: Any, source: Input) -> Iterator[Record]:
    return _read_arrow(sys.modules["pyarrow"].Table.from_batches([batch]), source)


_NARROW = {
    "float16": EXACT_BELOW["half"],
    "float32": EXACT_BELOW["single"],
    "halffloat[pyarrow]": EXACT_BELOW["half"],
    "float[pyarrow]": EXACT_BELOW["single"],
}
"""By the packages' names of the types, in lower case."""

_READERS: tuple[tuple[str, str, Reader], ...] = (
    ("pandas", "DataFrame", _read_pandas),
    ("polars", "DataFrame", _read_polars),
    ("pyarrow", "Table", _read_arrow),
    ("pyarrow", "RecordBatch", _read_arrow_batch),
    ("pyarrow", "RecordBatchReader", _read_arrow),
)
