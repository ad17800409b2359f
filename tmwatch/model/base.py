"""What all models are made with, and the words that every office's own are told in."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Immutable, comparable by value, refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _is_none(value: Any) -> bool:
    return value is None


def _is_empty(value: Any) -> bool:
    return value in ((), frozenset())


def later() -> Any:
    """A field that came after records had been stored, or that most have not: None stands in no JSON.

    A record of before keeps its JSON and its hash, so that no filing gets a version by an upgrade alone;
    `record.LATER` names these fields for whoever writes JSON without pydantic (`store.timeline`).
    """
    return Field(default=None, exclude_if=_is_none)


def later_items() -> Any:
    """The same for a list of the record itself."""
    return Field(default=(), exclude_if=_is_empty)


def later_names() -> Any:
    """The same for names of fields."""
    return Field(default=frozenset(), exclude_if=_is_empty)


class Live(StrEnum):
    """Does the right or the application still exist? An empty or unknown status is never `dead`."""

    LIVE = "live"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """Where the filing stands, in one vocabulary for all offices (the office's own word stays beside it)."""

    FILED = "filed"
    EXAMINATION = "examination"
    ACTION_PENDING = "action_pending"
    SUSPENDED = "suspended"
    APPEAL = "appeal"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    OPPOSED = "opposed"
    ALLOWED = "allowed"
    REGISTERED = "registered"
    REGISTERED_OPPOSABLE = "registered_opposable"
    REGISTERED_OPPOSED = "registered_opposed"
    CANCELLATION_PENDING = "cancellation_pending"
    RENEWAL_DUE = "renewal_due"
    TRANSFORMATION_PENDING = "transformation_pending"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ABANDONED = "abandoned"
    SURRENDERED = "surrendered"
    CANCELLED = "cancelled"
    INVALIDATED = "invalidated"
    EXPIRED = "expired"
    MERGED = "merged"
    UNKNOWN = "unknown"


class Significance(StrEnum):
    """How much a change matters, from `cosmetic` (kept, never alerted) to `critical`."""

    COSMETIC = "cosmetic"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (cosmetic) … 4 (critical)."""
        return list(Significance).index(self)


class FactKind(StrEnum):
    """How we come to know a fact; shown wherever the fact is (design law 19)."""

    REGISTER = "register"
    AGGREGATOR = "aggregator"
    REPORTED = "reported"
    SAMPLE = "sample"


# A register date that may lack its day or month: "2013-05", "1995" (US first-use dates are yyyymm00).
PartialDate = Annotated[str, Field(pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$")]
