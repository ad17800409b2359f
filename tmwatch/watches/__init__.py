"""The watch list: what is due to be looked at, which records a watch hits, and what it cannot see.

rules     match(watch, record, near): does this record concern this watch, and why (pure)
filters   the filters of a watch: classes, goods, offices, since
owners    when an owner is the watched one, and when the name only looks like it
filing    a filing as far as the rules go by it
portfolio all watches against many filings at once: how near they come, whom they may concern
sentence  the rule of a watch as one English sentence
live      whether a source is asked live under this configuration, and why not
plan      which live source is asked which question
coverage  for each office and trigger: live, import only or not watched, and why
docket    the CSV file of numbers with docket reference, client and responsible person
append    `watch add`: writes to the TOML file without disturbing the comments in it
"""

from __future__ import annotations

from tmwatch.watches.coverage import coverage
from tmwatch.watches.filing import Filing, filing_of
from tmwatch.watches.live import live_state
from tmwatch.watches.plan import Ask, asks
from tmwatch.watches.portfolio import Portfolio
from tmwatch.watches.rules import Match, match
from tmwatch.watches.sentence import sentence

__all__ = [
    "Ask",
    "Filing",
    "Match",
    "Portfolio",
    "asks",
    "coverage",
    "filing_of",
    "live_state",
    "match",
    "sentence",
]
