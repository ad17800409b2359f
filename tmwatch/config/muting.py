"""`[[mute]]`: what is not told for a while. The model alone; what a mute does stands in `alerts.muting`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from tmwatch.changes.fields import covers
from tmwatch.config.values import check_field, check_line, one_or_more, parse_until
from tmwatch.model import Frozen

Line = Annotated[str, AfterValidator(check_line)]
FieldName = Annotated[str, AfterValidator(check_field), Field(examples=["goods", "owners.address"])]
Fields = Annotated[
    tuple[FieldName, ...],
    BeforeValidator(one_or_more),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}], "examples": ["goods"]}
    ),
]
Until = Annotated[
    dt.datetime | dt.date,
    BeforeValidator(parse_until),
    WithJsonSchema({"type": "string", "examples": ["2026-12-31", "2026-12-31T18:00:00+01:00"]}),
]


class Mute(Frozen):
    """Something that is stored as ever and not told until a day."""

    watch: Line | None = Field(default=None, description="Name of the watch; without it, every watch.")
    field: Fields = Field(
        default=(), description="A field or a list of them, as `changes --json` names them; without it, all."
    )
    until: Until = Field(description="A day, to its end in the zone of [schedule], or an instant.")
    recipients: tuple[str, ...] = Field(
        default=(), description="Names of those whom it holds for; without it, everybody."
    )
    reason: Line | None = Field(default=None, description="Shown wherever the mute is.")
    critical: bool = Field(default=False, description="Whether what is critical is silenced too.")

    @property
    def scope(self) -> str:
        """What it silences, in words; two mutes of the same scope are one that was prolonged."""
        watch = f'watch "{self.watch}"' if self.watch is not None else "all watches"
        what = f"{', '.join(sorted(self.field))} of {watch}" if self.field else watch
        return f"{what}, for {', '.join(sorted(self.recipients))}" if self.recipients else what

    @property
    def last(self) -> str:
        """Until when, as people read it: "2026-12-31", "2026-12-31 18:00+01:00"."""
        if isinstance(self.until, dt.datetime):
            return self.until.isoformat(" ", "minutes")
        return self.until.isoformat()

    def over(self, zone: ZoneInfo) -> dt.datetime:
        """The instant (UTC) from which it silences nothing any more."""
        if isinstance(self.until, dt.datetime):
            aware = self.until if self.until.tzinfo else self.until.replace(tzinfo=zone)
            return aware.astimezone(dt.UTC)
        following = self.until + dt.timedelta(days=1)
        return dt.datetime.combine(following, dt.time(), zone).astimezone(dt.UTC)

    def means(self, field: str) -> bool:
        """Whether it is about changes of that field."""
        return not self.field or any(covers(name, field) for name in self.field)
