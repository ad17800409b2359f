"""Fifteen working days of a register: what is filed, told again and amended, and whose business it is.

A story is the life of one filing, told by days: 0 is the file that was there before (30 October 2026), 1 to
15 the working days from 2 to 20 November. `under` names the watches that it is under by its number, owner,
agent or very name, `near` those that it is under by likeness or by filters alone. What is then told, of that
`promises` has the rules. All that no story tells of is no watch's business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.filings import Filing
from tests.oracle.promises import CRITICAL, LOW, Rule, Under

DAYS = tuple(
    dt.date(2026, 10, 30) + dt.timedelta(days=number)
    for number in range(22)
    if (dt.date(2026, 10, 30) + dt.timedelta(days=number)).weekday() < 5
)

WATCHES = {
    "names": (
        """marks = ["JOYROBOTAXI", "京东汽车"]
twins = [["JD", "京东"]]
classes = [12]
related = true
level = 2
except_owners = ["Joyrobo Own Company Ltd."]
role = "adverse"
""",
        Rule("names"),
    ),
    "far": ('marks = ["KRALLENTHEIM"]\nlevel = 3\n', Rule("far")),
    "same": ('marks = ["VELOPIA"]\nlevel = 0\nexcept_numbers = ["US 99100031"]\n', Rule("same")),
    "rival": ('owners = ["Beispiel Laternen GmbH", "Beispiel Licht KG"]\n', Rule("rival")),
    "lookalike": ('owners = ["Zenturion Holdings Inc."]\nowners_like = true\n', Rule("lookalike")),
    "agent": ('agents = ["Ratcliff Underwood LLP"]\n', Rule("agent")),
    "agent, if grave": (
        'agents = ["Ratcliff Underwood LLP"]\nleast = "critical"\n',
        Rule("agent, if grave", CRITICAL),
    ),
    "goods": ('goods = ["autonomous vehicle"]\noffices = ["US"]\n', Rule("goods")),
    "music": ('classes = [15]\noffices = ["US"]\ngather = "off"\n', Rule("music")),
    "docket": (
        'numbers = ["US 99100081"]\nnumbers_file = "docket.csv"\nrole = "own"\n',
        Rule("docket", LOW, by_number=True),
    ),
    "both": (
        'marks = ["OSTRANDA"]\nowners = ["Ostrand Marine AS"]\nclasses = [12, 39]\nrequire = "all"\n',
        Rule("both"),
    ),
    "since": ('marks = ["PELLUCIDOR"]\nsince = 2026-10-20\n', Rule("since")),
    "grave": ('owners = ["Grauwacke AG"]\nleast = "critical"\n', Rule("grave", CRITICAL)),
}
LATER_ON = 8  # the day on which these are added
LATER = {
    "mid-way": ('marks = ["TRASSENWERK"]\n', Rule("mid-way")),
    "mid-way loud": (
        'owners = ["Quellmeister Brunnen GmbH"]\nfirst_look = "alert"\n',
        Rule("mid-way loud", loud=True),
    ),
}
DOCKET = "number,office,docket_ref\n99100082,US,M-82\n7123456,US,M-83\n".replace("7123456", "reg 7123456")


@dataclass(frozen=True)
class Step:
    """How a filing stands in a file of that day; `file`: the main one (""), or another of that day."""

    day: int
    filing: Filing
    under: tuple[Under, ...]
    file: str = ""


class Story:
    """`Story("what it is about", …).on(3, under="names")`: each `on` is its case in the file of that day."""

    def __init__(self, about: str, number: int, mark: str, owner: str, goods: Mapping[int, str], **more: Any):
        self.about = about
        self._now = Filing(99_100_000 + number, mark, owner, goods, **more)
        self._under: tuple[Under, ...] = ()
        self.steps: list[Step] = []

    def on(
        self,
        day: int,
        *events: str,
        under: str | None = None,
        near: str | None = None,
        file: str = "",
        **moved: Any,
    ) -> Story:
        """It stands in the file of that day: amended by `moved`, with one event more for each code."""
        if "status" in moved:
            moved.setdefault("status_day", DAYS[day])
        self._now = replace(
            self._now, **moved, events=self._now.events + tuple((code, DAYS[day]) for code in events)
        )
        if under is not None or near is not None:
            self._under = tuple(
                [Under(one) for one in (under or "").split("; ") if one]
                + [Under(one, sure=False) for one in (near or "").split("; ") if one]
            )
        self.steps.append(Step(day, self._now, self._under, file))
        return self


FERRIES, SHIRTS, CARS = "Ferries; rowing boats", "Shirts; hats", "Motor cars; lorries"
DRIVERLESS = "Motor cars; autonomous vehicles for carrying goods"


def _names() -> list[Story]:
    """Of marks, classes, exceptions, and of what is thought of a hit."""
    return [
        Story("there before the watch looked", 1, "JOYROBOTAXI", "Fahrwerk Nord GmbH", {12: CARS})
        .on(0, under="names")
        .on(2, "DOCK", status="638")
        .on(6, attorney="Robin Muster"),
        Story("near by sound: told, dies, is revived", 2, "JOYROBOTAXY", "Fahrwerk Sued GmbH", {12: CARS})
        .on(1, near="names")
        .on(2)
        .on(3, docket="X-1")
        .on(4, attorney="Robin Muster")
        .on(5, "GNRT", status="641")
        .on(9, "ABN2", status="602")
        .on(11, "PETG", status="616"),
        Story("in a related class", 3, "JOY ROBO TAXI", "Transit Ost BV", {39: "Transport by taxi"})
        .on(2, near="names")
        .on(12, goods={39: "Transport by taxi; parking"}),
        Story("moves into a class next door, and out of it", 4, "JOYROBOTAXY", "Textil West SA", {25: SHIRTS})
        .on(1)
        .on(4, goods={12: CARS, 25: SHIRTS}, near="names")
        .on(6, goods={25: SHIRTS}, near="")
        .on(8, attorney="Robin Muster")
        .on(10, "PUBO", status="686", published=DAYS[10]),
        Story("renamed towards the name", 5, "LANTERNIA", "Fahrwerk Mitte GmbH", {12: CARS})
        .on(2)
        .on(5, mark="JOYROBOTAXI", under="names")
        .on(8, address="2 EXAMPLE QUAY"),
        Story("an excepted owner", 6, "JOYROBOTAXI", "Joyrobo Own Company Ltd.", {12: CARS})
        .on(3)
        .on(8, "DOCK", status="638"),
        Story("an excepted owner sells it", 7, "JOYROBOTAXI", "JOYROBO OWN COMPANY, LTD", {12: CARS})
        .on(3)
        .on(11, owner="Zweitfahrer KG", under="names"),
        Story("by a declared twin", 8, "JD 汽车", "Fahrwerk Fern GmbH", {12: CARS}).on(3, near="names"),
        Story("marked relevant", 9, "JOYROBOTAKSI", "Fahrwerk Alt GmbH", {12: CARS})
        .on(2, near="names")
        .on(4, address="3 EXAMPLE QUAY")
        .on(8, "PUBO", status="686", published=DAYS[8])
        .on(14, "R.PR", status="700", registration=7900009, registered=DAYS[14]),
        Story("marked noise", 10, "JOY ROBOTAXIS", "Fahrwerk Neu GmbH", {12: CARS})
        .on(2, near="names")
        .on(4, "GNRT", status="641")
        .on(6, goods={12: FERRIES})
        .on(8, "ABN2", status="602")
        .on(10, owner="Dritte Fahrer KG", docket="Y")
        .on(12, attorney="Robin Muster"),
        Story("far off, at level three", 11, "KROLLENHEIM", "Stollen Oy", {30: "Bread"})
        .on(4, near="far")
        .on(5, docket="Z"),
        Story("by its pseudo mark alone", 12, "KRLNTHM", "Stollen Ab", {30: "Bread"}, pseudo="KRALLENTHEIM")
        .on(6, near="far"),
        Story("the very name", 30, "Velopia", "Velo Works LLC", {12: "Bicycles"}).on(1, under="same"),
        Story("the very name under an excepted number", 31, "VELOPIA", "Velo Parts LLC", {12: "Bicycles"})
        .on(2)
        .on(4, "DOCK", status="638"),
        Story("near the name, which is not asked", 32, "VELOPYA", "Velo Else LLC", {12: "Bicycles"}).on(3),
        Story("filed on the day, and one before it", 33, "PELUCIDOR", "Lux Sample Inc.", {11: "Lamps"})
        .on(5, near="since"),
        Story("filed before the day", 34, "PELLUCIDOR", "Lux Other Inc.", {11: "Lamps"},
              filed=dt.date(2026, 10, 19)).on(5),
        Story("only the name of two conditions", 35, "OSTRANDA", "Else Marine AS", {12: FERRIES})
        .on(3)
        .on(6, owner="Ostrand Marine", under="both")
        .on(9, goods={12: FERRIES, 39: "Ferry transport"}),
        Story("both, in another class", 36, "OSTRANDA", "OSTRAND MARINE A.S.", {25: SHIRTS}).on(4),
        Story("both at once", 37, "OSTRANDER", "Ostrand Marine AS", {39: "Ferries"}).on(4, under="both"),
    ]  # fmt: skip


def _people() -> list[Story]:
    """Of owners, group companies, look-alikes and agents, and of what they file at a stretch."""
    found = [
        Story("of the rival since long", 40, "LATERNENFEST", "Beispiel Laternen GmbH", {11: "Lamps"})
        .on(0, under="rival")
        .on(3, address="5 MUSTERWEG"),
        Story("written otherwise", 41, "SOMMERGLANZ", "BEISPIEL LICHT", {11: "Lamps"}).on(1, under="rival"),
        Story("bought by the rival", 42, "ABENDROT", "Vorbesitz UG", {4: "Candles"})
        .on(1)
        .on(5, owner="Beispiel Licht KG", under="rival")
        .on(8, attorney="Robin Muster"),
        Story("sold by the rival, and still followed", 43, "MORGENTAU", "Beispiel Licht KG", {4: "Candles"})
        .on(2, under="rival")
        .on(6, owner="Nachbesitz UG", under="")
        .on(9, "GNRT", status="641"),
        Story("of a namesake", 44, "NACHTBLAU", "Beispiel Lichtung KG", {4: "Candles"}).on(2),
        Story("of the same owner", 50, "HARFENTON", "ZENTURION HOLDINGS, INC", {9: "Cables"})
        .on(2, under="lookalike"),
        Story("of one that looks like it", 51, "FLOETENTON", "Zenturlon Holdings Inc.", {9: "Cables"})
        .on(3, near="lookalike")
        .on(5, attorney="Robin Muster")
        .on(8, "GNRT", status="641"),
        Story("by the firm", 55, "KUPFERKESSEL", "Kessel Sample GmbH", {21: "Kettles"},
              attorney="Alex Example", firm="RATCLIFF UNDERWOOD LLP").on(3, under="agent; agent, if grave"),
        Story("goes to the firm", 56, "EISENPFANNE", "Pfanne Sample GmbH", {21: "Pans"})
        .on(2)
        .on(8, attorney="Alex Example", firm="RATCLIFF UNDERWOOD LLP", under="agent; agent, if grave")
        .on(12, attorney="Robin Muster", firm="MUSTER LAW", under=""),
        Story("what is critical only", 58, "STEINBRUCH", "Grauwacke AG", {19: "Stones"})
        .on(1, under="grave")
        .on(4, "GNRT", status="641")
        .on(9, "ABN2", status="602"),
    ]  # fmt: skip
    for place in range(15):  # a campaign: five filings a day on three days
        day, nice = 10 + place // 5, (9, 12, 35, 37, 39)[place % 5]
        name = (
            f"LICHT{('WERK', 'HAUS', 'HOF', 'BURG', 'TAL')[place % 5]} {('EINS', 'ZWEI', 'DREI')[place // 5]}"
        )
        filed = DAYS[day] - dt.timedelta(days=5)
        story = Story("a campaign", 100 + place, name, "Beispiel Licht KG", {nice: "Lamps"}, filed=filed)
        found.append(story.on(day, under="rival"))
    return found


def _others() -> list[Story]:
    """Of goods, classes and numbers, and of files that are late, told again or broken."""
    return [
        Story("with the goods", 70, "FERNSICHT", "Sicht Sample Oy", {12: DRIVERLESS})
        .on(3, near="goods")
        .on(5, attorney="Robin Muster")
        .on(9, "GNRT", status="641"),
        Story("given the goods", 71, "WEITBLICK", "Blick Sample Oy", {12: CARS})
        .on(2)
        .on(6, goods={12: DRIVERLESS}, near="goods"),
        Story("words of the goods in two terms", 72, "RUNDBLICK", "Rund Sample Oy",
              {12: "Autonomous lawn mowers; vehicles"}).on(3),
        Story("in the class", 73, "GEIGENBAU", "Geige Sample Oy", {15: "Violins"}).on(1, near="music"),
        Story("in the class too", 74, "CELLOBAU", "Cello Sample Oy", {9: "Cables", 15: "Celli"})
        .on(1, near="music")
        .on(4, goods={9: "Cables"}, near=""),
        Story("a watched number", 81, "EIGENMARKE", "Mandant AG", {42: "Design"})
        .on(0, under="docket")
        .on(1)
        .on(2, docket="OURS-7")
        .on(5, "PUBO", status="686", published=DAYS[5])
        .on(13, "R.PR", status="700", registration=7900081, registered=DAYS[13]),
        Story("a number of the docket", 82, "ZWEITMARKE", "Mandant AG", {42: "Design"})
        .on(1, under="docket")
        .on(3, "GNRT", status="641")
        .on(6, "ABN2", status="602")
        .on(9, "PETG", status="616"),
        Story("a registration number of the docket appears", 83, "DRITTMARKE", "Mandant AG", {42: "Design"})
        .on(2)
        .on(6, "PUBO", status="686", published=DAYS[6])
        .on(11, "R.PR", status="700", registration=7123456, registered=DAYS[11], under="docket")
        .on(14, address="9 EXAMPLE QUAY"),
        # -- the ways of files
        Story("twice in one file, the last word counts", 90, "JOYROBOTAXXI", "Doppel Sample AG", {12: CARS})
        .on(4, near="names")
        .on(6, "GNRT", status="641")
        .on(6, "DOCK", status="638"),
        Story("in the late file alone", 91, "JOYROBOTAXA", "Spaet Sample AG", {12: CARS})
        .on(7, near="names", file="late"),
        Story("newer than what the late file says", 92, "VELOPIA", "Frueh Sample AG", {12: CARS})
        .on(7, owner="Alt Sample AG", under="same", file="late")
        .on(8, owner="Frueh Sample AG"),
        Story("in the afternoon", 93, "JOYROBOTAXO", "Mittag Sample AG", {12: CARS})
        .on(4, near="names", file="second"),
        Story("in the evening", 29, "JOYROBOTAXEE", "Abend Sample AG", {12: CARS})
        .on(4, near="names", file="third"),
        Story("there when a watch is added", 94, "TRASSENWERK", "Trasse Sample AG", {37: "Building"})
        .on(4, under="mid-way")
        .on(10, "GNRT", status="641"),
        Story("in the first file after it", 95, "TRASSENWERK", "Weg Sample AG", {37: "Building"})
        .on(8, under="mid-way")
        .on(11, "GNRT", status="641"),
        Story("after its first look", 96, "TRASENVERK", "Pfad AG", {37: "Building"}).on(9, near="mid-way"),
        Story("of a loud watch", 97, "BRUNNENHOF", "Quellmeister Brunnen", {32: "Waters"})
        .on(8, under="mid-way loud")
        .on(12, attorney="Robin Muster"),
        Story("broken on its first day", 98, "JOYROBOTAXU", "Bruch Sample AG", {12: CARS})
        .on(9, near="names", file="broken")
        .on(10),
        Story("filed long ago", 99, "JOYROBOTAXE", "Lang Sample AG", {12: CARS}, filed=dt.date(2026, 3, 2))
        .on(13, near="names"),
    ]  # fmt: skip


def stories() -> list[Story]:
    return [*_names(), *_people(), *_others()]


ABOUT = {story.about: story.steps[0].filing for story in stories()}  # each as it is first seen
