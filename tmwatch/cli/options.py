"""What several commands take alike: offices and Nice classes, one or many, with commas or one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import click

from tmwatch.cli.output import plain
from tmwatch.errors import UsageError
from tmwatch.numbers import parse_office

EXAMPLE_DAY = "2026-06-01"  # as a day is written
office_option = click.option(
    "--office", help="Whose number it is, such as US, where the number does not say."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _parts(given: Iterable[str]) -> Iterator[str]:
    return (part.strip() for text in given for part in text.split(","))


def office_codes(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Callback of `--office CN,US --office EM`: ST.3 codes, each once. Raises `UsageError`."""
    return tuple(dict.fromkeys(parse_office(part) for part in _parts(value)))


def nice_classes(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[int, ...]:
    """Callback of `--class 9,12 --class 35`: Nice classes, each once. Raises `UsageError`."""
    found: list[int] = []
    for one in _parts(value):
        if not one.isdecimal() or not 1 <= int(one) <= 45:
            raise UsageError(
                f"there is no class {plain(one, 20) or '(empty)'}",
                where="--class",
                do="Give Nice classes 1 to 45: --class 9,12 or --class 9 --class 12.",
            )
        found.append(int(one))
    return tuple(dict.fromkeys(found))


def two_sides(text: str) -> tuple[str, ...]:
    """The names of `--twin JD=京东`. Raises `UsageError` where there is no pair."""
    names = tuple(one.strip() for one in text.split("="))
    if len(names) < 2 or not all(names):
        raise UsageError(
            f"--twin {plain(text, 40)} is no pair of names",
            do="Write both with = between them: --twin JD=京东.",
        )
    return names


def a_day(_: click.Context, __: click.Parameter, value: str | None) -> dt.date | None:
    """The day that an option names, as 2026-11-01. Raises `click.BadParameter` for anything else."""
    try:
        return dt.date.fromisoformat(value.strip()) if value is not None else None
    except ValueError:
        raise click.BadParameter(f'"{plain(value, 30)}" is no day\nWrite a day like {EXAMPLE_DAY}.') from None
