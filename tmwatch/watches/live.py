"""Is a source asked live under this configuration? The one place where that is decided (design law 17).

What the register's terms forbid stays off, unless the operator states the permission that they hold
(`permission`), or `base_url` points at this machine: then no register is asked. Switched on without either,
the source is refused, and `refused()` says so until it is mended: terms change, and a watch that the operator
takes for live must not go quiet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tmwatch.config.values import is_loopback
from tmwatch.errors import ConfigError
from tmwatch.sources.base import Automation, Declaration, Source

if TYPE_CHECKING:
    from tmwatch.config import Config, SourceConfig

_ASKING = frozenset({"record", "search", "feed"})
IMPORT_PAGES = "import saved pages"  # how a reason ends that has said already what is left to do


def key_variables(declaration: Declaration, setting: SourceConfig) -> dict[str, str]:
    """The environment variables that it is let in with: of its `client_id` and its `key`, where it has them.

    A key that lies in a file has no variable.
    """
    found = {}
    if declaration.grant is not None:
        found["client_id"] = setting.client_id_env or declaration.grant.id_env
    key = setting.key_env or (None if setting.key_file else declaration.credential_env)
    return {**found, "key": key} if key else found


def shown_variable(name: str) -> str:
    """The name of a variable as it may be shown: whoever wrote the secret in its place must not read it."""
    return name if name.isupper() else "(no plain name)"


def live_state(declaration: Declaration, config: Config, env: Mapping[str, str]) -> tuple[bool, str]:
    """(is it asked live, why or why not), in words that say what to do about it."""
    source_id = declaration.id
    table = f'[source."{source_id}"]'
    setting = config.source(source_id)
    local = setting.base_url is not None and is_loopback(urlsplit(setting.base_url).hostname)
    if not declaration.channels & _ASKING:
        file = f"import its file{f', {declaration.file_from}' if declaration.file_from else ''}"
        page = "save its page by hand and `tmwatch import` it"
        return False, f"{declaration.title} can only be imported: {page if declaration.by_hand else file}"
    if setting.enabled is False:
        return False, f"switched off: enabled = false in {table}"
    forbidden = declaration.terms.automation is Automation.FORBIDDEN
    if forbidden and not local and not setting.permission:
        return False, f"its terms forbid automated queries ({declaration.terms.link}): {IMPORT_PAGES}"
    if forbidden and setting.permission and setting.enabled:
        return True, f"with the permission stated in {table}"
    if (declaration.live_default == "opt-in" or (forbidden and local)) and not setting.enabled:
        file = f"; or import its file, {declaration.file_from}" if declaration.file_from else ""
        return False, f"{source_id} is opt-in: set enabled = true in {table}{file}"
    if declaration.live_default == "off" and not setting.enabled:
        return False, f"{source_id} is off by default: set enabled = true in {table}"
    if declaration.live_default == "with key":
        try:
            key = config.source_key(source_id, env, declaration.credential_env)
        except ConfigError as error:
            return False, f"no key: {error.message}"
        needs = [declaration.credential_env or f"key_env in {table}"] if not key else []
        grant = declaration.grant
        if grant is not None and not config.client_id(source_id, env, grant.id_env):
            needs.insert(0, shown_variable(key_variables(declaration, setting)["client_id"]))
        if needs:
            return False, f"no key: set {' and '.join(needs)}"
        if grant is not None and setting.base_url and not setting.token_url:
            # Else the secret of one place would go to another: a test's to the office, or the other way.
            return (
                False,
                f"no token: base_url points elsewhere, so say where tokens are: token_url in {table}",
            )
        return True, "key present"
    return True, "opted in" if declaration.live_default != "on" else "on by default"


def refused(config: Config, sources: Iterable[Source]) -> list[ConfigError]:
    """The sources that the configuration switches on against their terms, each with what helps."""
    found = []
    for declaration in (source.declaration for source in sources):
        terms, setting = declaration.terms, config.source(declaration.id)
        if terms.automation is not Automation.FORBIDDEN or not setting.enabled:
            continue
        if live_state(declaration, config, {})[0]:
            continue
        found.append(
            ConfigError(
                f"{declaration.id} is switched on, but its terms forbid automated queries: {terms.note} "
                f"({terms.link}, read {terms.read_on})",
                where=f'{config.path} [source."{declaration.id}"]',
                kept="It is not asked; the other sources are.",
                do="Remove enabled = true and import saved pages; or, if the office has allowed you to ask, "
                'name what it allowed: permission = "letter of 2026-10-01".',
            )
        )
    return found
