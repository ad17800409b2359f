"""A daily file of the USPTO as large as wished, of invented cases: 12 kB and 17 events each.

Deterministic. All flags of the header stand in each case, the events newest first, two blanks a level.
"""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from tests.conftest import ROOT

PATTERN = ROOT / "fixtures" / "us.daily" / "three-cases" / "apc990420.xml"
FLAGS = """principal-register-amended-in supplemental-register-amended-in trademark-in collective-trademark-in
service-mark-in collective-service-mark-in collective-membership-mark-in certification-mark-in
cancellation-pending-in published-concurrent-in concurrent-use-in concurrent-use-proceeding-in
interference-pending-in opposition-pending-in section-12c-in section-2f-in section-2f-in-part-in
renewal-filed-in section-8-filed-in section-8-partial-accept-in section-8-accepted-in
section-15-acknowledged-in section-15-filed-in supplemental-register-in foreign-priority-in
change-registration-in intent-to-use-in intent-to-use-current-in filed-as-use-application-in
amended-to-use-application-in use-application-currently-in amended-to-itu-application-in
filing-basis-filed-as-44d-in amended-to-44d-application-in filing-basis-current-44d-in
filing-basis-filed-as-44e-in filing-basis-current-44e-in amended-to-44e-application-in
without-basis-currently-in filing-current-no-basis-in color-drawing-filed-in
color-drawing-current-in drawing-3d-filed-in drawing-3d-current-in standard-characters-claimed-in
filing-basis-filed-as-66a-in filing-basis-current-66a-in
"""
STATUSES = ("630", "638", "641", "645", "661", "680", "686", "688", "700", "702", "710", "800", "602", "606")
EVENTS = [
    ("NWAP", "I", "NEW APPLICATION ENTERED"),
    ("DOCK", "D", "ASSIGNED TO EXAMINER"),
    ("CNRT", "F", "NON-FINAL ACTION WRITTEN"),
    ("GNRN", "O", "NOTIFICATION OF NON-FINAL ACTION E-MAILED"),
    ("TROA", "I", "TEAS RESPONSE TO OFFICE ACTION RECEIVED"),
    ("CNSA", "P", "APPROVED FOR PUB - PRINCIPAL REGISTER"),
    ("NPUB", "E", "NOTIFICATION OF NOTICE OF PUBLICATION E-MAILED"),
    ("PUBO", "A", "PUBLISHED FOR OPPOSITION"),
]
ON, NUCLEUS, CODA = "bcdfghklmnprstvz", "aeiou", "  lmnrst"


class Cases:
    """Cases one after the other; the same for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self._by = random.Random(seed)
        self._words = sorted({self._coined() for _ in range(4000)})

    def _coined(self) -> str:
        pick = self._by.choice
        syllables = (pick(ON) + pick(NUCLEUS) + pick(CODA).strip() for _ in range(self._by.randint(1, 3)))
        return "".join(syllables)

    def words(self, count: int) -> str:
        """Some coined words."""
        return " ".join(self._by.choice(self._words) for _ in range(count))

    def _day(self) -> str:
        return f"20{self._by.randint(6, 25):02d}{self._by.randint(1, 12):02d}{self._by.randint(1, 28):02d}"

    def case(self, serial: int) -> bytes:
        """One case as it stands in the file."""
        by, lines = self._by, list[str]()
        classes = sorted(by.sample(range(1, 46), by.choice((1, 1, 1, 1, 2, 3))))
        owners = [
            f"{self.words(2).title()} {by.choice(('LLC', 'Inc.', 'Co., Ltd.'))}"
            for _ in range(by.choice((1, 1, 2, 3)))
        ]

        def put(depth: int, name: str, text: str) -> None:
            lines.append(f"{'  ' * depth}<{name}>{escape(text)}</{name}>")

        def box(depth: int, name: str, *leaves: tuple[str, str]) -> None:
            lines.append(f"{'  ' * depth}<{name}>")
            for leaf, text in leaves:
                put(depth + 1, leaf, text)
            lines.append(f"{'  ' * depth}</{name}>")

        lines.append("    <case-file>")
        put(5, "serial-number", f"{serial:08d}")
        put(
            5,
            "registration-number",
            f"{by.randint(3_000_000, 7_900_000)}" if by.random() < 0.45 else "0000000",
        )
        put(5, "transaction-date", "20251122")
        flags = [(name, "T" if by.random() < 0.12 else "F") for name in FLAGS.split()]
        header = [
            ("filing-date", self._day()),
            ("status-code", by.choice(STATUSES)),
            ("status-date", self._day()),
        ]
        header += [
            ("mark-identification", self.words(by.choice((1, 1, 2, 2, 3))).upper()),
            ("mark-drawing-code", "4000"),
        ]
        header += [
            ("attorney-docket-number", f"A-{by.randint(1, 9999)}"),
            ("attorney-name", self.words(2).title()),
        ]
        header += [*flags, ("current-location", "GENERIC WEB UPDATE"), ("location-date", self._day())]
        box(5, "case-file-header", *header)
        lines.append("          <case-file-statements>")
        for number in classes:
            goods = "; ".join(self.words(by.randint(2, 9)) for _ in range(by.choice((1, 2, 3, 6))))
            box(6, "case-file-statement", ("type-code", f"GS{number:03d}1"), ("text", goods))
        box(
            6,
            "case-file-statement",
            ("type-code", "DM0000"),
            ("text", f"The mark consists of {self.words(20)}"),
        )
        lines.append("          </case-file-statements>")
        lines.append("          <case-file-event-statements>")
        for number in range(max(2, int(by.gauss(17, 6))), 0, -1):
            code, kind, text = by.choice(EVENTS)
            event = [("code", code), ("type", kind), ("description-text", text), ("date", self._day())]
            box(6, "case-file-event-statement", *event, ("number", str(number)))
        lines += ["          </case-file-event-statements>", "          <classifications>"]
        for number in classes:
            day = self._day()
            item = [
                ("international-code-total-no", "1"),
                ("us-code-total-no", "4"),
                ("international-code", f"{number:03d}"),
            ]
            item += [("us-code", one) for one in ("021", "023", "026", "036")]
            item += [("status-code", "6"), ("status-date", day), ("first-use-anywhere-date", day)]
            item += [("first-use-in-commerce-date", day), ("primary-code", f"{number:03d}")]
            box(6, "classification", *item)
        lines.append("          </classifications>")
        box(5, "correspondent", ("address-1", self.words(3).upper()), ("address-2", self.words(3).upper()))
        lines.append("          <case-file-owners>")
        for place, name in enumerate(owners, 1):
            given = [
                ("entry-number", str(place)),
                ("party-type", "10"),
                ("legal-entity-type-code", "03"),
                ("party-name", name),
            ]
            given += [
                ("address-1", self.words(4).upper()),
                ("city", self.words(1).upper()),
                ("state", "NY"),
                ("postcode", "10001"),
            ]
            box(6, "case-file-owner", *given)
        lines += ["          </case-file-owners>", "    </case-file>", ""]
        return "\n".join(lines).encode()


def write(folder: Path, size: int) -> tuple[Path, Path, int]:
    """`apc251122.xml` of about `size` bytes, its zip, and how many cases they hold."""
    pattern = PATTERN.read_bytes()
    head, foot = (
        pattern[: pattern.index(b"<case-file>")].rstrip() + b"\n",
        b"    " + pattern[pattern.rindex(b"</case-file>") + 12 :].lstrip(),
    )
    cases, count, path = Cases(), 0, folder / "apc251122.xml"
    with path.open("wb", buffering=1 << 20) as file:
        file.write(head)
        while file.tell() < size:
            file.write(cases.case(97_000_000 + count))
            count += 1
        file.write(foot)
    return path, _zipped(path), count


def changed(path: Path, every: int) -> tuple[Path, Path]:
    """The file of the next day, in which one case of so many has another status."""
    body = path.read_bytes()
    parts = body.split(b"<status-code>")
    step = 0
    for place, part in enumerate(parts[1:], 1):
        if part[3:4] == b"<":  # of a case; that of a class is one digit
            step += 1
            if step % every == 0:
                parts[place] = b"616" + part[3:]
    other = path.with_name("apc251123.xml")
    other.write_bytes(
        b"<status-code>".join(parts).replace(b"<transaction-date>20251122", b"<transaction-date>20251123")
    )
    return other, _zipped(other)


def _zipped(path: Path) -> Path:
    target = path.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, path.name)
    return target
