"""The `tmwatch` command itself: its global options, and the classes its commands are made of."""

from __future__ import annotations

import gc
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from tmwatch import __version__
from tmwatch.cli.output import complain
from tmwatch.cli.session import Session
from tmwatch.errors import UsageError
from tmwatch.text import mended

# How `--help` lists the commands, and `list` before what it helps to choose from.
ORDER = (
    *(
        "demo",
        "init",
        "check",
        "run",
        "status",
        "import",
        "feed",
        "show",
        "history",
        "changes",
        "lookup",
        "name",
        "watch",
        "worklist",
        "deadlines",
    ),
    *("hits", "source", "alerts", "notify", "export", "doctor", "backup", "restore", "prune", "list", "add"),
    *(
        "take",
        "test",
        "replay",
        "mute",
        "unmute",
        "why",
        "why-not",
        "mark",
        "preview",
        "retry",
        "release",
        "drop",
    ),
)
# Where each stands. Importing a module registers its commands, and only that of the one that is called is
# imported: `check` needs nothing of `import`, nor `--version` of either.
COMMAND_MODULES = {
    "demo": ("starting",), "init": ("starting",), "check": ("checking",), "run": ("serving",),
    "import": ("importing",), "feed": ("feeding",),
    "show": ("records",), "history": ("records",), "changes": ("changes",), "lookup": ("lookup",),
    "name": ("naming",),
    "watch": ("watching", "adding", "replaying", "muting", "renaming"), "hits": ("hits",),
    "source": ("sources", "proving", "comparing", "capturing"),
    "alerts": ("alerts", "explaining", "holding", "notify"), "notify": ("notify",), "export": ("exporting",),
    "doctor": ("upkeep",), "backup": ("upkeep",), "prune": ("upkeep",),
    "restore": ("restoring",), "status": ("standing",), "worklist": ("working",),
    "deadlines": ("deadlines",),
}  # fmt: skip
FILE = click.Path(dir_okay=False, path_type=Path)


def _later(attribute: str) -> Any:
    def take(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        session = ctx.find_object(Session)
        if value is not None and session is not None:
            setattr(session, attribute, value)

    return take


class Command(click.Command):
    """A command that takes `--config` and `--db` behind its name too: people write them there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for flag, attribute in (("--config", "config_file"), ("--db", "database_file")):
            callback = _later(attribute)
            self.params.append(
                click.Option([flag], type=FILE, hidden=True, expose_value=False, callback=callback)
            )

    def invoke(self, ctx: click.Context) -> Any:
        """Run it. Ctrl-C is no fault: what was stored is whole, and that is said (exit code 130).

        Raises `UsageError` for a text that is none: bytes that are not UTF-8 can be the name of a file, but
        no mark, owner or number.
        """
        if not gc.isenabled():  # see `cli.main`
            gc.freeze()
            gc.enable()
        for name, value in ctx.params.items():
            if any(_half(text) for text in (value if isinstance(value, tuple) else (value,))):
                raise UsageError(
                    f"what is given for {name} is no text: it holds bytes that are not UTF-8",
                    do="Type it again; in a script, look at the encoding of the file it comes from.",
                )
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            complain(f"\nInterrupted. {_after_interrupt(ctx)}".rstrip())
            raise click.Abort from None


def _half(text: object) -> bool:
    """Whether it holds half characters, as Python makes them of bytes that are not UTF-8."""
    return isinstance(text, str) and mended(text) != text


def _after_interrupt(ctx: click.Context) -> str:
    if ctx.params.get("dry_run"):
        return "Dry run: nothing was kept."
    if ctx.command.name == "check":
        return "What was read so far is stored; the next check goes on."
    return "What was read so far is stored." if ctx.command.name == "import" else ""


class Group(click.Group):
    """A group whose commands are `Command`s."""

    command_class = Command
    group_class = type

    def list_commands(self, ctx: click.Context) -> list[str]:
        """First what is needed first; a command that nobody has placed comes last."""
        return sorted(self.commands, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


class Root(Group):
    """`tmwatch` itself, which knows of commands that nobody has called yet."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        for module in COMMAND_MODULES.get(cmd_name, ()):
            import_module(f"tmwatch.cli.{module}")
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them."""
        for name in COMMAND_MODULES:
            self.get_command(ctx, name)
        return super().list_commands(ctx)


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 you must act, 2 usage or configuration, 10 changes (check --exit-code) or "
    "differences (source compare), 130 interrupted.",
)
@click.option(
    "--config",
    "config_file",
    type=FILE,
    envvar="TMWATCH_CONFIG",
    help="The configuration (default: tmwatch.toml in this folder). Also TMWATCH_CONFIG.",
)
@click.option(
    "--db",
    "database_file",
    type=FILE,
    envvar="TMWATCH_DB",
    help="The database (default: that of the configuration, else tmwatch.db). Also TMWATCH_DB.",
)
@click.option("-v", "--verbose", count=True, help="Log each step to stderr, one JSON object a line.")
@click.option("--debug", is_flag=True, help="Show the whole trace of a fault in tmwatch itself.")
@click.version_option(__version__, prog_name="tmwatch", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    ctx: click.Context, config_file: Path | None, database_file: Path | None, verbose: int, debug: bool
) -> None:
    """Watch trade mark registers, and know when a filing changes or appears."""
    from tmwatch.logs import set_up

    ctx.obj = Session(config_file, database_file, debug, verbose)
    set_up(verbose)


__all__ = ["FILE", "Command", "Group", "cli"]
