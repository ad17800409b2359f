"""`watch rename`: another name for a watch, with all that is known under the old one."""

from __future__ import annotations

import click

from tmwatch.cli import render
from tmwatch.cli.options import json_option
from tmwatch.cli.output import plain, say, say_json
from tmwatch.cli.session import Session, pass_session
from tmwatch.cli.watching import need_watch, watch_group
from tmwatch.errors import UsageError
from tmwatch.store.renaming import has, rename
from tmwatch.watches.renaming import rename_watch


@watch_group.command("rename")
@click.argument("old")
@click.argument("new")
@json_option
@pass_session
def rename_(session: Session, old: str, new: str, as_json: bool) -> None:
    """Give a watch another name, in the configuration file and in the database.

    A watch is known by its name: what came under it, what was marked relevant or noise, and what it has
    looked at. One that was renamed in an editor begins anew; give the two names here, and it goes on.
    """
    new = new.strip()
    config = session.config()
    database = session.database_if_any(config)
    in_file = config.watch(old) is not None
    if not in_file and (config.watch(new) is None or database is None or not has(database, old)):
        need_watch(config, old)
    if not new or old == new:
        raise UsageError("the new name is empty or the old one", do="Give another name.")
    if database is None:
        rename_watch(session.config_path, old, new)
        hits = 0
    else:
        with database.write():  # first, so that a file that cannot be changed leaves the database as it was
            hits = rename(database, old, new)
            if in_file:
                rename_watch(session.config_path, old, new)
    if as_json:
        said = {"old": old, "new": new, "renamed_in_file": in_file, "hits": hits}
        say_json({"configuration": str(session.config_path), **said})
        return
    if in_file:
        say(f'Renamed in {plain(str(session.config_path))}: "{plain(old)}" is "{plain(new)}".')
    goes = "goes" if hits == 1 else "go"
    say(f"{render.counted(hits, 'hit')} of it {goes} on under the new name, as marked.")
    say("A daemon that runs takes it up with SIGHUP.")
