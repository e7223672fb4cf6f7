"""Which HTTP statuses are worth another try."""

from __future__ import annotations

from cor_provider.client.statuses import is_transient


def test_what_passes_is_a_late_early_or_hasty_request_and_most_failures_of_a_server() -> None:
    assert {status for status in range(100, 1000) if is_transient(status)} == {
        *(408, 425, 429),
        *(set(range(500, 600)) - {501, 505, 510, 511}),
    }
