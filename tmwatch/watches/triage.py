"""What follows from what people think of a hit. Pure.

When noise is told of once more, and when something that matters to them is published.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping

from tmwatch.changes.compare import folded, owner_key
from tmwatch.changes.goods import terms
from tmwatch.deadlines import DISCLAIMER, RuleBook, opposition_window
from tmwatch.model import Change, Phase, TradeMark
from tmwatch.watches.filing import goods_texts

# The parts of a filing that noise is judged by, and the fields of a change that belong to each.
_PARTS = {"owner": ("owners",), "classes": ("classes",), "goods": ("classes",)}
_OPEN = frozenset({Phase.PUBLISHED, Phase.REGISTERED_OPPOSABLE})
_PUBLICATION = frozenset({"status", "publications", "opposition_period"})


def basis(record: TradeMark) -> dict[str, str]:
    """Owner, classes and goods of a filing, each as a hash; what its source does not give is left out."""
    found: dict[str, str] = {}
    if record.gives("owners"):
        found["owner"] = _hashed(owner_key(party) for party in record.owners)
    if record.gives("classes"):
        found["classes"] = _hashed(record.class_numbers)
        texts = goods_texts(record)
        if texts is not None:
            found["goods"] = _hashed(folded(term) for text in texts for term in terms(text))
    return found


def _hashed(values: Iterable[str]) -> str:
    """The same for the same values in another order."""
    return hashlib.sha256("\n".join(sorted(set(values))).encode()).hexdigest()[:24]


def grounds_moved(before: Mapping[str, str], record: TradeMark, changes: Iterable[Change]) -> list[str]:
    """Which of owner, classes and goods are others than when the hit was judged, by news of the register."""
    fields = {change.field.split(".")[0] for change in changes if change.significance.rank}
    stands = basis(record)
    return [
        part
        for part, names in _PARTS.items()
        if part in before and part in stands and before[part] != stands[part] and fields.intersection(names)
    ]


def of_grounds(change: Change) -> bool:
    """Whether the change is one of owner, classes or goods."""
    return change.field.split(".")[0] in {name for names in _PARTS.values() for name in names}


def is_publication(change: Change) -> bool:
    """Whether the change may be what publication brings."""
    return change.field.split(".")[0] in _PUBLICATION


def published(before: TradeMark | None, record: TradeMark) -> bool:
    """Whether it was published for opposition since it stood as `before`."""
    if before is None:
        return record.status_phase in _OPEN
    if record.status_phase in _OPEN and before.status_phase not in _OPEN:
        return True
    if record.opposition_period is not None and before.opposition_period is None:
        return True
    known = {one.date for one in before.publications}
    alive = record.registration_date is None or record.registration_date == before.registration_date
    return alive and any(one.date is not None and one.date not in known for one in record.publications)


def opposition_words(record: TradeMark, today: dt.date, rules: RuleBook | None = None) -> str:
    """That it is published, and until when it may be opposed, for the reason of an alert.

    `today` is the day at the office, `rules` those of the operator.
    """
    as_of = record.provenance.as_of if record.provenance is not None else None
    window = opposition_window(record, today=today, as_of=as_of, rules=rules)
    if window is None:
        return "published; until when it may be opposed, the record does not tell"
    return f"published. {window.sentence} {DISCLAIMER}".removesuffix(".")
