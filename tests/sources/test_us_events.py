"""Events made without pydantic's check are the events that pydantic makes."""

from __future__ import annotations

import datetime as dt
import pickle

from tmwatch.model import MarkEvent, trusted


def test_an_event_of_checked_values_is_the_event_that_pydantic_makes() -> None:
    for given in (
        {"date": dt.date(2001, 2, 3), "text": "REGISTERED", "code": "R.PR", "number": 7, "proceeding": ""},
        {"date": dt.date(2001, 2, 3), "text": "", "code": None, "type": "A", "number": None},
        {"date": dt.date(2001, 2, 3), "text": "x"},
    ):
        (made,), checked = trusted(MarkEvent, [given]), MarkEvent.model_validate(given)
        assert made == checked
        assert checked == made
        assert hash(made) == hash(checked)
        assert repr(made) == repr(checked)
        assert made.model_fields_set == checked.model_fields_set
        assert made.model_dump_json() == checked.model_dump_json()
        assert list(made.model_dump()) == list(checked.model_dump())
        assert made.model_dump(exclude_unset=True) == checked.model_dump(exclude_unset=True)
        assert pickle.loads(pickle.dumps(made)) == checked
        assert made.model_copy(update={"text": "y"}) == checked.model_copy(update={"text": "y"})
        assert MarkEvent.model_validate(made.model_dump()) == checked
