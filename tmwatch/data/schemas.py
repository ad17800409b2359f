"""The published JSON Schemas, made from the models: the record, the alert, the webhook body.

The files beside this one are what `build()` gives; a test keeps them equal. After a change of a model:
`python -m tmwatch.data.schemas`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.webhook import WebhookBody
from tmwatch.model import SCHEMA_VERSION, TradeMark

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "trademark": (TradeMark, "What one register says about one trade mark filing"),
    "alert": (AlertPayload, "One alert: one thing that happened, to one filing or a group of them"),
    "webhook": (WebhookBody, "The body of a tmwatch webhook"),
}


def build() -> dict[str, dict[str, Any]]:
    """The schemas by file name ("trademark.schema.json" …), as the JSON that tmwatch writes fits them."""
    return {
        f"{name}.schema.json": {
            "$schema": DIALECT,
            "$id": f"urn:tmwatch:{name}:{SCHEMA_VERSION}",
            **model.model_json_schema(mode="serialization"),
            "title": title,
        }
        for name, (model, title) in MODELS.items()
    }


def text(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def write(folder: Path) -> None:
    """Write all schemas into `folder`."""
    for name, schema in build().items():
        (folder / name).write_text(text(schema), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
