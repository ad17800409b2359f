"""The record page of WIPO Publish, the software in which several offices show their registers.

One reader for all of them; what differs from office to office is configuration (`site.Site`): the office,
its host, the form of its numbers, and four tables in its language (labels, statuses, other words, steps).
Viet Nam (`sources/vn`) is the one declared instance, for its page is the one that was seen. The Philippines,
Laos, Bangladesh and ARIPO are said to use the same software: each is to be declared when a page is at hand.

    site.py     the declaration of an instance, and the source that it makes
    tables.py   its words
    page.py     the page as labels with values, tables and what is left over
    values.py   one value each: number and date, goods, people, priority …
    record.py   the record of a page, or the error that says what the page is instead
"""
