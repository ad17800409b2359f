"""A delivery's id comes from what is told: the same again is the same id, anything else is another."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.records import ST13, record, sight
from tmwatch.alerts.compose import reactor
from tmwatch.alerts.payload import AlertPayload, MarkCard
from tmwatch.config.reading import parse_config
from tmwatch.model import Change, Significance
from tmwatch.store import Database, Outbox, observe
from tmwatch.store.writing import write_alert

LEGAL = (("legal", "email", "legal@example.com"), ("legal", "webhook", "legal"))
STEP: dict[str, Any] = {
    "field": "status",
    "kind": "changed",
    "significance": Significance.HIGH,
    "old": "Registered.",
    "new": "Cancelled.",
    "date": dt.date(2026, 6, 3),
}


def changed(watch: str = "own", as_of: str = "2026-06-03", st13: str = ST13, **change: Any) -> AlertPayload:
    card = MarkCard(
        st13=st13,
        office="US",
        as_of=dt.date.fromisoformat(as_of),
        changes=(Change(**{**STEP, **change}),),
    )
    return AlertPayload(kind="filing.changed", watch=watch, significance=Significance.HIGH, cards=(card,))


def ids(folder: Path, *payloads: AlertPayload, about: tuple[str, str] | None = None) -> list[tuple[str, ...]]:
    """The ids of the deliveries of these alerts, written one after the other into a new database."""
    folder.mkdir()
    base = Database(folder / "tmwatch.db")
    found = []
    for payload in payloads:
        number = write_alert(base, payload, [card.st13 for card in payload.cards], LEGAL, "", about=about)
        alert = Outbox(base).alert(number)
        assert alert is not None
        found.append(tuple(one["message_id"] for one in alert["deliveries"]))
    base.close()
    return found


def test_the_same_alert_made_again_has_the_same_ids_whatever_day_the_look_was(tmp_path: Path) -> None:
    (tuesday,) = ids(tmp_path / "a", changed())
    (thursday,) = ids(tmp_path / "b", changed(as_of="2026-06-05"))
    assert tuesday == thursday
    assert len(set(tuesday)) == len(LEGAL)


@pytest.mark.parametrize(
    "other",
    [
        changed(watch="other"),
        changed(st13="US500000099000002"),
        changed(field="owners"),
        changed(key="9"),
        changed(old="Published."),
        changed(new="Abandoned."),
        changed(date=dt.date(2026, 6, 4)),
        changed(terms_added=("computer mice",)),
    ],
    ids=["watch", "mark", "field", "key", "old", "new", "date", "terms"],
)
def test_whatever_differs_in_what_is_told_gives_another_id(tmp_path: Path, other: AlertPayload) -> None:
    (one,) = ids(tmp_path / "a", changed())
    (two,) = ids(tmp_path / "b", other)
    assert not set(one) & set(two)


def test_the_order_of_changes_and_the_wording_of_the_alert_are_no_part_of_it(tmp_path: Path) -> None:
    first = changed()
    more = Change(**{**STEP, "field": "owners"})
    card = first.cards[0]
    one = first.model_copy(update={"cards": (card.model_copy(update={"changes": (*card.changes, more)}),)})
    two = first.model_copy(
        update={"headline": "x", "cards": (card.model_copy(update={"changes": (more, *card.changes)}),)}
    )
    assert ids(tmp_path / "a", one) == ids(tmp_path / "b", two)


def test_a_to_b_to_a_to_b_on_one_day_is_three_alerts_with_ids_of_their_own(tmp_path: Path) -> None:
    there, back = changed(), changed(old="Cancelled.", new="Registered.")
    first = ids(tmp_path / "a", there, back, there)
    assert len({one for alert in first for one in alert}) == 6
    assert ids(tmp_path / "b", there, back, there) == first


def test_health_alerts_go_by_what_they_are_about_and_its_state(tmp_path: Path) -> None:
    def health(detail: str) -> AlertPayload:
        return AlertPayload(
            kind="source.health", watch="own", significance=Significance.HIGH, headline="h", detail=detail
        )

    failing = ("source us.tsdr", "failing")
    (one,) = ids(tmp_path / "a", health("HTTP 500"), about=failing)
    (two,) = ids(tmp_path / "b", health("no connection"), about=failing)
    (three,) = ids(tmp_path / "c", health("HTTP 500"), about=("source us.tsdr", "ok"))
    assert one == two
    assert not set(one) & set(three)


def test_a_source_that_fails_again_months_later_is_no_old_alert_be_the_database_a_new_one(
    tmp_path: Path,
) -> None:
    failing = AlertPayload(
        kind="source.health", watch="own", significance=Significance.HIGH, headline="us.tsdr fails"
    )
    found = []
    for day in ("2026-03-02", "2026-11-02"):
        with time_machine.travel(dt.datetime.fromisoformat(f"{day}T06:00:00+00:00"), tick=False):
            found += ids(tmp_path / day, failing, about=("source us.tsdr", "failing"))
    assert not set(found[0]) & set(found[1])


def test_a_step_that_is_rolled_back_and_made_again_gets_the_same_id(tmp_path: Path) -> None:
    text = (
        '[operator]\ncontact = "x@example.com"\n[smtp]\nhost = "127.0.0.1"\nsender = "x@example.com"\n'
        '[[recipient]]\nname = "legal"\nemail = ["legal@example.com"]\n'
        '[[watch]]\nname = "own"\nnumbers = ["US 99000001"]\nnotify = ["legal"]\n'
    )
    react = reactor(parse_config(text, tmp_path / "tmwatch.toml"), {}, lambda watch, one, found, held: True)
    base = Database(tmp_path / "tmwatch.db")
    observe(base, [sight(record(), "2026-01-01")], react=react)
    seen = []

    def interrupted(database: Database) -> None:
        seen.append(Outbox(database).alerts()[0]["deliveries"][0]["message_id"])
        raise KeyboardInterrupt

    dead = sight(record(status_code="710", status_text="Cancelled."), "2026-01-02")
    with pytest.raises(KeyboardInterrupt):
        observe(base, [dead], react=react, also=interrupted)
    assert Outbox(base).alerts() == []
    observe(base, [dead], react=react)
    assert [Outbox(base).alerts()[0]["deliveries"][0]["message_id"]] == seen
