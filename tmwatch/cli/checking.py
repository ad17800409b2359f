"""`check`: one pass over what is due, then delivery. For cron, and for a person who wants to see."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

import click

from tmwatch.alerts.outbox import Failure
from tmwatch.checking import CheckReport, check, dry_copy
from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import Bar, complain, complain_of, on_terminal, plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config
from tmwatch.errors import PASSING, ConfigError, UsageError, what_and_advice
from tmwatch.holding import held_after_restore, mass_sentences
from tmwatch.http import Door
from tmwatch.logs import Log, set_run
from tmwatch.store import Database, Observed
from tmwatch.store.database import now
from tmwatch.sweep import Asked, Left

log = Log()

CHANGES_FOUND = 10
LISTED = 20


@cli.command("check")
@click.option("--all", "everything", is_flag=True, help="Look at everything, whether it is due or not.")
@click.option("--watch", "only", multiple=True, metavar="NAME", help="Only this watch; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Ask the registers, but keep nothing and tell nobody.")
@click.option("--no-look", is_flag=True, help="Ask no register: import the inbox, deliver what waits.")
@click.option("--no-deliver", is_flag=True, help="Leave alerts in the outbox for the next check.")
@click.option("--exit-code", is_flag=True, help=f"Exit with {CHANGES_FOUND} when changes were found.")
@json_option
@pass_session
def check_command(
    session: Session,
    everything: bool,
    only: tuple[str, ...],
    dry_run: bool,
    no_look: bool,
    no_deliver: bool,
    exit_code: bool,
    as_json: bool,
) -> int:
    """Import the inbox, look at what is due, store it, and deliver the alerts that wait.

    Off a terminal a good run prints nothing. A failure that may pass by itself is no failure of the run.
    """
    if no_look and (dry_run or no_deliver):
        raise UsageError(
            "without a look and without a delivery there is nothing to do",
            kept=_not_imported(session),
            do="Leave out --no-look, or what stands beside it.",
        )
    config = session.config()
    door = Door(config.operator.contact)
    with _store(session, config, dry=dry_run) as database, Bar("looking") as bar:
        report = check(
            config,
            database,
            door,
            session.env,
            everything=everything,
            only=only,
            look=not no_look,
            deliver=not no_deliver,
            dry=dry_run,
            progress=bar.to,
            started=set_run,
        )
    if as_json:
        say_json(report.as_json())
    elif on_terminal():
        if report.inbox is not None:
            from tmwatch.cli.inbox import print_inbox

            print_inbox(report.inbox)
        if report.feeds:
            from tmwatch.cli.feeding import print_feed

            for fed in report.feeds:
                print_feed(fed)
        _print_deliveries(report) if no_look else _print(report, config, only)
    elif dry_run:
        _print_alerts(report)
    _complain(report)
    if report.operator_must_act:
        return 1
    return CHANGES_FOUND if exit_code and report.changes_found else 0


def _not_imported(session: Session) -> str:
    """What lies in the inbox, for a check that is refused; "" where that is nothing."""
    try:
        config = session.config_if_any()
    except ConfigError:
        return ""
    if config is None or config.store.inbox is None:
        return ""
    from tmwatch.inbox import lying

    names = [plain(name, 100) for name in lying(config)]
    if not names:
        return ""
    files, were = render.counted(len(names), "file"), "was" if len(names) == 1 else "were"
    return (
        f"{files} in the inbox {were} not imported: {render.listed(names)}. `tmwatch check --no-look` "
        f"imports what lies there ({plain(str(config.store.inbox))})."
    )


@contextlib.contextmanager
def _store(session: Session, config: Config, *, dry: bool) -> Iterator[Database]:
    if dry:
        with dry_copy(session.database_path(config)) as database:
            yield database
    else:
        yield session.database(config, create=True)


# -- what goes to stderr, terminal or not: only what somebody has to do --------------------------------------


def _complain(report: CheckReport) -> None:
    if report.inbox is not None:
        from tmwatch.cli.inbox import complain_of_inbox

        complain_of_inbox(report.inbox)
    if report.feeds:
        from tmwatch.cli.feeding import complain_of_feed

        for fed in report.feeds:
            complain_of_feed(fed)
    for busy in report.being_checked:
        complain(f"Note: {busy}")
    for problem in report.problems:
        complain_of(problem)
    for text in report.told_nobody:
        complain(f"Note: {text}")
    for text in report.docket_problems:
        complain(f"Note: {text}")
    for ended in report.mutes_ended:
        complain(f"Note: {plain(render.mute_ended(ended))}")
    for item in report.sweep.failures:
        if item.passing:
            log.info("passing failure", source=item.source, asked=item.query, error=item.error)
        else:
            complain(f"Error: {_failure(item)}")
    for rest in _left(report):
        if rest[0].outcome not in PASSING:
            complain(f"Error: {_said_of_left(rest)}")
    for failures in _by_error(report):
        failed = failures[0]
        if failed.operator_needed or failed.next_try is None:
            single, to = len(failures) == 1, _receivers(failures, report)
            said = f"an alert to {to} could not be delivered"
            again = "It was given up; `tmwatch alerts retry` sends it again."
            if not single:
                said = f"{len(failures)} deliveries to {to} failed"
                again = "They were given up; `tmwatch alerts retry` sends them again."
            complain(f"Error: {said}: {failed.error}" + ("" if failed.next_try else f"\n{again}"))
        else:
            for one in failures:
                log.info("delivery waits", recipient=one.recipient, error=one.error)
    for name, (why, waiting, how) in (report.delivery.off if report.delivery else {}).items():
        held = render.counted(waiting, "delivery waits", "deliveries wait")
        complain(f"Error: {name} is switched off: {why}. {held} for it.\n{how}")
    for notice in report.delivery.untold if report.delivery else ():
        # Nobody else can be told of it: this is the other road.
        complain(f"Error: {notice.headline}.\n{notice.detail}")
    for what, do in mass_sentences(report.outbox):
        complain(f"Error: {what}.\n{do}")
    if restored := held_after_restore(report.outbox):
        are = render.counted(restored, "delivery is", "deliveries are")
        complain(
            f"Note: {are} held since a restore, because they may have gone out before it: "
            "`tmwatch alerts list` shows them, `tmwatch alerts release` sends them."
        )


def _left(report: CheckReport) -> list[list[Left]]:
    """What was left for later, by source and reason."""
    groups: dict[tuple[str, str], list[Left]] = {}
    for one in report.sweep.left:
        groups.setdefault((one.source, one.why), []).append(one)
    return list(groups.values())


def _said_of_left(rest: list[Left]) -> str:
    first, until = rest[0], min(one.until for one in rest)
    count = render.counted(len(rest), "question")
    again = f"It is asked again from {until:%Y-%m-%d %H:%M} UTC on."
    return f"{first.source}: {count} left for later: {first.why}. {again}"


def _by_error(report: CheckReport) -> list[list[Failure]]:
    """Failed deliveries, those together that failed for the same reason and have the same standing."""
    groups: dict[tuple[str, bool, bool], list[Failure]] = {}
    for one in report.delivery.failures if report.delivery else ():
        groups.setdefault((one.error, one.next_try is None, one.operator_needed), []).append(one)
    return list(groups.values())


def _receivers(failures: list[Failure], report: CheckReport) -> str:
    """ "legal by email (a@firm.test, b@firm.test), ops by webhook"; a webhook's address may be a secret."""
    found: dict[str, None] = {}
    for one in failures:
        known = report.failed_at.get((one.recipient, one.channel, one.error), [])
        addresses = f" ({', '.join(known)})" if known and one.channel == "email" else ""
        found[f"{one.recipient} by {one.channel}{addresses}"] = None
    return ", ".join(found)


def _failure(item: Asked) -> str:
    watches = ", ".join(f'"{name}"' for name in item.watches)
    return f"watch {watches}, {item.query}: {item.error or f'{item.source}: {item.outcome.value}'}"


# -- what a person at a terminal sees ---------------------------------------------------------------------


def _print(report: CheckReport, config: Config, only: tuple[str, ...]) -> None:
    for watch in config.watches:
        if not only or watch.name in only:
            _print_watch(watch.name, report)
    for rest in _left(report):
        say(plain(_said_of_left(rest), 400))
    if not config.watches:
        say("Nothing is watched yet: `tmwatch watch add` adds a watch.")
    _print_changes(report)
    if report.dry:
        say()
        _print_alerts(report)
        say("Dry run: nothing was kept and nobody was told.")
        return
    for alert in report.alerts[:LISTED]:
        say(f"Alert {alert['id']}: {plain(alert['headline'])}", style="bold")
    _print_silenced(report)
    _print_deliveries(report)


def _print_watch(name: str, report: CheckReport) -> None:
    mine = [item for item in report.sweep.asked if name in item.watches]
    say(f"{plain(name)} · {render.counted(len(mine), 'look')}", style="bold")
    first = _each(one for item in mine if item.baseline for one in item.observed if one.what == "new")
    if first:
        say(f"baseline: {render.counted(len(first), 'filing')}: {_names(first)}", indent=2)
    for item in mine:
        if item.failed and item.passing:
            said, advice = what_and_advice(item.error or "")
            say(f"{item.query}: {item.outcome.value}, tried again next time. {plain(said, 200)}", indent=2)
            if advice:
                say(plain(advice, 300), indent=4)
    for line in render.coverage_texts(report.sweep.coverage.get(name, ())):
        say(line, indent=2, style="dim")


def _names(found: list[Observed]) -> str:
    return render.listed([render.record_name(one.record) for one in found], 4)


def _each(found: Iterable[Observed]) -> list[Observed]:
    return list({one.st13: one for one in found}.values())


def _print_closed(report: CheckReport) -> None:
    for source, one in report.sweep.closed.items():
        waiting = render.counted(one.questions, "question")
        say(f"{source} is not asked until {one.until:%Y-%m-%d %H:%M} UTC (closed hours): {waiting} wait.")


def _print_changes(report: CheckReport) -> None:
    _print_closed(report)
    appeared, changed = _each(report.sweep.appeared), _each(report.sweep.changed)
    say()
    if not appeared and not changed:
        asked, due = len(report.sweep.asked), report.sweep.not_due
        later = f"; {render.counted(due, 'question')} not due yet (--all asks them)" if due else ""
        failed = f", {len(report.sweep.failures)} failed" if report.sweep.failures else ""
        if not asked and (not due or report.sweep.left or report.being_checked):
            say("Nothing was asked, so nothing is known to be new: why stands above.")
            return
        say(f"Checked ({render.counted(asked, 'look')}{failed}), nothing new{later}.")
        return
    for one in appeared[:LISTED]:
        say(f"New: {render.record_name(one.record)}", style="bold")
        say(render.provenance_line(one.provenance), indent=2, style="dim")
        filed = one.record.application_date
        owners = ", ".join(plain(party.name) for party in one.record.owners)
        classes = ", ".join(plain(number) for number in one.record.class_numbers)
        rows = (f"filed {filed}" if filed else "", owners, f"class {classes}" if classes else "")
        say("; ".join(row for row in rows if row), indent=2)
    for one in changed[:LISTED]:
        say(render.record_name(one.record), style="bold")
        say(render.provenance_line(one.provenance), indent=2, style="dim")
        for change in one.changes:
            if change.significance.rank:
                for line in render.change_lines(change.model_dump(mode="json")):
                    say(line, indent=2)
    left = max(0, len(appeared) - LISTED) + max(0, len(changed) - LISTED)
    if left:
        say(f"and {render.counted(left, 'more filing')}: `tmwatch changes` has them all")


def _print_alerts(report: CheckReport) -> None:
    if not report.alerts:
        say("No alert would be sent.")
    for alert in report.alerts:
        to = ", ".join(f"{one['recipient']} ({one['channel']})" for one in alert["deliveries"]) or "nobody"
        held = any(one["state"] == "held" for one in alert["deliveries"])
        late = [one["gathers_until"] for one in alert["deliveries"] if one["gathers_until"]]
        when = f" when the day is over, {render.local(late[0])}," if late else ""
        say(f"Would be {'held' if held else 'sent'}{when} to {plain(to)}: {plain(alert['headline'])}")


def _print_silenced(report: CheckReport) -> None:
    for mute, count in report.silenced.items():
        say(render.silenced(mute, count))


def _print_deliveries(report: CheckReport) -> None:
    sent = report.delivery.sent if report.delivery else 0
    waiting, dead = report.outbox.get("waiting", 0), report.outbox.get("dead", 0)
    made = f"{render.counted(len(report.alerts), 'alert')} made. " if report.alerts else ""
    done = render.counted(sent, "delivery", "deliveries")
    held = report.outbox.get("held", 0)
    digests = report.delivery.digests if report.delivery else {}
    quiet = report.delivery.quiet if report.delivery else {}
    days = report.delivery.days if report.delivery else {}
    gathered = sum(count for _, count in (*digests.values(), *days.values()))
    if waiting > gathered:
        rest = waiting - gathered
        say(f"{made}{done} sent, {rest} waiting ({_after_quiet(quiet) or _next_try(report, rest)}).")
    elif waiting:
        what = " or ".join([*["a digest"] * bool(digests), *["the end of the day"] * bool(days)])
        say(f"{made}{done} sent, nothing waits but for {what}.")
    else:
        say(f"{made}{f'{done} sent. ' if sent or made else ''}Nothing {'else ' if held else ''}waits.")
    for name, (until, count) in digests.items():
        wait = f"{render.counted(count, 'delivery', 'deliveries')} to {plain(name)}"
        say(f"{wait} for the digest of {render.local(until.isoformat())}.", indent=2)
    for name, (until, count) in days.items():
        wait = f"{render.counted(count, 'delivery', 'deliveries')} to {plain(name)}"
        say(f"{wait} with what else is new today, at {render.local(until.isoformat())}.", indent=2)
    for failures in _by_error(report):
        if failures[0].next_try and not failures[0].operator_needed:
            said = plain(failures[0].error.splitlines()[0], 200).rstrip(".")
            say(f"{plain(_receivers(failures, report))}: {said}.", indent=2)
    for name, (why, held, _) in (report.delivery.off if report.delivery else {}).items():
        say(f"{plain(name)} is switched off ({plain(why)}): {held} waiting.", indent=2)
    if dead:
        say(f"{render.counted(dead, 'delivery was', 'deliveries were')} given up: `tmwatch alerts list`.")


def _after_quiet(quiet: Mapping[str, dt.datetime]) -> str:
    """Whose quiet holds until when; what else waits beside it is named below, each with its error."""
    return "; ".join(
        f"quiet of {plain(name)} until {render.local(end.isoformat())}" for name, end in quiet.items()
    )


def _next_try(report: CheckReport, waiting: int) -> str:
    """When what waits is tried again; where its time has come, the next check does it anyway."""
    when, them = report.next_try, "it" if waiting == 1 else "them"
    if when is None or when <= now():
        return f"the next `tmwatch check` sends {them}"
    form = "%H:%M" if when.date() == now().date() else "%Y-%m-%d %H:%M"
    return f"next try {when:{form}} UTC; `tmwatch alerts retry --all` sends {them} at the next check"
