"""`tmwatch run`: the same passes as `check`, at their times, until somebody says stop.

    jobs.py     what is done when, from the configuration: each register, the inbox, delivery
    lane.py     a thread for each register, so that a slow one holds up nobody; two times that fall together
                are one run, and that is written down
    daemon.py   APScheduler, signals, reload, the lock, the journal

One daemon serves a database. What it does is what `check` does (`checking.check`), and whoever stops it and
lets cron go on loses nothing: all that it knows stands in the database.
"""

from __future__ import annotations

from tmwatch.daemon.daemon import Daemon

__all__ = ["Daemon"]
