"""Where the real pairs and the background names lie: beside the project, never in it."""

from __future__ import annotations

import os
from pathlib import Path


def shared_folder() -> Path | None:
    """The folder that holds `similarity/`: TMWATCH_SHARED, else ../shared of the project; None if absent."""
    given = os.environ.get("TMWATCH_SHARED")
    root = Path(__file__).resolve().parents[2]
    for folder in [Path(given)] if given else [root.parent / "shared", root.parent.parent / "shared"]:
        if (folder / "similarity" / "pairs_public.csv").is_file():
            return folder
    return None
