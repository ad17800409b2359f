"""When not to look for garbage. Pure."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def one_sweep() -> Iterator[None]:
    """For what is made by the hundred thousand and dies together: garbage is looked for when it is over.

    Meanwhile there is nothing to be found (a quarter of the time of reading a page, a third of that of going
    through a register went there); and when what dies is not thrown away at once it lies among what is old,
    and a dozen trees lie there before anybody looks.
    """
    if not gc.isenabled():  # somebody else's wish, or another such block beside this one
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect(0)
