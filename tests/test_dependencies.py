"""`make sbom` and `make audit-dependencies`: what is installed, and what is known to be wrong with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from cor_provider import __version__

REPOSITORY = Path(__file__).parents[1]
CONSTRAINTS = REPOSITORY / "constraints" / "airflow-3.3.txt"
FLAW: dict[str, Any] = {
    "id": "PYSEC-1",
    "aliases": ["CVE-1"],
    "summary": "It is wrong.",
    "affected": [{"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]}],
}

pytestmark = pytest.mark.since_airflow("3.3")  # whose environment has the newest tools


class Advisories(BaseHTTPRequestHandler):
    """Answers as OSV does: it knows a flaw of jinja2 2.10, and perhaps of others."""

    flawed: frozenset[str] = frozenset()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        has_flaw = (name, asked["version"]) == ("jinja2", "2.10") or name in self.flawed
        package = {"name": name, "ecosystem": "PyPI"}
        flaw = {**FLAW, "affected": [{**one, "package": package} for one in FLAW["affected"]]}
        answer = json.dumps({"vulns": [flaw]} if has_flaw else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(what: str, reports: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    programs = str(Path(sys.executable).parent)
    command = [str(REPOSITORY / ".ci" / "dependencies"), what, programs, str(CONSTRAINTS), *arguments]
    env = {**os.environ, "REPORTS": str(reports)}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=env)


def test_the_list_has_every_requirement_with_its_version_and_nothing_of_this_machine(tmp_path: Path) -> None:
    assert run("sbom", tmp_path).returncode == 0
    text = (tmp_path / "sbom.cdx.json").read_text()
    bom = json.loads(text)
    pins = {line.split(" ")[0] for line in CONSTRAINTS.read_text().splitlines()}
    components = {f"{canonicalize_name(one['name'])}=={one['version']}" for one in bom["components"]}
    assert bom["metadata"]["component"]["name"] == "airflow-provider-cor"
    assert bom["metadata"]["component"]["version"] == __version__
    assert components <= pins
    assert {"apache-airflow", "pydantic", "pyarrow", "openpyxl", "redis"} <= {one.split("==")[0] for one in components}
    assert "file:" not in text
    assert str(Path.home()) not in text


def test_an_audit_without_findings_says_how_many_packages_it_asked_for(service: str, tmp_path: Path) -> None:
    audit = run("audit", tmp_path, "--vulnerability-service", "osv", "--osv-url", service)
    assert audit.returncode == 0, audit.stderr
    assert "No known vulnerabilities in the 1" in audit.stdout


def test_an_audit_with_findings_fails_and_names_them(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Advisories, "flawed", frozenset({"pendulum"}))
    audit = run("audit", tmp_path, "--vulnerability-service", "osv", "--osv-url", service)
    assert audit.returncode == 1
    assert "pendulum" in audit.stdout
    assert "PYSEC-1" in (tmp_path / "vulnerabilities.md").read_text()


def test_an_audit_that_nobody_answers_is_no_clean_one(closed_port: int, tmp_path: Path) -> None:
    audit = run("audit", tmp_path, "--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{closed_port}")
    assert audit.returncode == 1
    assert "Nothing was audited" in audit.stderr
    assert not (tmp_path / "vulnerabilities.md").exists()
