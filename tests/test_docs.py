"""Documentation is tested: every command has help, and the README names it."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.conftest import ROOT
from tmwatch.cli.app import COMMAND_MODULES, cli
from tmwatch.config.reading import parse_config
from tmwatch.sources.base import Declaration
from tmwatch.sources.registry import all_sources, asked_unasked


def commands(group: click.Group = cli, above: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
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


def test_every_command_is_found_where_the_table_of_modules_says() -> None:
    for name in {one.split()[0] for one in ALL} | set(COMMAND_MODULES):
        called = cli.commands[name].callback
        assert called is not None
        assert inspect.unwrap(called).__module__ == f"tmwatch.cli.{COMMAND_MODULES[name][0]}"
    named = {module for modules in COMMAND_MODULES.values() for module in modules}
    groups = re.compile(r"^@[a-z_.]+\.(?:command|group)\(", re.MULTILINE)
    there = {path.stem for path in (ROOT / "tmwatch/cli").glob("*.py") if groups.search(path.read_text())}
    assert there - {"app"} == named


def test_a_check_imports_nothing_that_only_other_commands_need() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys; from tmwatch.cli.app import cli; cli.get_command(None, 'check');"
         "print(*sorted(sys.modules))"], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "tmwatch.sweep" in said.stdout.split()
    spared = {"tmwatch.cli.importing", "tmwatch.demo", "jsonschema", "aiosmtpd", "bs4", "jinja2"}
    spared |= {"pypinyin", "opencc", "numpy", "holidays", "icalendar"}
    assert not spared & set(said.stdout.split())


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


def test_the_readme_has_a_row_for_each_source_and_the_way_to_its_key() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z.-]+)` \| ", readme, re.MULTILINE)
    assert sorted(rows) == list(all_sources())
    setting_up = readme.partition("## Setting up each register")[2].partition("\n## ")[0]
    declared = [one.declaration for one in all_sources().values()]
    keys = {one.credential_env for one in declared} | {one.grant.id_env for one in declared if one.grant}
    assert all(f"`{key}`" in setting_up for key in keys if key)
    folders = {path.parent.name for path in (ROOT / "tmwatch/sources").glob("*/README.md")}
    assert set(re.findall(r"\]\(tmwatch/sources/(\w+)/README\.md\)", setting_up)) == folders
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", readme):
        assert (ROOT / target).is_file(), target


@pytest.mark.parametrize(
    "page", ["README.md", "config/README.md", "config/example.toml", "tmwatch/data/init.toml"]
)
def test_who_is_asked_without_being_asked_for_is_named_with_the_way_to_stop_it(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert "enabled = false" in text
    assert [one for one in asked_unasked() if one not in text] == []


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


def test_the_readme_of_sources_has_a_row_for_each_field_of_a_declaration() -> None:
    text = (ROOT / "tmwatch/sources/README.md").read_text(encoding="utf-8")
    table = text.split("## What a source declares")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    there = {field.name for field in dataclasses.fields(Declaration)}
    assert named == there, "a field without a row, or a row without a field"


def test_the_folder_of_every_source_says_what_was_seen_of_its_pages() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for name, place in scripts["project"]["entry-points"]["tmwatch.sources"].items():
        folder = ROOT / Path(*place.split(":")[0].split(".")).parent
        text = (folder / "README.md").read_text(encoding="utf-8")
        assert f"`{name}`" in text, name
        assert re.search(r"\bseen\b", text, re.IGNORECASE), f"{name}: what was seen"
        assert re.search(r"left out|unread", text, re.IGNORECASE), f"{name}: what is left out"
