"""How wide the columns of a table are, so that words stay whole where the screen has room for them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

_IDEOGRAMS = 8  # cells: text without blanks in wide characters may break anywhere, but not after each


def widths(
    heads: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[bool], room: int
) -> list[int]:
    """A width for each column, in cells; together no more than `room`, which leaves out what is between them.

    A column of which `whole` is true gets what its longest word needs. The others get that too where there
    is room, else the widest of them give way first; what is left over goes to where text would be wrapped.
    """
    columns = [[head, *(row[place] for row in rows)] for place, head in enumerate(heads)]
    least = [max(map(_longest_word, column)) for column in columns]
    full = [max(map(cell_len, column)) for column in columns]
    heads_need = [cell_len(head) for head in heads]
    while sum(least) > room:
        loose = [place for place, fixed in enumerate(whole) if not fixed and least[place] > heads_need[place]]
        loose = loose or [place for place in range(len(least)) if least[place] > 1]
        if not loose:
            break
        least[max(loose, key=lambda place: least[place])] -= 1
    while sum(least) < room:
        short = [place for place, fixed in enumerate(whole) if not fixed and least[place] < full[place]]
        if not short:
            break
        least[max(short, key=lambda place: full[place] / least[place])] += 1
    return least


def _longest_word(text: str) -> int:
    """In cells; a word of wide characters breaks anywhere."""
    found = 1
    for word in text.split():
        size = cell_len(word)
        found = max(found, min(size, _IDEOGRAMS) if size > len(word) else size)
    return found
