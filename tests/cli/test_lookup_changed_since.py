"""`lookup --changed-since`: what a register itself says it changed; and why a watch never asks so."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.conftest import FIXTURES, House, Run
from tests.conftest import registers_off

OWNER = "Приклад Гавань"
DAY = "2026-11-02"


class Kyiv:
    """The Ukrainian open data: it keeps to owner and day of change, and gives one filing a page."""

    path = "/api/v1/open-data/"

    def __init__(self, house: House) -> None:
        self.house = house
        self.heeds = True  # the day of change
        self.loses = False  # the last page
        first = json.loads((FIXTURES / "ua.nipo/application/page.json").read_bytes())
        self.rows: list[dict[str, Any]] = []
        for number, (changed, owner) in enumerate(
            [("2026-11-02", OWNER), ("2026-10-01", OWNER), ("2026-11-20", OWNER), ("2026-11-21", "Іншого")], 1
        ):
            row = copy.deepcopy(first)
            row |= {"app_number": f"m20239990{number}", "last_update": f"{changed}T09:15:30+02:00"}
            row["data"]["ApplicationNumber"] = row["app_number"]
            text = json.dumps(row, ensure_ascii=False).replace(OWNER, owner)
            self.rows.append(json.loads(text))
        house.register.pages[self.path] = self.answer
        off = registers_off().replace('[source."ua.nipo"]\nenabled = false\n', "")
        self.others = f'[source."ua.nipo"]\nbase_url = "{house.register.url}"\nmin_interval = 0\n{off}'
        house.configure(self.others)

    def watch(self) -> None:
        """A watch on the owner, beside the rest."""
        watch = f'name = "rivals"\nowners = ["{OWNER}"]\noffices = ["UA"]\nnotify = ["legal"]\n'
        self.house.configure(f"[[watch]]\n{watch}{self.others}")

    def answer(self, asked: dict[str, str]) -> bytes:
        rows = [
            one for one in self.rows if asked.get("subject_name", "") in json.dumps(one, ensure_ascii=False)
        ]
        if "last_update_from" in asked and self.heeds:
            since = dt.datetime.strptime(asked["last_update_from"], "%d.%m.%Y").date().isoformat()
            rows = [one for one in rows if one["last_update"] >= since]
        page, total = int(asked.get("page", "1")), len(rows)
        if self.loses:
            rows = rows[:-1]
        more = f"{self.house.register.url}{self.path}?page={page + 1}" if page < len(rows) else None
        answer = {"count": total, "next": more, "previous": "x" if page > 1 else None}
        return json.dumps(answer | {"results": rows[page - 1 : page]}).encode()

    def questions(self) -> list[dict[str, str]]:
        """What it was asked, page by page."""
        asked = [urlsplit(one) for one in self.house.register.asked]
        return [
            {key: value[0] for key, value in parse_qs(one.query).items()}
            for one in asked
            if one.path == self.path
        ]


@pytest.fixture
def kyiv(house: House) -> Kyiv:
    return Kyiv(house)


def numbers(answer: Any) -> set[str]:
    return {one["application_number"] for one in answer["filings"]}


def test_the_register_is_asked_for_what_it_changed_and_all_pages_are_turned(kyiv: Kyiv, run: Run) -> None:
    answer = run("lookup", "--owner", OWNER, "--changed-since", DAY, "--json").json
    question = {"obj_type": "4", "subject_name": OWNER, "last_update_from": "02.11.2026"}
    assert kyiv.questions() == [question, question | {"page": "2"}]
    assert numbers(answer) == {"m202399901", "m202399903"}
    (asked,) = answer["asked"]
    assert asked["question"] == f"owner {OWNER} changed since {DAY}"
    assert (asked["found"], asked["total"], asked["incomplete"]) == (2, 2, None)
    assert asked["filtered_afterwards"] == []


def test_a_day_alone_asks_for_everything_that_changed(kyiv: Kyiv, run: Run) -> None:
    answer = run("lookup", "--changed-since", DAY, "--office", "UA", "--json").json
    assert numbers(answer) == {"m202399901", "m202399903", "m202399904"}
    assert [one["question"] for one in answer["asked"]] == [f"everything changed since {DAY}"]


def test_a_mark_is_looked_for_among_what_changed_where_the_register_knows_no_marks(
    kyiv: Kyiv, run: Run
) -> None:
    kyiv.rows[2]["data"]["WordMarkSpecification"] = {
        "MarkSignificantVerbalElement": [{"#text": "ІНШЕ СЛОВО"}]
    }
    answer = run("lookup", "--mark", "інше слово", "--changed-since", DAY, "--json").json
    assert numbers(answer) == {"m202399903"}
    assert answer["asked"][0]["filtered_afterwards"] == ["mark"]


def test_an_answer_that_is_cut_or_lacks_a_page_is_called_incomplete(kyiv: Kyiv, run: Run) -> None:
    cut = run("lookup", "--owner", OWNER, "--changed-since", DAY, "--pages", "1", "--json")
    assert "1 of 2 filings were read" in cut.json["asked"][0]["incomplete"]
    assert "Not complete: ua.nipo" in cut.err
    kyiv.loses = True
    lost = run("lookup", "--owner", OWNER, "--changed-since", DAY, "--json")
    assert lost.code == 1
    assert lost.json["filings"] == []
    (failed,) = [one for one in lost.json["not_asked"] if one["failed"]]
    assert failed["source"] == "ua.nipo"
    assert failed["why"].startswith("incomplete")


def test_sources_that_cannot_tell_what_changed_are_named_and_not_asked(kyiv: Kyiv, run: Run) -> None:
    answer = run("lookup", "JD Auto", "--changed-since", DAY, "--json").json
    why = {one["source"]: one["why"] for one in answer["not_asked"]}
    for source in ("us.tsdr", "cn.tianyancha", "tmview", "fi.prh", "se.prv"):
        assert why[source] == "it cannot be asked for what changed since a day", source
    assert "ua.nipo" not in why
    assert "EUIPO" in why["em.euipo"], "it could be asked, with a key"
    assert {urlsplit(one).path for one in kyiv.house.register.asked} == {kyiv.path}
    assert not kyiv.house.register.posts


def test_a_register_that_passes_over_the_day_is_not_believed(kyiv: Kyiv, run: Run) -> None:
    kyiv.heeds = False
    ran = run("lookup", "--owner", OWNER, "--changed-since", DAY, "--json")
    assert ran.code == 1
    assert ran.json["filings"] == []
    assert "last updated 2026-10-01: the day was not heeded" in ran.err


def test_what_is_stored_is_no_answer_to_what_the_register_changed(kyiv: Kyiv, run: Run) -> None:
    kyiv.watch()
    run("check", "--watch", "rivals")
    assert len(run("lookup", "--owner", OWNER, "--stored", "--json").json["filings"]) == 3
    answer = run("lookup", "--owner", OWNER, "--changed-since", "2026-11-15", "--json").json
    assert [(one["application_number"], one["found"]) for one in answer["filings"]] == [
        ("m202399903", "live")
    ]
    shown = " ".join(
        run("lookup", "--owner", OWNER, "--changed-since", "2026-11-15", terminal=True).out.split()
    )
    assert "Stored:" not in shown
    assert "what it rewrites without moving that day is not listed here" in shown


def test_the_euipo_is_asked_by_its_day_of_update(
    kyiv: Kyiv, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = kyiv.house.register
    monkeypatch.setenv("EUIPO_CLIENT_ID", "sample-client")
    monkeypatch.setenv("EUIPO_CLIENT_SECRET", "sample-secret")
    register.answers["/token"] = lambda _: json.dumps(
        {"access_token": "t0ken", "token_type": "bearer", "expires_in": 3600}
    ).encode()
    register.pages["/trademarks"] = (FIXTURES / "em.euipo/search-page/page.json").read_bytes()
    kyiv.house.configure(
        f'[source."em.euipo"]\nbase_url = "{register.url}"\ntoken_url = "{register.url}/token"\n'
        f"min_interval = 0\n{kyiv.others}"
    )
    answer = run("lookup", "--mark", "Harbour", "--changed-since", DAY, "--office", "EM", "--json").json
    (asked,) = [parse_qs(urlsplit(one).query)["query"][0] for one in register.asked]
    assert asked == f'wordMarkSpecification.verbalElement=="*Harbour*" and updateDate>={DAY}'
    assert [(one["source"], one["incomplete"]) for one in answer["asked"]] == [("em.euipo", None)]
    assert answer["filings"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["UA m202399901", "--changed-since", DAY], "a number names one filing"),
        (["x", "--stored", "--changed-since", DAY], f"`tmwatch changes --since {DAY}`"),
        (["x", "--changed-since", "2999-01-01"], "lies ahead"),
        (["x", "--changed-since", "yesterday"], "is no day"),
    ],
)
def test_a_day_of_change_that_cannot_be_meant_is_refused(
    kyiv: Kyiv, run: Run, words: list[str], said: str
) -> None:
    ran = run("lookup", *words)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert not kyiv.house.register.asked


def test_without_a_configuration_nobody_can_be_asked_and_that_is_said(run: Run) -> None:
    ran = run("lookup", "x", "--changed-since", DAY)
    assert ran.code == 2
    assert "there is no configuration" in ran.err


# -- watches -----------------------------------------------------------------------------------------------


def test_a_watch_reads_the_whole_list_and_tells_what_changed_without_a_new_day_of_change(
    kyiv: Kyiv, run: Run
) -> None:
    """The server of the office can write a filing anew, or show one at last, under the old day."""
    kyiv.watch()
    late = kyiv.rows.pop(0)
    run("check", "--watch", "rivals")
    kyiv.rows[0]["data"]["application_status"] = "stopped"  # `last_update` stays in October
    kyiv.rows.append(late)
    report = run("check", "--watch", "rivals", "--all", "--json").json
    assert [one["number"] for one in report["changed"]] == ["m202399902"]
    assert [one["number"] for one in report["appeared"]] == ["m202399901"]
    assert kyiv.questions()
    assert all("last_update_from" not in one for one in kyiv.questions())
