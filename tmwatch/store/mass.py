"""Much at once: what a pass over a source brings is held where it is rather the register than the filings.

A register redesigns its pages, or has an outage: hundreds of filings seem to change or vanish. That is
told once, the single alerts are *held*; a person releases or drops them, and after a time (`[health]
mass_hold`) they go by themselves. Nothing that is critical waits, nor a deadline, nor any other alert of
health.

**What counts.** Of the filings that were known before and that one pass looked at, at one source: those of
which a change was written that is more than cosmetic, and those not found where they had been found (in the
pass in which that turns, and in the one in which they are believed gone). Where these are at least
`mass_least` and more than `mass_share` percent it is a *mass*. A question by name that is answered in full
does not find what it gave the last time and does not give now. New filings are in neither number. What a
pass did not look at (not due, over the cap of the day) says nothing and is in neither. Imported pages and
files make no pass: somebody chose them, and a feed lists only what moved.

**A mass** is open until its deliveries have left: released, dropped, or by time. As long as it is, what
befalls its filings again is held with it (a change and the change back must not overtake each other), and
another mass of the source joins it. It is announced when it opens, again only when it has doubled; and its
end is told once: when its filings stand as they did before (then still held: both changes are facts, design
law 7), or when what was held has left. Every step is one transaction, with the alert that tells it.

What waits for the verdict, and who gives it: `store.passes`.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping

from tmwatch.alerts.masses import MassState, announcement, recovery
from tmwatch.alerts.payload import FieldCount, HeldNote, Mass, MassExample
from tmwatch.store.database import Database, iso, now
from tmwatch.store.writing import write_alert

MASS = "mass "  # and the source: why a delivery is held
_GROWN = 2  # times what was told
_FIELDS, _EXAMPLES = 4, 3


def is_open(database: Database, source: str) -> bool:
    """Whether a mass of that source is not over."""
    return _open(database, source) is not None


# -- the verdict ---------------------------------------------------------------------------------------------


def _is_mass(count: int, looked: int, share: int, least: int) -> bool:
    return count >= least and 100 * count > share * looked


def judge(database: Database, seen: sqlite3.Row) -> None:
    """Hold what waits for the pass (its row), or let it go, and tell what there is to tell."""
    conn, number = database.conn, seen["id"]
    counts = _outcomes(conn, "pass_look", "pass", number)
    moved = counts["changed"] + counts["gone"]
    much = _is_mass(moved, counts.total(), seen["share"], seen["least"])
    mass = _open(database, seen["source"])
    if much:
        mass = _grown(conn, mass["id"] if mass is not None else _new_mass(conn, seen), number)
    if mass is not None:
        idle = not holds(database, mass["id"])
        _hold(conn, mass, number, everything=much)
        first = idle and holds(database, mass["id"])
        if first:  # filings that were not found had no alerts yet: the time begins with what is held
            mass = _held_from_now(conn, mass["id"], seen)
        _back(conn, mass["id"], number)
        _turn(database, mass, seen, again=first and much)
    conn.execute("update delivery set pass = null where pass = ?", (number,))


def _outcomes(conn: sqlite3.Connection, table: str, column: str, number: int) -> Counter[str]:
    rows = conn.execute(
        f"select outcome, count(*) as n from {table} where {column} = ? group by 1", (number,)
    )
    return Counter({row["outcome"]: row["n"] for row in rows})


def _new_mass(conn: sqlite3.Connection, seen: sqlite3.Row) -> int:
    at = now()
    until = at + dt.timedelta(seconds=seen["hold"])
    cursor = conn.execute(
        "insert into mass (source, state, since, until, changed, gone, looked, told, recovered)"
        " values (?, 'open', ?, ?, 0, 0, 0, 0, 0)",
        (seen["source"], iso(at), iso(until)),
    )
    return int(cursor.lastrowid or 0)


def _grown(conn: sqlite3.Connection, mass: int, number: int) -> sqlite3.Row:
    """The mass with what the pass brings to it. Several passes (over the cap of a day) see a filing each."""
    conn.execute(
        "insert into mass_mark (mass, what, outcome, changes, before)"
        " select ?, what, outcome, changes, before from pass_look where pass = ?"
        " on conflict (mass, what) do update set outcome = excluded.outcome, changes = excluded.changes,"
        " before = excluded.before where mass_mark.outcome not in ('changed', 'gone')",
        (mass, number),
    )
    counts = _outcomes(conn, "mass_mark", "mass", mass)
    conn.execute(
        "update mass set changed = ?, gone = ?, looked = ? where id = ?",
        (counts["changed"], counts["gone"], counts.total(), mass),
    )
    row: sqlite3.Row = conn.execute("select * from mass where id = ?", (mass,)).fetchone()
    return row


def _hold(conn: sqlite3.Connection, mass: sqlite3.Row, number: int, *, everything: bool) -> None:
    """Hold what waits for the pass; or of it only what is about the filings of the mass."""
    of_mass = (
        "select m.alert from alert_mark m join mass_mark k on k.what = m.st13"
        " where k.mass = :mass and k.outcome in ('changed', 'gone')"
    )
    which = "pass = :pass and state = 'pending'" + ("" if everything else f" and alert in ({of_mass})")
    values = {
        "mass": mass["id"],
        "pass": number,
        "reason": MASS + mass["source"],
        "note": HeldNote(
            source=mass["source"],
            since=dt.datetime.fromisoformat(mass["since"]),
            changed=mass["changed"],
            gone=mass["gone"],
            looked=mass["looked"],
        ).model_dump_json(),
    }
    # Whatever joined it later would be held, or go, with what is no business of it.
    conn.execute(
        f"update alert set open = 0 where open = 1 and id in (select alert from delivery where {which})",
        values,
    )
    conn.execute(
        "update delivery set state = 'held', held_for = :reason, mass = :mass, held_note = :note,"
        f" pass = null, next_try_at = null where {which}",
        values,
    )


def _held_from_now(conn: sqlite3.Connection, mass: int, seen: sqlite3.Row) -> sqlite3.Row:
    until = iso(now() + dt.timedelta(seconds=seen["hold"]))
    conn.execute("update mass set until = ? where id = ?", (until, mass))
    row: sqlite3.Row = conn.execute("select * from mass where id = ?", (mass,)).fetchone()
    return row


def _back(conn: sqlite3.Connection, mass: int, number: int) -> None:
    """Which filings of the mass stand as they did before, of those that the pass looked at."""
    conn.execute(
        "update mass_mark set back = case outcome"
        " when 'gone' then (select l.outcome in ('same', 'changed') from pass_look l where l.pass = :pass"
        " and l.what = mass_mark.what)"
        " else before <> '' and before is (select content_hash from mark where st13 = mass_mark.what) end"
        " where mass = :mass and outcome in ('changed', 'gone')"
        " and what in (select what from pass_look where pass = :pass)",
        {"mass": mass, "pass": number},
    )


def _turn(database: Database, mass: sqlite3.Row, seen: sqlite3.Row, *, again: bool) -> None:
    """Tell that it began, doubled, went back or came again, or (`again`) that there is something held now;
    nothing where it has not turned."""
    conn, number = database.conn, mass["id"]
    moved = mass["changed"] + mass["gone"]
    back = _went_back(conn, number)
    over = not _is_mass(moved - back, mass["looked"], seen["share"], seen["least"])
    if mass["told"] and over:
        if mass["state"] == "open":
            conn.execute("update mass set state = 'back' where id = ?", (number,))
            _recovered(database, mass, "back", seen["run"])
        if not holds(database, number):
            close(database, number)
    elif again or mass["state"] == "back" or moved >= max(1, _GROWN * mass["told"]):
        alert = _announce(database, mass, seen)
        conn.execute(
            "update mass set state = 'open', told = ?, recovered = 0, alert = ? where id = ?",
            (moved, alert, number),
        )


def _went_back(conn: sqlite3.Connection, mass: int) -> int:
    row = conn.execute("select coalesce(sum(back), 0) from mass_mark where mass = ?", (mass,)).fetchone()
    return int(row[0])


def _announce(database: Database, mass: sqlite3.Row, seen: sqlite3.Row) -> int:
    """To whom the watches tell that have come upon these filings."""
    conn = database.conn
    to: Mapping[str, list[list[str]]] = json.loads(seen["to"])
    rows = conn.execute(
        "select distinct h.watch from mass_mark k cross join hit h on h.st13 = k.what"
        " where k.mass = ? and k.outcome in ('changed', 'gone')",
        (mass["id"],),
    )
    found = {row["watch"] for row in rows}
    watches = [name for name in to if name in found] or json.loads(seen["watches"])
    whom = [(one[0], one[1], one[2]) for name in watches for one in to.get(name, ())]
    payload = announcement(_described(database, mass), watches, seen["share"], sample=bool(seen["sample"]))
    about = (f"{MASS}{mass['source']}", "open")
    return write_alert(database, payload, (), whom, seen["run"], about=about)


def _described(database: Database, mass: sqlite3.Row, state: MassState = "open") -> Mass:
    conn, number = database.conn, mass["id"]
    fields: Counter[str] = Counter()
    examples: list[MassExample] = []
    for row in conn.execute(
        "select k.what, k.changes, m.office, m.application_number, m.mark from mass_mark k"
        " left join mark m on m.st13 = k.what where k.mass = ?"
        " and k.outcome in ('changed', 'gone') order by k.what",
        (number,),
    ):
        changes = json.loads(row["changes"])
        fields.update({field for field, _, _ in changes})
        if len(examples) < _EXAMPLES:
            named = (
                f"{row['office']} {row['application_number']}" if row["application_number"] else row["what"]
            )
            field, old, new = changes[0] if changes else ("", "", "")
            examples.append(MassExample(number=named, mark=row["mark"] or "", field=field, old=old, new=new))
    most = sorted(fields.items(), key=lambda item: (-item[1], item[0]))[:_FIELDS]
    return Mass(
        source=mass["source"],
        state=state,
        changed=mass["changed"],
        gone=mass["gone"],
        looked=mass["looked"],
        back=_went_back(conn, number),
        fields=tuple(FieldCount(field=field, filings=count) for field, count in most),
        examples=tuple(examples),
        held=_held(database, number),
        until=dt.datetime.fromisoformat(mass["until"]),
    )


# -- its end -------------------------------------------------------------------------------------------------


def left(database: Database, how: MassState) -> None:
    """What was held has been released or dropped: a mass of which nothing is held any more is over."""
    for row in database.conn.execute("select * from mass where closed_at is null").fetchall():
        had = database.conn.execute("select 1 from delivery where mass = ? limit 1", (row["id"],)).fetchone()
        if had is not None and not holds(database, row["id"]):
            over(database, row, how)


def over(database: Database, mass: sqlite3.Row, how: MassState) -> None:
    """What was held has left."""
    _recovered(database, mass, how)
    close(database, mass["id"])


def _recovered(database: Database, mass: sqlite3.Row, how: MassState, run: str = "") -> None:
    """Told once after each announcement, to whom that was told."""
    conn = database.conn
    told = conn.execute("select watch, sample from alert where id = ?", (mass["alert"],)).fetchone()
    if mass["recovered"] or told is None:
        return
    conn.execute("update mass set recovered = 1 where id = ?", (mass["id"],))
    rows = conn.execute(
        "select recipient, channel, address from delivery where alert = ? order by id", (mass["alert"],)
    )
    whom = [(row["recipient"], row["channel"], row["address"]) for row in rows]
    payload = recovery(_described(database, mass, how), told["watch"], sample=bool(told["sample"]))
    write_alert(database, payload, (), whom, run, about=(f"{MASS}{mass['source']}", how))


def close(database: Database, mass: int) -> None:
    """It is over."""
    database.conn.execute("update mass set closed_at = ? where id = ?", (iso(now()), mass))
    database.conn.execute("delete from mass_mark where mass = ?", (mass,))


def _open(database: Database, source: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = database.conn.execute(
        "select * from mass where source = ? and closed_at is null order by id desc limit 1", (source,)
    ).fetchone()
    return row


def _held(database: Database, mass: int, what: str = "distinct alert") -> int:
    row = database.conn.execute(
        f"select count({what}) from delivery where mass = ? and state = 'held'", (mass,)
    ).fetchone()
    return int(row[0])


def holds(database: Database, mass: int) -> bool:
    """Whether anything is held for it."""
    return _held(database, mass) > 0


def standing(database: Database) -> list[tuple[Mass, int]]:
    """The masses that are not over, the oldest first, and how many deliveries each holds."""
    rows = database.conn.execute("select * from mass where closed_at is null order by id").fetchall()
    return [(_described(database, row, row["state"]), _held(database, row["id"], "*")) for row in rows]
