"""Learns the weights of the name scorer from public pairs and writes `tmwatch/data/name_weights.csv`.

    TMWATCH_SHARED=../shared python -m tests.quality.fit         (two minutes; needs the extra `quality`)
    TMWATCH_SHARED=../shared python -m tests.quality.fit --check    (prints the cross-validated figures only)

Deterministic: no random numbers. A logistic regression with a ridge penalty, by Newton steps: the pairs a
tribunal found confusing or that stood against each other in a proceeding (label 1) against background names
that share something with the watched mark. Cross-validated in five folds by group of cases, so that a mark
is never scored by weights that have seen it; a case of many pairs counts less than as many cases.
"""

from __future__ import annotations

import csv
import sys
import zlib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from tests.quality.shared import shared_folder
from tmwatch.similarity.features import ALL_NAMES, expand, measure
from tmwatch.similarity.score import NOTHING, Scorer, Weights, made_han_names, made_names

TARGET = Path(__file__).resolve().parents[2] / "tmwatch" / "data" / "name_weights.csv"
RIDGE = 10.0
# A label-1 pair beside the thousands of background names of its mark.
PAIR_WEIGHT = 3.0
NOISE = 0.5
FOLDS = 5
BUDGETS = (1, 5, 20)
SETS = (("decisions", "latin"), ("ttab", "latin"), ("decisions", "han"))


def measured(which: tuple[str, str]) -> dict[str, Any]:
    """The numbers of every pair of a set, and of every background name that is near one of its marks."""
    folder = shared_folder()
    assert folder is not None, "no ../shared/similarity here; set TMWATCH_SHARED"
    sys.path.insert(0, str(folder / "similarity"))
    import eval as measure_of_shared  # type: ignore[import-not-found]

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


def fold_of(group: str) -> int:
    return zlib.crc32(group.encode()) % FOLDS


def learn(sets: list[dict[str, Any]], without: int | None) -> Any:
    """Weights and constant from all sets, without the groups of one fold."""
    parts, labels, importance = [], [], []
    for data in sets:
        group = {pair["mark_a"]: fold_of(pair["group_id"]) for pair in data["pairs"]}
        kept = np.array([group[mark] != without for mark in data["marks"]])[data["of"]]
        parts.append(data["rows"][kept])
        labels.append(np.zeros(int(kept.sum())))
        importance.append(np.ones(int(kept.sum())))
        chosen = [
            at
            for at, pair in enumerate(data["pairs"])
            if pair["label"] == "1" and fold_of(pair["group_id"]) != without
        ]
        many = Counter(data["pairs"][at]["group_id"] for at in chosen)
        parts.append(data["shared"][chosen])
        labels.append(np.ones(len(chosen)))
        importance.append(
            np.array([PAIR_WEIGHT / many[data["pairs"][at]["group_id"]] ** 0.7 for at in chosen])
        )
    return newton(np.vstack(parts), np.concatenate(labels), np.concatenate(importance))


def newton(x: Any, y: Any, importance: Any) -> Any:
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = np.hstack([(x - mean) / spread, np.ones((len(x), 1))])
    ridge = np.full(z.shape[1], RIDGE)
    ridge[-1] = 1e-6
    w = np.zeros(z.shape[1])
    w[-1] = -6.0

    def loss(at: Any) -> float:
        s = z @ at
        return float((importance * (np.logaddexp(0, s) - y * s)).sum() + 0.5 * (ridge * at * at).sum())

    now = loss(w)
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -40, 40)))
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
    plain = w[:-1] / spread
    return np.append(plain, w[-1] - float((plain * mean).sum()))


def calibrated(data: dict[str, Any], background: Any, pairs: Any, made: Any, noise: float) -> tuple[Any, Any]:
    """Both kinds of scores less the noise of their mark, as `Scorer` does it."""
    place = 10 * data["made_size"] // 10_000
    quiet = np.full(len(data["marks"]), -9.0)
    for number in range(len(data["marks"])):
        scores = np.sort(made[data["made_of"] == number])[::-1]
        if len(scores) > place:
            quiet[number] = max(-9.0, scores[place])
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


def row(data: dict[str, Any], background: Any, pairs: Any) -> str:
    levels = thresholds(data, background)
    positive = [at for at, pair in enumerate(data["pairs"]) if pair["label"] == "1"]
    other = [at for at, pair in enumerate(data["pairs"]) if pair["label"] == "0"]
    found = " / ".join(f"{(pairs[positive] >= least).mean():.1%}" for least in levels)
    wrong = " / ".join(f"{(pairs[other] >= least).mean():.0%}" for least in levels) if other else "–"
    counts = np.bincount(data["of"][background >= levels[1]], minlength=len(data["marks"]))
    counts = counts * 10_000 / data["size"]
    spread = f"p90 {np.quantile(counts, 0.9):.0f}, max {counts.max():.0f}"
    return f"{found} | label 0: {wrong} | alarms per mark @5: {spread}"


def main() -> None:
    with ProcessPoolExecutor(2) as pool:
        sets = list(pool.map(measured, SETS))
    out = [
        [
            np.full(len(data["of"]), NOTHING),
            np.full(len(data["pairs"]), NOTHING),
            np.full(len(data["made_of"]), NOTHING),
        ]
        for data in sets
    ]
    for fold in range(FOLDS):
        w = learn(sets, fold)
        for data, (background, pairs, made) in zip(sets, out, strict=True):
            group = {pair["mark_a"]: fold_of(pair["group_id"]) for pair in data["pairs"]}
            held = np.array([group[mark] == fold for mark in data["marks"]])
            mine = np.array([fold_of(pair["group_id"]) == fold for pair in data["pairs"]])
            for rows, into, chosen in (
                (data["rows"], background, held[data["of"]]),
                (data["shared"], pairs, mine),
                (data["made_rows"], made, held[data["made_of"]]),
            ):
                if chosen.any():
                    into[chosen] = rows[chosen] @ w[:-1] + w[-1]
    for which, data, scores in zip(SETS, sets, out, strict=True):
        for noise in (0.0, 0.3, NOISE, 0.7):
            print(
                *which,
                f"cross-validated, noise {noise}:",
                row(data, *calibrated(data, *scores, noise)),
                flush=True,
            )
    if "--misses" in sys.argv:
        for which, data, scores in zip(SETS, sets, out, strict=True):
            background, pairs = calibrated(data, *scores, NOISE)
            least = thresholds(data, background)[1]
            for pair, found in zip(data["pairs"], pairs, strict=True):
                if pair["label"] == "1" and found < least:
                    print(
                        "  missed at 5:",
                        *which,
                        pair["mark_a"],
                        "/",
                        pair["mark_b"],
                        round(float(found - least), 2),
                    )
    if "--check" in sys.argv:
        return
    w = learn(sets, None)
    found = []
    for data in sets[:2]:
        scores = [data[name] @ w[:-1] + w[-1] for name in ("rows", "shared", "made_rows")]
        found.append(thresholds(data, calibrated(data, *scores, NOISE)[0]))
    levels = np.mean(found, axis=0)
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
