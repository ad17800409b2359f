"""`init` and `demo`: the first two things a newcomer types."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import click

from tmwatch.cli.app import cli
from tmwatch.cli.options import json_option
from tmwatch.cli.output import console, say_json, tell
from tmwatch.cli.session import Session, pass_session
from tmwatch.config import load_config
from tmwatch.errors import ConfigError, TmwatchError
from tmwatch.files import is_full, whole
from tmwatch.sources.registry import asked_unasked
from tmwatch.store import Database


@cli.command(short_help="Show the story of JD Auto on this machine, without a key.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("tmwatch-demo"),
    show_default=True,
    help="Where the demonstration leaves its files.",
)
def demo(folder: Path) -> int:
    """Show the story of JD Auto and Joyrobotaxi on this machine, without any key.

    Plays register servers, a mail server and a webhook receiver on loopback; everything that no source
    gives is marked [SAMPLE].
    """
    try:
        from tmwatch.demo import run  # late: its mail server is an extra
    except ImportError as error:
        raise TmwatchError(
            f"the demonstration needs a package that is not installed ({error.name})",
            do="Install it with: pip install '.[demo]' in the folder of tmwatch, or run `make demo` there.",
        ) from None
    result = run(folder, console())
    return result if isinstance(result, int) else 0


@cli.command()
@json_option
@pass_session
def init(session: Session, as_json: bool) -> None:
    """Write a commented tmwatch.toml and make the database."""
    path = session.config_path
    text = files("tmwatch").joinpath("data/init.toml").read_bytes()
    try:
        with whole(path, replace=False) as part:
            part.write_bytes(text)
    except FileExistsError:
        raise ConfigError(
            "there is a configuration already",
            where=str(path),
            kept="It was left as it is.",
            do="Change it in your editor, or name another file: tmwatch --config FILE init",
        ) from None
    except OSError as error:
        if is_full(error):
            raise TmwatchError(
                f"the configuration cannot be written: {error.strerror}",
                where=str(path),
                kept="Nothing was written.",
                do="Free space, then run `tmwatch init` again.",
            ) from None
        raise ConfigError(
            f"the configuration cannot be written: {os.strerror(error.errno or 0)}",
            where=str(path),
            do="Does the folder exist, and may you write to it?",
        ) from None
    config = load_config(path)
    database_path = session.database_path(config)
    Database(database_path).close()
    if as_json:
        written = {"configuration": str(path), "database": str(database_path)}
        say_json({**written, "asked_unasked": list(asked_unasked())})
        return
    tell(f"Written: {path} and {database_path}")
    tell("")
    tell("Next:")
    tell("1. Put your contact and the numbers or owners you care about into the file:")
    tell(f"   {path}")
    tell("2. Save a register's page in your browser and run: tmwatch import PAGE.html")
    tell(_unasked(), indent=3)
    tell("3. Run: tmwatch doctor      it says what is still missing, such as a mail server")


def _unasked() -> str:
    """Who hears of a watch although nobody has given a key or said yes."""
    free = asked_unasked()
    return (
        f"Where a watch concerns them, `tmwatch check` asks {', '.join(free[:-1])} and {free[-1]} without "
        f'being told to: enabled = false in [source."{free[0]}"] switches one off. '
        "`tmwatch source list` shows them all, and the key that others want."
    )
