"""Filings of a list that a register gave live, into the store of the whole register, as those of a file go.

A list holds a few fields of each filing and no bytes of its own for it: what tells its state is a hash of
those fields. What stands in no list any more stays as it was told last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tmwatch.model import TradeMark
from tmwatch.sources.slim import Essence, Slim
from tmwatch.store.register import Register, Told
from tmwatch.store.sights import Sight, as_of_for
from tmwatch.watches.filing import filing_of

_SLIM_VERSION = 1  # raise it when the same record gives other fields
_NAMES = {"pseudo_mark": "pseudo", "translation": "translation", "transliteration": "transliteration"}


def keep_listed(path: Path, sights: Sequence[Sight], source: str) -> None:
    """Store what good looks brought, each filing once. Raises `StoreError` where the file cannot be used."""
    told = {one.reading.record.st13: _told(one, one.reading.record) for one in sights if one.reading}
    if not told:
        return
    with Register(path) as register, register.write():
        register.take(list(told.values()), source=source, slim_version=_SLIM_VERSION, file="live")
        register.keys_done()


def _told(sight: Sight, record: TradeMark) -> Told:
    seen = filing_of(record)
    slim = Slim(
        st13=record.st13,
        application_number=record.application_number or "",
        name=record.verbal_element,
        classes=record.class_numbers,
        owners=seen.owners,
        agents=seen.agents,
        status_code=record.status_code or record.status_text,
        status_live=record.status_live.value,
        filing_date=record.application_date,
        as_of=as_of_for(sight).day,
        registration_number=record.registration_number,
        international_number=record.international_registration_number,
        other_names=tuple((kind, text) for field, kind in _NAMES.items() if (text := getattr(record, field))),
    )
    fields = (slim.name, slim.classes, slim.owners, slim.agents, slim.status_code, slim.filing_date)
    more = (slim.registration_number, slim.international_number, slim.other_names)
    digest = hashlib.blake2b(repr((*fields, *more)).encode(), digest_size=16).digest()
    return Told(Essence(record.st13, slim.as_of.isoformat(), digest), slim)
