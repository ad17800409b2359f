"""Documentation is tested: every command has help, and the README names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.conftest import ROOT
from tmwatch.cli import cli
from tmwatch.config.reading import parse_config


def commands(group: click.Group = cli, above: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))
        else:
            yield " ".join((*above, name)), command


ALL = dict(commands())


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_and_so_has_each_of_its_options(name: str) -> None:
    command = ALL[name]
    assert command.help, name
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help or isinstance(option.type, click.Choice), f"{name} {option.opts}"


@pytest.mark.parametrize("name", ALL)
def test_the_readme_names_every_command(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"`tmwatch {name}" in readme


def test_the_issue_s_commands_are_all_there() -> None:
    promised = (
        "init, demo, check, show, history, changes, lookup, import, watch list, watch add, watch test, "
        "source list, source check, alerts list, alerts why, alerts retry, export, doctor, backup"
    )
    assert set(promised.split(", ")) <= set(ALL)


def test_the_docket_of_the_readme_is_read_to_its_last_row(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.partition("number,office,docket_ref,client,responsible")
    rows = [line.strip() for line in block[2].split("\n\n")[0].splitlines() if line.strip()]
    (tmp_path / "docket.csv").write_text("\n".join([block[1], *rows]) + "\n", encoding="utf-8")
    config = parse_config(
        '[operator]\ncontact = "x@firm.test"\n'
        '[[watch]]\nname = "docket"\nnumbers_file = "docket.csv"\nnotify = []\n',
        tmp_path / "tmwatch.toml",
    )
    assert config.watches[0].docket_problems == ()
    assert [one.number for one in config.watches[0].numbers] == ["76044902", "78002299"]
