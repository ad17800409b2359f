"""Checks of the configuration that span several keys or tables.

They work on the raw values, so that they are made even where another mistake stands in the same table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tmwatch.config.mistakes import Gatherer, did_you_mean, name_of, ordinal, shown
from tmwatch.config.models import StoreConfig
from tmwatch.config.services import SECOND_SECRETS, SERVICES
from tmwatch.config.values import is_loopback
from tmwatch.text import has_letter, same_party

Raw = Mapping[str, Any]


def check_across(
    tables: Mapping[str, Raw | None], recipients: Sequence[Raw], watches: Sequence[Raw], found: Gatherer
) -> None:
    """Add to `found` whatever does not fit together."""
    _one_secret(tables.get("smtp") or {}, "password", "[smtp]", "", found, needed=False)
    _smtp(tables.get("smtp") or {}, found)
    for source_id, table in (tables.get("source") or {}).items():
        if isinstance(table, dict):
            _one_secret(table, "key", f'[source."{source_id}"]', "", found, needed=False)
    _unique("recipient", recipients, found)
    _unique("watch", watches, found)
    for place, one in enumerate(recipients):
        _recipient(name_of("recipient", place, one), one, found)
    names = _names(recipients)
    for place, one in enumerate(watches):
        _watch(name_of("watch", place, one), one, names, found)


def check_mutes(
    mutes: Sequence[Raw], watches: Sequence[Raw], recipients: Sequence[Raw], found: Gatherer
) -> None:
    """Each mute is about something that there is."""
    watched, told = _names(watches), _names(recipients)
    for number, one in enumerate(mutes):
        place = name_of("mute", number, one)
        if not one.get("watch") and not one.get("field"):
            found.add(
                place,
                "watch",
                "neither watch nor field is given: everything would be muted",
                'Name a watch (watch = "…"), a field (field = "goods"), or both.',
            )
        name = one.get("watch")
        if isinstance(name, str) and name.strip() and name.strip() not in watched:
            _unknown(place, "watch", "watch", name, watched, found)
        named = one.get("recipients")
        for at, who in enumerate(named if isinstance(named, list) else []):
            if isinstance(who, str) and who not in told:
                key = f"recipients[{at}] ({ordinal(at + 1)} entry)"
                _unknown(place, key, "recipient", who, told, found)


def _names(tables: Sequence[Raw]) -> list[str]:
    return [one["name"].strip() for one in tables if isinstance(one.get("name"), str)]


def _unknown(place: str, key: str, kind: str, name: str, known: Sequence[str], found: Gatherer) -> None:
    """Something that the file names and does not have."""
    meant = did_you_mean(name, known)
    there = f"Known: {', '.join(known)}." if known else f"The file has no [[{kind}]]."
    found.add(place, key, f"there is no {kind} {shown(name)}" + (f"; {meant}" if meant else ""), there)


def check_inbox(store: StoreConfig, config: Path, found: Gatherer) -> None:
    """What lies in the inbox is moved away: our own files may not lie in it."""
    if store.inbox is None:
        return
    inbox = (config.parent / store.inbox.expanduser()).resolve()
    database = (config.parent / store.path.expanduser()).resolve()
    files = [(config.resolve(), "this file"), (database, "the database")]
    if store.register is not None:
        files.append(((config.parent / store.register.expanduser()).resolve(), "the store of the register"))
    if store.feeds is not None:
        files.append(((config.parent / store.feeds.expanduser()).resolve(), "the folder of the feeds"))
    for file, what in files:
        if file.is_relative_to(inbox):
            found.add(
                "[store]",
                "inbox",
                f"{what} lies in it, and what lies in the inbox is moved away when it was read",
                'Name a folder of its own: inbox = "inbox".',
            )


def check_register(store: StoreConfig, config: Path, found: Gatherer) -> None:
    """The store of a whole register is a file of its own."""
    if store.register is None:
        return
    file = (config.parent / store.register.expanduser()).resolve()
    if file in ((config.parent / store.path.expanduser()).resolve(), config.resolve()):
        found.add(
            "[store]",
            "register",
            "it is the database, or this file; the store of a register is apart from both",
            'Name a file of its own: register = "register.db".',
        )


def _one_secret(table: Raw, name: str, place: str, prefix: str, found: Gatherer, *, needed: bool) -> None:
    env, file = f"{name}_env", f"{name}_file"
    if env in table and file in table:
        found.add(place, f"{prefix}{env}", f"both {env} and {file} are given", "Keep one of them.")
    if needed and env not in table and file not in table:
        found.add(
            place,
            f"{prefix}{env}",
            "is missing; alerts are signed with a secret",
            f'Add {env} = "NAME_OF_A_VARIABLE" or {file} = "path", and put the secret there, not here.',
        )


def _smtp(table: Raw, found: Gatherer) -> None:
    host = table.get("host")
    if table.get("security") == "none" and isinstance(host, str) and not is_loopback(host):
        found.add(
            "[smtp]",
            "security",
            f'"none" is given, but {shown(host)} is another machine',
            'Mail and password would be readable on the way: use "starttls" or "tls".',
        )
    if "username" in table and "password_env" not in table and "password_file" not in table:
        found.add(
            "[smtp]",
            "username",
            "is given without a password",
            'Add password_env = "NAME_OF_A_VARIABLE" or password_file = "path".',
        )
    if "username" not in table and ("password_env" in table or "password_file" in table):
        found.add("[smtp]", "username", "is missing; a password is given", "Add username.")


def _unique(kind: str, tables: Sequence[Raw], found: Gatherer) -> None:
    first: dict[str, int] = {}
    for place, table in enumerate(tables):
        name = table.get("name")
        if not isinstance(name, str):
            continue
        known = first.setdefault(name.strip().casefold(), place)
        if known != place:
            found.add(
                name_of(kind, place, table),
                "name",
                f"the {ordinal(known + 1)} [[{kind}]] has the same name",
                "Give each its own name: alerts and their history go by it.",
            )


def _recipient(place: str, table: Raw, found: Gatherer) -> None:
    if not table.get("email") and not any(name in table for name in ("webhook", *SERVICES)):
        found.add(
            place,
            "email",
            "no way to tell this recipient anything is given",
            'Add email = ["name@example.com"], a webhook, or a service such as slack.',
        )
    hook = table.get("webhook")
    if isinstance(hook, dict):
        _one_secret(hook, "secret", place, "webhook.", found, needed=True)
    for name, service in SERVICES.items():
        bot = table.get(name)
        if not isinstance(bot, dict):
            continue
        if not any(key in bot for key in ("url_env", "url_file", "url")):
            found.add(
                place,
                f"{name}.url_env",
                f"is missing; the address that {service} gave you holds a token and is a secret",
                'Add url_env = "NAME_OF_A_VARIABLE" or url_file = "path", and put it there, not here.',
            )
        _one_secret(bot, "url", place, f"{name}.", found, needed=False)
        if name in SECOND_SECRETS:
            _one_secret(bot, SECOND_SECRETS[name], place, f"{name}.", found, needed=False)


_TRIGGERS = ("numbers", "numbers_file", "owners", "agents", "marks")
_ALONE = ("classes", "goods", "offices")  # a watch may have nothing but these


def _excepted(place: str, table: Raw, found: Gatherer) -> None:
    """Who is watched cannot be excepted too: which of the two was meant, nobody can tell."""
    watched, excepted = table.get("owners"), table.get("except_owners")
    if not isinstance(watched, list) or not isinstance(excepted, list):
        return
    for number, name in enumerate(excepted):
        if isinstance(name, str) and any(isinstance(one, str) and same_party(one, name) for one in watched):
            found.add(
                place,
                f"except_owners[{number}] ({ordinal(number + 1)} entry)",
                f"{shown(name)} stands in `owners` too",
                "Keep it in one of the two: whoever is in `owners` is told of whatever they file.",
            )


# What each is compared by; without a letter it is compared with nothing.
_IN_WORDS = {
    "goods": "words of the goods",
    "owners": "the name of an owner",
    "agents": "the name of a representative",
    "except_owners": "the name of an owner",
}


def _in_words(place: str, table: Raw, found: Gatherer) -> None:
    """What can never be met. A mark may be `!!`: the same mark is found."""
    for key, expected in _IN_WORDS.items():
        names = table.get(key)
        for number, name in enumerate(names if isinstance(names, list) else []):
            if isinstance(name, str) and name.strip() and not has_letter(name):
                found.add(
                    place,
                    f"{key}[{number}] ({ordinal(number + 1)} entry)",
                    f"{shown(name)} has no letter or digit: it can never be met",
                    f"Write {expected}, or take the entry away.",
                )


def _watch(place: str, table: Raw, recipients: Sequence[str], found: Gatherer) -> None:
    if not any(table.get(key) for key in (*_TRIGGERS, *_ALONE)):
        found.add(
            place,
            "",
            "nothing is watched: no trigger and no filter is given",
            "Add numbers, numbers_file, owners, agents or marks; or classes, goods or offices alone, for "
            "every new filing in them.",
        )
    for key, needs in (("related", "classes"), ("owners_like", "owners")):
        if table.get(key) is True and not table.get(needs):
            found.add(
                place,
                key,
                f"it widens `{needs}`, and none are given",
                f"Add {needs}, or take {key} away.",
            )
    _excepted(place, table, found)
    _in_words(place, table, found)
    if "notify" not in table:
        known = f'e.g. notify = ["{recipients[0]}"]' if recipients else "after adding a [[recipient]]"
        found.add(
            place,
            "notify",
            "is missing: no recipient would be told",
            f"Name at least one recipient, {known}; or write notify = [] to tell nobody on purpose.",
        )
    notify = table.get("notify")
    for number, name in enumerate(notify if isinstance(notify, list) else []):
        if isinstance(name, str) and name not in recipients:
            key = f"notify[{number}] ({ordinal(number + 1)} entry)"
            _unknown(place, key, "recipient", name, recipients, found)
