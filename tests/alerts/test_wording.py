"""Every name of the vocabulary has its words in every language, and none concludes anything."""

from __future__ import annotations

import datetime as dt
import string
from typing import Any, get_args

import pytest

from tmwatch.alerts.payload import AlertKind, CoverageLine, Newness
from tmwatch.alerts.wording import LANGUAGES, Wording, wording
from tmwatch.config import Recipient
from tmwatch.model import FIELDS, Change, FactKind, Live, Phase, Provenance, Significance

# What `changes/diff.py` names beside the fields of the record.
PARTS = (
    "status",
    "classes.text",
    "classes.status",
    "classes.first_use",
    "classes.first_use_in_commerce",
    "classes.basis",
    "classes.national_classes",
    "classes.other_classes",
    "classes.edition",
    "owners.name",
    "owners.address",
    "owners.legal_form",
    "owners.organised_in_country",
    "owners.organised_in_state",
    "owners.aliases",
)


@pytest.fixture(params=LANGUAGES)
def words(request: pytest.FixtureRequest) -> Wording:
    return wording(request.param)


def leaves(table: dict[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= leaves(value, f"{path}{key}.")
        else:
            found[f"{path}{key}"] = value
    return found


def literals(model: Any, name: str) -> list[str]:
    return [item for item in get_args(model.model_fields[name].annotation) if isinstance(item, str)]


def test_every_language_a_recipient_may_choose_has_words() -> None:
    assert set(literals(Recipient, "language")) == set(LANGUAGES)


def test_every_field_has_a_label(words: Wording) -> None:
    assert not [name for name in (*FIELDS, "status") if name not in words.table["fields"]]
    for name in PARTS:
        assert "_" not in words.field(name), name
        assert name.partition(".")[2] in ("", "text", *words.table["parts"]), name


def test_every_word_of_the_vocabulary_is_there(words: Wording) -> None:
    for phase in Phase:
        assert words.phase(phase)
    for live in Live:
        assert words.live(live)
    for significance in Significance:
        assert words.significance(significance)
    for kind in FactKind:
        assert words.facts(kind, "cn.tianyancha")
    for change_kind in literals(Change, "kind"):
        assert words.change_kind(change_kind)
    for alert_kind in get_args(AlertKind):
        assert words.alert_kind(alert_kind)
    for newness in get_args(Newness):
        assert words.newness(newness)
    for state in literals(CoverageLine, "state"):
        assert words.coverage_state(state)
    for trigger in literals(CoverageLine, "trigger"):
        assert words.trigger(trigger)
    as_of_kinds = get_args(Provenance.model_fields["as_of_kind"].annotation)[0]
    for as_of_kind in get_args(as_of_kinds):
        assert "2025-10-16" in words.as_of(dt.date(2025, 10, 16), as_of_kind)
        assert as_of_kind in words.table["as_of"]


def test_all_languages_say_the_same_things_with_the_same_blanks() -> None:
    tables = {language: leaves(wording(language).table) for language in LANGUAGES}
    english = tables["en"]
    for language, table in tables.items():
        assert table.keys() == english.keys(), language
        for key, text in table.items():
            blanks = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            expected = {name for _, name, _, _ in string.Formatter().parse(english[key]) if name}
            assert blanks == expected, (language, key)


def test_how_a_fact_is_known_is_said_in_words() -> None:
    assert wording("en").facts(FactKind.AGGREGATOR, "cn.tianyancha") == "Tianyancha reports"
    assert wording("zh").facts(FactKind.AGGREGATOR, "cn.tianyancha") == "天眼查显示"
    assert wording("en").facts(FactKind.REPORTED) == "reported (press)"
    assert wording("en").facts(FactKind.SAMPLE).startswith("[SAMPLE]")
    assert wording("en").as_of(dt.date(2014, 2, 10), "not_earlier_than") == "not earlier than 2014-02-10"


def test_no_word_concludes_what_the_law_concludes(words: Wording) -> None:
    text = " ".join(leaves(words.table).values()).lower()
    for word in ("infring", "missed", "too late", "you must", "侵权", "错过", "必须"):
        assert word not in text


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no wording in 'fr'"):
        wording("fr")


def test_a_field_of_a_later_version_reads_as_its_name(words: Wording) -> None:
    assert words.field("seniority_claims") == "seniority claims"
