"""The JSON Schemas that ship are those of the models, and what we send fits them."""

from __future__ import annotations

import datetime as dt
import functools
import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from tests.alerts import samples
from tmwatch.alerts.webhook import build_body
from tmwatch.data.schemas import build, text
from tmwatch.model import GoodsServices, MarkEvent, Party, make_record


def shipped(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("tmwatch.data").joinpath(name).read_text(encoding="utf-8"))
    return found


@functools.cache
def checker(name: str) -> jsonschema.Draft202012Validator:
    """The shipped schema at work, itself looked at once."""
    schema = shipped(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def fits(name: str, value: Any) -> None:
    checker(name).validate(json.loads(value))


@pytest.mark.parametrize("name", sorted(build()))
def test_the_shipped_schema_is_that_of_the_model(name: str) -> None:
    held = files("tmwatch.data").joinpath(name).read_text(encoding="utf-8")
    assert held == text(build()[name]), "run: python -m tmwatch.data.schemas"


def test_alerts_fit_their_schema() -> None:
    for payload in (samples.python_payload(), samples.joyrobotaxi_payload(), samples.hostile_payload()):
        fits("alert.schema.json", payload.model_dump_json())


def test_webhook_bodies_fit_their_schema_cut_or_whole() -> None:
    many = samples.python_payload(cards=(samples.python_card(),) * 40)
    for payload in (samples.python_payload(), samples.joyrobotaxi_payload(), many):
        fits("webhook.schema.json", build_body(payload, created_at=samples.CREATED))


def test_a_record_fits_its_schema() -> None:
    record = make_record(
        "US",
        "US500000076044902",
        application_number="76044902",
        application_date=dt.date(2000, 5, 9),
        classes=(GoodsServices(class_number="9", text="Software"), GoodsServices(class_number="A")),
        owners=(Party(name="Acme, Inc.", country="US"),),
        events=(MarkEvent(date=dt.date(2014, 2, 10), text="REGISTERED", number=1),),
        disclaimer=None,
    )
    fits("trademark.schema.json", record.model_dump_json())


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(jsonschema.ValidationError):
        fits("alert.schema.json", '{"kind": "filing.changed", "watch": "x", "significance": "huge"}')
