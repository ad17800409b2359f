"""Writes `tests/similarity/pinned_scores.csv`: what the shipped scorer says today of pairs made by us.

    python -m tests.quality.pin

Run it after `tests.quality.fit` or a change of a table, and read the difference before it is kept: the test
that holds the scores against this file turns red with every changed weight.
"""

from __future__ import annotations

import csv
from pathlib import Path

from tmwatch.similarity import compare

TARGET = Path(__file__).resolve().parents[1] / "similarity" / "pinned_scores.csv"


def main() -> None:
    with TARGET.open(encoding="utf-8", newline="") as stream:
        pairs = [(row["watched"], row["candidate"]) for row in csv.DictReader(stream)]
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("watched", "candidate", "level", "score"))
        for watched, candidate in pairs:
            found = compare(watched, candidate)
            writer.writerow((watched, candidate, found.level, f"{found.score:.3f}"))


if __name__ == "__main__":
    main()
