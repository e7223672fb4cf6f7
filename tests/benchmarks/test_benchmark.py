"""``make bench``, as far as it can be checked without measuring."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import SECTIONS, main
from benchmarks.table import Row, Target

TESTS = Path(__file__).parents[1]
pytestmark = pytest.mark.since_airflow("3.3")  # the one that `make bench` measures on

ROWS = {
    "concurrency": 13,
    "alternatives": 6,
    "memory": 6,
    "bookkeeping": 1,
    "reading": 3,
    "rate-limit": 4,
    "shares": 12,
    "simulation": 3 * 13 + 8,
    "sync": 4,
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_gives_all_its_rows_with_figures(section: str) -> None:
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", section]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _names, _rule, *rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len(rows) == ROWS[section]
    for row in rows:
        ratio, _what, leaves, figures, _target = [cell.strip() for cell in row[1:-1].split("|")]
        assert re.fullmatch(r"[1-9][\d,]*", leaves)
        assert re.match(r"\d", figures)
        assert re.match(r"\d|$", ratio)


def test_a_missed_target_fails_the_benchmark_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        Row("0.80", "one thing", 10, "8 leaves/s", Target.at_least(0.85, 0.8)),
        Row("1.20", "another thing", 10, "9 leaves/s", Target.at_most(1.3, 1.2)),
    ]
    monkeypatch.setitem(SECTIONS, "memory", lambda _bench: iter(rows))
    with pytest.raises(SystemExit) as end:
        main(["--only", "memory"])
    assert end.value.code == "\nMissed:\n- one thing: 0.80, 8 leaves/s"
    assert "| 1.20 | another thing | 10 | 9 leaves/s | ≤ 1.3: met |" in capsys.readouterr().out
