"""What `lookup` found, for programs: under the same keys where it is stored, near a name, or said live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tmwatch.alerts.compose import register_link
from tmwatch.exporting import summary
from tmwatch.lookup import KeptIn, LiveAnswer, Stored
from tmwatch.model import TradeMark


def filing(record: TradeMark, found: str, kept_in: KeptIn | None = None) -> dict[str, Any]:
    """A filing as a row; `found`: "stored" or "live"."""
    origin = record.provenance
    link = register_link(origin.source, record.application_number) if origin else None
    return {"found": found, "kept_in": kept_in, **summary(record, None), "link": link}


def filings(known: Stored, answer: LiveAnswer) -> list[dict[str, Any]]:
    """What is stored, and what the registers said."""
    mine = [filing(one, "stored", kept_in) for one, kept_in in known.records]
    return mine + [filing(one, "live") for one in answer.records]


def document(rows: Sequence[dict[str, Any]], answer: LiveAnswer) -> dict[str, Any]:
    """All of it for `--json`: with whom was asked for what, and who was not."""
    return {
        "filings": list(rows),
        "asked": [
            {
                "source": one.source,
                "question": one.question,
                "found": one.found,
                "total": one.total,
                "filtered_afterwards": list(one.filtered),
                "incomplete": one.incomplete or None,
            }
            for one in answer.asked
        ],
        "not_asked": [
            {"source": one.source, "why": one.why, "failed": one.failed} for one in answer.not_asked
        ],
    }
