"""Filings that live at random: names, owners, agents and goods out of pools, of which each watch's are known.

`days(number, seed)` gives the cases of each day. What a filing is under is read off the pools (`under`).
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.oracle.filings import Filing
from tests.oracle.promises import Under
from tests.oracle.stories import CARS, DAYS, DRIVERLESS, LATER, LATER_ON, SHIRTS

# Name of a mark: the watch that it is under, and whether it is that very name.
MARKS = {
    "JOYROBOTAXI": ("names", True),
    "JOYROBOTAXY": ("names", False),
    "KROLLENHEIM": ("far", False),
    "KRALLENTHEIM": ("far", True),
    "VELOPIA": ("same", True),
    "VELOPYA": ("", False),
    "PELUCIDOR": ("since", False),
    "OSTRANDA": ("both", True),
    "TRASENVERK": ("mid-way", False),
    "LATERNENPFAHL": ("", False),
    "ZWIEBELTURM": ("", False),
}
OWNERS = {
    "Beispiel Licht KG": ("rival", True),
    "BEISPIEL LATERNEN": ("rival", True),
    "Zenturion Holdings Inc.": ("lookalike", True),
    "Zenturlon Holdings Inc.": ("lookalike", False),
    "Ostrand Marine AS": ("both", True),
    "Grauwacke AG": ("grave", True),
    "Quellmeister Brunnen": ("mid-way loud", True),
    "Joyrobo Own Company": ("", False),
    "Niemand Sample AG": ("", False),
    "Keiner Sample AG": ("", False),
    "Irgendwer Sample AG": ("", False),
}
GOODS: tuple[dict[int, str], ...] = (
    {12: CARS}, {12: DRIVERLESS}, {25: SHIRTS}, {39: "Transport by taxi"}, {15: "Violins"}, {30: "Bread"},
    {12: CARS, 25: SHIRTS}, {15: "Violins", 30: "Bread"}, {12: DRIVERLESS, 39: "Transport by taxi"},
)  # fmt: skip
FIRMS = (("Pat Specimen", "SPECIMEN & SAMPLE LLP"), ("Alex Example", "RATCLIFF UNDERWOOD LLP"))
STEPS = {"638": "DOCK", "641": "GNRT", "602": "ABN2", "616": "PETG", "686": "PUBO", "700": "R.PR"}


def under(one: Filing) -> tuple[Under, ...]:
    """Under which watches it is, as the pools are made."""
    mark, very = MARKS[one.mark]
    owner, same = OWNERS[one.owner]
    found = {"far": very, "same": very, "since": very, "mid-way": very}
    watches = {mark: found[mark]} if mark in found else {}
    if mark == "names" and one.goods.keys() & {12, 39} and one.owner != "Joyrobo Own Company":
        watches["names"] = very
    if owner not in ("", "both"):
        watches[owner] = same
    if mark == owner == "both" and one.goods.keys() & {12, 39}:
        watches["both"] = True
    if "UNDERWOOD" in one.firm:
        watches |= {"agent": True, "agent, if grave": True}
    if DRIVERLESS in one.goods.values():
        watches["goods"] = False
    if 15 in one.goods:
        watches["music"] = False
    return tuple(Under(name, sure) for name, sure in watches.items())


def days(number: int, by: random.Random) -> Iterator[list[tuple[Filing, tuple[Under, ...]]]]:
    """So many lives: the cases of each day."""
    births = [by.choice(range(len(DAYS))) for _ in range(number)]
    lives = [_born(99_300_000 + place, births[place], by) for place in range(number)]
    for day in range(len(DAYS)):
        told = []
        for place, one in enumerate(lives):
            if births[place] == day or (births[place] < day and by.random() < 0.1):
                told.append(one)
            elif births[place] < day and by.random() < 0.4:
                lives[place] = _moved(one, day, by)
                told.append(lives[place])
        yield [(one, under(one)) for one in told]


def _names(pool: Mapping[str, tuple[str, bool]], day: int) -> list[str]:
    """Those of watches that are there on that day: what the first look of a later one finds has a story."""
    return [name for name, (watch, _) in pool.items() if watch not in LATER or day >= LATER_ON]


def _born(serial: int, day: int, by: random.Random) -> Filing:
    attorney, firm = by.choice(FIRMS)
    mark, owner = by.choice(_names(MARKS, day)), by.choice(_names(OWNERS, day))
    filed = dt.date(2026, 10, 28) - dt.timedelta(days=by.choice((0, 1, 200)))
    if mark == "PELUCIDOR":
        filed = dt.date(2026, 10, 28)
    return Filing(serial, mark, owner, by.choice(GOODS), filed=filed, attorney=attorney, firm=firm)


def _moved(one: Filing, day: int, by: random.Random) -> Filing:
    for _ in range(by.choice((1, 1, 1, 2, 3))):
        one = replace(one, **_move(one, day, by))
    return one


def _move(one: Filing, day: int, by: random.Random) -> dict[str, Any]:
    """What befalls it."""
    pick = by.choice(("mark", "owner", "agent", "goods", "docket", "address", "status", "status", "status"))
    if pick == "mark":
        names = [
            name for name in _names(MARKS, day) if name != "PELUCIDOR" or one.filed == dt.date(2026, 10, 28)
        ]
        return {"mark": by.choice(names)}
    if pick == "owner":
        return {"owner": by.choice(_names(OWNERS, day))}
    if pick == "agent":
        attorney, firm = by.choice(FIRMS)
        return {"attorney": attorney, "firm": firm}
    if pick == "goods":
        return {"goods": by.choice(GOODS)}
    if pick in ("docket", "address"):
        return {pick: f"{by.randint(1, 9)} SAMPLE"}
    status = by.choice(tuple(STEPS))
    more: dict[str, Any] = {"published": DAYS[day]} if status == "686" else {}
    if status == "700":
        more = {"registration": one.registration or one.serial - 92_000_000, "registered": DAYS[day]}
    events = (*one.events, (STEPS[status], DAYS[day]))
    return {"status": status, "status_day": DAYS[day], "events": events, **more}
