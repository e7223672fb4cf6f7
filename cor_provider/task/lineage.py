"""Where leave comes from and goes to, in Airflow's asset events and in OpenLineage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cor_provider._compat import Asset


def annotate_outlets(context: Mapping[str, Any], outlets: Iterable[Any], counts: Mapping[str, Any]) -> None:
    """Add the counts of a task to its asset events."""
    events = context.get("outlet_events")
    for outlet in outlets:
        if events is not None and isinstance(outlet, Asset):
            events[outlet].extra.update(counts)


def openlineage_facets(*, input_uris: Iterable[str], output_url: str, row_count: int) -> Any:
    """
    Return lineage for OpenLineage: the files read, COR's endpoint, and the number of leaves written there.

    OpenLineage's provider is imported only here, since only that provider calls this.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage  # noqa: PLC0415  # see above
    from openlineage.client.event_v2 import Dataset, OutputDataset  # noqa: PLC0415  # see above
    from openlineage.client.facet_v2 import output_statistics_output_dataset  # noqa: PLC0415  # see above

    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=row_count)
    inputs = [Dataset(*_name(uri)) for uri in dict.fromkeys(input_uris)]
    outputs = [OutputDataset(*_name(output_url), outputFacets={"outputStatistics": statistics})]
    return OperatorLineage(inputs=inputs, outputs=outputs)


def openlineage_facets_of_reading(*, input_url: str, output_uris: Iterable[str]) -> Any:
    """Return lineage for OpenLineage: COR's endpoint, which was read, and the files written."""
    from airflow.providers.openlineage.extractors import OperatorLineage  # noqa: PLC0415  # as above
    from openlineage.client.event_v2 import Dataset  # noqa: PLC0415  # as above

    outputs = [Dataset(*_name(uri)) for uri in output_uris]
    return OperatorLineage(inputs=[Dataset(*_name(input_url))], outputs=outputs)


def _name(uri: str) -> tuple[str, str]:
    """Return a dataset's namespace and name by OpenLineage's naming conventions."""
    parts = urlsplit(uri)
    if not parts.netloc:
        return "file", parts.path
    # Airflow puts the connection's id before an @. Objects have keys; files and endpoints have paths.
    path = parts.path if parts.scheme in {"http", "https"} else parts.path.lstrip("/")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", path
