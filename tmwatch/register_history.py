"""What the store of the register saw change in a filing before the database knew it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from tmwatch.config import Config
from tmwatch.model import Change
from tmwatch.store.register import Register
from tmwatch.stored import changes_of, has_register, record_of


class Moved(NamedTuple):
    """What one file of a register told anew of a filing: as of which day (ISO 8601), the file's name."""

    as_of: str
    file: str
    changes: tuple[Change, ...]

    def as_json(self) -> list[dict[str, Any]]:
        """Each change by itself."""
        return [
            {"as_of": self.as_of, "file": self.file} | one.model_dump(mode="json", exclude={"significance"})
            for one in self.changes
        ]


class InRegister(NamedTuple):
    """A filing as the store of the register has it, what moved in it (oldest first), since when it is there
    (an instant, UTC)."""

    row: Mapping[str, Any]
    moved: tuple[Moved, ...]
    since: str

    @property
    def name(self) -> str:
        """As it goes by."""
        return record_of(self.row).verbal_element or ""


def history_of(config: Config, st13: str) -> InRegister | None:
    """None where there is no store, or it does not have the filing. Raises `StoreError`."""
    if not has_register(config) or config.store.register is None:
        return None
    with Register(config.store.register, create=False) as register:
        row = register.rows([st13]).get(st13)
        steps = register.changes(st13) if row is not None else []
    if row is None:
        return None
    return InRegister(row, tuple(_backwards(row, steps))[::-1], row["first_seen"])


def _backwards(row: Mapping[str, Any], steps: list[dict[str, Any]]) -> Iterator[Moved]:
    """From how it stands to how it stood, step by step."""
    for (as_of, file), of_one in groupby(reversed(steps), key=lambda one: (one["as_of"], one["file"])):
        before = {**row, **{one["field"]: one["old"] for one in of_one}}
        if changes := changes_of(before, row, None):  # a firm that is only written otherwise is none
            yield Moved(as_of, file, changes)
        row = before
