"""The names by which people speak of changes are those that changes have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tmwatch.changes.fields import NAMES, PARTS, covers
from tmwatch.model import FIELDS


def spoken() -> Iterator[str]:
    """Each part of a field that the code of `changes` makes a change of."""
    for file in sorted((ROOT / "tmwatch/changes").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        if file.name == "fields.py":
            continue
        base = re.search(r'^FIELD = "(\w+)"', text, re.MULTILINE)
        own = base[1] if base else ""
        yield from re.findall(rf'"((?:{"|".join(FIELDS)})\.\w+)"', text)
        yield from (f"{own}.{part}" for part in re.findall(r'f"\{FIELD\}\.(\w+)"', text))
        for loop in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For)):
            inner = ast.unparse(loop)
            names = re.findall(r"f['\"](\{FIELD\}|\w+)\.\{part\}['\"]", inner)
            if not names or not isinstance(loop.iter, ast.Tuple):
                continue
            for item in loop.iter.elts:
                part = item.elts[0] if isinstance(item, ast.Tuple) else item
                assert isinstance(part, ast.Constant)
                assert isinstance(part.value, str)
                yield from (f"{own if name == '{FIELD}' else name}.{part.value}" for name in names)


def test_every_part_that_can_change_can_be_named() -> None:
    found = set(spoken())
    assert len(found) > 20
    assert found == {f"{name}.{part}" for name, parts in PARTS.items() for part in parts}


@pytest.mark.parametrize(
    ("name", "field", "meant"),
    [
        ("owners", "owners", True),
        ("owners", "owners.address", True),
        ("owners.address", "owners", False),
        ("owners", "owner_history", False),
        ("goods", "classes.text", True),
        ("goods", "classes", False),
        ("classes", "classes.text", True),
        ("status", "status_date", True),
        ("status", "tm5_csd", True),
        ("status", "classes.status", False),
        ("filing", "filing_route", False),
    ],
)
def test_a_field_has_its_parts_with_it(name: str, field: str, meant: bool) -> None:
    assert covers(name, field) is meant
    assert name in NAMES
