"""python -m tests.benchmarks.naive ADDRESS COUNT: the loop that one writes oneself, for comparison.

requests, BeautifulSoup, the label/value pairs of the page as a dict, compared with those in a JSON file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests
from bs4 import BeautifulSoup


def look(session: requests.Session, url: str) -> dict[str, str]:
    """What the page says."""
    soup = BeautifulSoup(session.get(url, timeout=30).content, "lxml")
    found = {}
    for key in soup.find_all("div", class_="key"):
        value = key.find_next_sibling("div", class_="value")
        if value is not None and "Generated" not in key.get_text():
            found[key.get_text(" ", strip=True)] = value.get_text(" ", strip=True)
    rows = [row.get_text(" ", strip=True) for row in soup.find_all("tr")]
    return {**found, "rows": "\n".join(rows)}


def main(address: str, count: int) -> None:
    """One pass over all numbers."""
    path = Path("seen.json")
    seen = json.loads(path.read_text()) if path.exists() else {}
    changed = 0
    with requests.Session() as session:
        for number in range(count):
            url = f"{address}/statusview/sn{90_000_000 + number}"
            now = look(session, url)
            changed += seen.get(url) not in (None, now)
            seen[url] = now
    path.write_text(json.dumps(seen))
    print(json.dumps({"changed": changed}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
