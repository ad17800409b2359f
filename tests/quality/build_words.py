"""Counts the words, letter groups and Chinese characters of real names for `tmwatch/data/name_words.csv`.

Run it again after the background changes:

    TMWATCH_SHARED=../shared python -m tests.quality.build_words

Only counts are kept, no name: a word stands in the table if at least three names hold it.

Columns: `kind` (word, letters, han, hanword), `text`, `names` (how many names hold it). The row
`total,latin,N` / `total,han,N` says of how many names.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

from tests.quality.shared import shared_folder
from tmwatch.similarity.keys import HAN_RUN, latin_words

TARGET = Path(__file__).resolve().parents[2] / "tmwatch" / "data" / "name_words.csv"
LEAST_WORD = 3
LEAST_LETTERS = 3
LEAST_HANWORD = 25


def main() -> None:
    folder = shared_folder()
    if folder is None:
        raise SystemExit("no ../shared/similarity here; set TMWATCH_SHARED to the folder that holds it")
    words: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    han: Counter[str] = Counter()
    hanwords: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    with (folder / "similarity" / "background.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found = set(latin_words(row["name"]))
            runs = re.findall(HAN_RUN, row["name"])
            if found:
                totals["latin"] += 1
                words.update(found)
            for word in found:
                letters.update({f"^^{word}$"[i : i + 3] for i in range(len(word) + 1)})
            if runs:
                totals["han"] += 1
                han.update(set("".join(runs)))
                hanwords.update({run[i : i + 2] for run in runs for i in range(len(run) - 1)})
    rows = [("total", kind, number) for kind, number in sorted(totals.items())]
    for kind, counted, least in (
        ("word", words, LEAST_WORD),
        ("letters", letters, LEAST_LETTERS),
        ("han", han, LEAST_LETTERS),
        ("hanword", hanwords, LEAST_HANWORD),
    ):
        rows += [(kind, text, number) for text, number in sorted(counted.items()) if number >= least]
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("kind", "text", "names"))
        writer.writerows(rows)
    print(f"{TARGET.name}: {len(rows)} rows")


if __name__ == "__main__":
    main()
