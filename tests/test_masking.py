"""A secret that the other side says back is gone before anything is kept, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmwatch.masking import mask, mask_bytes

KEY = 'Kx9-"api"/KEY+one==&'


@pytest.mark.parametrize(
    "said",
    [
        KEY,
        quote(KEY),
        quote(KEY, safe=""),
        quote_plus(KEY),
        html.escape(KEY),
        json.dumps(KEY)[1:-1],
        base64.b64encode(KEY.encode()).decode(),
        KEY.encode().hex(),
    ],
)
def test_a_secret_is_found_however_programs_spell_it(said: str) -> None:
    text = f"you sent {said}, thank you"
    assert mask(text, [None, "", KEY]) == f"you sent {'*' * len(said)}, thank you"
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        masked = mask_bytes(text.encode(encoding), [KEY])
        assert masked.decode(encoding) == mask(text, [KEY])


def test_a_signing_secret_is_found_with_and_without_its_prefix() -> None:
    assert mask("no: c2VjcmV0IGtleQ==", ["whsec_c2VjcmV0IGtleQ=="]) == f"no: {'*' * 16}"


def test_a_key_too_short_to_be_one_blanks_no_words_of_a_page() -> None:
    assert mask_bytes(b"the mark MARK of the mark", ["MARK"]) == b"the mark MARK of the mark"
    assert mask("abc", ["abc"]) == "abc"


@given(st.binary(max_size=300), st.text(min_size=8, max_size=40))
def test_a_page_keeps_its_length_and_everything_that_is_no_secret(body: bytes, key: str) -> None:
    masked = mask_bytes(body, [key])
    assert len(masked) == len(body)
    if key.strip().encode() not in body:
        assert mask_bytes(b"<p>" + body + b"</p>", ["no such key here"]) == b"<p>" + body + b"</p>"
