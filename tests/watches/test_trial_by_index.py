"""A watch tried with the index of the register's names: the answers are those of comparing every name."""

from __future__ import annotations

import datetime as dt
import importlib
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.records import record, sight
from tests.store.test_register import take
from tests.watches.test_rules import watch
from tmwatch.config import Config, Watch, load_config
from tmwatch.nearby import up_to_date
from tmwatch.sources.slim import Essence, Slim
from tmwatch.store import Database, observe
from tmwatch.store.register import Register, Told
from tmwatch.stored import batches
from tmwatch.watches.commonness import watched
from tmwatch.watches.trial import Trial, trial

# Each with its other names by their kind.
ODD: tuple[tuple[str | None, tuple[tuple[str, str], ...]], ...] = (
    *((name, ()) for name in ("JOYROBOTAXI", "Joy Robo Taxi", "J0YROBOTAXI", "JOY-ROBO-TAXI 24")),
    *((name, ()) for name in ("JOY★ROBOTAXI", "JÖYROBOTAXI", "Joyröbotaxi", "P!NK", "L8R", "LATER")),
    *((name, ()) for name in ("京东汽车", "京東汽車", "北京东方", "晶东", "JD京东", "京东之家")),
    *((name, ()) for name in ("ジョイ", "じょい", "ДЖОЙ РОБОТАКСИ", "조이로보택시")),
    *((name, ()) for name in ("JD", "JDEX", "BMW", "MBWL", "3M", "EM", "!!!", "", "   ", "★", "JD🚗 AUTO")),
    *((name, ()) for name in ("SPORTS", "PORTS CAFE", "CAR PORTS", "HAVENS", "MOONBEAM", "精工", "X RAY")),
    (None, ()),
    (None, (("pseudo", "JOY ROBO TAXI"),)),
    ("欢乐车", (("transliteration", "HUAN LE CHE"), ("translation", "JOY CAR"))),
    ("WAGEN", (("translation", "The English translation of WAGEN is JOYROBOTAXI"),)),
    ("XQZ", (("translation", "JOYROBOTAXI"),)),
    ("ZQX", (("translation", "J0YR0B0TAX1"), ("pseudo", "ZED QUE EX"))),
    ("SEIKO", (("pseudo", "Seiko!"),)),
    ("MOON", (("pseudo", "Seiko!"), ("translation", "SEIKO"))),
    (" ".join(f"SLOGAN{at}" for at in range(20)) + " JOYROBOTAXI", ()),
    ("JOYROBOTAXI " * 90, ()),
    ("A" * 80, ()),
)
WORDS = (
    *("JOY", "ROBO", "TAXI", "AUTO", "CAR", "SEIKO", "STAR", "MOON", "FRESH", "KODAK", "CODAK", "COFFEE"),
    *("SHIRT", "JD", "京东", "汽车", "4EVER", "SON", "DATA"),
)


def filing(at: int, name: str | None, others: tuple[tuple[str, str], ...], day: str = "2026-04-20") -> Told:
    st13 = f"US5000000{at:08}"
    rng = random.Random(at)
    slim = Slim(
        st13,
        str(at),
        name,
        tuple(str(one) for one in sorted(rng.sample((9, 12, 25, 35, 39), rng.randint(0, 2)))),
        (rng.choice(("Zebra AG", "Jingdong GmbH", "Muster Boats")),),
        (rng.choice(("Firm One", "Firm Two")),),
        "630",
        "live",
        dt.date(2026, rng.randint(1, 4), 1) if rng.random() < 0.9 else None,
        dt.date.fromisoformat(day),
        registration_number=f"{at:07}",
        other_names=others,
    )
    return Told(Essence(st13, day, f"{name}{day}".encode("utf-8", "surrogatepass")), slim)


def some_filings(rng: random.Random) -> Iterator[Told]:
    for at, (name, others) in enumerate(ODD):
        yield filing(at, name, others)
    for at in range(len(ODD), 600):
        words = rng.choices(WORDS, k=rng.randint(1, 3))
        name = (" " if rng.random() < 0.7 else "").join(words)
        kind = rng.choice(("pseudo", "translation", "transliteration"))
        yield filing(at, name, ((kind, rng.choice(WORDS)),) if rng.random() < 0.2 else ())


WATCHES: tuple[dict[str, Any], ...] = (
    {"marks": ("Joyrobotaxi", "京东汽车", "JD Auto"), "classes": (9, 12, 35, 39)},
    {"marks": ("SEIKO",), "level": 4},
    {"marks": ("SEIKO", "4EVER", "L8R", "BMW"), "level": 1, "except_owners": ("Zebra AG",)},
    {"marks": ("JD",), "twins": (("JD", "京东"),), "level": 3, "offices": ("CN",)},
    {"marks": ("FRESH SHIRT", "Ports"), "classes": (25,), "require": "all", "owners": ("Muster Boats",)},
    {"marks": ("KODAK",), "level": 0, "agents": ("Firm One",), "since": dt.date(2026, 2, 1)},
    {"marks": ("Moonbeam", "3M"), "goods": ("ferries",), "classes": (12,), "related": True},
    {"marks": ("ДЖОЙ", "ジョイ", "조이"), "level": 4},
    {"owners": ("Muster Boats",), "goods": ("ferries",)},
    {"classes": (12,), "goods": ("ferries",)},
    {"marks": ("!!!", "Data")},
    # Own meanings: of a word of the mark; of a part of names, or of the mark, that says nothing by itself but
    # means a known name beside another meaning; in kana; a letter; several words.
    {"marks": ("SEIKO",), "meanings": (("seiko", "kodak"), ("汽车", "coffee")), "level": 3},
    {"marks": ("HAVENS", "SPORTS"), "meanings": (("ports", "havens"),), "level": 4},
    {"marks": ("SEIKOWATCH",), "meanings": (("seiko", "xyzzy"),), "level": 4},
    {"marks": ("Moon",), "meanings": (("moon", "ジョイ"),), "level": 4},
    {"marks": ("Star",), "meanings": (("star", "x"), ("fresh star", "joy car")), "level": 3},
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("register")
    (folder / "tmwatch.toml").write_text(
        '[operator]\ncontact = "ip-watch@firm.test"\n[store]\nregister = "register.db"\n'
    )
    found = load_config(folder / "tmwatch.toml")
    with the_register(found, create=True) as register:
        take(register, *some_filings(random.Random(4)))
    return found


def the_register(config: Config, *, create: bool = False) -> Register:
    assert config.store.register is not None
    return Register(config.store.register, create=create)


def tried(config: Config, one: Watch, *, fast: bool, database: Database | None = None) -> Trial:
    if not fast:
        return trial(one, batches(config, database))
    with the_register(config) as register:
        index = up_to_date(register)
    return trial(one, batches(config, database, [watched(one, text) for text in one.marks], index))


@pytest.mark.parametrize("at", range(len(WATCHES)))
def test_the_index_changes_no_answer(config: Config, at: int) -> None:
    one = watch(**WATCHES[at])
    slow = tried(config, one, fast=False)
    assert slow.looked_through == 600
    assert slow.hits or slow.misses or slow.goods_unknown or not any(one.marks), "it says nothing"
    assert tried(config, one, fast=True) == slow


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were made ready to be compared."""
    score = importlib.import_module("tmwatch.similarity.score")
    batch, found = score.Scorer.batch, []

    def tell(self: Any, names: list[str]) -> Any:
        found.extend(names)
        return batch(self, names)

    monkeypatch.setattr(score.Scorer, "batch", tell)
    return found


def test_what_the_index_knows_to_be_far_is_not_made_ready(config: Config, made: list[str]) -> None:
    slims = [one.slim for one in some_filings(random.Random(4))]
    translated = {text for one in slims for kind, text in one.other_names if kind == "translation"}
    names = {one.name or "" for one in slims} - translated
    plain = {name for name in names if name.isascii() and name.replace(" ", "").isalpha()}
    one = watch(marks=("Zqvntrlk",))
    tried(config, one, fast=False)
    assert plain <= {*made}
    assert len(plain) > 200
    made.clear()
    assert tried(config, one, fast=True).looked_through == 600
    assert plain.isdisjoint(made)
    assert "JOY-ROBO-TAXI 24" not in made  # but its other forms


def test_an_index_that_lags_behind_or_is_of_another_store_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "tmwatch.toml").write_text(
        '[operator]\ncontact = "ip-watch@firm.test"\n[store]\nregister = "register.db"\n'
    )
    config = load_config(tmp_path / "tmwatch.toml")
    one = watch(marks=("SEIKO",))
    marks = [watched(one, "SEIKO")]
    with the_register(config, create=True) as register:
        take(register, filing(1, "MOON", ()), filing(2, "SEIKO", ()), filing(3, "LAMP", ()))
        index = up_to_date(register)
        # Named anew, and new, since: as if another process had brought it meanwhile.
        take(register, filing(3, "SEYKO", (), "2026-04-21"), filing(4, "SEIKO", ()))
    found = trial(one, batches(config, None, marks, index))
    assert [hit.st13[-1] for hit in found.hits] == ["2", "4", "3"]
    assert found == trial(one, batches(config, None))
    with the_register(config) as register:
        index = up_to_date(register)
        register.forget_index()
        up_to_date(register)  # made anew meanwhile, in which the names have other places
    assert trial(one, batches(config, None, marks, index)) == found


def test_what_stands_in_both_stores_counts_as_the_database_has_it(config: Config, tmp_path: Path) -> None:
    with closing(Database(tmp_path / "tmwatch.db")) as database:
        # The register has it as JOYROBOTAXI; and one that the register does not have.
        both = [record("US500000000000000", verbal_element="SEIKO"), record(verbal_element="SEIKO")]
        observe(database, [sight(one, "2026-04-22") for one in both], run="r")
        one = watch(marks=("SEIKO",))
        fast, slow = (tried(config, one, fast=fast, database=database) for fast in (True, False))
    assert fast == slow
    assert fast.kept_in == {"database": 2, "register": 599}
    assert {hit.st13 for hit in fast.hits if hit.kept_in == "database"} == {both[0].st13, both[1].st13}
