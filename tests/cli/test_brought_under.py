"""A filing that was known, and comes under a watch by what changes in it: told, and not as newly filed."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_hits import CONFIG, Shelf, near
from tests.cli.test_register import NAMED, configured, watch
from tests.test_whole_way import answer, row
from tmwatch.sources import streamed
from tmwatch.sources.us.daily_file import FORM
from tmwatch.store.register import Register

CASES = Path(__file__).parents[2] / "fixtures/us.daily/three-cases/apc990420.xml"


@pytest.fixture
def shelf(run: Run, folder: Path) -> Shelf:
    return Shelf(run, folder)


def test_a_likeness_that_moves_into_a_watched_class_is_told(shelf: Shelf) -> None:
    quiet = CONFIG.replace('first_look = "alert"', "classes = [12]")
    (shelf.folder / "tmwatch.toml").write_text(quiet, encoding="utf-8")
    shelf.imports(near(nice=25), row(5, "JOYROBOTAXI", 12, applicantCn="另一家公司"))
    assert [hit["mark"] for hit in shelf.hits()] == ["JOYROBOTAXI"]
    (alert,) = shelf.imports(near(nice=25), near(nice=12))
    (card,) = alert["cards"]
    assert (card["mark"], card["newness"]) == ("Joy Robo Taxi", "new to your watch")
    assert "because its classes changed" in card["why"]


def test_what_another_watch_has_already_is_told_as_new_where_the_change_weighs_too_little(
    shelf: Shelf,
) -> None:
    """Else it would be told to nobody, and only because somebody else watches it too."""
    grave = '[[watch]]\nname = "grave"\nclasses = [25]\noffices = ["CN"]\nleast = "critical"\nnotify = []\n'
    (shelf.folder / "tmwatch.toml").write_text(CONFIG + grave, encoding="utf-8")
    shelf.imports(near())
    told = {one["watch"]: one["cards"][0] for one in shelf.imports(near(nice=25))}
    assert [change["field"] for change in told["names"]["changes"]] == ["classes", "classes"]
    assert (told["grave"]["newness"], told["grave"]["changes"]) == ("new to your watch", [])
    assert "because its classes changed" in told["grave"]["why"]


def test_what_is_told_as_brought_under_a_new_watch_is_not_counted_as_kept_quiet(shelf: Shelf) -> None:
    shelf.imports(near())
    later = '[[watch]]\nname = "later"\nclasses = [25]\noffices = ["CN"]\nnotify = []\n'
    (shelf.folder / "tmwatch.toml").write_text(CONFIG + later, encoding="utf-8")
    (shelf.folder / "moved.json").write_bytes(answer([near(nice=25), row(7, "茶叶", 25)])({}))
    ran = shelf.run("import", "--json", "moved.json", "--as-of", "2026-11-20")
    quiet = {one["mark"]: one["first_look"] for one in map(json.loads, ran.out.splitlines())}
    assert quiet == {"Joy Robo Taxi": [], "茶叶": ["later"]}
    assert [alert["watch"] for alert in shelf.alerts()][1:] == ["names", "later"]


class Days:
    """Daily files of one case each, one a day, with the store of the whole register."""

    def __init__(self, run: Run, folder: Path, **rule: object) -> None:
        self.run, self.folder, self.day = run, folder, 20
        configured(folder, watch("theirs", offices=["US"], **rule))
        records = streamed.records(FORM, CASES.open("rb"), "")
        self.case = next(one.body for one in records if b"99990512" in one.body)
        self.brings(mark="Ferry Sample", serial=b"99990599")  # its first file, in which it finds nothing

    def brings(
        self,
        *,
        mark: str,
        nice: str = "012",
        goods: str = "Ferries",
        owner: str = "Muster Boats Limited",
        serial: bytes = b"99990512",
    ) -> list[dict[str, Any]]:
        """What the watch tells of the case once it stands so, filing by filing."""
        before = self.alerts()
        self.day += 1
        case = self.case.replace(b"20260420", b"202604%d" % self.day).replace(b"99990512", serial)
        for old, now in (
            ("<mark-drawing-code>", f"<mark-identification>{mark}</mark-identification><mark-drawing-code>"),
            ("<international-code>012", f"<international-code>{nice}"),
            ("<primary-code>012", f"<primary-code>{nice}"),
            ("GS0121", f"GS{nice}1"),
            ("Boats, namely, rowing boats &amp; punts; Ferries", goods),
            ("Muster Boats Limited", owner),
        ):
            assert old.encode() in case
            case = case.replace(old.encode(), now.encode())
        text = CASES.read_bytes()
        head, foot = text.split(b"<case-file>")[0], text.rsplit(b"</case-file>", 1)[1]
        file = self.folder / f"apc9904{self.day}.xml"
        file.write_bytes(head + case + foot)
        ran = self.run("import", file.name)
        assert ran.code == 0, ran.err
        new = [one for one in self.alerts() if one not in before]
        told = [self.run("alerts", "why", str(one), "--json").json["payload"] for one in new]
        return [card for one in told for card in one["cards"]]

    def alerts(self) -> list[int]:
        listed = self.run("alerts", "list", "--json")
        return [one["id"] for one in json.loads(listed.out)] if listed.code == 0 else []


def test_a_case_of_the_register_that_moves_into_a_watched_class_is_not_called_newly_filed(
    run: Run, folder: Path
) -> None:
    days = Days(run, folder, marks=["Joyrobotaxi"], classes=[12])
    assert days.brings(mark="JOYROBOTAXY", nice="025") == []
    (card,) = days.brings(mark="JOYROBOTAXY")
    assert (card["st13"], card["newness"]) == (NAMED, "new to your watch")
    assert "because its classes changed" in card["why"]


def test_a_case_of_the_register_that_a_watched_owner_buys_is_told_as_bought(run: Run, folder: Path) -> None:
    days = Days(run, folder, owners=["Jingdong 360 Du E-Commerce"])
    assert days.brings(mark="Lantern") == []
    (card,) = days.brings(mark="Lantern", owner="Jingdong 360 Du E-Commerce Co., Ltd.")
    assert card["newness"] == "new to your watch"
    assert "because its owner changed" in card["why"]


def test_a_case_of_the_register_that_is_renamed_towards_a_watched_name_is_told(
    run: Run, folder: Path
) -> None:
    days = Days(run, folder, marks=["Joyrobotaxi"])
    assert days.brings(mark="Lantern") == []
    (card,) = days.brings(mark="JOYROBOTAXY")
    assert card["newness"] == "new to your watch"
    assert "because the words of its mark changed" in card["why"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("TR0000", "its translation"), ("PM0001", "its pseudo mark"), ("TL0000", "its transl")],
)
def test_a_case_of_the_register_that_is_given_a_second_name_near_a_watched_one_is_told(
    run: Run, folder: Path, kind: str, words: str
) -> None:
    days = Days(run, folder, marks=["Joyrobotaxi"])
    assert days.brings(mark="Lantern") == []
    said = f"<case-file-statement><type-code>{kind}</type-code><text>JOYROBOTAXY</text></case-file-statement>"
    days.case = days.case.replace(b"<case-file-statements>", b"<case-file-statements>" + said.encode())
    (card,) = days.brings(mark="Lantern")
    assert card["newness"] == "new to your watch"
    assert f"because {words}" in card["why"]


def test_a_name_of_the_register_whose_other_trigger_comes_true_is_told(run: Run, folder: Path) -> None:
    days = Days(run, folder, marks=["Velopia"], owners=["Velo Works"], require="all")
    assert days.brings(mark="VELOPIA") == []
    (card,) = days.brings(mark="VELOPIA", owner="Velo Works GmbH")
    assert (card["mark"], card["newness"]) == ("VELOPIA", "new to your watch")


def test_a_case_of_the_register_whose_goods_become_the_watched_ones_is_told(run: Run, folder: Path) -> None:
    days = Days(run, folder, classes=[12], goods=["autonomous vehicle"])
    assert days.brings(mark="Lantern") == []
    (card,) = days.brings(mark="Lantern", goods="Ferries; autonomous vehicles")
    assert card["newness"] == "new to your watch"


@pytest.mark.parametrize("status", ["630", "686"], ids=["goods alone", "and published"])
def test_a_watch_by_goods_is_told_of_what_it_can_see_now_whatever_else_has_changed(
    run: Run, folder: Path, status: str
) -> None:
    """The store of the register keeps no goods: only read whole the case shows that it has them."""
    days = Days(run, folder, goods=["autonomous vehicle"])
    assert days.brings(mark="Lantern") == []
    days.case = days.case.replace(b"<status-code>630", b"<status-code>" + status.encode())
    (card,) = days.brings(mark="Lantern", goods="Ferries; autonomous vehicles")
    assert card["newness"] == "new to your watch"


def test_of_what_a_watch_would_have_found_in_the_register_the_change_is_told_and_not_the_filing(
    run: Run, folder: Path
) -> None:
    days = Days(run, folder, marks=["Lantern"])
    assert days.brings(mark="JOYROBOTAXY") == days.brings(mark="JOYROBOTAXO", serial=b"99990577") == []
    configured(folder, watch("theirs", offices=["US"], marks=["Lantern", "Joyrobotaxi"]))
    assert days.brings(mark="JOYROBOTAXY", goods="Ferries; canoes") == []  # that the store cannot see
    (card,) = days.brings(mark="JOYROBOTAXO", serial=b"99990577", owner="Somebody Else Ltd.")
    assert (card["newness"], [change["field"] for change in card["changes"]]) == (None, ["owners"])


@pytest.mark.parametrize("agent", ["Specimen & Sample", "Pat Specimen, Esq."])
def test_a_watch_by_the_firm_or_the_lawyer_finds_what_they_file(run: Run, folder: Path, agent: str) -> None:
    """In the USPTO's daily files the firm stands in the address for letters alone."""
    days = Days(run, folder, agents=[agent])
    (card,) = days.brings(mark="Lantern")
    assert f'is the watched "{agent}"' in card["why"]


@pytest.mark.parametrize(("status", "told"), [("630", 0), ("638", 1)])
def test_what_only_a_better_reader_sees_in_a_case_is_no_news(
    run: Run, folder: Path, status: str, told: int
) -> None:
    """A store that was written by a reader who knew no firms; the case is told of again, or moves."""
    days = Days(run, folder, agents=["Nobody"])
    days.brings(mark="Lantern")
    configured(folder, watch("theirs", agents=["Specimen & Sample"]))
    with closing(Register(folder / "register.db")) as register, register.write():
        register.conn.execute("update filing set agents = '[\"Pat Specimen\"]', slim_version = 1")
    days.case = days.case.replace(b"<status-code>630", b"<status-code>" + status.encode())
    cards = days.brings(mark="Lantern")
    assert len(cards) == told
    assert all("changed" not in card["why"] for card in cards)
