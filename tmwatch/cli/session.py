"""What every command starts from: which configuration, which database, whose environment."""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tmwatch.cli.output import complain
from tmwatch.config import Config, load_config
from tmwatch.errors import ConfigError, UsageError
from tmwatch.store import Database

CONFIG_NAME = "tmwatch.toml"
DATABASE_NAME = "tmwatch.db"
_MANY_OWNERS = 100_000  # filings: what takes less than some seconds is not worth a word


@dataclass
class Session:
    """The global options. Files are looked for only when a command needs them."""

    config_file: Path | None = None  # as given by --config or TMWATCH_CONFIG
    database_file: Path | None = None  # as given by --db or TMWATCH_DB
    debug: bool = False
    verbose: int = 0

    @property
    def env(self) -> Mapping[str, str]:
        """Where secrets are looked up."""
        return os.environ

    @property
    def config_path(self) -> Path:
        """The configuration file, whether it is there or not."""
        return self.config_file or Path(CONFIG_NAME)

    @property
    def has_config(self) -> bool:
        """A configuration was named, or lies in the working folder."""
        return self.config_file is not None or self.config_path.exists()

    def config(self) -> Config:
        """The configuration. Raises `ConfigError` where there is none or it has mistakes."""
        return load_config(self.config_path)

    def config_if_any(self) -> Config | None:
        """The configuration where there is one; a broken one is an error, not "none"."""
        return self.config() if self.has_config else None

    def database_path(self, config: Config | None = None) -> Path:
        """--db, else [store] path of the configuration, else tmwatch.db in the working folder."""
        if self.database_file is not None:
            return self.database_file
        if config is not None:
            return config.store.path
        return _store_path(self.config_path) if self.has_config else Path(DATABASE_NAME)

    def database(self, config: Config | None = None, *, create: bool = False) -> Database:
        """The open database; it is closed when the command ends."""
        database = Database(self.database_path(config), create=create)
        click.get_current_context().call_on_close(database.close)
        if database.upgraded is not None:
            complain(f"Note: {database.upgraded}")
        if create and config is not None:  # who writes opens the store of the register too
            say_of_register(config)
        return database

    def database_if_any(self, config: Config | None = None) -> Database | None:
        """The database where there is one already."""
        path = self.database_path(config)
        return self.database(config) if path.exists() else None

    def own_files(self) -> Iterator[tuple[str, Path]]:
        """What may never be written over: database, configuration, dockets. A broken configuration too
        says where its dockets are."""
        with contextlib.suppress(ConfigError):
            path = self.database_path()
            yield "the database", path
            for end in ("-wal", "-shm", "-journal"):
                yield "a part of the database", path.with_name(f"{path.name}{end}")
        if self.has_config:
            yield "the configuration", self.config_path
            with contextlib.suppress(ConfigError):
                if (register := self.config().store.register) is not None:
                    yield "the store of the register", register
            for file in _dockets(self.config_path):
                yield "a docket file of the configuration", file

    def refuse_own_file(self, target: Path, action: str) -> None:
        """Raise `UsageError` where `target` is one of them, by whatever name or link."""
        for what, path in self.own_files():
            if target.resolve() == path.resolve() or _same(target, path):
                raise UsageError(
                    f"the {action} would replace {what} itself",
                    where=str(target),
                    kept="Nothing was written.",
                    do="Name another file with -o." if action == "export" else "Name another file.",
                )


def say_of_register(config: Config) -> None:
    """That the store of the register is brought up to date first, where that takes more than some seconds."""
    from tmwatch.store.register_file import to_be_keyed  # late: most commands never look there

    many = to_be_keyed(config.store.register) if config.store.register else 0
    if many > _MANY_OWNERS:
        complain(
            f"Note: the owners and names of {many:,} filings of the register are made ready to be looked up, "
            "once. That takes about a minute for a million; who breaks it off loses nothing and begins again."
        )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _dockets(path: Path) -> Iterator[Path]:
    try:
        watches: Any = tomllib.loads(path.read_bytes().decode("utf-8-sig")).get("watch", [])
    except (OSError, ValueError, RecursionError):
        return
    for watch in watches if isinstance(watches, list) else ():
        file = watch.get("numbers_file") if isinstance(watch, dict) else None
        if isinstance(file, str) and file:
            yield path.absolute().parent / Path(file).expanduser()


def _store_path(path: Path) -> Path:
    """[store] path of a file whose other settings do not matter now: a mistake among the watches must
    not keep anybody from reading what is stored."""
    try:
        raw: Any = tomllib.loads(path.read_bytes().decode("utf-8-sig")).get("store", {})
        given = raw.get("path", DATABASE_NAME)
        if not isinstance(given, str) or not given:
            raise ValueError
    except FileNotFoundError:
        raise ConfigError(
            "there is no such configuration file",
            where=str(path),
            do="`tmwatch init` writes one to start from; `--config FILE` names another.",
        ) from None
    except (OSError, ValueError, AttributeError, RecursionError):
        return load_config(path).store.path  # says what is wrong, with every other mistake
    return path.absolute().parent / Path(given).expanduser()


pass_session = click.make_pass_decorator(Session)
