"""The files of config/deploy, held against their own linters where the machine has them, and against us."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import ROOT
from tmwatch.cli.app import COMMAND_MODULES
from tmwatch.schedules import parse_schedule

DEPLOY = ROOT / "config/deploy"
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(
    ANALYZE is None, reason="no systemd-analyze here: the units were NOT verified"
)


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units, with a program that is there in the place of tmwatch."""
    made = []
    for unit in sorted(DEPLOY.glob("tmwatch*.*")):
        text = unit.read_text(encoding="utf-8").replace("/opt/tmwatch/bin/tmwatch", sys.executable)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
        made.append(tmp_path / unit.name)
    return made


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None
    return subprocess.run([ANALYZE, *map(str, words)], capture_output=True, text=True, check=False)


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(units: list[Path]) -> None:
    assert len(units) == 3
    said = analyze("verify", *units)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@needs_systemd
def test_systemd_calls_the_services_hardened(units: list[Path]) -> None:
    for unit in units:
        if unit.suffix == ".service":
            found = re.search(
                r"exposure level for \S+: ([\d.]+)", analyze("security", "--offline=yes", unit).stdout
            )
            assert found is not None
            assert float(found[1]) <= 1.5, unit.name


def test_the_service_and_the_check_are_shut_in_alike() -> None:
    service, check = (
        (DEPLOY / name)
        .read_text(encoding="utf-8")
        .partition("# It reads registers")[2]
        .partition("\n[Install]")[0]
        for name in ("tmwatch.service", "tmwatch-check.service")
    )
    assert service.strip() == check.strip()


def test_every_command_that_they_call_is_one_and_the_crontab_has_five_fields_each() -> None:
    called = set()
    for path in DEPLOY.iterdir():
        called |= set(
            re.findall(r"(?:bin/tmwatch |\"tmwatch\", \")([a-z]+)", path.read_text(encoding="utf-8"))
        )
    assert {"run", "check", "status", "backup"} <= called <= set(COMMAND_MODULES)
    lines = [
        line for line in (DEPLOY / "crontab").read_text(encoding="utf-8").splitlines() if "cd /srv" in line
    ]
    for line in lines:
        parse_schedule(" ".join(line.split()[:5]), ZoneInfo("UTC"))
    assert len(lines) == 2


def test_the_container_keeps_everything_in_its_volume_and_is_nobody_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert all(line in text for line in ("VOLUME /data", "USER 10001:10001", "TMWATCH_STATE_DIR=/data/state"))
    assert "HEALTHCHECK" in text
    assert 'CMD ["tmwatch", "status", "--json"]' in text
