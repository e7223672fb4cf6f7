"""A Redis of one's own, which a test can stop, start again and freeze."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ports import free_port

KnowsClusters = pytest.mark.needs("apache-airflow-providers-redis>=4.6")
"""For tests in which Airflow's provider connects to a cluster."""

SECONDS_TO_START = 30


class Redis:
    """
    A server on a free port of this machine. It keeps nothing on disk, so a restart loses what it holds.

    :param folder: for its log.
    :param options: such as ``--requirepass``; its program must be installed.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def connection(self, **fields: object) -> str:
        """Return an Airflow Connection to it, as JSON, with more fields."""
        return json.dumps({"conn_type": "redis", "host": "127.0.0.1", "port": self.port, **fields})

    def start(self) -> None:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir"]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([*command, str(self._folder), *self._options], stdout=log, stderr=log)
        end = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if time.monotonic() > end:
                raise RuntimeError((self._folder / "redis.log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it accept connections and answer nothing, within the block."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it be away within the block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def say(self, command: str) -> bytes:
        """Send a command, and return the beginning of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(1024)

    def _answers(self) -> bool:
        with suppress(OSError):
            return self.say("PING").startswith((b"+PONG", b"-NOAUTH"))
        return False


@contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[Redis]:
    """Start one, and end it with the block."""
    redis = Redis(folder, *options)
    redis.start()
    try:
        yield redis
    finally:
        redis.stop()


@contextmanager
def running_cluster(folder: Path) -> Iterator[Redis]:
    """Start a cluster of a single node, and end it with the block."""
    with running_redis(folder, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as redis:
        redis.say("CLUSTER ADDSLOTSRANGE 0 16383")
        end = time.monotonic() + SECONDS_TO_START
        while b"cluster_state:ok" not in redis.say("CLUSTER INFO"):
            if time.monotonic() > end:
                raise RuntimeError((folder / "redis.log").read_text())
            time.sleep(0.02)
        yield redis


def find_redis() -> str | None:
    """Return the path of the program, if it is installed."""
    return shutil.which("redis-server")
