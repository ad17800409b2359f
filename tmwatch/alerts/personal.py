"""Postal addresses, e-mails and telephones of private persons, left out of what leaves by webhook.

Registers print where an individual applicant lives. A webhook goes on to chat rooms and tickets, so it
carries names (the register's own subject) and no address detail, unless a recipient asks for it with
`personal_addresses = true`.

Who is a private person is decided on the safe side: whoever's name carries no company form ("Inc.",
有限公司, "GmbH"; the table is `data/company_forms.csv`). So a foundation or a university without such
a form is treated as a person; a company is never mistaken for one the other way round by its address.

What is left out, and what is put in its place:

* representatives, correspondents, domestic representatives: everything after the name, always, because
  these entries name a person at a firm;
* assignments: everything after reel/frame and kind of conveyance, always;
* owners: everything after the name, if any party of the change or any owner of the filing is a private
  person;
* e-mail addresses: in every change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tmwatch.alerts.payload import AlertPayload, MarkCard
from tmwatch.model import Change
from tmwatch.text import has_company_form

LEFT_OUT = "[address left out]"
_CONTACTS = frozenset({"representatives", "domestic_representative", "correspondence"})
_OWNERS = frozenset({"owners", "owner_history"})
# Any word; one with an @ inside is an e-mail address. Not one expression for both: on a page's text of
# 80,000 characters without an @ that took minutes.
_WORD = re.compile(r"[^\s,;<>()\[\]]+")
# Several parties stand on one line, "; " between them; "name, firm, street, city, state postcode, country".
_PARTY_END = re.compile(r"\s*[;；]\s*")
_PART_END = re.compile(r"\s*[,，]\s*")
# "Acme, Inc.": the form is a part of its own.
_NAME_PARTS = 2


def without_addresses(payload: AlertPayload) -> tuple[AlertPayload, int]:
    """The alert without private persons' address details, and how many texts were shortened."""
    cards, count = _bare_cards(payload.cards)
    bare: dict[str, object] = {"cards": cards}
    if payload.digest is not None:
        items = []
        for item in payload.digest.items:
            cards, shortened = _bare_cards(item.cards)
            count += shortened
            # A headline may quote what was just taken out.
            headline = "" if shortened else item.headline
            items.append(item.model_copy(update={"cards": cards, "headline": headline}))
        bare["digest"] = payload.digest.model_copy(update={"items": tuple(items)})
    return payload.model_copy(update=bare), count


def _bare_cards(cards: Iterable[MarkCard]) -> tuple[tuple[MarkCard, ...], int]:
    count, found = 0, []
    for card in cards:
        changes = []
        for change in card.changes:
            bare = _bare_change(change, card)
            count += sum(
                getattr(bare, name) != getattr(change, name)
                for name in ("old", "new", "terms_added", "terms_removed")
            )
            changes.append(bare)
        found.append(card.model_copy(update={"changes": tuple(changes)}))
    return tuple(found), count


def _bare_change(change: Change, card: MarkCard) -> Change:
    field = change.field.partition(".")[0]
    shorten = _bare_email
    if field == "assignments":
        shorten = _bare_assignment
    elif change.key in ("phones", "emails"):
        shorten = _nothing
    elif change.field == "owners.address" and _private(change, card):
        shorten = _bare_address
    elif field in _CONTACTS or (field in _OWNERS and _private(change, card)):
        shorten = _bare_party
    return change.model_copy(
        update={
            "old": shorten(change.old, card.owners) if change.old else change.old,
            "new": shorten(change.new, card.owners) if change.new else change.new,
            "terms_added": tuple(_bare_email(term, ()) for term in change.terms_added),
            "terms_removed": tuple(_bare_email(term, ()) for term in change.terms_removed),
        }
    )


def _private(change: Change, card: MarkCard) -> bool:
    """Whether any party that the change or the card names may be a private person."""
    named = [name for text in (change.old, change.new) if text for name in _names(text)]
    companies = [has_company_form(owner) for owner in card.owners]
    return not named or not companies or not all(companies) or not all(named)


def _names(text: str) -> Iterable[bool]:
    """For each party on the line, whether it is a company for sure."""
    for party in _PARTY_END.split(text):
        if party:
            parts = _PART_END.split(party)
            yield any(has_company_form(", ".join(parts[:count])) for count in range(1, _NAME_PARTS + 1))


def _bare_party(text: str, owners: Iterable[str]) -> str:
    """Names only. A name is what stands first and holds neither a digit nor an @."""
    kept = [_bare_name(party, owners) for party in _PARTY_END.split(text) if party]
    return "; ".join(kept)


def _bare_name(party: str, owners: Iterable[str]) -> str:
    for owner in owners:
        if owner and party.startswith(owner):
            return party if party == owner else f"{owner} {LEFT_OUT}"
    parts = _PART_END.split(party)
    first = parts[0]
    if any(char.isdigit() for char in first) or "@" in first:
        return LEFT_OUT
    name = first
    for part in parts[1:_NAME_PARTS]:
        # "Acme, Inc.": the form belongs to the name.
        form = not has_company_form(first) and has_company_form(f"{first}, {part}")
        if form and not any(char.isdigit() for char in part):
            name = f"{first}, {part}"
    return party if name == party else f"{name} {LEFT_OUT}"


def _bare_address(text: str, owners: Iterable[str]) -> str:
    """The owner's name if the text begins with it; else nothing, because it may be the address alone."""
    for owner in owners:
        if owner and text.casefold().startswith(owner.casefold()):
            return f"{text[: len(owner)]} {LEFT_OUT}"
    return LEFT_OUT


def _bare_assignment(text: str, owners: Iterable[str]) -> str:
    """Reel/frame and conveyance stand first, then dates, parties and their addresses."""
    kept = [part for part in _PART_END.split(text)[:_NAME_PARTS] if "@" not in part]
    return f"{', '.join(kept)} {LEFT_OUT}"


def _nothing(text: str, owners: Iterable[str]) -> str:
    return LEFT_OUT


def _bare_email(text: str, owners: Iterable[str]) -> str:
    return _WORD.sub(lambda word: "[e-mail left out]" if "@" in word[0].strip("@") else word[0], text)
