"""`lookup TEXT --like`: names of the whole register that are near a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmwatch.cli import render
from tmwatch.cli.found import document, filing
from tmwatch.cli.output import Bar, complain, on_terminal, plain, say, say_json
from tmwatch.cli.session import Session, say_of_register
from tmwatch.errors import UsageError
from tmwatch.lookup import LiveAnswer
from tmwatch.numbers import show_number
from tmwatch.store.register import Register
from tmwatch.stored import record_of

if TYPE_CHECKING:
    from tmwatch.similarity.index import Index

_LISTED = 50
_MANY = 20_000  # filings whose names take more than some seconds to be made ready


def made_ready(register: Register) -> Index:
    """The index of the names of the register, up to date; where it has to be made, that is announced, and
    shown how far it has come. Raises `StoreError` where it cannot be kept."""
    from tmwatch.nearby import up_to_date  # late: its tables are large

    told = False

    def ready(done: int, total: int) -> None:
        nonlocal told
        if not told and total > _MANY:
            told = True
            complain(
                f"Note: the names of {total:,} filings of the register are made ready to be searched, once. "
                "That takes minutes for a million; what is ready stays, however it ends."
            )
        bar.to(done, total)

    with Bar("names made ready") as bar:
        return up_to_date(register, ready)


def look_nearby(
    session: Session, text: str, level: int, classes: tuple[int, ...], others: bool, as_json: bool
) -> int:
    """Print what the store of the register has near `text`. Raises `UsageError` where there is none."""
    if others:
        raise UsageError(
            "beside --like only --class and --json have a meaning: it looks into the store of the register "
            "alone, and asks nobody",
            do="Leave out the other options.",
        )
    if not text:
        raise UsageError(
            "--like looks for one name in the store of the whole register, and none is given",
            do='Give a name, and --class if you like: tmwatch lookup "JOYROBO" --like --class 9,12',
        )
    config = session.config()
    if config.store.register is None:
        raise UsageError(
            "there is no store of the whole register",
            where=f"{config.path} [store]",
            do='Add register = "register.db" there, and import the daily files of a register.',
        )
    from tmwatch.nearby import nearest  # late: its tables are large

    say_of_register(config)
    with Register(config.store.register, create=False) as register:
        found = list(nearest(register, made_ready(register), text, level, classes))
        count = register.count()
    if as_json:
        rows = [filing(record_of(one.filing), "stored", "register") | one.as_json() for one in found]
        say_json(document(rows, LiveAnswer()))
        return 0
    shown = found[:_LISTED] if on_terminal() else found
    for one in shown:
        row = one.filing
        name = plain(row["name"], 60) or render.WORDS.say("no_words")
        owner = plain(", ".join(row["owners"]), 60)
        say(f"{one.level}  {name} ({show_number(row['st13'])}), class {', '.join(row['classes'])}, {owner}")
        say(
            f"{'; '.join(plain(reason, 200) for reason in one.reasons)}; {row['status_live']}, as of "
            f"{row['as_of']}",
            indent=3,
        )
    if len(found) > len(shown):
        say(f"and {len(found) - len(shown)} more (all of them with --json)")
    say(
        f"{render.counted(len(found), 'filing')} at level {level} or nearer, of the {count} of the register "
        "that are stored. Likeness, no verdict on infringement."
    )
    return 0
