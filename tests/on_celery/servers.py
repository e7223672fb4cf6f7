"""What Airflow and its tasks speak to here, each a real server: S3 and COR."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # its types are another package
import pytest
import requests
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

from postgres_server import find_programs
from redis_server import find_redis

SOURCE, USER, LEAVE_TYPE, TOKEN = "GLOBANT", "user-zq7", "vacation", "token-zq7"


def check_installed() -> None:
    """Fail, with what to install, if this machine lacks a server's programs."""
    found = {"postgresql": find_programs(), "redis-server": find_redis()}
    if missing := [package for package, program in found.items() if not program]:
        pytest.fail(f"This machine lacks servers of these tests. Install them: apt-get install {' '.join(missing)}")


class Bucket:
    """A bucket in an object store, to which the Connection `store` leads."""

    name = "leave"

    def __init__(self, url: str) -> None:
        login = {"aws_access_key_id": "key", "aws_secret_access_key": "opens-nothing"}
        self.connection = json.dumps(
            {
                "conn_type": "aws",
                "login": login["aws_access_key_id"],
                "password": login["aws_secret_access_key"],
                "extra": {"endpoint_url": url, "region_name": "us-east-1"},
            }
        )
        self._client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **login)
        self._client.create_bucket(Bucket=self.name)

    def write(self, key: str, rows: list[dict[str, Any]]) -> str:
        """Write a JSON Lines file, and return its URI."""
        self._client.put_object(Bucket=self.name, Key=key, Body="".join(json.dumps(row) + "\n" for row in rows))
        return f"s3://store@{self.name}/{key}"

    def read(self, key: str) -> list[dict[str, Any]]:
        """Read a JSON Lines file."""
        body = self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return [json.loads(line) for line in body.splitlines()]

    def names(self, folder: str) -> list[str]:
        """List the names in a folder."""
        listed = self._client.list_objects_v2(Bucket=self.name, Prefix=f"{folder}/").get("Contents", [])
        return [one["Key"].removeprefix(f"{folder}/") for one in listed]

    def age(self, folder: str, seconds: float) -> None:
        """Make the files in a folder older, as the store sees it: time passes for those who look at their age."""
        (buckets,) = (backend.buckets for backend in get_backend("s3")["123456789012"].values() if backend.buckets)
        for name in self.names(folder):
            key = buckets[self.name].keys[f"{folder}/{name}"]
            key.last_modified = type(key.last_modified).fromtimestamp(
                key.last_modified.timestamp() - seconds, key.last_modified.tzinfo
            )


@contextmanager
def object_store() -> Iterator[Bucket]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        yield Bucket("http://{}:{}".format(*server.get_host_and_port()))
    finally:
        server.stop()


class Cor:
    """The sandbox as a process, and what its log says of the requests that it was sent."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log
        self._read = 0

    @property
    def connection(self) -> str:
        """The Connection to it."""
        extra = {"source": SOURCE, "api_url": f"{self.url}/v1"}
        return json.dumps({"conn_type": "cor", "host": self.url, "password": TOKEN, "extra": extra})

    def held(self, prefix: str) -> list[str]:
        """Return the external ids of the leave that it holds, of those that begin like this."""
        with requests.Session() as session:
            session.trust_env = False
            leaves = session.get(f"{self.url}/sandbox/leaves", timeout=60).json()
        return [leave["external_id"] for leave in leaves if leave["external_id"].startswith(prefix)]

    def answers(self) -> Counter[str]:
        """Return how often each kind of answer was given since this was last asked, such as `POST 201`."""
        lines = self._log.read_text().splitlines()
        new, self._read = lines[self._read :], len(lines)
        found = (re.search(r"(POST|PUT|DELETE) /v2/integrations/leaves\S*: (\d+|no answer)$", line) for line in new)
        return Counter(f"{one[1]} {one[2]}" for one in found if one)


@contextmanager
def cor_process(folder: Path, *, latency_ms: int) -> Iterator[Cor]:
    """Start a COR that takes its time for each answer, and end it with the block."""
    seed, log = folder / "seed.json", folder / "cor.log"
    seed.write_text(json.dumps({"source": SOURCE, "users": [{"id": USER}], "leave_types": [{"id": LEAVE_TYPE}]}))
    options = ["--port", "0", "--seed", str(seed), "--token", TOKEN, "--latency-ms", str(latency_ms), "--verbose"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cor_provider.sandbox", *options], stdout=subprocess.PIPE, stderr=output, text=True
        )
    try:
        assert process.stdout
        greeting = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", greeting)
        assert found, log.read_text()
        yield Cor(found[0], log)
    finally:
        process.kill()
        process.wait()
