"""What is held, in sentences, for `check`, `status`, `doctor` and `alerts list`.

`standing` is what `upkeep.outbox_standing` gives.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any


def held_after_restore(standing: Mapping[str, Any]) -> int:
    """Of what `outbox_standing` counts as held, what no mass is the reason of."""
    of_masses: int = sum(one["deliveries_held"] for one in standing["masses"])
    return int(standing["held"]) - of_masses


def mass_sentences(standing: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """For each mass that is not over what happened, and what to do; for people."""
    for one in standing["masses"]:
        source = one["source"]
        parts = [f"{one['changed']} changed"] if one["changed"] or not one["gone"] else []
        parts += [f"{one['gone']} were not found"] if one["gone"] else []
        back = f"; {one['back']} of them are again as they were" if one["state"] == "back" else ""
        what = f"{source}: of {one['looked']} filings {' and '.join(parts)} at once{back}"
        if not one["alerts_held"]:
            yield f"{what}; nothing is held for it", f"Look at the register: `tmwatch source check {source}`."
            continue
        until = dt.datetime.fromisoformat(one["until"])
        alerts = one["alerts_held"]
        held = f"{alerts} alerts are" if alerts > 1 else "1 alert is"
        yield (
            f"{what}; {held} held until {until:%Y-%m-%d %H:%M} UTC",
            f"Look at the register; `tmwatch alerts release --source {source}` sends what is held now, "
            f"`tmwatch alerts drop --source {source}` never. Without either it is sent then.",
        )
