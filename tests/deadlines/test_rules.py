"""The rules are data: a bad row is refused with its line, and a user's row stands over ours."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tmwatch.deadlines.rules import COLUMNS, Rule, RuleBook, read_rules, shipped, with_own
from tmwatch.errors import ConfigError

GOOD = {
    "office": "US",
    "rule": "opposition",
    "what": "opposition",
    "act": "opposition",
    "roles": "adverse",
    "trigger": "publication",
    "opens": "0 days",
    "closes": "25 days",
    "counts": "after",
    "rolls": "yes",
    "lag_days": "14",
    "legal_basis": "our own habit",
    "confidence": "high",
}


def sheet(*rows: dict[str, str]) -> str:
    heads = list(GOOD)
    more = [name for row in rows for name in row if name not in heads]
    heads += dict.fromkeys(more)
    lines = [",".join(heads), *(",".join({**GOOD, **row}.get(name, "") for name in heads) for row in rows)]
    return "\n".join(lines) + "\n"


def test_every_shipped_rule_names_its_law_and_a_link_and_a_recording_lag() -> None:
    assert len(shipped().rules) >= 78
    for rule in shipped().rules:
        assert rule.basis, rule.key
        assert rule.link or rule.office == "*", rule.key
        assert rule.lag_days > 0, rule.key


def test_the_tables_in_config_are_the_ones_that_ship() -> None:
    for name in ("deadline_rules.csv", "closing_days.csv"):
        assert (ROOT / "config" / name).read_bytes() == (ROOT / "tmwatch/data" / name).read_bytes()


def test_every_column_of_the_rules_is_described() -> None:
    text = (ROOT / "config/README.md").read_text(encoding="utf-8")
    assert [name for name in COLUMNS if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("name", "at", "chosen"),
    [
        ("opposition", "2025-07-21", "opposition_old"),
        ("opposition", "2025-07-22", "opposition"),
    ],
)
def test_the_law_of_the_day_of_the_trigger_is_chosen(name: str, at: str, chosen: str) -> None:
    rule = shipped().at("KR", name, dt.date.fromisoformat(at))
    assert rule is not None
    assert rule.name == chosen


@pytest.mark.parametrize(
    "rule", [rule for rule in shipped().rules if rule.valid_from or rule.valid_to], ids=lambda r: r.key
)
def test_the_day_after_an_old_row_ends_another_one_begins(rule: Rule) -> None:
    """No trigger falls between two laws, and none under two."""
    one = rule
    pairs = [
        other
        for other in shipped().of(one.office)
        if other.trigger == one.trigger and other.act == one.act and other.when == one.when
    ]
    for at in filter(None, (one.valid_from, one.valid_to)):
        assert len([other for other in pairs if other.holds_on(at)]) == 1


def test_a_users_row_replaces_ours_adds_one_and_takes_one_away(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(
        sheet({}, {"rule": "house_review", "closes": "10 days"}, {"rule": "sec71", "confidence": "off"}),
        "utf-8",
    )
    book = with_own(path)
    ours = book.get("US", "opposition")
    assert ours is not None
    assert ours.basis == "our own habit"
    assert book.get("US", "house_review") is not None
    assert book.get("US", "sec71") is None
    assert book.get("US", "sec8_first") == shipped().get("US", "sec8_first")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"closes": "thirty days"}, "`closes`: `thirty days` is no period"),
        ({"trigger": "birthday"}, "`birthday` is no trigger"),
        ({"trigger": "event"}, "needs something behind a colon"),
        ({"counts": "roughly"}, "`counts` holds `roughly`"),
        ({"rolls": "maybe"}, "`rolls` holds `maybe`"),
        ({"roles": "everybody"}, "`roles` holds `everybody`"),
        ({"office": "Mars"}, "`Mars` is no office"),
        ({"lag_days": "-3"}, "`lag_days` holds `-3`"),
        ({"valid_from": "22.7.2025"}, "`22.7.2025` is no date"),
        ({"met_by": "(open"}, "`(open` is no pattern"),
        ({"link": "javascript:alert(1)"}, "`link` holds"),
        ({"legal_basis": ""}, "`legal_basis` is empty"),
        ({"extensions": "60 days"}, "lacks its words"),
        ({"alternative": "nothing"}, "which is no rule of US"),
        ({"closes": "9999999 years"}, "longer than a hundred years"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_what_was_expected(
    tmp_path: Path, cells: dict[str, str], said: str
) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(sheet({"rule": "fine"}, cells), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        with_own(path)
    assert said in caught.value.message
    assert caught.value.where == f"{path}, line 3"


def test_a_file_that_is_no_table_of_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="columns office, rule"):
        read_rules("a,b\n1,2\n", "x.csv")
    with pytest.raises(ConfigError, match="more or fewer cells"):
        read_rules(sheet({}) + "US,short\n", "x.csv")
    with pytest.raises(ConfigError, match="twice"):
        read_rules(sheet({}, {}), "x.csv")
    with pytest.raises(ConfigError, match="cannot be read"):
        with_own(tmp_path / "absent.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        with_own(tmp_path / "bytes.csv")
    assert RuleBook([]).get("US", "opposition") is None
