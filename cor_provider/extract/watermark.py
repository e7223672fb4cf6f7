"""Remember how far an incremental extract has come, from one run to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cor_provider._compat import AirflowSkipException, Asset, Context, Variable, airflow_since, get_current_context
from cor_provider.outcome import add_up, is_complete

__all__ = ["Watermark"]

STATE_KEY = "watermark"


class Watermark:
    """
    The progress of an extract: a timestamp of the database, a calendar's sync token, the name of a file.

    The extract reads it before it queries HR, and a later task advances it once COR has taken the extracted leave. A
    run that fails leaves it unchanged, and the next run reads the same again. Allow one run at a time
    (``max_active_runs=1``), since the last one to set it wins.

    On Airflow 3.3 and later it is stored in the state of an asset, where the UI shows it; before, in the Airflow
    Variable ``watermark_<name of the asset>``. Data intervals are no substitute: on Airflow 3 those of a cron schedule
    are empty, and manual runs have none.

    :param asset: the source of the extract. On Airflow 3.3 it must be among the ``inlets`` or ``outlets`` of the task.
    :param context: the task's context; by default that of the running task.
    """

    def __init__(self, asset: Asset, context: Context | None = None) -> None:
        context = get_current_context() if context is None else context
        self._store = _AssetState(asset, context) if airflow_since("3.3") else _Variable(asset, context)

    def get(self) -> str | None:
        """Return the watermark, or None if there is none yet: read everything then."""
        return self._store.get()

    def set(self, value: str) -> None:
        """
        Store a watermark.

        :param value: text below 64 KB without personal data, since Airflow shows it.
        """
        self._store.set(value)

    def advance(self, value: str, pushes: Iterable[Mapping[str, Any]]) -> None:
        """
        Store a watermark if COR has taken everything, and skip the task otherwise, even for tolerated rejections.

        :param value: as for :meth:`set`.
        :param pushes: the counts of every push and every deletion of what was read.
        :raises AirflowSkipException: if COR has not taken everything: the next run reads and sends the same again.
        """
        total = add_up(pushes)
        if not is_complete(total):
            left = total["rejected"] + total["failed"] + total["not_sent"]
            raise AirflowSkipException(
                f"COR did not take {left} leave requests. The next run reads and sends the same again."
            )
        self.set(value)


class _AssetState:
    def __init__(self, asset: Asset, context: Context) -> None:
        try:
            self._state: Any = context["asset_state_store"][asset]
        except KeyError:
            raise ValueError(
                f"The watermark of {asset} needs this asset in the inlets or outlets of the task."
            ) from None

    def get(self) -> str | None:
        value: str | None = self._state.get(STATE_KEY)
        return value

    def set(self, value: str) -> None:
        self._state.set(STATE_KEY, value)


class _Variable:
    def __init__(self, asset: Asset, context: Context) -> None:
        # Airflow 2 knows assets by their URI alone.
        self._key = f"{STATE_KEY}_{getattr(asset, 'name', None) or asset.uri}"
        self._variables: Any = context["var"]["value"]

    def get(self) -> str | None:
        value: str | None = self._variables.get(self._key, None)
        return value

    def set(self, value: str) -> None:
        Variable.set(self._key, value)
