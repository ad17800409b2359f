"""How the demonstration looks: headings, tables and frames on a terminal, plain lines elsewhere.

Every text passes `clean_line` or `clean_text`: what came from a page is hostile, here as anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tmwatch.text import clean_line, clean_text

WIDTH = 80


class Screen:
    """Writes to one console, never wider than eighty columns."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._fancy = console.is_terminal
        # A narrower terminal keeps its width; off a terminal lines are meant for a file or a pipe.
        self._width = min(console.width, WIDTH) if self._fancy else WIDTH

    def heading(self, text: str) -> None:
        """A new part of the story."""
        self.gap()
        if self._fancy:
            self._print(Rule(Text(clean_line(text), style="bold"), align="left", style="cyan"))
        else:
            self._print(Text(f"== {clean_line(text)} =="))

    def gap(self) -> None:
        """An empty line."""
        self._print(Text(""))

    def say(self, text: str, *, style: str = "", indent: int = 0) -> None:
        """A paragraph."""
        self._print(Padding(Text(clean_line(text), style=style), (0, 0, 0, indent)))

    def point(
        self,
        label: str,
        text: str,
        *,
        style: str = "bold",
        width: int = 10,
        note: str = "",
        indent: int = 0,
    ) -> None:
        """A label with a paragraph beside it, and a remark in dim letters below."""
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=width, style=style, no_wrap=True)
        grid.add_column(ratio=1, overflow="fold")
        grid.add_row(Text(clean_line(label)), Text(clean_line(text)))
        if note:
            grid.add_row(Text(""), Text(clean_line(note), style="dim"))
        self._print(Padding(grid, (0, 0, 0, indent)))

    def command(self, text: str) -> None:
        """A line to be copied: never broken, never cut."""
        self._console.print(Text(f"  {clean_line(text)}", style="green"), soft_wrap=True)

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], ratios: Sequence[int | None] = ()
    ) -> None:
        """Columns; `ratios` share the width among those that are not None."""
        table = Table(
            box=box.SIMPLE_HEAD if self._fancy else None,
            show_edge=False,
            padding=(0, 1, 0, 0),
            expand=any(ratios),
            header_style="bold",
        )
        for place, head in enumerate(heads):
            ratio = ratios[place] if place < len(ratios) else None
            table.add_column(Text(clean_line(head)), ratio=ratio, overflow="fold", no_wrap=ratio is None)
        for row in rows:
            table.add_row(*(Text(clean_text(cell)) for cell in row))
        self._print(Padding(table, (0, 0, 0, 2)))

    def framed(self, title: str, text: str, *, literal: bool = False) -> None:
        """Several lines as someone else sees them. `literal` ones are not wrapped for a file or a pipe."""
        inner = Text(clean_text(text).strip("\n"), overflow="fold")
        if self._fancy:
            name = Text(f" {clean_line(title, WIDTH - 8)} ", style="bold")
            self._print(Panel(inner, title=name, title_align="left", box=box.ROUNDED, border_style="cyan"))
        else:
            self._print(Text(f"-- {clean_line(title)} --"))
            if literal:
                lines = "\n".join(f"  {line}".rstrip() for line in inner.plain.splitlines())
                self._console.print(Text(lines), soft_wrap=True)
            else:
                self._print(Padding(inner, (0, 0, 0, 2)))
            self._print(Text("-- end --"))

    def _print(self, what: RenderableType) -> None:
        if self._fancy:
            self._console.print(what, width=self._width)
            return
        with self._console.capture() as captured:
            self._console.print(what, width=self._width)
        # Without the blanks that fill a line up to the edge of a screen that is not there.
        lines = [line.rstrip() for line in captured.get().splitlines()]
        self._console.print(Text("\n".join(lines)), soft_wrap=True)
