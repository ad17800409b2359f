"""sqlite-utils without numpy: it takes numpy in, where that is installed, to know the types of its numbers.

We store none of those, and most commands compare no names: numpy would cost each of them twenty megabytes
and a tenth of a second. So it is hidden for the moment in which sqlite-utils is loaded.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def _load() -> None:
    """Import sqlite-utils; whoever needs numpy imports it later as always."""
    modules: dict[str, Any] = sys.modules
    if "sqlite_utils" in modules or "numpy" in modules:
        return
    modules["numpy"] = None
    try:
        importlib.import_module("sqlite_utils")
    finally:
        del modules["numpy"]


_load()
