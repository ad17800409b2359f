"""`watch list`: what is watched, and what that means."""

from __future__ import annotations

from collections.abc import Sequence

from tmwatch.alerts.muting import Standing, standings
from tmwatch.cli import render
from tmwatch.cli.app import Group, cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import facts_grid, plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import Config, Watch
from tmwatch.errors import UsageError
from tmwatch.following import with_relevant
from tmwatch.freshness import WatchHealth, watch_health
from tmwatch.store.database import now
from tmwatch.watches import sentence


@cli.group("watch", cls=Group)
def watch_group() -> None:
    """What is watched: list, add, rename, test, replay, mute, unmute."""


@watch_group.command("list")
@json_option
@pass_session
def list_(session: Session, as_json: bool) -> None:
    """Show each watch: its rule, what is live, import only or not watched, and how fresh it is."""
    config = session.config()
    database = session.database_if_any(config)
    followed = with_relevant(config, database).watches
    found = [
        (one, watch_health(asked, config, database, session.env))
        for one, asked in zip(config.watches, followed, strict=True)
    ]
    mutes = {one.name: standings(config, now(), one.name) for one in config.watches}
    if as_json:
        say_json(
            [
                {
                    "name": one.name,
                    "rule": sentence(one),
                    **health.as_json(),
                    "mutes": [mute.as_json() for mute in mutes[one.name]],
                }
                for one, health in found
            ]
        )
        return
    for one, health in found:
        _print_watch(one, health, mutes[one.name])
    if not found:
        say("Nothing is watched yet: `tmwatch watch add` adds a watch.")


def _print_watch(watch: Watch, health: WatchHealth, mutes: Sequence[Standing]) -> None:
    say(plain(watch.name), style="bold")
    say(sentence(watch), indent=2)
    lines = [(f"{'Looked at by' if not place else ''}", text) for place, text in enumerate(_coverage(health))]
    facts_grid(
        [
            *lines,
            ("State", _state(health)),
            *(("Muted" if not place else "", plain(one.words)) for place, one in enumerate(mutes)),
            *(("Failing", plain(text)) for text in health.failing),
            ("Hits so far", render.counted(health.hits, "filing")),
            *(("Docket", plain(str(problem))) for problem in watch.docket_problems),
        ],
        indent=2,
    )


def _coverage(health: WatchHealth) -> list[str]:
    return render.coverage_texts(health.coverage)


def _state(health: WatchHealth) -> str:
    if health.state in ("import only", "not watched"):
        return health.state
    text = f"{health.state}; {render.counted(health.questions, 'question')}"
    if health.never:
        text += f", {health.never} never answered"
    if health.oldest_look is not None:
        text += f", each looked at since {render.local(health.oldest_look.isoformat())}"
        text += f" ({render.ago(health.oldest_look, now())})"
    return text


def need_watch(config: Config, name: str) -> Watch:
    """The watch of that name. Raises `UsageError` with those that there are."""
    watch = config.watch(name)
    if watch is None:
        known = ", ".join(one.name for one in config.watches) or "none"
        raise UsageError(f'there is no watch "{name}"', where=str(config.path), do=f"Watches: {known}.")
    return watch
