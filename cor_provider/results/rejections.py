"""How many rejections are tolerated."""

from __future__ import annotations

from dataclasses import dataclass

from cor_provider.results.summary import Summary


@dataclass(frozen=True)
class RejectionLimits:
    """
    How many rejections are tolerated: as many as either limit does, but never all.

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
            return f"More {leaves.kind.some} {leaves.kind.were} rejected than {self}"
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
