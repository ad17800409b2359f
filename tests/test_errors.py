"""Whoever meets an error is told what to do next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tmwatch import errors
from tmwatch.errors import LookError

# Where errors are raised that reach a person as they are. What a source cannot be asked for is told by
# `lookup` beside the others that were not asked; deliveries are tried again by themselves.
PLACES = (
    *("cli", "importing", "store", "config", "watches", "sources/us", "daemon", "archive.py", "capturing.py"),
    *(
        "inbox.py",
        "feeding.py",
        "lookup.py",
        "nearby.py",
        "numbers.py",
        "exporting.py",
        "files.py",
        "locks.py",
    ),
    *("sources/expectation.py", "sources/registry.py", "sources/one_of_many.py", "sources/streamed.py"),
)
SAY_IT_THEMSELVES = {"UsageError", "ConfigError", "StoreError", "TmwatchError"}


def raised() -> Iterator[tuple[str, str]]:
    """Each error made without a word on what to do: where, and the code."""
    for place in PLACES:
        path = ROOT / "tmwatch" / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.exists():
            text = file.read_text(encoding="utf-8")
            if any(name in text for name in SAY_IT_THEMSELVES):
                yield from _without(file, ast.parse(text))


def _without(file: Path, tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        said = any(one.arg in ("do", None) for one in node.keywords)
        if node.func.id in SAY_IT_THEMSELVES and not said:
            yield f"{file.relative_to(ROOT)}:{node.lineno}", ast.unparse(node)


def test_every_error_that_reaches_a_person_says_what_to_do() -> None:
    assert list(raised()) == []


@pytest.mark.parametrize(
    "kind",
    [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, LookError)],
    ids=lambda one: str(one.__name__),
)
def test_a_look_that_fails_says_what_to_do_even_where_its_reader_does_not(kind: type[LookError]) -> None:
    last = str(kind("the page has no landmark", where="page.html")).splitlines()[-1]
    assert last == kind.otherwise
    assert last.endswith(".")
    assert str(kind("what", do="Do this.")).endswith("\nDo this.")
