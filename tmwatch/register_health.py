"""How the store of a whole register stands (`[store] register`), for `doctor`: there or not, whole, of which
day, and whether its index of names fits. Reads only; what is behind is brought up to date by who uses it.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tmwatch.errors import StoreError
from tmwatch.store.register import Register
from tmwatch.store.register_file import is_behind, to_be_keyed

_LEAST_FREE = 100 * 2**20  # bytes; a daily file of the USPTO takes as much
_MOST_DAMAGE = 20  # lines of what SQLite says
_AGAIN = "Move the file away and import the register's files once more; the database is another file."
_NEXT_LIKE = "The next `tmwatch lookup --like` or `watch test` makes it anew."


@dataclass
class RegisterHealth:
    """What was found: (level, what, what to do) each, and the same as facts for `--json`."""

    facts: dict[str, Any]
    findings: list[tuple[Literal["ok", "note", "act"], str, str]] = field(default_factory=list)


def register_health(path: Path) -> RegisterHealth:
    """Look at the store at `path`. Raises nothing: what cannot be read is a finding."""
    found = RegisterHealth({"path": str(path), "state": "none"})
    if not path.exists():
        do = "The first `tmwatch import` of a register's file makes it, or a check that reads lists."
        found.findings.append(("note", f"there is none yet at {path}", do))
        return found
    behind = is_behind(path)
    try:
        with _opened(path, behind) as conn:
            damage = _damage(conn)
            if damage:
                found.facts["state"] = "damaged"
                found.findings += [("act", f"{path} is damaged: {one}", _AGAIN) for one in damage]
                return found
            found.facts |= {"state": "older" if behind else "ok", **_counted(conn, path)}
    except StoreError as error:
        found.facts |= {"state": "unusable", "error": error.message}
        found.findings.append(("act", f"{path}: {error.message}", error.do))
        return found
    except (sqlite3.Error, OSError) as error:
        found.facts |= {"state": "unusable", "error": str(error)}
        found.findings.append(
            ("act", f"{path} cannot be read: {error}", "Check its rights and its folder's.")
        )
        return found
    _say(found, path)
    if not behind:
        _index(found, path)
    _space(found, path)
    return found


@contextlib.contextmanager
def _opened(path: Path, behind: bool) -> Iterator[sqlite3.Connection]:
    """For reading. One that is behind is read as it is: its filings stand there as they do today."""
    if behind:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            conn.row_factory = sqlite3.Row
            yield conn
        return
    register = Register(path, create=False, reading=True)
    try:
        yield register.conn
    finally:
        register.close()


def _damage(conn: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with the file; empty when it is whole."""
    try:
        found = [str(row[0]) for row in conn.execute(f"pragma quick_check({_MOST_DAMAGE})")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def _counted(conn: sqlite3.Connection, path: Path) -> dict[str, Any]:
    rows = conn.execute(
        "select source, count(*) as filings, max(as_of) as as_of from filing group by source order by source"
    ).fetchall()
    beside = path.with_name(f"{path.name}-wal")
    return {
        "filings": sum(row["filings"] for row in rows),
        "as_of": max((row["as_of"] for row in rows), default=None),
        "sources": {row["source"]: {"filings": row["filings"], "as_of": row["as_of"]} for row in rows},
        "to_bring_up_to_date": to_be_keyed(path),
        "bytes": path.stat().st_size + (beside.stat().st_size if beside.exists() else 0),
    }


def _say(found: RegisterHealth, path: Path) -> None:
    facts = found.facts
    told = ", ".join(f"{source} as of {one['as_of']}" for source, one in facts["sources"].items())
    filings = f"{facts['filings']} filing{'' if facts['filings'] == 1 else 's'}"
    found.findings.append(("ok", f"{path} is whole: {filings}{f' ({told})' if told else ''}", ""))
    left = facts["to_bring_up_to_date"]
    if facts["state"] == "older":
        said = f"it is of an older tmwatch: {left} filings are to be brought up to date"
        found.findings.append(("note", said, "The next `tmwatch import` or `lookup --stored` does it."))
    elif left:
        said = f"an import was broken off: {left} filings are not found by owner or name yet"
        found.findings.append(
            ("note", said, "The next `tmwatch import` or `lookup --stored` makes up for it.")
        )


def _index(found: RegisterHealth, path: Path) -> None:
    """The index of names beside it."""
    from tmwatch.nearby import folder_of  # late: numpy comes with it
    from tmwatch.similarity.index import Index, StaleIndex

    with contextlib.closing(Register(path, create=False, reading=True)) as register:
        folder, state, names = folder_of(register), "ok", 0
        try:
            names = len(Index.load(folder))
            if names != register.indexed():
                state = "stale"
        except FileNotFoundError:
            state = "none" if not register.indexed() else "stale"
        except StaleIndex:
            state = "stale"
        except ValueError:
            state = "damaged"
        except OSError as error:
            state = "unreadable"
            said = f"the index of names in {folder} cannot be read: {error.strerror or error}"
            found.findings.append(("act", said, "Check its rights, or delete the folder."))
        left = register.filings_to_index() if state == "ok" else found.facts["filings"]
    found.facts["index"] = {"path": str(folder), "state": state, "names": names, "filings_to_add": left}
    if state == "stale":
        said = f"its index of names in {folder} is of another version or another store"
        found.findings.append(("note", said, _NEXT_LIKE))
    elif state == "damaged":
        found.findings.append(("note", f"its index of names in {folder} is damaged", _NEXT_LIKE))


def _space(found: RegisterHealth, path: Path) -> None:
    free = shutil.disk_usage(path.absolute().parent).free
    found.facts["disk_free"] = free
    if free < _LEAST_FREE:
        said = f"only {free // 2**20} MiB are free on the disk of {path}"
        found.findings.append(("act", said, "Free space: the next import needs some."))
