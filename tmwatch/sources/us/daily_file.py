"""The form of the USPTO's daily file of applications, for `sources.streamed`.

The longest case seen is 10.9 MB; an annual back file holds 155,000.
"""

from __future__ import annotations

import re

from tmwatch.sources.streamed import Form

FORM = Form(
    file="daily file",
    record="case",
    root="trademark-applications-daily",
    item="case-file",
    inside="action-keys",
    number=re.compile(rb"<serial-number>\s*(\d{7,8})\s*</serial-number>"),
    name=re.compile(rb"\bapc\d{6}(?:-\d+)?\.xml"),
    frame=frozenset(
        {
            ("", "trademark-applications-daily"),
            ("trademark-applications-daily", "version"),
            ("version", "version-no"),
            ("version", "version-date"),
            ("trademark-applications-daily", "creation-datetime"),
            ("trademark-applications-daily", "application-information"),
            ("application-information", "data-available-code"),
            ("application-information", "file-segments"),
            ("file-segments", "file-segment"),
            ("file-segments", "action-keys"),
            ("action-keys", "action-key"),
        }
    ),
    nothing="application-information/data-available-code",
    has=b"<serial-number",
    digits=8,
)
