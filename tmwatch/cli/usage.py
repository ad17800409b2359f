"""What is said of a command line that cannot be meant: what is wrong, how it is written, where more stands.

One place for all that click finds: an option or a command that there is none of, a value of the wrong kind,
something that is missing. It reads like every other error of tmwatch, and breaks like them on a terminal.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

import click

from tmwatch.cli.options import EXAMPLE_DAY
from tmwatch.cli.output import plain
from tmwatch.errors import UsageError

# What stands for a value in the help, and one that could; of an argument alone where it stands below.
_EXAMPLES = {"DAY": EXAMPLE_DAY, "DATE": EXAMPLE_DAY, "NAME": "'my marks'", "RECIPIENT": "legal"}
_ARGUMENTS = {
    "NUMBER": "'US 76044902'",
    "ID": "12",
    "SOURCE_ID": "us.tsdr",
    "FILE": "tmwatch.db.20261125T190000Z.bak",
    "FILES": "page.html",
}
_GIVEN = re.compile(r"^(?P<given>.*?) is not (?:in the range|one of|a valid)", re.DOTALL)


def of_click(error: click.ClickException, root: click.Group, argv: Sequence[str]) -> UsageError:
    """The same in our words. `argv` is what was typed behind `tmwatch`."""
    context = getattr(error, "ctx", None)
    command, path = (context.command, context.command_path) if context is not None else _meant(root, argv)
    where, message, do = _in_words(error, command, path)
    usage = " ".join(command.collect_usage_pieces(context or click.Context(command)))
    more = f"Usage: {path} {usage}\n" if not isinstance(command, click.Group) else ""
    return UsageError(message, where=where, kept=do, do=f"{more}Try `{path} --help`.")


def _meant(root: click.Group, argv: Sequence[str]) -> tuple[click.Command, str]:
    """The command that was called, where click does not say it."""
    command: click.Command = root
    path = ["tmwatch"]
    for word in argv:
        if not isinstance(command, click.Group):
            break
        inner = None if word.startswith("-") else command.get_command(click.Context(command), word)
        if inner is not None:
            command = inner
            path.append(word)
    return command, " ".join(path)


def _in_words(error: click.ClickException, command: click.Command, path: str) -> tuple[str, str, str]:
    """(where, what is wrong, how it would be right)."""
    if isinstance(error, click.NoSuchOption):
        options = [flag for one in command.params if not getattr(one, "hidden", False) for flag in one.opts]
        meant = _near(error.option_name, [flag for flag in options if flag.startswith("--")])
        return "", f"there is no option {plain(error.option_name, 40)}", meant
    if isinstance(error, click.BadOptionUsage):
        option = _option(command, error.option_name)
        return (
            "",
            f"{plain(error.option_name, 40)} needs a value",
            _like(option, command, path) if option else "",
        )
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return "", f"{_name(error.param)} is missing", _like(error.param, command, path)
    if isinstance(error, click.BadParameter) and error.param is not None:
        first, _, rest = error.message.partition("\n")
        return _name(error.param), *_of_value(error.param, first, rest)
    text = plain(error.format_message().rstrip("."), 300)
    unknown = re.match(r"No such command '(.*?)'", text)
    if unknown and isinstance(command, click.Group):
        there = command.list_commands(click.Context(command))
        do = _near(unknown[1], there) or (f"There are {', '.join(there)}." if path != "tmwatch" else "")
        return "", f'there is no command "{path} {plain(unknown[1], 40)}"', do
    return "", text[:1].lower() + text[1:], ""


def _of_value(param: click.Parameter, first: str, rest: str) -> tuple[str, str]:
    found = _GIVEN.match(first)
    if found is None:
        return plain(first.rstrip("."), 300), rest
    given = plain(found["given"].strip("'"), 40)
    kind = param.type
    if isinstance(kind, click.Choice):
        return f'"{given}" is none of its values', f"Give {_one_of(str(one) for one in kind.choices)}."
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    number = "a whole number" if isinstance(kind, click.types.IntParamType) else "a number"
    if least is not None and most is not None:
        number = f"{number} from {least:g} to {most:g}"
    elif least is not None:
        number = f"{number} of at least {least:g}"
    return f'"{given}" is not {number}', ""


def _one_of(values: Iterable[str]) -> str:
    *most, last = values
    return f"{', '.join(most)} or {last}" if most else last


def _near(given: str, there: Sequence[str]) -> str:
    close = difflib.get_close_matches(given, there, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""


def _option(command: click.Command, name: str) -> click.Parameter | None:
    return next((one for one in command.params if name in one.opts), None)


def _name(param: click.Parameter) -> str:
    """As it is typed: --since; of an argument as the usage calls it."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return (param.metavar or param.make_metavar(click.Context(click.Command("")))).strip("[].")


def _like(param: click.Parameter, command: click.Command, path: str) -> str:
    """How it may be written, where an example says more than its name."""
    if isinstance(param.type, click.Choice):
        return f"Give {_one_of(str(one) for one in param.type.choices)}."
    name = (param.name or "").upper()
    stands_for = (param.metavar or name).strip("[].")
    if isinstance(param, click.Option):
        example = _EXAMPLES.get(stands_for)
        return f"Like this: {_name(param)} {example}" if example else ""
    if sum(isinstance(one, click.Argument) and one.required for one in command.params) > 1:
        return ""  # one of them alone is no example
    known = "SOURCE_ID" if name == "SOURCE_ID" else stands_for
    example = _ARGUMENTS.get(known) or _EXAMPLES.get(known)
    return f"Like this: {path} {example}" if example else ""
