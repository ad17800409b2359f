"""`run`: the daemon. Lines for whoever minds it go to stderr, with their instants."""

from __future__ import annotations

import threading

import click

from tmwatch.alerts.outbox import DeliveryReport
from tmwatch.checking import CheckReport
from tmwatch.cli import render
from tmwatch.cli.app import cli
from tmwatch.cli.output import complain
from tmwatch.cli.session import Session, pass_session
from tmwatch.store.database import now
from tmwatch.text import clean_line


@cli.command("run")
@click.option(
    "--stop-seconds",
    type=click.FloatRange(0, 600),
    default=6.0,
    show_default=True,
    help="How long what is under way has to come to its end when it is stopped.",
)
@pass_session
def run_command(session: Session, stop_seconds: float) -> int:
    """Watch without end: look, import the inbox and deliver at the times of [schedule], until it is stopped.

    SIGTERM or Ctrl-C stops it within ten seconds, SIGHUP reads the configuration anew: a bad file is refused
    and the old one holds. One daemon serves a database; `check` may be run beside it. What was due while it
    did not run is done once when it starts.
    """
    from tmwatch.daemon import Daemon

    config = session.config()
    session.database(config, create=True).close()
    said = threading.Lock()

    def tell(text: str) -> None:
        with said:  # the lines of several threads do not mix
            complain(f"{now():%Y-%m-%d %H:%M:%S} {text}")

    def report(job: str, found: CheckReport | DeliveryReport) -> None:
        for line in _trouble(found):
            tell(f"{job}: {line}")

    path = session.database_path(config)
    Daemon(session.config, path, session.env, tell, report, stop_seconds=stop_seconds).run()
    return 0


def _trouble(found: CheckReport | DeliveryReport) -> list[str]:
    """What somebody has to do; what passes by itself is in the log."""
    if isinstance(found, CheckReport):
        lines = [str(one) for one in found.problems] + found.docket_problems
        lines += [render.mute_ended(one) for one in found.mutes_ended]
        lines += [f"{one.source} {one.query}: {one.error}" for one in found.sweep.failures if not one.passing]
        return [clean_line(line, 500) for line in dict.fromkeys(lines)]
    needed = [one for one in found.failures if one.operator_needed or one.next_try is None]
    lines = [f"{one.recipient} ({one.channel}): {one.error}" for one in needed]
    lines += [
        f"{name} is switched off ({why}): {count} waiting. {do}"
        for name, (why, count, do) in found.off.items()
    ]
    lines += [one.headline for one in found.untold]
    return [clean_line(line, 500) for line in dict.fromkeys(lines)]
