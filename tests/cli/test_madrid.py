"""An international registration, from a page saved by hand to what the screen says of each office."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import FIXTURES, Run
from tests.cli.test_import import lines

WORD = FIXTURES / "wo.madrid/word-mark-with-refusal-and-grant/page.html"
GRANT = "Statement of grant of protection made under Rule 18ter(1), US"


def test_a_saved_page_shows_the_standing_at_each_office_and_where_it_comes_from(run: Run) -> None:
    (one,) = lines(run("import", "--json", str(WORD)).out)
    assert (one["source"], one["st13"], one["outcome"]) == ("wo.madrid", "WO500000009990001", "ok")
    shown = run("show", "IR 9990001").out
    assert "Designations (4 today, 4 of them live; computed from the events)" in shown
    assert "protected, 2021-02-11" in shown
    assert "pending, 2024-02-01; a refusal can be notified until" in shown
    assert "Basic mark" in shown
    held = json.loads(run("show", "WO 9990001", "--json").out)
    assert {one["office"]: one["standing"] for one in held["designations"]}["VN"] == "no_refusal_in_time"


def test_a_later_page_with_a_grant_tells_of_the_office_it_is_for(run: Run, folder: Path) -> None:
    run("import", str(WORD))
    text = WORD.read_text(encoding="utf-8")
    entry = text[text.rindex("<div id=", 0, text.index('tag="GP18N"')) : text.index('tag="RFNT"')]
    entry = entry[: entry.rindex("<div id=")].replace(", SG<", ", US<").replace(">SG<", ">US<")
    place = text.rindex("<div id=", 0, text.index('tag="INITIAL_LINKS"'))
    later = text[:place] + entry.replace("07.03.2019, 2019/8", "06.03.2025, 2025/9") + text[place:]
    later = later.replace('Version">2024-02-20', 'Version">2025-02-24')
    (folder / "later.html").write_text(later, encoding="utf-8")
    run("import", "later.html")
    told = run("history", "WO 9990001").out
    assert "US: pending, 2024-02-01" in told
    assert "US: protected, 2025-03-06" in " ".join(told.split())


def test_the_empty_form_of_a_missing_number_stores_nothing(run: Run) -> None:
    empty = FIXTURES / "wo.madrid/number-that-does-not-exist/page.html"
    ran = run("import", "--json", str(empty))
    (one,) = lines(ran.out)
    assert (ran.code, one["outcome"]) == (1, "not_found")
    assert run("show", "WO 9990001").code != 0
