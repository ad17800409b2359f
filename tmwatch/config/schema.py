"""The JSON Schema of the configuration file, for editors that complete and check TOML.

`python -m tmwatch.config.schema > config/tmwatch-config.schema.json` writes it anew; a test says when.
"""

from __future__ import annotations

import json
from typing import Any

from tmwatch.config.models import ConfigFile


def config_schema() -> dict[str, Any]:
    """The schema of the file as it is written (not of the models it becomes)."""
    schema = ConfigFile.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "tmwatch configuration",
        "description": "What tmwatch watches, whom it tells and how. Every setting: config/README.md.",
    }


def schema_text() -> str:
    """The content of `config/tmwatch-config.schema.json`."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
