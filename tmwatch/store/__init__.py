"""The one door to SQLite. Only this package writes SQL; `observe()` is the only way a fact gets in."""

import tmwatch.store.lean  # noqa: F401 - before anything here imports sqlite-utils
from tmwatch.store.copies import backup
from tmwatch.store.database import Database
from tmwatch.store.observe import (
    AlertDraft,
    BulkFile,
    HitDraft,
    MutedDraft,
    Observed,
    React,
    Reaction,
    Sight,
    observe,
)
from tmwatch.store.outbox import Outbox

__all__ = [
    "AlertDraft",
    "BulkFile",
    "Database",
    "HitDraft",
    "MutedDraft",
    "Observed",
    "Outbox",
    "React",
    "Reaction",
    "Sight",
    "backup",
    "observe",
]
