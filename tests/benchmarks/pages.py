"""Pages for benchmarks, grown from our own fixtures until they have the size of the register's."""

from __future__ import annotations

import random
import re
from pathlib import Path

from tests.conftest import ROOT, recorded_folder

_ROW = re.compile(rb'<tr class="(?:even)?">.*?</tr>', re.DOTALL)
_DATE = re.compile(rb"[A-Z][a-z]{2}\.? \d\d, \d{4}")
_MONTHS = b"Jan. Feb. Mar. Apr. May Jun. Jul. Aug. Sep. Oct. Nov. Dec.".split()


def status_page(kilobytes: int = 80, seed: int = 7) -> bytes:
    """A TSDR status page: its history goes on, with other dates, until the page is as long as asked for."""
    body = (ROOT / "fixtures/us.tsdr/registered-word-mark/page.html").read_bytes()
    rows = list(_ROW.finditer(body, body.index(b"Prosecution History")))
    assert rows, "the fixture's history has no rows"
    chance, more, size = random.Random(seed), [], len(body)
    while size < kilobytes * 1000:
        date = b"%s %02d, %d" % (chance.choice(_MONTHS), chance.randint(1, 28), chance.randint(1995, 2019))
        more.append(_DATE.sub(date, chance.choice(rows)[0], count=1))
        size += len(more[-1])
    return body[: rows[-1].end()] + b"".join(more) + body[rows[-1].end() :]


def xml_records(form: str) -> list[bytes]:
    """The records of one form ("ST66", "ST96"): our fixtures, and the recordings where there are any."""
    fixtures = [
        path
        for path in sorted((ROOT / "fixtures/us.tsdr-api").glob(f"*/*{form}.xml"))
        if (path.parent / "expect.json").exists()
    ]
    folder = recorded_folder()
    recordings: list[Path] = sorted((folder / "us/tsdr_xml").glob(f"*{form}.xml")) if folder else []
    return [path.read_bytes() for path in (*fixtures, *recordings)]
