"""Pure: what changed between two states of a record, and what is now known.

    merge(known, given)          the state after a source said `given`
    diff(known, given, merged)   list of `Change`, most significant first

Both go by coverage: a field that the source does not give is left alone and never "removed"; a field
that becomes known for the first time is not a change. Cosmetic differences (wording, case, white
space, order) are returned with `Significance.COSMETIC`: kept, never alerted.
"""

from tmwatch.changes.diff import diff
from tmwatch.changes.merge import merge

__all__ = ["diff", "merge"]
