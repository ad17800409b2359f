"""How things get onto the screen: one place that knows about terminals, JSON and hostile text.

Everything that came from a page is hostile (design law 12): on a terminal it passes `clean_line`, rich
never reads markup in it, and in JSON what a terminal would obey is written as an escape.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from tmwatch.errors import TmwatchError
from tmwatch.text import clean_line, clean_text

LABEL_WIDTH = 15
COMPLAINTS = 20  # lines of one kind; a file of thousands may say thousands
WIDEST = 110  # long lines are no easier to read on a wide screen
PROGRESS_AFTER = 2.0  # seconds; what is done sooner needs no bar
# What a terminal might obey and JSON does not escape by itself: C1 controls, bidi and invisible
# characters, and half surrogates, which cannot be written as UTF-8 at all.
_UNSAFE_IN_JSON = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def on_terminal() -> bool:
    """Whether a person is looking. Off a terminal a good run prints nothing."""
    return sys.stdout.isatty()


def console(*, stderr: bool = False) -> Console:
    """A console on today's stdout or stderr that takes every text literally."""
    made = Console(stderr=stderr, markup=False, highlight=False, emoji=False, legacy_windows=False)
    made.width = min(made.width, WIDEST)
    return made


def tell(text: str, *, indent: int = 0) -> None:
    """A remark for a person; nothing off a terminal."""
    if on_terminal():
        say(text, indent=indent)


def say(text: str = "", *, style: str = "", indent: int = 0) -> None:
    """Lines on stdout, wrapped at the width of the screen. The text must be clean already."""
    _emit(Padding(Text(text, style=style), (0, 0, 0, indent)))


def say_whole(text: str) -> None:
    """A line that is never broken: an address to be copied."""
    click.echo(text)


def say_link(label: str, link: str) -> None:
    """A label and an address to be copied, which is never broken: where it does not fit beside the label it
    stands on a line of its own, the only one that may be wider than the screen. Both must be clean."""
    if cell_len(label) + 2 + cell_len(link) <= console().width:
        say_whole(f"{label}  {link}")
    else:
        say_whole(label.rstrip())
        say_whole(link)


def _emit(what: RenderableType) -> None:
    """Print; off a terminal without the blanks that fill a line up to the edge of the screen."""
    screen = console()
    if screen.is_terminal:
        screen.print(what)
        return
    with screen.capture() as captured:
        screen.print(what)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def complain(text: str) -> None:
    """Something that the operator should see: on stderr, with or without a terminal.

    On a terminal its lines break between words; elsewhere a line stays a line, for whoever searches it.
    """
    with contextlib.suppress(OSError):  # stderr itself lies on the full disk: there is nobody to tell
        click.echo(_wrapped(clean_text(text)) if sys.stderr.isatty() else clean_text(text), err=True)


def _wrapped(text: str) -> str:
    """The text in lines no wider than the terminal; an address or a path that is longer stays whole."""
    width, lines = console(stderr=True).width, []
    for line in text.split("\n"):
        first, *words = line.split(" ")
        lines.append(first)
        for word in words:
            if cell_len(lines[-1]) + 1 + cell_len(word) <= width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
    return "\n".join(lines)


def complain_of_many(lines: list[str], what: str, all_of_them: str) -> None:
    """The first of many complaints, and how many more there are."""
    for line in lines[:COMPLAINTS]:
        complain(line)
    if len(lines) > COMPLAINTS:
        complain(f"And {len(lines) - COMPLAINTS} more {what}: {all_of_them} has them all.")


def complain_of(error: TmwatchError, prefix: str = "Error: ") -> None:
    """An error as it speaks for itself: what, where, what was kept, what to do."""
    complain(f"{prefix}{error}")


def say_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json_text(value, indent=2))


def say_json_line(value: Any) -> None:
    """One JSON object on one line."""
    click.echo(json_text(value))


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON that is safe to show on a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def facts_grid(rows: list[tuple[str, str]], *, indent: int = 0) -> None:
    """Labels and values in two columns; rows without a value are left out. Values must be clean."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=LABEL_WIDTH, style="dim")
    grid.add_column(overflow="fold", ratio=1)
    for label, value in rows:
        if value:
            grid.add_row(Text(label), Text(value))
    if grid.row_count:
        _emit(Padding(grid, (0, 0, 0, indent)))


def show_table(table: Table) -> None:
    """A table as wide as the screen. Its texts must be clean."""
    _emit(table)


def plain(text: str | None, limit: int | None = None) -> str:
    """Text from a page, safe for a terminal, on one line."""
    return clean_line(text or "", limit)


class Bar:
    """A progress bar on a terminal that shows itself only when the work takes longer than two seconds."""

    def __init__(self, what: str, total: int | None = None) -> None:
        self._shown = sys.stderr.isatty() and on_terminal()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._running = False
        if self._shown:
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                console=console(stderr=True),
                transient=True,
            )
            self._task = self._progress.add_task(what, total=total)

    def to(self, done: int, total: int | None, what: str = "") -> None:
        """How far it has come, and what is being done now."""
        if self._shown:
            self._progress.update(self._task, completed=done, total=total)
            if what:
                self._progress.update(self._task, description=plain(what, 40))

    def grow(self, more: int) -> None:
        """So many more are to be done than was known at first."""
        if self._shown:
            task = self._progress.tasks[self._task]
            self._progress.update(self._task, total=(task.total or 0) + more)

    def step(self, what: str = "") -> None:
        """One more is done."""
        if self._shown:
            self._progress.advance(self._task)
            if what:
                self._progress.update(self._task, description=plain(what, 40))

    def _start(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._progress.start()
                self._running = True

    def __enter__(self) -> Bar:
        if self._shown:
            self._timer = threading.Timer(PROGRESS_AFTER, self._start)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._running:
                self._progress.stop()
                self._running = False


@contextlib.contextmanager
def utf8_streams() -> Iterator[None]:
    """JSON and CSV are UTF-8 whatever the locale of a cron job says; a terminal keeps its own."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        with contextlib.suppress(OSError, ValueError):
            if stream.isatty():
                reconfigure(errors="replace")
            else:
                reconfigure(encoding="utf-8", errors="replace")
    yield
