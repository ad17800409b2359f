"""An owner's filings in the store of the whole register: looked up, and what is new against them."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from tests.alerts.test_right_size import daily
from tests.cli.conftest import Run
from tests.cli.test_import_daily import THREE, zipped
from tests.cli.test_register import NAMED, WATCHED, configured, in_database, in_register, watch
from tmwatch.cli import nearby, session
from tmwatch.store.register import Register


def test_the_filings_of_an_owner_are_found_in_the_register_by_its_whole_name(run: Run, folder: Path) -> None:
    configured(folder, watch("mine", numbers=["US 79990511"]))
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    name = in_register(folder, NAMED)["owners"][0]

    def found(*words: str) -> list[str]:
        return [one["st13"] for one in run("lookup", "--stored", "--json", *words).json["filings"]]

    assert found("--owner", name) == [NAMED]
    assert found(name.upper().removesuffix(" LIMITED")) == [NAMED]
    assert found("--owner", name, "--class", "45") == []
    assert found("--owner", name, "--since", "2100-01-01") == []
    assert found("no such mark", "--owner", name) == []
    assert found("--owner", "Nobody is called so") == []
    assert NAMED not in found("--owner", name.split()[0]), "a part of a name is another owner's"


def test_an_owner_that_the_database_knows_otherwise_is_not_asked_of_the_register(
    run: Run, folder: Path
) -> None:
    configured(folder, watch("mine", numbers=["US 79990511"]))
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    with closing(Register(folder / "register.db")) as register, register.write():
        register.conn.execute("update filing set owners = '[\"Seller\"]' where st13 = ?", (WATCHED,))
        register.conn.execute("update or ignore filing_owner set key = 'seller'")
    found = run("lookup", "--stored", "--json", "--owner", "Seller, Inc.").json["filings"]
    assert WATCHED not in {one["st13"] for one in found}
    assert len(found) == 2


def test_what_is_new_of_a_campaign_is_told_against_the_whole_register(run: Run, folder: Path) -> None:
    configured(folder, watch("names", marks=["JOY AUTO"], classes=[12, 39]))
    cars = [{"serial": 99100000 + n, "mark": "JOY AUTO", "nice": 12, "filed": "20260417"} for n in range(2)]
    before = [
        {"serial": 98000001, "mark": "LANTERN", "nice": 12, "filed": "20190301"},
        {"serial": 98000002, "mark": "LANTERN", "nice": 12, "filed": "20180301", "owner": "Somebody Else"},
        {"serial": 98000003, "mark": "LANTERN", "nice": 35, "filed": "20170301", "owner": "SAMPLE CARS LLC"},
    ]
    run("import", str(daily(folder / "apc260419.xml", "20260419", before)))
    assert in_database(folder) == set()
    with closing(Register(folder / "register.db", reading=True)) as register:
        assert len(register.of_owner(["Sample Cars"], None, 9)) == 2
    cars[1]["nice"] = 39
    run("import", str(daily(folder / "apc260420.xml", "20260420", cars)))
    (alert,) = run("alerts", "list", "--json").json
    (campaign,) = run("alerts", "why", str(alert["id"]), "--json").json["payload"]["campaigns"]
    news = campaign["earlier"]
    assert (news["stored"], news["new_classes"], news["new_names"]) == (2, ["39"], ["JOY AUTO"])
    assert [(one["store"], one["filings"], one["found"]) for one in news["looked"]] == [
        ("database", 0, 0),
        ("register", 3, 2),
    ]
    shown = " ".join(run("alerts", "why", str(alert["id"])).out.split())
    since = news["looked"][1]["since"]
    assert "New against 2 earlier filing(s) of this owner (filed 2017-03-01 to 2019-03-01), " in shown
    assert f"2 of the 3 other filings in the store of the register (US) since {since}:" in shown


def test_long_work_on_the_register_is_announced_and_short_work_is_not(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a store of millions of filings it takes minutes, once: who sits before it shall know."""
    configured(folder, watch("mine", numbers=["US 79990511"]))
    run("import", str(zipped(folder / "apc990420.zip", THREE)))

    def as_an_older_one_left_it() -> None:
        with closing(Register(folder / "register.db")) as register, register.write():
            register.conn.execute("update keyed set rule = '', filing = 0")

    as_an_older_one_left_it()
    assert "made ready" not in run("lookup", "--stored", "--owner", "Nobody").err
    assert "made ready" not in run("lookup", "SAMPLE LANTERN", "--like").err
    shutil.rmtree(folder / "register.db.index")
    as_an_older_one_left_it()
    monkeypatch.setattr(session, "_MANY_OWNERS", 2)
    monkeypatch.setattr(nearby, "_MANY", 2)
    ran = run("lookup", "SAMPLE LANTERN", "--like", "--json")
    assert "the owners and names of 3 filings" in ran.err
    assert "the names of 3 filings" in ran.err
    assert json.loads(ran.out)["filings"], "the answer stands alone on stdout"
    as_an_older_one_left_it()
    assert "the owners and names of 3 filings" in run("lookup", "--stored", "--owner", "Nobody").err
    assert "made ready" not in run("lookup", "--stored", "--owner", "Nobody").err, "once"


def test_a_mark_is_found_in_the_register_by_its_whole_name_and_it_is_said_where_each_answer_is_kept(
    run: Run, folder: Path
) -> None:
    configured(folder, watch("mine", numbers=["US 79990511"]))
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    with closing(Register(folder / "register.db")) as register, register.write():
        register.conn.execute("update filing set name = 'Sample-Lantern' where st13 = ?", (NAMED,))
        register.conn.execute("update named set rule = ''")
    assert in_database(folder) == {WATCHED}

    def found(*words: str) -> dict[str, str]:
        rows = run("lookup", "--stored", "--json", *words).json["filings"]
        return {one["st13"]: one["kept_in"] for one in rows}

    both = {WATCHED: "database", NAMED: "register"}
    assert found("sample lantern") == found("--mark", "SAMPLE, LANTERN") == both
    assert found("--mark", "SAMPLE LANTERN", "--class", "45") == {}
    assert found("--mark", "SAMPLE LANTERN", "--since", "2100-01-01") == {}
    assert found("--mark", "SAMPLE LANTERN", "--owner", "Nobody is called so") == {}
    assert found("SAMPLE LANT") == {WATCHED: "database"}, "a part of a name is another name"
    shown = run("lookup", "--stored", "sample lantern", terminal=True).out
    assert "Stored: 2 filings, 1 of them in the store of the register" in shown
    assert {"stored", "register"} <= set(shown.partition("Stored:")[0].split())
    table = run("lookup", "--stored", "sample lantern", "--csv").out
    assert [line.rpartition(",")[2] for line in table.splitlines()] == ["kept_in", "database", "register"]


def test_what_the_database_knows_under_another_name_is_not_taken_from_the_register(
    run: Run, folder: Path
) -> None:
    configured(folder, watch("mine", numbers=["US 79990511"]))
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    with closing(Register(folder / "register.db")) as register, register.write():
        register.conn.execute("update filing set name = 'OTHER NAME' where st13 = ?", (WATCHED,))
        register.conn.execute("update named set rule = ''")
    assert run("lookup", "--stored", "--json", "Other Name").json["filings"] == []


def test_a_name_of_digits_is_looked_for_too(run: Run, folder: Path) -> None:
    configured(folder)
    run("import", str(zipped(folder / "apc990420.zip", THREE)))
    with closing(Register(folder / "register.db")) as register, register.write():
        register.conn.execute("update filing set name = '4711' where st13 = ?", (NAMED,))
        register.conn.execute("update named set rule = ''")
    (row,) = run("lookup", "--stored", "--json", "4711").json["filings"]
    assert (row["st13"], row["kept_in"]) == (NAMED, "register")
