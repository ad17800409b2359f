"""Learns the weights of the name scorer from public pairs and writes `tmwatch/data/name_weights.csv`.

    TMWATCH_SHARED=../shared python -m tests.quality.fit         (two minutes; needs the extra `quality`)
    TMWATCH_SHARED=../shared python -m tests.quality.fit --check    (prints the cross-validated figures only)

Deterministic: no random numbers. A logistic regression with a ridge penalty, by Newton steps: the pairs a
tribunal found confusing or that stood against each other in a proceeding (label 1) against background names
that share something with the watched mark. What a meaning in common weighs is learned after that, all else
held, with made-up translations beside the real pairs (`translations.py`): the public pairs hold a handful.
Cross-validated in five folds by group of cases, so that a mark is never scored by weights that have seen it;
a case of many pairs counts less than as many cases. The groups are parted into folds in `PARTINGS` ways and
the figures are the mean: of one parting alone, a point or two is chance.
"""

from __future__ import annotations

import csv
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from tests.quality.shared import shared_folder
from tests.quality.translations import translations
from tmwatch.similarity.background import made_han_names, made_names
from tmwatch.similarity.features import ALL_NAMES, expand, measure
from tmwatch.similarity.keys import is_han
from tmwatch.similarity.score import (
    NOISE_AT,
    NOTHING,
    QUIET,
    Scorer,
)
from tmwatch.similarity.weights import Weights

TARGET = Path(__file__).resolve().parents[2] / "tmwatch" / "data" / "name_weights.csv"
RIDGE = 75.0
# A label-1 pair beside the thousands of background names of its mark.
PAIR_WEIGHT = 3.0
# Learned again with made-up translations, which together weigh as ten pairs do; their background less.
SENSE = [ALL_NAMES.index(name) for name in ("sense", "sense*cover_other")]
SENSE_RIDGE = 1.0
MADE_WEIGHT = 30.0
MADE_BACKGROUND = 0.3
NOISE = 0.5
FOLDS = 5
PARTINGS = ("", "1:", "2:", "3:", "4:")
BUDGETS = (1, 5, 20)
SETS = (("decisions", "latin"), ("ttab", "latin"), ("decisions", "han"))


def measured(which: tuple[str, str]) -> dict[str, Any]:
    """The numbers of every pair of a set, and of every background name that is near one of its marks."""
    folder = shared_folder()
    assert folder is not None, "no ../shared/similarity here; set TMWATCH_SHARED"
    sys.path.insert(0, str(folder / "similarity"))
    import eval as measure_of_shared  # type: ignore[import-not-found]  # beside the project

    pairs = measure_of_shared.load_pairs("pairs_public.csv", *which)
    background = measure_of_shared.load_bg(which[1], 20_000)
    scorer = Scorer(weights=Weights((0.0,) * len(ALL_NAMES), 0.0, 0.0, (0.0, 0.0, 0.0)))
    batch = scorer.batch(background)
    made = scorer.batch((made_han_names if which[1] == "han" else made_names)(scorer.counts))
    marks = sorted({pair["mark_a"] for pair in pairs})
    rows: list[list[float]] = []
    of: list[int] = []
    made_rows: list[list[float]] = []
    made_of: list[int] = []
    for number, mark in enumerate(marks):
        one = scorer.name(mark)
        for names, into, into_of in ((batch, rows, of), (made, made_rows, made_of)):
            for at in scorer.near([one], names, np.array([-np.inf])).name.tolist():
                if names.name(at).compact != one.compact:
                    into.append(expand(measure(one, names.name(at), scorer.counts)[0]))
                    into_of.append(number)
    shared = [
        expand(measure(scorer.name(pair["mark_a"]), scorer.name(pair["mark_b"]), scorer.counts)[0])
        for pair in pairs
    ]
    return {
        "pairs": pairs,
        "marks": marks,
        "size": len(background),
        "made_size": len(made),
        "rows": np.array(rows),
        "of": np.array(of),
        "made_rows": np.array(made_rows),
        "made_of": np.array(made_of),
        "shared": np.array(shared),
    }


def measured_translations(pairs: list[dict[str, str]]) -> dict[str, Any]:
    """The numbers of made-up translations, and of background names that share a meaning with one's mark."""
    import eval as measure_of_shared

    scorer = Scorer(weights=Weights((0.0,) * len(ALL_NAMES), 0.0, 0.0, (0.0, 0.0, 0.0)))
    seen = {
        word.text for pair in pairs for name in ("mark_a", "mark_b") for word in scorer.name(pair[name]).words
    }
    made = translations(scorer, seen)
    background = {
        track: [scorer.name(name) for name in measure_of_shared.load_bg(track, 20_000)]
        for track in ("latin", "han")
    }
    rows = []
    for mark, other in made:
        one = scorer.name(mark)
        for name in background["han" if is_han(mark) or is_han(other) else "latin"]:
            if not one.senses.isdisjoint(name.senses) and one.compact != name.compact:
                row = expand(measure(one, name, scorer.counts)[0])
                if row[SENSE[0]]:
                    rows.append(row)
    shared = [expand(measure(scorer.name(one), scorer.name(other), scorer.counts)[0]) for one, other in made]
    return {"rows": np.array(rows), "shared": np.array(shared)}


def fold_of(group: str, parting: str = "") -> int:
    return zlib.crc32((parting + group).encode()) % FOLDS


def learn(sets: list[dict[str, Any]], made: dict[str, Any], without: int | None, parting: str = "") -> Any:
    """Weights and constant from all sets, without the groups of one fold."""
    parts, labels, importance = [], [], []
    for data in sets:
        group = {pair["mark_a"]: fold_of(pair["group_id"], parting) for pair in data["pairs"]}
        kept = np.array([group[mark] != without for mark in data["marks"]])[data["of"]]
        parts.append(data["rows"][kept])
        labels.append(np.zeros(int(kept.sum())))
        importance.append(np.ones(int(kept.sum())))
        chosen = [
            at
            for at, pair in enumerate(data["pairs"])
            if pair["label"] == "1" and fold_of(pair["group_id"], parting) != without
        ]
        many = Counter(data["pairs"][at]["group_id"] for at in chosen)
        parts.append(data["shared"][chosen])
        labels.append(np.ones(len(chosen)))
        importance.append(
            np.array([PAIR_WEIGHT / many[data["pairs"][at]["group_id"]] ** 0.7 for at in chosen])
        )
    x, y, weight = np.vstack(parts), np.concatenate(labels), np.concatenate(importance)
    mean, spread = x.mean(0), x.std(0) + 1e-9
    ridge = np.full(x.shape[1] + 1, RIDGE)
    ridge[-1] = 1e-6
    start = np.zeros(x.shape[1] + 1)
    start[-1] = -6.0
    w = newton(np.hstack([(x - mean) / spread, np.ones((len(x), 1))]), y, weight, ridge, start)
    plain = w[:-1] / spread
    w = np.append(plain, w[-1] - float((plain * mean).sum()))
    alike = x[:, SENSE].any(axis=1)
    more = np.vstack([x[alike], made["shared"], made["rows"]])
    y = np.concatenate([y[alike], np.ones(len(made["shared"])), np.zeros(len(made["rows"]))])
    weight = np.concatenate(
        [
            weight[alike],
            np.full(len(made["shared"]), MADE_WEIGHT / len(made["shared"])),
            np.full(len(made["rows"]), MADE_BACKGROUND),
        ]
    )
    w[SENSE] += (
        newton(
            more[:, SENSE] / spread[SENSE],
            y,
            weight,
            np.full(len(SENSE), SENSE_RIDGE),
            np.zeros(len(SENSE)),
            more @ w[:-1] + w[-1],
        )
        / spread[SENSE]
    )
    return w


def newton(z: Any, y: Any, importance: Any, ridge: Any, start: Any, base: Any = 0.0) -> Any:
    """The weights of the columns of `z` that fit the labels `y` best, each row having `base` beside."""
    w = start

    def loss(at: Any) -> float:
        s = z @ at + base
        return float((importance * (np.logaddexp(0, s) - y * s)).sum() + 0.5 * (ridge * at * at).sum())

    now = loss(w)
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(z @ w + base, -40, 40)))
        slope = z.T @ (importance * (p - y)) + ridge * w
        bend = (z * (importance * p * (1 - p))[:, None]).T @ z + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        size = 1.0
        while size > 1e-3 and loss(w - size * step) >= now:
            size /= 2
        after = loss(w - size * step)
        if now - after < 1e-6 * abs(now):
            break
        w, now = w - size * step, after
    return w


def calibrated(data: dict[str, Any], scores: Sequence[Any], noise: float) -> tuple[Any, Any]:
    """Both kinds of scores less the noise of their mark, as `Scorer` does it."""
    background, pairs, made = scores
    place = NOISE_AT * data["made_size"] // 10_000
    quiet = np.full(len(data["marks"]), QUIET)
    for number in range(len(data["marks"])):
        found = np.sort(made[data["made_of"] == number])[::-1]
        if len(found) > place:
            quiet[number] = max(QUIET, found[place])
    at = {mark: number for number, mark in enumerate(data["marks"])}
    mine = np.array([at[pair["mark_a"]] for pair in data["pairs"]])
    return background - noise * quiet[data["of"]], pairs - noise * quiet[mine]


def thresholds(data: dict[str, Any], background: Any) -> list[float]:
    """The scores above which a mark raises 1, 5 and 20 alarms among 10,000 names on average."""
    counted = {pair["mark_a"] for pair in data["pairs"] if pair["label"] == "1"}
    chosen = np.array([mark in counted for mark in data["marks"]])
    pool = np.sort(background[chosen[data["of"]]])[::-1]
    every = int(chosen.sum()) * data["size"]
    return [float(pool[min(int(k * every / 10_000), len(pool) - 1)]) for k in BUDGETS]


def figures(data: dict[str, Any], background: Any, pairs: Any) -> list[list[float]]:
    """For each budget: recall, label-0 pairs alarmed, alarms per mark (90th percentile, maximum)."""
    levels = thresholds(data, background)
    positive = [at for at, pair in enumerate(data["pairs"]) if pair["label"] == "1"]
    other = [at for at, pair in enumerate(data["pairs"]) if pair["label"] == "0"]
    watched = sorted({data["marks"].index(data["pairs"][at]["mark_a"]) for at in positive})
    counts = []
    for least in levels:
        each = np.bincount(data["of"][background >= least], minlength=len(data["marks"]))[watched]
        counts.append(each * 10_000 / data["size"])
    return [
        [100 * float((pairs[positive] >= least).mean()) for least in levels],
        [100 * float((pairs[other] >= least).mean()) if other else 0.0 for least in levels],
        [float(np.sort(each)[len(each) * 9 // 10]) for each in counts],
        [float(each.max()) for each in counts],
    ]


def cross_validated(sets: list[dict[str, Any]], made_up: dict[str, Any], parting: str) -> list[list[Any]]:
    """For each set the scores of background, pairs and made-up names, by weights that saw no such mark."""
    out = [[np.full(len(data[name]), NOTHING) for name in ("rows", "shared", "made_rows")] for data in sets]
    for fold in range(FOLDS):
        w = learn(sets, made_up, fold, parting)
        for data, scores in zip(sets, out, strict=True):
            group = {pair["mark_a"]: fold_of(pair["group_id"], parting) for pair in data["pairs"]}
            held = np.array([group[mark] == fold for mark in data["marks"]])
            mine = np.array([fold_of(pair["group_id"], parting) == fold for pair in data["pairs"]])
            chosen = (held[data["of"]], mine, held[data["made_of"]])
            for name, into, some in zip(("rows", "shared", "made_rows"), scores, chosen, strict=True):
                into[some] = data[name][some] @ w[:-1] + w[-1]
    return out


def main() -> None:
    with ProcessPoolExecutor(2) as pool:
        sets = list(pool.map(measured, SETS))
        made_up = pool.submit(
            measured_translations, [pair for data in sets for pair in data["pairs"]]
        ).result()
    out = [cross_validated(sets, made_up, parting) for parting in PARTINGS]
    for at, (which, data) in enumerate(zip(SETS, sets, strict=True)):
        for noise in (0.3, NOISE, 0.7):
            found = [figures(data, *calibrated(data, scores[at], noise)) for scores in out]
            recall, other, most, top = (
                " / ".join(f"{figure:.1f}" for figure in row) for row in np.mean(found, axis=0)
            )
            print(
                f"{' '.join(which)} cross-validated, noise {noise}: {recall} % | label 0: {other} % | "
                f"alarms per mark: p90 {most}, max {top}",
                flush=True,
            )
    if "--misses" in sys.argv:
        for at, (which, data) in enumerate(zip(SETS, sets, strict=True)):
            background, pairs = calibrated(data, out[0][at], NOISE)
            least = thresholds(data, background)
            for pair, found in zip(data["pairs"], pairs, strict=True):
                if pair["label"] == "1" and found < least[0]:
                    budget = max(k for k, level in zip(BUDGETS, least, strict=True) if found < level)
                    names = f"{pair['mark_a']} / {pair['mark_b']}"
                    print(f"  missed at {budget}:", *which, names, round(float(found - least[0]), 2))
    if "--check" in sys.argv:
        return
    w = learn(sets, made_up, None)
    least_of = []
    for data in sets[:2]:
        scores = [data[name] @ w[:-1] + w[-1] for name in ("rows", "shared", "made_rows")]
        least_of.append(thresholds(data, calibrated(data, scores, NOISE)[0]))
    levels = np.mean(least_of, axis=0)
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("name", "weight"))
        for name, weight in zip((*ALL_NAMES, "constant"), w, strict=True):
            writer.writerow((name, f"{weight:.5f}"))
        writer.writerow(("noise", NOISE))
        for at, least in enumerate(levels, 1):
            writer.writerow((f"level {at}", f"{least:.4f}"))
    print(f"written: {TARGET.name}")


if __name__ == "__main__":
    main()
