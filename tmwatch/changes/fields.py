"""The names that a change can have, as `changes --json` shows them, and which of them one name covers. Pure.

Whoever names a field means its parts too (`owners`: `owners.address`). Two names are wider than one field:
`status` is everything that `diff` tells of the status, `goods` the texts of the goods without the classes
themselves. `filing` is no field: a filing that is new.
"""

from __future__ import annotations

from tmwatch.changes.merge import STATUS
from tmwatch.model import FIELDS

FILING = "filing"
_WIDE: dict[str, tuple[str, ...]] = {
    "status": ("status", *STATUS),
    "goods": ("classes.text", "classes.other_texts"),
}
PARTS: dict[str, tuple[str, ...]] = {
    "classes": (
        *("text", "other_texts", "status", "first_use", "first_use_in_commerce", "basis"),
        *("national_classes", "other_classes", "edition"),
    ),
    "owners": (*("name", "address", "legal_form", "organised_in_country", "organised_in_state", "aliases"),),
    "designations": ("standing", "date", "notified", "refusal_deadline", "treaty", "use_declared"),
    "proceedings": ("status", "status_date", "parties", "marks", "filed", "attorney", "location", "docket"),
}
# Parts of the status and ours of the mark's form, which are told by another change and never by themselves.
_NEVER = {"status_code", "status_text", "status_live", "tm5_source", "mark_feature_code"}
NAMES: tuple[str, ...] = tuple(
    sorted(
        {
            FILING,
            *_WIDE,
            *(set(FIELDS) - _NEVER),
            *(f"{name}.{part}" for name, parts in PARTS.items() for part in parts),
        }
    )
)


def covers(name: str, field: str) -> bool:
    """Whether a change of `field` is meant by `name`: covers("owners", "owners.address")."""
    return any(field == one or field.startswith(f"{one}.") for one in _WIDE.get(name, (name,)))
