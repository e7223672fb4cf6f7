"""How far an incremental extract has come, kept from one run to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSkipException, Asset, Context, Variable
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from cor_provider.extract.summary import add_up, is_settled

STATE_KEY = "watermark"


class Watermark:
    """
    How far an extract has come: a time of the database, a calendar's sync token, the name of a file.

    An extract reads it before it asks HR, and a later task advances it, once COR has taken what was read: a run that
    fails leaves it where it is, and the next one reads the same again. Run one at a time (``max_active_runs=1``): the
    last to set it wins.

    It is kept in the state of an asset on Airflow 3.3 and later, where the UI shows it beside the asset, and in the
    Airflow Variable ``watermark_<name of the asset>`` before. Data intervals are no substitute: on Airflow 3 those of a
    cron schedule are empty, and a run that somebody triggers has none.

    :param asset: what is extracted from. On Airflow 3.3 it has to be among the ``inlets`` or ``outlets`` of the task.
    :param context: of the task.
    """

    def __init__(self, asset: Asset, context: Context) -> None:
        self._store = _AssetState(asset, context) if AIRFLOW_V_3_3_PLUS else _Variable(asset, context)

    def get(self) -> str | None:
        """Return the watermark; None before the first, which means: read everything."""
        return self._store.get()

    def set(self, value: str) -> None:
        """
        Keep a watermark.

        :param value: text below 64 KB, with nobody's data in it: Airflow shows it.
        """
        self._store.set(value)

    def advance(self, value: str, pushes: Iterable[Mapping[str, Any]]) -> None:
        """
        Keep a watermark if COR has taken everything, and skip the task otherwise, tolerated rejections included.

        :param value: as above.
        :param pushes: the counts that every push of what was read has returned, deletions among them.
        :raises AirflowSkipException: if something was not taken: the next run reads and sends the same again.
        """
        total = add_up(pushes)
        if not is_settled(total):
            left = total["rejected"] + total["failed"] + total["not_sent"]
            raise AirflowSkipException(f"COR did not take {left}: the next run reads and sends the same again.")
        self.set(value)


class _AssetState:
    def __init__(self, asset: Asset, context: Context) -> None:
        try:
            self._state: Any = context["asset_state_store"][asset]
        except KeyError:
            raise ValueError(f"A task that uses the watermark of {asset} needs it in its inlets or outlets.") from None

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
