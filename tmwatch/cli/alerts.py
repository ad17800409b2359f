"""`alerts list`, `alerts why`, `alerts retry`: what was told to whom, why, and whether it arrived."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from contextlib import suppress
from typing import Any

import click
from pydantic import ValidationError

from tmwatch.alerts.payload import AlertPayload, MarkCard, Near
from tmwatch.alerts.receivers import switch_on, what_to_do
from tmwatch.alerts.view import muted_line
from tmwatch.alerts.view_campaigns import CampaignView, campaigns, near_line
from tmwatch.alerts.waiting import Patience, Wait
from tmwatch.alerts.wording import wording
from tmwatch.cli import render
from tmwatch.cli.app import Group, cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import facts_grid, plain, say, say_json, tell
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import ConfigError, UsageError
from tmwatch.holding import mass_sentences
from tmwatch.store import Database, Outbox, muted, upkeep
from tmwatch.store.database import now
from tmwatch.store.endpoints import endpoints
from tmwatch.store.mass import MASS
from tmwatch.store.outbox import told_at

_MUTED = dt.timedelta(days=30)
STATES = {
    "pending": "waiting",
    "sent": "sent",
    "dead": "GIVEN UP",
    "held": "HELD",
    "dropped": "dropped",
    "digested": "in a digest",
}
_REASONS = {
    "digest": "the digest",
    "quiet": "the end of the quiet",
    "day": "what else the watch finds until the day (UTC) is over",
}


@cli.group("alerts", cls=Group)
def alerts_group() -> None:
    """Alerts and their deliveries: list, why, preview, retry, release, drop."""


@alerts_group.command("list")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first."
)
@click.option("--undelivered", is_flag=True, help="Only alerts with a delivery that was given up or waits.")
@json_option
@pass_session
def list_(session: Session, limit: int, undelivered: bool, as_json: bool) -> None:
    """Show the latest alerts, newest first, and what became of their deliveries."""
    database = session.database()
    found = Outbox(database).alerts(limit, undelivered=undelivered)
    _add_waits(session, database, found)
    for alert in found:
        for one in alert["deliveries"]:
            one["do"] = what_to_do(alert["id"], one) or None
    if as_json:
        say_json(found)
        return
    for alert in found:
        say(f"{alert['id']}  {plain(alert['headline'])}", style="bold")
        rows = [
            ("Made", _made(alert)),
            ("Significance", plain(alert["significance"])),
            ("Deliveries", _counts(alert["deliveries"])),
            *_waits(alert["deliveries"]),
            *(row for one in _failed(alert) for row in _trouble(one)),
            *_why_held(alert),
        ]
        facts_grid(rows, indent=2)
    if not found:
        say("Nothing waits and nothing was given up." if undelivered else "There are no alerts yet.")
    _sum_up(database)


def _made(alert: dict[str, Any]) -> str:
    watch = f', watch "{plain(alert["watch"])}"' if alert["watch"] else ""
    return f"{render.local(alert['created_at'])}{watch}"


def _add_waits(session: Session, database: Database, alerts: list[dict[str, Any]]) -> None:
    """To each delivery what it waits for, as the configuration has it now."""
    waits = all_waits(session, database)
    for alert in alerts:
        for one in alert["deliveries"]:
            one["waits"] = waits[one["id"]].as_json() if one["id"] in waits else None


def all_waits(session: Session, database: Database) -> dict[int, Wait]:
    """Of each delivery that waits for something, for what; nothing is known without a good configuration."""
    try:
        config = session.config_if_any()
    except ConfigError:
        config = None
    if config is None:
        return {}
    patience = Patience(config, told_at(database), now())
    found = ((one.id, patience.with_(one)) for one in upkeep.waiting(database))
    return {number: wait for number, wait in found if wait is not None}


def _waits(deliveries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """For what its deliveries wait, each reason once; and the digest that they are told by."""
    found: dict[str, None] = {}
    for one in deliveries:
        if wait := one["waits"]:
            found[f"{plain(one['recipient'])}: {_said_of_wait(wait)}"] = None
        elif one["digest"] is not None:
            state = STATES.get(one["digest"]["state"], one["digest"]["state"])
            do = f": {plain(one['do'])}" if one.get("do") else ""
            found[f"{plain(one['recipient'])}: in digest {one['digest']['alert']} ({state}){do}"] = None
    return [("", text) for text in found]


def _said_of_wait(wait: dict[str, str]) -> str:
    return f"waits for {_REASONS[wait['for']]}, {render.local(wait['until'])}"


def _trouble(one: dict[str, Any]) -> list[tuple[str, str]]:
    """Why a delivery has not arrived, and what to do about it."""
    label = {"dead": "Given up"}.get(one["state"], "Switched off" if one["switched_off"] else "Failed")
    # The error of a try says what to do as well; what counts now is how it stands.
    why = one["switched_off"] or str(one["error"]).splitlines()[0]
    rows = [(label, f"{_to(one)}: {plain(why, 200)}")]
    if one["do"]:
        rows.append(("", plain(one["do"])))
    elif one["next_try_at"]:
        tries = render.counted(one["tries"], "try", "tries")
        rows.append(("", f"next try {render.local(one['next_try_at'])}, after {tries}"))
    return rows


def _why_held(alert: dict[str, Any]) -> list[tuple[str, str]]:
    """Why an alert is held, whoever gets it."""
    held = [one for one in alert["deliveries"] if one["state"] == "held"]
    if not held:
        return []
    until = held[0]["held_until"]
    if until is None:
        return [("Held", "since a restore: it may have gone out before")]
    source = plain(str(held[0]["held_for"]).removeprefix(MASS))
    return [("Held", f"much changed at {source} at once; until {render.local(until)}")]


def _sum_up(database: Database) -> None:
    """What stands behind the alerts that were listed, and those that were not."""
    if quiet := len(muted.silenced(database, now() - _MUTED)):
        silenced = render.counted(quiet, "change was", "changes were")
        say(
            f"In {_MUTED.days} days {silenced} silenced by mutes: "
            f'`tmwatch changes --muted --since "{_MUTED.days} days"`.'
        )
    dead = upkeep.outbox_standing(database)["dead"]
    if dead:
        were = render.counted(dead, "delivery was", "deliveries were")
        say(
            f"In all {were} given up: `tmwatch alerts list --undelivered` shows them, "
            "`tmwatch alerts retry --all` sends them again."
        )
    for what, do in mass_sentences(upkeep.outbox_standing(database)):
        say(f"{plain(what, 300)}. {plain(do, 300)}")
    for one in endpoints(database).values():
        if one.state == "disabled" and one.disabled_at is not None:
            since = render.local(one.disabled_at.isoformat())
            how = switch_on(one.recipient)
            say(f"{plain(one.name)} is switched off since {since}: {plain(one.why)}. {plain(how)}")


def _counts(deliveries: list[dict[str, Any]]) -> str:
    if not deliveries:
        return "nobody is told"
    counts = Counter(STATES.get(one["state"], one["state"]) for one in deliveries)
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def _failed(alert: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one for one in alert["deliveries"] if one["state"] != "sent" and (one["error"] or one["switched_off"])
    ]


def _to(one: dict[str, Any]) -> str:
    return plain(f"{one['recipient']} ({one['channel']} {one['address']})")


def need_alert(database: Database, number: int) -> dict[str, Any]:
    alert = Outbox(database).alert(number)
    if alert is None:
        raise UsageError(
            f"there is no alert {number}", where=str(database.path), do="`tmwatch alerts list` shows them."
        )
    return alert


def alert_number(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """The number of an alert, as `alerts list` shows it."""
    if value is None:
        return None
    if not value.isdecimal() or len(value) > 18 or int(value) < 1:
        raise UsageError(
            f'"{plain(value, 40)}" is not the number of an alert', do="`tmwatch alerts list` shows them."
        )
    return int(value)


@alerts_group.command("why")
@click.argument("number", metavar="ID", callback=alert_number)
@json_option
@pass_session
def why(session: Session, number: int, as_json: bool) -> None:
    """Show why an alert was raised: trigger, changes, the looks behind it, and its deliveries."""
    database = session.database()
    alert = need_alert(database, number)
    _add_waits(session, database, [alert])
    looks = upkeep.looks_behind(database, number)
    if as_json:
        say_json({**alert, "looks": looks})
        return
    payload = alert["payload"]
    say(f"{alert['id']}  {plain(alert['headline'])}", style="bold")
    facts_grid(
        [
            *_one_a_line("Why", payload["why"]),
            ("Watch", _watch_of(payload)),
            ("Significance", plain(payload["significance"])),
            ("Made", render.local(alert["created_at"])),
            *(("", plain(line)) for line in payload["detail"].splitlines()),
            *_why_held(alert),
        ]
    )
    if payload.get("digest"):
        _print_digest(payload)
    for campaign in _campaigns(payload):
        _print_campaign(campaign)
    for card in payload["cards"]:
        _print_card(card, payload["why"])
    for look in looks:
        _print_look(look)
    say()
    say("Deliveries", style="bold")
    for one in alert["deliveries"]:
        _print_delivery(one, alert["id"])
    if not alert["deliveries"]:
        say("nobody is told (notify is empty)", indent=2)


def _watch_of(payload: dict[str, Any]) -> str:
    """The watch, and whose filings it is about; the health of a source or receiver is about nobody's."""
    role = "" if payload["kind"].endswith(".health") else f" ({plain(payload['role'])})"
    return f"{plain(payload['watch'])}{role}" if payload["watch"] else ""


def _print_digest(payload: dict[str, Any]) -> None:
    """What a digest took in, an alert a line; `alerts preview` shows all that it says."""
    for item in payload["digest"]["items"]:
        say(f"{item['alert']}  {plain(item['headline'])}", indent=2)
    if not payload["digest"]["items"]:
        say("It took in no alert.", indent=2)


def _one_a_line(label: str, reasons: str) -> list[tuple[str, str]]:
    """Several reasons under each other."""
    parts = [plain(part) for part in reasons.split("; ")]
    return [(label if not place else "", part) for place, part in enumerate(parts)]


def _campaigns(payload: dict[str, Any]) -> tuple[CampaignView, ...]:
    """None of an alert that was written by another version and cannot be read."""
    try:
        return campaigns(AlertPayload.model_validate(payload), wording("en"))
    except ValidationError:
        return ()


def _print_campaign(shown: CampaignView) -> None:
    say()
    say(plain(shown.title), style="bold")
    if shown.marks:
        say(f"Marks: {shown.marks}", indent=2)
    for line in filter(None, (shown.near, shown.news_head)):
        say(line, indent=2)
    for line in shown.news:
        say(line, indent=4 if shown.news_head else 2)
    for row in shown.classes:
        title = " ".join(part for part in (row.number, row.title, f"({row.new})" if row.new else "") if part)
        say(f"{title}: {'; '.join(row.marks)}", indent=2)


def _print_card(card: dict[str, Any], said: str) -> None:
    """`said`: the reasons that stand above already."""
    say()
    name = render.mark_name(card["mark"], card["facts"])
    number = render.short_number(card["office"], card["application_number"], card["st13"])
    say(f"{name} ({number})", style="bold")
    newness = f", {card['newness']}" if card["newness"] else ""
    origin = render.where_from(card["source"], card["facts"], card["as_of"], card["as_of_kind"])
    say(f"{origin}{newness}", indent=2, style="dim")
    if not set(card["why"].split("; ")) <= set(said.split("; ")):
        facts_grid(_one_a_line("Why", card["why"]), indent=2)
    if card.get("near"):
        say(near_line(Near.model_validate(card["near"]), wording("en")), indent=2)
    for change in card["changes"]:
        for line in render.change_lines(change):
            say(line, indent=2)
    if card.get("muted"):
        too = muted_line(MarkCard.model_validate(card), wording("en"))
        say(f"{wording('en').label('muted')}: {too}", indent=2)


def _print_look(look: dict[str, Any]) -> None:
    how = "looked at" if look["live"] else "imported"
    page = f", page {look['sha256'][:12]}…" if look["sha256"] else ""
    said = (
        f"{look['st13']} {how} {render.local(look['looked_at'])} from {look['source']}{page}: {look['url']}"
    )
    say(plain(said), indent=2, style="dim")


def _print_delivery(one: dict[str, Any], alert: int) -> None:
    state = STATES.get(one["state"], one["state"])
    when = render.local(one["sent_at"] if one["state"] == "sent" else one["next_try_at"])
    after = {"sent": f" {when}", "pending": f", next try {when}"}.get(one["state"], "")
    if one["waits"]:
        after = f", {_said_of_wait(one['waits'])}"
    elif one["digest"] is not None:
        said = STATES.get(one["digest"]["state"], one["digest"]["state"])
        after = f", {one['digest']['alert']}, which is {said}"
    say(f"{_to(one)}: {state}{after}, {render.counted(one['tries'], 'try', 'tries')}", indent=2)
    if one["waits"] and one["waits"]["for"] == "digest":
        until = one["waits"]["no_date_until"]
        say(f"It can wait: not critical, not high on a watch of one's own, no date until {until}", indent=4)
    if one["waits"] and one["waits"]["for"] == "day":
        now_ = f"`tmwatch alerts retry {alert}` sends it at the next check"
        say(f"The watch's first message of that day had begun to be sent (`gather`); {now_}", indent=4)
    for line in str(one["error"] or one["answer"] or "").splitlines():
        say(plain(line), indent=4)
    say(f"id {one['message_id']}", indent=4, style="dim")


@alerts_group.command("retry")
@click.argument("number", metavar="[ID]", callback=alert_number, required=False)
@click.option("--all", "everything", is_flag=True, help="Every delivery that was given up or waits.")
@click.option("--recipient", metavar="NAME", help="Every one to this recipient.")
@json_option
@pass_session
def retry(
    session: Session, number: int | None, everything: bool, recipient: str | None, as_json: bool
) -> None:
    """Bring deliveries that were given up or wait back, with the same ids; the next check sends them.

    A webhook that was switched off because it said that it is gone (HTTP 410) is switched on again.
    """
    if sum((number is not None, everything, recipient is not None)) != 1:
        raise UsageError(
            "which alerts are to be tried again?",
            do="Give the number of one (`tmwatch alerts list`), --recipient NAME, or --all.",
        )
    database = session.database()
    if number is not None:
        need_alert(database, number)
    if recipient is not None:
        _need_recipient(session, database, recipient)
    on = [one for one in endpoints(database).values() if one.state == "disabled"]
    count = Outbox(database).retry(number, recipient)
    again = [one.name for one in on if one.key not in endpoints(database)]
    waits: Counter[str] = Counter(one.reason for one in all_waits(session, database).values())
    if as_json:
        left = {reason: waits[reason] for reason in _REASONS}
        say_json({"due": count, "switched_on": again, "waits": left})
        return
    for name in again:
        tell(f"{plain(name)} is switched on again.")
    if not count:
        tell("Nothing waits, and nothing was given up.")
        return
    then = "sends it" if count == 1 else "sends them"
    tell(f"{render.counted(count, 'delivery', 'deliveries')} due; the next `tmwatch check` {then}.")
    for reason, until in (("digest", "the next digest"), ("day", "the end of the day (UTC)")):
        if count := waits[reason]:
            tell(f"{render.counted(count, 'delivery', 'deliveries')} not begun yet: left to {until}.")


def _need_recipient(session: Session, database: Database, name: str) -> None:
    """Raises `UsageError` where neither the configuration nor any delivery knows the recipient."""
    known = upkeep.recipients(database)
    with suppress(ConfigError):  # a broken file keeps nobody from reviving what it was told
        config = session.config_if_any()
        known |= {one.name for one in config.recipients} if config is not None else set()
    if name not in known:
        there = ", ".join(plain(one, 60) for one in sorted(known))
        raise UsageError(
            f'there is no recipient "{plain(name, 60)}"',
            where=str(database.path),
            do=f"Known: {there}." if there else "`tmwatch alerts list` shows who was told.",
        )
