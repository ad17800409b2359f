"""From the bytes of the TOML file to a `Config`, gathering every mistake on the way.

Each table is validated by itself and the checks across tables work on the raw values, so that one
mistake never hides another. Values go through JSON's strict mode: `enabled = "yes"` or
`classes = ["9"]` is a wrong type and said so, not guessed at.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tmwatch.config import Config
from tmwatch.config.checks import check_across, check_inbox, check_mutes, check_register
from tmwatch.config.meanings import read_meanings
from tmwatch.config.mistakes import Gatherer, did_you_mean, name_of, ordinal, shown
from tmwatch.config.models import (
    ConfigFile,
    DeadlineConfig,
    HealthConfig,
    Operator,
    Recipient,
    ScheduleConfig,
    Shared,
    Smtp,
    SourceConfig,
    StoreConfig,
    Twins,
    Watch,
    WatchRules,
    WatchTable,
)
from tmwatch.config.muting import Mute
from tmwatch.deadlines.rules import with_own
from tmwatch.errors import ConfigError, UsageError
from tmwatch.numbers import MarkNumber, show_number
from tmwatch.watches.docket import Docket, DocketProblem, number_key, parse_with_default, read_docket

M = TypeVar("M", bound=BaseModel)


def read_config(path: Path, sources: Collection[str] | None = None) -> Config:
    """Read and check the file. `sources` are the known source ids (default: the registry's).

    Raises `ConfigMistakes` with everything that is wrong.
    """
    return parse_config(_text_of(path), path, sources)


def parse_config(text: str, path: Path, sources: Collection[str] | None = None) -> Config:
    """The same from text already read; `path` tells where relative paths start."""
    path = path.absolute()
    found = Gatherer(path)
    raw = _toml(text, found)
    for key in raw:
        if key not in ConfigFile.model_fields:
            found.unknown_key("", key, ConfigFile.model_fields)
    if "operator" not in raw:
        found.add(
            "",
            "operator",
            "is missing; registers must be able to reach whoever asks them",
            'Add [operator] with contact = "you@your-firm.com".',
        )
    known = ("operator", "store", "smtp", "deadlines", "schedule", "health", "source")
    tables = {name: _table(raw, name, found) for name in known}
    recipients, watches, mutes = (
        _list_of_tables(raw, name, found) for name in ("recipient", "watch", "mute")
    )
    operator = _validated(Operator, tables["operator"], "[operator]", found)
    store = _validated(StoreConfig, tables["store"] or {}, "[store]", found)
    smtp = _validated(Smtp, tables["smtp"], "[smtp]", found)
    dates = _validated(DeadlineConfig, tables["deadlines"] or {}, "[deadlines]", found)
    schedule = _validated(ScheduleConfig, tables["schedule"] or {}, "[schedule]", found)
    health = _validated(HealthConfig, tables["health"] or {}, "[health]", found)
    settings = _sources(tables["source"] or {}, sources, found)
    people = [
        _validated(Recipient, one, name_of("recipient", place, one), found)
        for place, one in enumerate(recipients)
    ]
    shared = _validated(Shared, {key: raw[key] for key in Shared.model_fields if key in raw}, "", found)
    twins = shared.twins if shared is not None else ()
    meanings = _meanings(shared, path.parent, found)
    watched = [_watch(place, one, path.parent, twins, found) for place, one in enumerate(watches)]
    muted = [_validated(Mute, one, name_of("mute", place, one), found) for place, one in enumerate(mutes)]
    check_across(tables, recipients, watches, found)
    check_mutes(mutes, watches, recipients, found)
    if store is not None:
        check_inbox(store, path, found)
        check_register(store, path, found)
    deadlines = _deadlines(dates, path.parent, found)
    found.stop()
    assert operator is not None
    assert store is not None
    register = path.parent / store.register.expanduser() if store.register is not None else None
    database = path.parent / store.path.expanduser()
    for_all = {"meanings": meanings, "register_file": register, "store_file": database}
    return Config(
        path=path,
        operator=operator,
        store=StoreConfig(
            path=database,
            inbox=path.parent / store.inbox.expanduser() if store.inbox is not None else None,
            feeds=path.parent / store.feeds.expanduser() if store.feeds is not None else None,
            register=register,
        ),
        smtp=smtp,
        deadlines=deadlines,
        schedule=schedule or ScheduleConfig(),
        health=_health(health, path.parent),
        sources=settings,
        recipients=tuple(one for one in people if one is not None),
        watches=tuple(one.model_copy(update=for_all) for one in watched if one is not None),
        mutes=tuple(one for one in muted if one is not None),
        twins=twins,
    )


def _meanings(shared: Shared | None, base: Path, found: Gatherer) -> tuple[tuple[str, ...], ...]:
    """The user's own table of equivalents; a bad one is a mistake of the configuration."""
    if shared is None or shared.meanings_file is None:
        return ()
    try:
        return read_meanings(base / Path(shared.meanings_file).expanduser())
    except ConfigError as error:
        found.add("", "meanings_file", error.message, error.do)
        return ()


def _deadlines(given: DeadlineConfig | None, base: Path, found: Gatherer) -> DeadlineConfig:
    """Its path made absolute; a file of rules with a bad row is a mistake of the configuration."""
    if given is None or given.rules is None:
        return given or DeadlineConfig()
    path = base / given.rules.expanduser()
    try:
        with_own(path)
    except ConfigError as error:
        found.add("[deadlines]", "rules", f"{error.where}: {error.message}", error.do)
    return given.model_copy(update={"rules": path})


def _health(given: HealthConfig | None, folder: Path) -> HealthConfig:
    if given is None or given.metrics is None:
        return given or HealthConfig()
    return given.model_copy(update={"metrics": folder / given.metrics.expanduser()})


def _text_of(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            "there is no such configuration file",
            where=str(path),
            do="`tmwatch init` writes one to start from; `--config FILE` names another.",
        ) from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown reason"
        raise ConfigError(
            f"the configuration file cannot be read: {reason}",
            where=str(path),
            do="Check the path and the rights.",
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"the file is not UTF-8 text (first at line {line})",
            where=str(path),
            kept="Nothing was run and nothing was changed.",
            do="Save it again in your editor with the encoding UTF-8.",
        ) from None


def _toml(text: str, found: Gatherer) -> dict[str, Any]:
    """The parsed file. A syntax error ends the reading: nothing behind it can be trusted."""
    try:
        # TOML knows \n and \r\n as line ends; tomllib names line and column in its message.
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        last = len(text.splitlines())
        reason = str(error).replace("at end of document", f"at line {last}, the end of the file")
        if isinstance(error, RecursionError):
            reason = "brackets stand in brackets too deep"
        elif not isinstance(error, tomllib.TOMLDecodeError):  # Python reads no number of thousands of digits
            reason = "a number in it has too many digits"
        found.add(
            "",
            "",
            f"this is not valid TOML: {reason}",
            "Look at that line: text needs quotes, a list [ ], and no key may stand twice in a table.",
        )
        found.stop()
        raise  # never reached: stop() raises


def _table(raw: Mapping[str, Any], name: str, found: Gatherer) -> dict[str, Any] | None:
    value = raw.get(name)
    if value is None or isinstance(value, dict):
        return value
    found.add("", name, f"{_kind(value)} is given; expected a table", f"Write [{name}] on a line of its own.")
    return None


def _list_of_tables(raw: Mapping[str, Any], name: str, found: Gatherer) -> list[dict[str, Any]]:
    value = raw.get(name, [])
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    found.add(
        "", name, f"{_kind(value)} is given; expected tables", f"Write [[{name}]] with two pairs of brackets."
    )
    return [value] if isinstance(value, dict) else []


def _kind(value: Any) -> str:
    return (
        "one table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a single value"
    )


def _validated(model: type[M], raw: Mapping[str, Any] | None, table: str, found: Gatherer) -> M | None:
    if raw is None:
        return None
    try:
        return model.model_validate_json(json.dumps(raw, default=_as_text), strict=True)
    except ValidationError as error:
        found.add_validation(table, model, error)
        return None


def _as_text(value: Any) -> str:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    raise TypeError(f"TOML has no {type(value)}")  # pragma: no cover


def _sources(
    raw: Mapping[str, Any], known: Collection[str] | None, found: Gatherer
) -> dict[str, SourceConfig]:
    if known is None:
        from tmwatch.sources.registry import all_sources  # late: it imports every source

        known = all_sources().keys()
    settings: dict[str, SourceConfig] = {}
    for source_id, table in raw.items():
        place = f'[source."{source_id}"]'
        if source_id not in known:
            dotted = [name for name in known if name.split(".")[0] == source_id]
            if (
                isinstance(table, dict)
                and dotted
                and any(isinstance(inner, dict) for inner in table.values())
            ):
                found.add(
                    "",
                    f"source.{source_id}",
                    "the id of a source holds a dot and needs quotes",
                    f'Write [source."{dotted[0]}"].',
                )
                continue
            meant = did_you_mean(source_id, known)
            message = f"there is no source {shown(source_id)}" + (f"; {meant}" if meant else "")
            found.add(place, "", message, f"Known sources: {', '.join(known)}.")
            continue
        if not isinstance(table, dict):
            found.add(
                "", f'source."{source_id}"', f"{_kind(table)} is given; expected a table", f"Write {place}."
            )
            continue
        setting = _validated(SourceConfig, table, place, found)
        if setting is not None:
            settings[source_id] = setting
    return settings


def _watch(place: int, raw: Mapping[str, Any], base: Path, twins: Twins, found: Gatherer) -> Watch | None:
    table = name_of("watch", place, raw)
    checked = _validated(WatchTable, raw, table, found)
    # Even in a table with other mistakes the numbers are looked at, so that all is said at once.
    offices = [one for one in _strings(raw.get("offices")) if len(one) == 2]
    numbers = _numbers(_strings(raw.get("numbers")), "numbers", offices, table, found)
    excepted = _numbers(_strings(raw.get("except_numbers")), "except_numbers", offices, table, found)
    file = raw.get("numbers_file")
    docket = Docket(())
    if isinstance(file, str):
        try:
            docket = read_docket(base / Path(file).expanduser(), offices[0] if len(offices) == 1 else None)
        except ConfigError as error:
            found.add(table, "numbers_file", error.message, error.do)
    if checked is None:
        return None
    rows, problems = _within(docket, checked, base / file if isinstance(file, str) else base)
    rules = {name: getattr(checked, name) for name in WatchRules.model_fields}
    rules["twins"] = tuple(dict.fromkeys((*checked.twins, *twins)))
    return Watch(
        **rules,
        numbers=(*numbers, *(row.number for row in rows.rows)),
        except_numbers=tuple(excepted),
        numbers_file=base / Path(file).expanduser() if isinstance(file, str) else None,
        docket={number_key(row.number): row for row in rows.rows},
        docket_problems=problems,
    )


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _numbers(
    texts: list[str], name: str, offices: list[str], table: str, found: Gatherer
) -> list[MarkNumber]:
    """Each number of the file understood; a bare one belongs to the office, where only one is named."""
    only = offices[0] if len(offices) == 1 else None
    numbers = []
    for place, text in enumerate(texts):
        key = f"{name}[{place}] ({ordinal(place + 1)} entry)"
        try:
            number = parse_with_default(text, None, only)
        except UsageError as error:
            found.add(table, key, error.message, error.do)
            continue
        if name == "numbers" and offices and not _shut_in(number, offices):
            found.add(
                table,
                key,
                f"{show_number(number)} can never fire: `offices` does not name {number.office}",
                f"Add {number.office} to `offices`, or give the number a watch of its own.",
            )
        numbers.append(number)
    return numbers


def _shut_in(number: MarkNumber, offices: Collection[str]) -> bool:
    """Whether a record with this number can pass the filter; an international one reaches every office."""
    return number.kind == "international" or number.office in {office.upper() for office in offices}


def _within(docket: Docket, watch: WatchTable, path: Path) -> tuple[Docket, tuple[DocketProblem, ...]]:
    """The rows that the watch's own `offices` let through, and what is to be said of the others."""
    if not watch.offices:
        return docket, docket.problems
    rows = tuple(row for row in docket.rows if _shut_in(row.number, watch.offices))
    out = tuple(
        DocketProblem(
            path,
            row.line,
            f"{show_number(row.number)} is not watched: `offices` of the watch does not name "
            f"{row.number.office}",
        )
        for row in docket.rows
        if row not in rows
    )
    return Docket(rows), (*docket.problems, *out)
