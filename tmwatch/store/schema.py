"""Tables, migrations and views. A migration is a step from one version to the next; none is ever edited.

Tables carry plain names so that the file can be read in any SQLite browser; the views at the end say
what people ask for most. Instants are UTC in ISO 8601, dates ISO, lists JSON.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlite_utils

from tmwatch.store import steps

# "tmw1": marks a file as ours (PRAGMA application_id).
APPLICATION_ID = 0x746D7731


def _version_1(db: sqlite_utils.Database) -> None:
    db.table("run").create(
        {"id": str, "command": str, "tmwatch": str, "started_at": str, "ended_at": str, "summary": str},
        pk="id",
    )
    db.table("snapshot").create({"sha256": str, "body": bytes, "size": int, "stored_at": str}, pk="sha256")
    db.table("record").create({"hash": str, "st13": str, "json": str}, pk="hash")
    db.table("observation").create(
        {
            "id": int,
            "run": str,
            "source": str,
            "st13": str,
            "asked": str,
            "url": str,
            "looked_at": str,
            "live": int,
            "outcome": str,
            "error": str,
            "snapshot": str,
            "parser_version": str,
            "record": str,
            "as_of": str,
            "as_of_kind": str,
            "previous_hash": str,
            "hash": str,
        },
        pk="id",
        not_null={"source", "looked_at", "outcome", "hash"},
    )
    db.table("observation").create_index(["st13", "id"])
    db.table("sighting").create(
        {
            "id": int,
            "st13": str,
            "source": str,
            "authority": int,
            "facts": str,
            "record": str,
            "parser_version": str,
            "first_order": str,
            "last_order": str,
            "as_of": str,
            "last_as_of": str,
            "as_of_kind": str,
            "observation": int,
            "last_observation": int,
            "first_snapshot": str,
            "last_snapshot": str,
            "technical": int,
            "live": int,
        },
        pk="id",
    )
    db.table("sighting").create_index(["st13", "first_order"])
    db.table("mark").create(
        {
            "st13": str,
            "office": str,
            "application_number": str,
            "registration_number": str,
            "mark": str,
            "owners": str,
            "classes": str,
            "status": str,
            "status_code": str,
            "status_date": str,
            "phase": str,
            "live": str,
            "application_date": str,
            "registration_date": str,
            "source": str,
            "facts": str,
            "as_of": str,
            "as_of_kind": str,
            "first_seen_at": str,
            "last_ok_at": str,
            "changed_at": str,
            "version": int,
            "record": str,
        },
        pk="st13",
    )
    db.table("mark").create_index(["registration_number"])
    db.table("mark_version").create(
        {
            "id": int,
            "st13": str,
            "observation": int,
            "source": str,
            "facts": str,
            "position": str,
            "as_of": str,
            "as_of_kind": str,
            "content_hash": str,
            "record": str,
            "technical": int,
            "parser_version": str,
            "created_at": str,
            "superseded_at": str,
        },
        pk="id",
    )
    db.table("mark_version").create_index(["st13", "position"])
    db.table("change").create(
        {
            "id": int,
            "st13": str,
            "version": int,
            "field": str,
            "kind": str,
            "key": str,
            "old": str,
            "new": str,
            "significance": str,
            "date": str,
            "terms_added": str,
            "terms_removed": str,
            "seen_at": str,
            "superseded_at": str,
        },
        pk="id",
        foreign_keys=[("version", "mark_version", "id")],
    )
    db.table("change").create_index(["st13", "version"])
    db.table("change").create_index(["seen_at"])
    lists: dict[str, dict[str, type]] = {
        "event": {"number": int, "date": str, "code": str, "type": str, "text": str, "proceeding": str},
        "goods": {"class": str, "status": str, "first_use": str, "first_use_in_commerce": str, "text": str},
        "party": {"as": str, "name": str, "role": str, "address": str, "country": str},
    }
    for name, columns in lists.items():
        db.table(name).create({"id": int, "st13": str, **columns}, pk="id")
        db.table(name).create_index(["st13"])
    db.table("watch").create(
        {
            "watch": str,
            "ask": str,
            "baseline_at": str,
            "last_ok_at": str,
            "last_try_at": str,
            "last_outcome": str,
            "last_error": str,
            "failures": int,
            "validators": str,
        },
        pk=("watch", "ask"),
    )
    db.table("hit").create(
        {"watch": str, "st13": str, "first_at": str, "why": str, "baseline": int}, pk=("watch", "st13")
    )
    db.table("alert").create(
        {
            "id": int,
            "uid": str,
            "kind": str,
            "watch": str,
            "significance": str,
            "sample": int,
            "headline": str,
            "payload": str,
            "created_at": str,
            "run": str,
        },
        pk="id",
    )
    db.table("alert_mark").create(
        {"alert": int, "st13": str}, pk=("alert", "st13"), foreign_keys=[("alert", "alert", "id")]
    )
    db.table("delivery").create(
        {
            "id": int,
            "alert": int,
            "recipient": str,
            "channel": str,
            "address": str,
            "message_id": str,
            "state": str,
            "tries": int,
            "next_try_at": str,
            "lease_until": str,
            "sent_at": str,
            "answer": str,
            "error": str,
        },
        pk="id",
        foreign_keys=[("alert", "alert", "id")],
    )
    db.table("delivery").create_index(["alert", "recipient", "channel", "address"], unique=True)
    db.table("delivery").create_index(["state", "next_try_at"])
    db.table("source_state").create(
        {
            "source": str,
            "state": str,
            "since": str,
            "last_ok_at": str,
            "last_try_at": str,
            "last_outcome": str,
            "last_error": str,
            "failures": int,
        },
        pk="source",
    )
    db.table("unknown_word").create({"source": str, "word": str, "first_at": str}, pk=("source", "word"))
    _views(db)


def _views(db: sqlite_utils.Database) -> None:
    db.create_view(
        "current_marks",
        "select st13, office, application_number, registration_number, mark, owners, classes, status, phase,"
        " live, application_date, facts, source, as_of, as_of_kind, first_seen_at, last_ok_at from mark"
        " order by office, application_number",
    )
    db.create_view(
        "recent_changes",
        "select c.seen_at, m.office, m.application_number, m.mark, c.field, c.key, c.old, c.new,"
        " c.significance, c.date, v.as_of, v.source, v.facts from change c join mark m using (st13)"
        " join mark_version v on v.id = c.version"
        " where c.superseded_at is null and c.significance <> 'cosmetic'"
        " order by c.seen_at desc, c.id desc",
    )
    db.create_view(
        "looks",
        "select o.looked_at, o.source, o.st13, o.asked, o.outcome, o.as_of, o.error, o.url from observation o"
        " order by o.id desc",
    )
    db.create_view(
        "outbox",
        "select d.state, a.created_at, a.headline, d.recipient, d.channel, d.address, d.tries, d.next_try_at,"
        " d.sent_at, d.error from delivery d join alert a on a.id = d.alert order by d.id desc",
    )


MIGRATIONS: tuple[Callable[[sqlite_utils.Database], None], ...] = (
    _version_1,
    steps.receivers,
    steps.records_once,
    steps.ids_and_restores,
    steps.patience_with_sources,
    steps.pruned_looks,
    steps.half_stored_files,
    steps.owners_by_name,
    steps.timetable,
    steps.hits_by_likeness,
    steps.deadlines,
    steps.alerts_that_are_joined,
    steps.late_watches,
    steps.deadlines_told,
    steps.feed_files,
    steps.muted,
    steps.masses,
    steps.new_lists,
    steps.digests,
    steps.answered_by_name,
    steps.looks_not_found,
    steps.rest_of_a_day,
)
SCHEMA_VERSION = len(MIGRATIONS)
