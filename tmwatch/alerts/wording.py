"""The words of mails, in English and Chinese: one table per language, chosen per recipient.

The tables are `wording_en.toml` and `wording_zh.toml` beside this file; they hold the same keys, and a
test walks every name of the model's vocabularies through both. A third language is one more file and
one more entry in `LANGUAGES`.

Law 19: the kind of a fact (register, "Tianyancha reports", reported (press), [SAMPLE]) and the three
kinds of new are words here. Law 20: no word here concludes anything about a right.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from importlib.resources import files
from typing import Any

from tmwatch.alerts.payload import Newness
from tmwatch.model import FactKind, Live, Phase, Significance

LANGUAGES = ("en", "zh")


class Wording:
    """The words of one language. Every method takes a name of the model and gives what a reader sees."""

    def __init__(self, language: str, table: dict[str, Any]) -> None:
        self.language = language
        self.table = table

    @property
    def tag(self) -> str:
        """The language as a mail header and an HTML attribute name it (BCP 47)."""
        return {"zh": "zh-Hans"}.get(self.language, self.language)

    def _word(self, section: str, key: str) -> str:
        return str(self.table[section][key])

    def say(self, key: str, **values: object) -> str:
        """A sentence with its values filled in; the values must be clean already."""
        return self._word("sentences", key).format(**values)

    def digest(self, key: str, **values: object) -> str:
        """A sentence of a digest. Of a `count` of one it has words of its own where the table does."""
        one = f"{key}_{values['count']}" if values.get("count") in (0, 1) else ""
        return self._word("digest", one if one in self.table["digest"] else key).format(**values)

    def day(self, day: dt.date) -> str:
        """A day in a subject: "26 Nov"."""
        month = self._word("digest", "months").split()[day.month - 1]
        return self.digest("day_month", day=day.day, month=month)

    def head(self, key: str) -> str:
        """A heading."""
        return self._word("heads", key)

    def label(self, key: str) -> str:
        """The label of a line."""
        return self._word("labels", key)

    def field(self, name: str) -> str:
        """The label of a field of the record, or of a part of one ("owners.address").

        A field this version has no word for (a change written by a newer one) reads as its own name.
        """
        base, _, part = name.partition(".")
        label = str(self.table["fields"].get(base, base.replace("_", " ")))
        if not part:
            return label
        if name == "classes.text":
            return label  # the text of the goods is what "goods and services" means
        named = self.table["parts"].get(part, part.replace("_", " "))
        return self.say("part", field=label, part=named)

    def phase(self, phase: Phase) -> str:
        """Where the filing stands."""
        return self._word("phases", phase.value)

    def live(self, live: Live) -> str:
        """Whether the filing still exists."""
        return self._word("lives", live.value)

    def significance(self, significance: Significance) -> str:
        """How much a change matters."""
        return self._word("significances", significance.value)

    def change_kind(self, kind: str) -> str:
        """added / removed / changed / reworded."""
        return self._word("change_kinds", kind)

    def alert_kind(self, kind: str) -> str:
        """What kind of alert this is."""
        return self._word("alert_kinds", kind)

    def newness(self, newness: Newness) -> str:
        """newly filed / newly listed / new to your watch: three things, never mixed."""
        return self._word("newness", newness)

    def level(self, level: int) -> str:
        """near identical / near / alike in part / distant."""
        return self._word("levels", str(level))

    def facts(self, kind: FactKind, source: str = "") -> str:
        """How the fact is known: "register", "Tianyancha reports", "reported (press)", "[SAMPLE] …"."""
        reporter = str(self.table["reporters"].get(source, source or "?"))
        return self._word("facts", kind.value).format(reporter=reporter)

    def as_of(self, day: dt.date | None, kind: str | None) -> str:
        """The day a statement holds for, and how surely."""
        if day is None:
            return self._word("as_of", "none")
        table = self.table["as_of"]
        return str(table.get(kind or "looked", table["looked"])).format(date=day.isoformat())

    def coverage_state(self, state: str) -> str:
        """live / import only / not watched."""
        return self._word("coverage_states", state)

    def trigger(self, trigger: str) -> str:
        """by number / owner / agent / mark."""
        return self._word("triggers", trigger)

    def role(self, role: str) -> str:
        """own / adverse / observed; a role of the user's own making reads as it is."""
        return str(self.table["roles"].get(role, role))

    def quoted(self, text: str) -> str:
        """`text` between the quotation marks of the language."""
        return str(self.table["quote"]).format(text=text)

    def listed(self, items: list[str] | tuple[str, ...]) -> str:
        """Items on one line."""
        return str(self.table["list"]).join(items)


@functools.cache
def wording(language: str = "en") -> Wording:
    """The words of `language` ("en" or "zh"). Raises `ValueError` for another."""
    if language not in LANGUAGES:
        raise ValueError(f"no wording in {language!r}; there is {', '.join(LANGUAGES)}")
    text = files("tmwatch.alerts").joinpath(f"wording_{language}.toml").read_text(encoding="utf-8")
    return Wording(language, tomllib.loads(text))
