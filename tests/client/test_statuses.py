"""What HTTP statuses say by themselves."""

from __future__ import annotations

from cor_provider.client.statuses import is_success, is_transient


def test_what_passes_is_a_late_early_or_hasty_request_and_most_failures_of_a_server() -> None:
    assert {status for status in range(100, 1000) if is_transient(status)} == {
        *(408, 425, 429),
        *(set(range(500, 600)) - {501, 505, 510, 511}),
    }


def test_every_2xx_is_a_success() -> None:
    assert [status for status in range(100, 1000) if is_success(status)] == list(range(200, 300))
