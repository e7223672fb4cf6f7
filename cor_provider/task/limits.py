"""The limits of a task: numbers and booleans, which a template gives as text, and what they tolerate."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cor_provider.results.summary import Summary


def read_count(name: str, value: object) -> int | None:
    """
    Return a whole number of at least 0, or None if it is not set.

    :param name: the parameter.
    :param value: a number, or its text, as a template renders it.
    :raises ValueError: naming the parameter.
    """
    if _is_unset(value):
        return None
    if isinstance(value, str) and _COUNT.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"{name}: expected a whole number of at least 0; got {value!r}.")


def read_fraction(name: str, value: object) -> float | None:
    """Return a number from 0 to 1, or None if it is not set; otherwise as :func:`read_count`."""
    if _is_unset(value):
        return None
    if isinstance(value, str) and _FRACTION.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ValueError(f"{name}: expected a number from 0 to 1, such as 0.2; got {value!r}.")


def read_flag(name: str, value: object) -> bool:
    """Return True or False, also for their text in any case; False if it is not set."""
    if _is_unset(value):
        return False
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and (flag := _FLAGS.get(value.strip().lower())) is not None:
        return flag
    raise ValueError(f"{name}: expected True or False; got {value!r}.")


@dataclass(frozen=True)
class RejectionLimits:
    """
    How many rejections a task tolerates: as many as either limit does, but never all.

    :param max_rejected: the largest number.
    :param max_rejected_fraction: the largest share, 0 to 1, of all that was to be sent; None for no such limit.
    """

    max_rejected: int = 0
    max_rejected_fraction: float | None = None

    def problem(self, leaves: Summary, total: Summary) -> str | None:
        """
        Return what is wrong with the rejections, in words, or None if they are tolerated.

        :param leaves: the outcomes of the leave requests.
        :param total: the same with those of a sync's deletions.
        """
        if self._is_exceeded(total):
            return f"More leave was rejected than {self}"
        if leaves.received and leaves.counts["rejected"] == leaves.received:
            return f"Everything was rejected, which no limit tolerates ({self})"
        return None

    def _is_exceeded(self, total: Summary) -> bool:
        rejected, fraction = total.counts["rejected"], self.max_rejected_fraction
        # A quotient is rounded like the same number in a DAG, so a share right at the limit equals it.
        return rejected > self.max_rejected and (fraction is None or rejected / total.received > fraction)

    def __str__(self) -> str:
        fraction = self.max_rejected_fraction
        limit = f"max_rejected={self.max_rejected}"
        return limit if fraction is None else f"{limit} and max_rejected_fraction={fraction:g}"


def _is_unset(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip() == "None")  # as a template renders None


_COUNT = re.compile(r"[0-9]{1,18}")
_FRACTION = re.compile(r"[0-9]*\.?[0-9]+(e-?[0-9]+)?", re.IGNORECASE)
_FLAGS = {"true": True, "false": False}
