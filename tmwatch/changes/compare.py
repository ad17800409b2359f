"""When are two values of the register the same? Folding that ignores what offices vary without meaning."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from tmwatch.model import Party, Proceeding
from tmwatch.text import fold_party, fold_space


def squeeze(text: str) -> str:
    """Runs of white space as one blank (ST.66 writes "Registered.  The", JSON "by  the Office")."""
    return fold_space(text)


def folded(text: str) -> str:
    """Without case, width and white space: `ＭＴＪ` is `mtj`, "Aspectra AG" is "aspectra AG"."""
    return squeeze(unicodedata.normalize("NFKC", text)).casefold()


def bare(parts: Iterable[str | None]) -> str:
    """Letters and digits of all parts in one string: two layouts of one address are equal."""
    text = folded(" ".join(part for part in parts if part))
    return "".join(char for char in text if char.isalnum())


def owner_key(party: Party) -> str:
    """What makes two owner entries the same owner: the name without company form."""
    return fold_party(party.name_local or party.name) or folded(party.name)


# At the TTAB these bear the number of the application, not one of their own: one filing may have both.
_BY_SERIAL = ("extension", "appeal", "miscellaneous")


def proceeding_key(one: Proceeding) -> str:
    """What makes two entries the same proceeding: "91291978"; "98073221 appeal" where its kind has no
    numbers of its own. Two channels of one office word a kind differently."""
    kind = folded(one.kind)
    return " ".join([one.number, *(word for word in _BY_SERIAL if word in kind)][:2])


def address_key(party: Party) -> str | None:
    """The whole address as letters and digits, or None where the source gives no address."""
    parts = [*(party.address_lines or ()), party.city, party.state, party.postcode, party.country]
    if all(part is None for part in (party.address_lines, party.city, party.postcode, party.country)):
        return None
    return bare(parts)


def _words(parts: Iterable[str | None]) -> list[str]:
    """The words of all parts, whatever their order."""
    text = folded(" ".join(part for part in parts if part))
    return sorted("".join(char if char.isalnum() else " " for char in text).split())


def same_address(old: Party, new: Party) -> bool:
    """One address in two layouts: the same letters, or the same words in another order.

    `12345 Musterstadt, GERMANY` on a page is town, postcode and country in the office's XML. True where
    one side gives none.
    """
    was, now = address_key(old), address_key(new)
    if was is None or now is None or was == now:
        return True
    return _words(_address_parts(old)) == _words(_address_parts(new))


def _address_parts(party: Party) -> list[str | None]:
    return [*(party.address_lines or ()), party.city, party.state, party.postcode, party.country]


def same_contact(old: Party, new: Party) -> bool:
    """One envelope in two layouts. Where one side gives no address, the names alone are compared."""
    if address_key(old) is None or address_key(new) is None:
        if old.organisation is None or new.organisation is None:
            return bare([old.name]) == bare([new.name])
        return bare([old.name, old.organisation]) == bare([new.name, new.organisation])
    if contact_key(old) == contact_key(new):
        return True
    return _words([old.name, old.organisation, *_address_parts(old)]) == _words(
        [new.name, new.organisation, *_address_parts(new)]
    )


def contact_key(party: Party) -> str:
    """Name, firm and address in one string: pages print them as unlabelled lines in this order."""
    return bare(
        [
            party.name,
            party.organisation,
            *(party.address_lines or ()),
            party.city,
            party.state,
            party.postcode,
            party.country,
        ]
    )


def same(old: Any, new: Any) -> bool:
    """Equal as far as both sides give a value: None inside a nested value means "not given"."""
    if old is None or new is None:
        return True
    if isinstance(old, str) and isinstance(new, str):
        return folded(old) == folded(new)
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        return all(same(getattr(old, name), getattr(new, name)) for name in type(old).model_fields)
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(same(a, b) for a, b in zip(old, new, strict=True))
    return bool(old == new)


def verbatim(old: Any, new: Any) -> bool:
    """Equal to the letter as far as both sides give a value (white space aside)."""
    if old is None or new is None:
        return True
    if isinstance(old, str) and isinstance(new, str):
        return squeeze(old) == squeeze(new)
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        return all(verbatim(getattr(old, name), getattr(new, name)) for name in type(old).model_fields)
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(verbatim(a, b) for a, b in zip(old, new, strict=True))
    return bool(old == new)


def align(old: Sequence[Any], new: Sequence[Any], *keys: Callable[[Any], Hashable]) -> list[tuple[int, int]]:
    """Which item of `old` is which of `new`, as (place in old, place in new), in the order of `new`.

    The first key pairs what it can, in order; what is left goes to the next, looser one.
    """
    pairs: dict[int, int] = {}
    left = list(range(len(old)))
    for key in keys:
        waiting: dict[Hashable, deque[int]] = {}
        for place in left:
            waiting.setdefault(key(old[place]), deque()).append(place)
        for place, item in enumerate(new):
            if place not in pairs and (twins := waiting.get(key(item))):
                pairs[place] = twins.popleft()
        taken = set(pairs.values())
        left = [place for place in left if place not in taken]
    return [(pairs[place], place) for place in sorted(pairs)]


_ADDRESS = ("address_lines", "city", "state", "postcode")


def filled(new: Any, old: Any) -> Any:
    """`new`, with what its source does not give (None) taken from `old`.

    An address is one thing: a source that gives it in unlabelled lines must not get a second city.
    """
    if not isinstance(new, BaseModel) or not isinstance(old, type(new)):
        return new
    whole: tuple[str, ...] = ()
    if isinstance(new, Party) and any(getattr(new, name) is not None for name in _ADDRESS):
        whole = _ADDRESS
        if new.address_lines is not None and new.city is None:
            whole = (*_ADDRESS, "country")  # the country stands in one of the lines
    gaps = {
        name: getattr(old, name)
        for name in type(new).model_fields
        if name not in whole and getattr(new, name) is None and getattr(old, name) is not None
    }
    return new.model_copy(update=gaps) if gaps else new


def show(value: Any) -> str | None:
    """A value as one readable line; None for "nothing"."""
    if value is None or value == "" or value == ():
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return "; ".join(part for part in (show(item) for item in value) if part) or None
    if isinstance(value, Party):
        return show_party(value)
    if isinstance(value, BaseModel):
        parts = [show(getattr(value, name)) for name in type(value).model_fields]
        return ", ".join(part for part in parts if part) or None
    return squeeze(str(value))


def show_party(party: Party) -> str:
    """Name, firm and address on one line, as a letter would write them."""
    place = " ".join(part for part in (party.state, party.postcode) if part)
    parts = [party.name, party.organisation, *(party.address_lines or ()), party.city, place, party.country]
    return squeeze(", ".join(part for part in parts if part))
