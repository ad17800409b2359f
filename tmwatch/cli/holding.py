"""`alerts release` and `alerts drop`: what becomes of what is held."""

from __future__ import annotations

import click

from tmwatch.alerts.outbox import deliver_due
from tmwatch.checking import gather
from tmwatch.cli import render
from tmwatch.cli.alerts import alert_number, alerts_group, need_alert
from tmwatch.cli.options import json_option
from tmwatch.cli.output import complain, say_json, tell
from tmwatch.cli.session import Session, pass_session
from tmwatch.errors import UsageError
from tmwatch.sources.registry import get_source
from tmwatch.store import Database, Outbox, upkeep
from tmwatch.store.database import now
from tmwatch.store.held import RESTORE
from tmwatch.store.mass import MASS

HELD_HELP = "Every alert that is held."


def _held(database: Database, numbers: tuple[str, ...]) -> list[int]:
    found = []
    for text in numbers:
        number = alert_number(click.get_current_context(), click.Argument(["id"]), text)
        assert number is not None
        need_alert(database, number)
        found.append(number)
    return found


def _reason(
    database: Database, numbers: tuple[str, ...], source: str | None, restored: bool, everything: bool = False
) -> str | None:
    """For what reason the held deliveries are meant; None: whatever it is."""
    if sum((bool(numbers), source is not None, restored, everything)) > 1:
        raise UsageError("one of ID, --source, --restore and --all", do="Give one of them only.")
    if source is not None:
        return f"{MASS}{get_source(source).declaration.id}"
    if restored:
        return RESTORE
    reasons = Outbox(database).reasons()
    if len(reasons) > 1 and not numbers and not everything:
        ways = ", ".join("--restore" if one == RESTORE else f"--source {one[len(MASS) :]}" for one in reasons)
        raise UsageError(
            "alerts are held for several reasons", do=f"Say which are meant: {ways}, or --all for all."
        )
    return None


source_option = click.option("--source", metavar="ID", help="What is held for a mass change at this source.")
restore_option = click.option("--restore", "restored", is_flag=True, help="What is held since a restore.")


@alerts_group.command("release")
@click.argument("numbers", metavar="[ID]...", nargs=-1)
@source_option
@restore_option
@click.option("--all", "everything", is_flag=True, help=HELD_HELP)
@click.option("--no-deliver", is_flag=True, help="Leave them to the next check.")
@json_option
@pass_session
def release(
    session: Session,
    numbers: tuple[str, ...],
    source: str | None,
    restored: bool,
    everything: bool,
    no_deliver: bool,
    as_json: bool,
) -> int:
    """Send what is held (of these alerts, for that reason, or all), with the ids it has.

    Held is what one pass over a source changed in mass (it goes by itself after a day), and after a restore
    what may have gone out before it. `alerts list` shows both.
    """
    config = session.config_if_any()
    database = session.database(config)
    outbox = Outbox(database)
    reason = _reason(database, numbers, source, restored, everything)
    count = outbox.release(_held(database, numbers), reason=reason)
    report = None
    if count and config is not None and not no_deliver:
        gather(config, database, session.env)
        report = deliver_due(outbox, config, now())
    sent = report.sent if report else 0
    if as_json:
        say_json({"released": count, "sent": sent, "held": upkeep.outbox_standing(database)["held"]})
    else:
        released = render.counted(count, "delivery", "deliveries")
        then = f"{sent} sent" if report else "the next `tmwatch check` sends them"
        if report and report.digests:
            then += f", {sum(count for _, count in report.digests.values())} wait for the next digest"
        if report and report.days:
            then += f", {sum(count for _, count in report.days.values())} wait for the end of the day (UTC)"
        nothing = _nothing(numbers, source, restored)
        tell(f"{released} released; {then}." if count else nothing)
    for failure in report.failures if report else ():
        complain(f"Error: {failure.recipient} by {failure.channel}: {failure.error}")
    return 1 if report is not None and report.operator_needed else 0


@alerts_group.command("drop")
@click.argument("numbers", metavar="[ID]...", nargs=-1)
@source_option
@restore_option
@click.option("--all", "everything", is_flag=True, help=HELD_HELP)
@click.option("--given-up", is_flag=True, help="Instead of what is held all that was given up.")
@json_option
@pass_session
def drop(
    session: Session,
    numbers: tuple[str, ...],
    source: str | None,
    restored: bool,
    everything: bool,
    given_up: bool,
    as_json: bool,
) -> None:
    """Never send what is held of these alerts, or for that reason. It stays in the list.

    What was given up, and nobody is to get any more, is dropped with --given-up.
    """
    held = bool(numbers or source is not None or restored or everything)
    if held and given_up:
        raise UsageError("--given-up is about what is not held", do="Drop one after the other.")
    if not (held or given_up):
        raise UsageError(
            "which alerts are to be dropped?",
            do="Give their numbers, --source ID, --restore, --all or --given-up.",
        )
    database = session.database()
    if given_up:
        _drop_given_up(database, as_json)
        return
    reason = _reason(database, numbers, source, restored, everything)
    count = Outbox(database).drop(_held(database, numbers), reason=reason)
    if as_json:
        say_json({"dropped": count, "held": upkeep.outbox_standing(database)["held"]})
    else:
        dropped = f"{render.counted(count, 'delivery', 'deliveries')} dropped."
        tell(dropped if count else _nothing(numbers, source, restored))


def _drop_given_up(database: Database, as_json: bool) -> None:
    count = Outbox(database).drop_given_up()
    if as_json:
        say_json({"dropped": count, "held": upkeep.outbox_standing(database)["held"]})
        return
    dropped = f"{render.counted(count, 'delivery', 'deliveries')} dropped."
    tell(dropped if count else "Nothing was given up.")


def _nothing(numbers: tuple[str, ...], source: str | None, restored: bool) -> str:
    what = "of these alerts " if numbers else ""
    why = f" for {source}" if source is not None else " since a restore" if restored else ""
    return f"Nothing {what}is held{why}."
