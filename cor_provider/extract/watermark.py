"""Remember how far an incremental extract has come, from one run to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from cor_provider._compat import (
    AirflowFailException,
    AirflowSkipException,
    Asset,
    Context,
    Variable,
    airflow_since,
    get_current_context,
)
from cor_provider.outcome import add_up, is_complete, returned_counts

__all__ = ["Reading", "Watermark"]

WATERMARK, REFUSALS = "watermark", "refusals"


class Reading(TypedDict):
    """What one run reads: everything since a watermark, or everything there is, until another one."""

    since: str | None
    until: str


class Watermark:
    """
    The progress of an extract: a timestamp of the database, a calendar's sync token, the name of a file.

    The extract begins at the watermark, and a later task advances it once COR has taken the extracted leave. A run that
    fails leaves it unchanged, and the next run reads the same again. So does a run that began elsewhere: what lies
    between would never be read. Allow one run at a time (``max_active_runs=1``).

    On Airflow 3.3 and later it is stored in the state of an asset, where the UI shows it; before, in the Airflow
    Variable ``watermark_<name of the asset>``. Data intervals are no substitute: on Airflow 3 those of a cron schedule
    are empty, and manual runs have none.

    :param asset: the source of the extract. On Airflow 3.3 it must be among the ``inlets`` or ``outlets`` of the task.
    :param context: the task's context; by default that of the running task.
    """

    def __init__(self, asset: Asset, context: Context | None = None) -> None:
        context = get_current_context() if context is None else context
        self._store = _AssetState(asset, context) if airflow_since("3.3") else _Variable(asset, context)

    def begin(self, since: str | None, *, until: str) -> Reading:
        """
        Return what this run reads, to be returned from the task: :meth:`advance` needs it.

        :param since: where to begin instead of at the watermark, as a person chose for this run; blank or None for the
            watermark. Such a run reads something again, and the watermark stays, even if it is earlier: nothing is lost
            if it is later.
        :param until: the next watermark, known before the read: text below 64 KB without personal data, since Airflow
            shows it.
        :return: ``since`` is None if there is no watermark yet: read everything then.
        """
        return {"since": since or self.get(), "until": until}

    def advance(self, reading: Reading, pushes: Iterable[Mapping[str, Any]]) -> None:
        """
        Store the end of what was read as the watermark, or skip the task and leave the watermark where it is.

        It stays if COR has not taken everything, even if the rejections were tolerated, and if the run did not begin at
        the watermark.

        :param reading: the result of :meth:`begin`.
        :param pushes: the counts of every push and every deletion of what was read.
        :raises AirflowFailException: if one of them has returned none.
        :raises AirflowSkipException: if it stays. The message says how many runs in a row COR has refused something.
        """
        if reading["since"] != self.get():
            raise AirflowSkipException(
                "This run did not begin at the watermark, so the watermark stays. The next run begins there."
            )
        results = [*pushes]
        if len(counts := returned_counts(results)) < len(results):
            raise AirflowFailException(
                "A push or a deletion has returned no counts, so the watermark stays. The log of its task says why."
            )
        total = add_up(counts)
        if not is_complete(total):
            left = total["rejected"] + total["failed"] + total["not_sent"]
            runs = int(self._store.get(REFUSALS) or 0) + 1
            self._store.set(REFUSALS, str(runs))
            raise AirflowSkipException(
                f"COR did not take {left} leave requests. Refused for the {_ordinal(runs)} run in a row. The next run "
                "reads and sends the same again."
            )
        self.set(reading["until"])
        self._store.set(REFUSALS, "0")

    def get(self) -> str | None:
        """Return the watermark, or None if there is none yet."""
        return self._store.get(WATERMARK)

    def set(self, value: str) -> None:
        """
        Store a watermark, whatever was read.

        :param value: as ``until`` of :meth:`begin`.
        """
        self._store.set(WATERMARK, value)


class _AssetState:
    def __init__(self, asset: Asset, context: Context) -> None:
        try:
            self._state: Any = context["asset_state_store"][asset]
        except KeyError:
            raise ValueError(
                f"The watermark of {asset} needs this asset in the inlets or outlets of the task."
            ) from None

    def get(self, key: str) -> str | None:
        value: str | None = self._state.get(key)
        return value

    def set(self, key: str, value: str) -> None:
        self._state.set(key, value)


class _Variable:
    def __init__(self, asset: Asset, context: Context) -> None:
        # Airflow 2 knows assets by their URI alone.
        self._name = getattr(asset, "name", None) or asset.uri
        self._variables: Any = context["var"]["value"]

    def get(self, key: str) -> str | None:
        value: str | None = self._variables.get(f"{key}_{self._name}", None)
        return value

    def set(self, key: str, value: str) -> None:
        Variable.set(f"{key}_{self._name}", value)


def _ordinal(number: int) -> str:
    last = number % 10 if number % 100 not in {11, 12, 13} else 0
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(last, 'th')}"
