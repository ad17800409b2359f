"""All watches against many filings at once: the same as one by one, and nothing missed."""

from __future__ import annotations

import datetime as dt
import random

from tests.watches.test_rules import record, watch
from tmwatch.config import Watch
from tmwatch.model import GoodsServices, Party, TradeMark
from tmwatch.numbers import parse_number
from tmwatch.similarity import WatchedMark, nearest
from tmwatch.watches import Filing, Portfolio, filing_of, match
from tmwatch.watches.filing import mark_names

NAMES = ("JD Auto", "JDAUTO", "Joy Robotaxi", "Kodak", "Codack", "京东汽车", "Seiko", "Zebra Ltd", "")
OWNERS = (
    *("Beijing Jingdong Co., Ltd.", "京东有限公司", "Jingdong GmbH", "Zebra AG", "Zabra AG"),
    *("KODАK EXAMPLE INC", "Kodak Example", "Kodak Exampel"),  # the А of the first is Cyrillic
)
GOODS = ("Autonomous vehicles; taxis", "Computer software", None)


def some_watches(rng: random.Random) -> list[Watch]:
    def few(of: tuple[str, ...], most: int) -> tuple[str, ...]:
        return tuple(rng.sample([one for one in of if one], rng.randint(0, most)))

    made = []
    for place in range(20):
        owners = few(OWNERS, 2)
        made.append(
            Watch(
                name=f"W{place}",
                marks=few(NAMES, 2),
                owners=owners,
                owners_like=bool(owners) and rng.random() < 0.5,
                agents=few(OWNERS, 1),
                numbers=tuple(
                    parse_number(f"US reg 100000{rng.randint(0, 9)}") for _ in range(place % 3 // 2)
                ),
                except_owners=few(OWNERS, 1),
                classes=tuple(sorted(rng.sample((9, 12, 25, 39), rng.randint(0, 2)))),
                related=rng.random() < 0.3,
                goods=("autonomous vehicle",) if rng.random() < 0.2 else (),
                offices=("US",) if rng.random() < 0.2 else (),
                since=dt.date(2026, 2, 1) if rng.random() < 0.2 else None,
                require=rng.choice(("any", "all")),
                level=rng.choice((0, 1, 2, 3)),
                twins=(("JD", "京东"),) if rng.random() < 0.5 else (),
            )
        )
    return made


def some_records(rng: random.Random) -> list[TradeMark]:
    return [
        record(
            rng.choice(("US", "CN")),
            f"US50000000000{place:04}",
            verbal_element=rng.choice(NAMES),
            translation=rng.choice(("", "京东", "Codak")),
            owners=(Party(name=rng.choice(OWNERS)),),
            representatives=(Party(name=rng.choice(OWNERS)),),
            registration_number=f"100000{rng.randint(0, 9)}",
            classes=tuple(
                GoodsServices(class_number=str(number), text=rng.choice(GOODS))
                for number in rng.sample((9, 12, 25, 35, 39), rng.randint(0, 2))
            ),
            application_date=dt.date(2026, rng.randint(1, 4), 1),
        )
        for place in range(60)
    ]


def test_many_watches_at_once_are_answered_as_one_by_one() -> None:
    rng = random.Random(2)
    watches, records = some_watches(rng), some_records(rng)
    at_once = Portfolio(watches).matches(records)
    one_by_one = {}
    names = [mark_names(item) for item in records]
    for one in watches:
        marks = [WatchedMark(text, one.twins, frozenset(one.classes)) for text in one.marks]
        near = nearest(marks, names, one.level) if one.level else []
        for place, item in enumerate(records):
            found = [each for each in near if each.candidate == place]
            found.sort(key=lambda each: (each.likeness.level, -each.likeness.score))
            answer = match(one, item, found[0] if found else None)
            if answer.hit:
                one_by_one[one.name, item.st13] = answer
    assert len(one_by_one) > 40
    assert sum(not answer.sure for answer in one_by_one.values()) > 15
    assert {key: answer.why for key, answer in at_once.items()} == {
        key: answer.why for key, answer in one_by_one.items()
    }


def test_what_a_whole_register_need_not_read_is_what_concerns_nobody() -> None:
    rng = random.Random(3)
    watches, records = some_watches(rng)[:12], some_records(rng)
    portfolio = Portfolio(watches)
    hit = {st13 for _, st13 in portfolio.matches(records)}
    concerning = portfolio.concerning([filing_of(one) for one in records])
    assert hit <= {records[place].st13 for place in concerning}
    # Of a register that gives no goods and no filing date nothing is missed either.
    bare = [filing_of(one)._replace(goods=None, filed=None, classes=None) for one in records]
    assert concerning <= portfolio.concerning(bare)


def test_a_filing_that_has_nothing_to_do_with_any_watch_is_not_read() -> None:
    portfolio = Portfolio([watch(marks=("Kodak",), classes=(9,)), watch(owners=("Zebra AG",))])
    filings = [
        Filing("US500000000000001", "US", ("Codack",), classes=(9,)),
        Filing("US500000000000002", "US", ("Codack",), classes=(25,)),
        Filing("US500000000000003", "US", ("Something",), ("Zebra Inc.",)),
        Filing("US500000000000004", "US", ("Something else",), ("Nobody",)),
        Filing("US500000000000005", "US", ("Codack",)),  # of which nobody tells the classes
    ]
    assert portfolio.concerning(filings) == {0, 2, 4}


def test_a_watch_without_triggers_and_without_filters_that_fail_takes_all() -> None:
    portfolio = Portfolio([watch(offices=("US",))])
    assert portfolio.concerning([Filing("US500000000000001", "US"), Filing("CN500000000000001", "CN")]) == {0}


def test_the_nearest_of_a_watch_says_which_of_its_marks_it_is() -> None:
    portfolio = Portfolio([watch(marks=("Zebra", "Kodak"))])
    ((key, near),) = portfolio.near([record(verbal_element="Codak")]).items()
    assert key == ("W", record().st13)
    assert near.mark == 1
    assert near.likeness.level <= 2


def test_how_far_off_marks_are_looked_for_can_be_set_for_all() -> None:
    (near,) = (
        Portfolio([watch(marks=("Kodak",), level=1)], level=4)
        .near([record(verbal_element="Kodiak Bear")])
        .values()
    )
    assert near.likeness.level > 1
