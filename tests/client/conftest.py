"""Fixtures for what the client meets on the network."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from certificates import server_context, write_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    return server_context(certificate)
