"""The watch list: what is due to be looked at, which records a watch hits, and what it cannot see.

rules     match(watch, record): does this record concern this watch, and why (pure)
sentence  the rule of a watch as one English sentence
live      whether a source is asked live under this configuration, and why not
plan      which live source is asked which question
coverage  for each office and trigger: live, import only or not watched, and why
docket    the CSV file of numbers with docket reference, client and responsible person
append    `watch add`: writes to the TOML file without disturbing the comments in it
"""

from __future__ import annotations

from tmwatch.watches.coverage import coverage
from tmwatch.watches.live import live_state
from tmwatch.watches.plan import Ask, asks
from tmwatch.watches.rules import Match, match
from tmwatch.watches.sentence import sentence

__all__ = ["Ask", "Match", "asks", "coverage", "live_state", "match", "sentence"]
