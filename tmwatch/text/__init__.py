"""Normal forms of names, and making hostile text harmless. Pure; knows nobody.

Three families that are never mixed:

* **for comparing** (`folding.py`, `parties.py`): `fold`, `fold_party`, `same_party`: two texts that mean the
  same name. Never shown to anyone;
* **for finding what comes near** (`lookalike.py`, and the modules of scripts it stands on): letters of other
  scripts, digits for letters, Chinese characters and their readings, kana, hangul, declared twins. Not
  imported here: its tables are large, and only who looks for look-alikes needs them;
* **for showing** (`showing.py`): `clean_line`, `clean_text`, `csv_safe`: everything from a page is hostile.
"""

from __future__ import annotations

from tmwatch.text.folding import fold, fold_space, has_letter
from tmwatch.text.parties import firm_in, fold_party, has_company_form, party_keys, same_party
from tmwatch.text.showing import clean_line, clean_text, csv_safe, mended

__all__ = [
    "clean_line",
    "clean_text",
    "csv_safe",
    "fold",
    "firm_in",
    "fold_party",
    "fold_space",
    "has_company_form",
    "has_letter",
    "mended",
    "party_keys",
    "same_party",
]
