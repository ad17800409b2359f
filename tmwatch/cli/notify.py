"""`notify test`: whether a recipient can be reached, by what the other side says. `alerts preview`: what it
would get."""

from __future__ import annotations

from typing import Any

import click

from tmwatch.alerts import trying
from tmwatch.alerts.channels.table import CLASSES
from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.previewing import preview, sample
from tmwatch.alerts.trying import Trial, try_out
from tmwatch.cli.alerts import alert_number, alerts_group, need_alert
from tmwatch.cli.app import Group, cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config, Operator, Recipient
from tmwatch.errors import UsageError
from tmwatch.store.database import now

CHANNEL = click.Choice(tuple(CLASSES))


@cli.group("notify", cls=Group)
def notify_group() -> None:
    """Recipients: test."""


@notify_group.command("test")
@click.argument("recipient", metavar="RECIPIENT")
@click.option("--channel", "only", type=CHANNEL, multiple=True, help="By this channel only; may be repeated.")
@json_option
@pass_session
def test(session: Session, recipient: str, only: tuple[str, ...], as_json: bool) -> int:
    """Send a test to a recipient by each of its channels, and say what the other side answers.

    The test is marked [TEST], says nothing of what is stored and is no alert.
    Exit code 0 only if all took it.
    """
    config = session.config()
    found = _recipient(config, recipient)
    here = {channel for channel, _ in found.ways}
    if absent := [name for name in only if name not in here]:
        raise UsageError(
            f'recipient "{plain(found.name, 60)}" has no {absent[0]}',
            where=str(config.path),
            kept="Nothing was sent.",
            do=f"It has {', '.join(sorted(here))}.",
        )
    trials = []
    for one in try_out(config, found, session.env, only=only):
        trials.append(one)
        if not as_json:
            _print(one)
    if as_json:
        took = all(one.took for one in trials)
        say_json({"recipient": found.name, "took": took, "channels": [one.as_json() for one in trials]})
    return 0 if trials and all(one.took for one in trials) else 1


def _recipient(config: Config, name: str) -> Recipient:
    found = config.recipient(name)
    if found is None:
        known = ", ".join(plain(one.name, 60) for one in config.recipients)
        raise UsageError(
            f'there is no recipient "{plain(name, 60)}"',
            where=str(config.path),
            kept="Nothing was sent.",
            do=f"Known: {known}." if known else "Add a [[recipient]] to the configuration.",
        )
    return found


def _print(one: Trial) -> None:
    to = f"{one.channel} {one.address}" if one.channel == "email" else one.channel
    if one.took:
        say(f"{plain(to)}: taken, {plain(one.answer, 400)}")
        return
    say(f"{plain(to)}: NOT taken. {plain(one.error, 600)}", style="bold")
    if one.do:
        say(plain(one.do), indent=2)


@alerts_group.command("preview")
@click.argument("number", metavar="[ID]", callback=alert_number, required=False)
@click.option("--channel", type=CHANNEL, default="email", show_default=True, help="As by this channel.")
@click.option("--recipient", metavar="NAME", help="In the language and zone of this recipient.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="In this language instead.")
@click.option("--test", "as_test", is_flag=True, help="What `notify test` sends.")
@click.option("--digest", "as_digest", is_flag=True, help="The next digest as it would be now.")
@json_option
@pass_session
def preview_(
    session: Session,
    number: int | None,
    channel: str,
    recipient: str | None,
    language: str | None,
    as_test: bool,
    as_digest: bool,
    as_json: bool,
) -> None:
    """Show what would be sent of an alert (without ID: of a made-up one), and send nothing.

    With --digest: the next digest of a recipient, as it would be if it were made now.
    """
    if sum((number is not None, as_test, as_digest)) > 1:
        raise UsageError(
            "an alert, a test and a digest are three things", do="Give an ID, --test or --digest."
        )
    config = session.config_if_any()
    if config is None:
        config = Config(path=session.config_path, operator=Operator(contact="you@example.com"))
    to = _recipient(config, recipient) if recipient else _first(config, channel)
    if language:
        to = to.model_copy(update={"language": language})
    payload, at = trying.payload(to.language) if as_test else sample(), now()
    if as_digest:
        payload = _digest(session, config, to)
    if number is not None:
        stored = need_alert(session.database(config if session.has_config else None), number)
        payload = AlertPayload.model_validate(stored["payload"])
    seen = preview(payload, channel, config, to, alert=number or 0, at=at)
    if as_json:
        answer: dict[str, Any] = {
            "alert": number,
            "channel": channel,
            "language": to.language,
            "size": seen.size,
            "limit": seen.limit,
            "unit": seen.unit or None,
            "lines_left_out": seen.cut,
            "body": seen.body,
        }
        say_json(answer)
        return
    for line in seen.text.splitlines():
        say(plain(line) if line.strip() == line else line)
    if seen.limit is not None and channel != "webhook":
        left = f"{seen.cut} lines left out" if seen.cut else "nothing left out"
        say()
        say(f"{channel}: {seen.size} of {seen.limit} {seen.unit}, {left}", style="dim")


def _digest(session: Session, config: Config, to: Recipient) -> AlertPayload:
    """What the next digest of the recipient would say now."""
    from tmwatch.digests import next_of

    if to.digest == "off":
        raise UsageError(
            f'recipient "{plain(to.name, 60)}" has no digest',
            where=str(config.path),
            kept="Nothing was sent.",
            do='Name one with --recipient, or set digest = "daily" or "weekly".',
        )
    return next_of(to, config, session.database(config), session.env)


def _first(config: Config, channel: str) -> Recipient:
    """Who gets alerts by that channel; else anybody, else a reader of English."""
    for one in config.recipients:
        if channel in dict(one.ways):
            return one
    return next(iter(config.recipients), Recipient(name="reader"))
