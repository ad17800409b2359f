"""The measure of the name scorer: our row beside those of the baselines, from one run.

    make quality            or    TMWATCH_SHARED=../shared python -m tests.quality.measure [--quick]

The pairs, the background names and the baselines lie in `../shared/similarity` and are no part of the
project; where they are not, that is said aloud and nothing is measured. Our weights were learned from these
public pairs: the honest figures for pairs never seen are the cross-validated ones of
`python -m tests.quality.fit --check`.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from tests.quality.shared import shared_folder
from tmwatch.similarity.score import score, score_many

OURS = "tests.quality.measure:ours"
# Of the shared folder, all that compare letters or sounds; for Chinese those that can read it.
LATIN = (
    "tri_plus_tokenset", "trigram_jaccard", "token_set_ratio", "token_sort_ratio", "jaro_winkler", "ratio",
    "ratio_spaced", "partial_ratio", "WRatio", "levenshtein", "lev_le2", "soundex_eq", "metaphone_eq",
    "nysiis_eq", "dmetaphone_eq", "metaphone_ratio", "nysiis_ratio",
)  # fmt: skip
HAN = ("ratio_t2s", "ratio_pinyin", "partial_pinyin", "ratio_t2s_or_pinyin")
ALSO = {
    "latin": LATIN,
    "han": ("tri_plus_tokenset", "token_set_ratio", "jaro_winkler", "ratio", "WRatio", *HAN),
}
SETS = (("decisions", "latin"), ("ttab", "latin"), ("decisions", "han"))
ours = score
ours_many = score_many


def main() -> int:
    folder = shared_folder()
    if folder is None:
        print(
            "NOT MEASURED: the pairs and the background names are not here. They lie in ../shared/similarity "
            "beside the project; set TMWATCH_SHARED to the folder that holds `similarity`.",
            file=sys.stderr,
        )
        return 0
    sys.path.insert(0, str(folder / "similarity"))
    shared: Any = importlib.import_module("eval")
    for which, track in SETS:
        pairs = shared.load_pairs("pairs_public.csv", which, track)
        background = shared.load_bg(track, 20_000)
        print(f"\n{which}, {track}: {len(pairs)} public pairs, {len(background)} background names")
        print(shared.HEAD, flush=True)
        names = () if "--quick" in sys.argv else ALSO[track]
        for spec in (*(f"baselines:{name}" for name in names), OURS):
            result = shared.evaluate(spec, pairs, background)
            print(shared.line(result), flush=True)
        _short(shared, pairs, background, result)
    return 0


def _short(shared: Any, pairs: list[dict[str, str]], background: list[str], result: Any) -> None:
    """Short marks apart, and how the alarms are spread over the watched marks."""
    least = {budget: found["threshold"] for budget, found in result["budgets"].items()}
    marks = {shared.comp(pair["mark_a"]): pair["mark_a"] for pair in pairs if pair["label"] == "1"}
    for budget in shared.BUDGETS:
        counts = sorted(
            sum(found >= least[budget] for found in score_many(mark, background)) * 10_000 / len(background)
            for mark in marks.values()
        )
        print(
            f"   alarms per mark at {budget}: 90th percentile {counts[len(counts) * 9 // 10]:g}, "
            f"maximum {counts[-1]:g}"
        )
    for size, what in ((2, "up to 2 characters"), (3, "up to 3 characters")):
        short = [p for p in pairs if p["label"] == "1" and len(shared.comp(p["mark_a"])) <= size]
        if short:
            hits = [sum(score(p["mark_a"], p["mark_b"]) >= least[k] for p in short) for k in shared.BUDGETS]
            print(f"   marks of {what}: {' / '.join(map(str, hits))} of {len(short)} pairs")


if __name__ == "__main__":
    raise SystemExit(main())
