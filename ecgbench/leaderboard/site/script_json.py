"""JSON that may stand in a script, wherever the script stands."""

from __future__ import annotations

import json
from typing import Any

ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""What could end a script that stands in a page, as JSON may write it too; beyond ASCII nothing is left."""


def script_json(value: Any) -> str:
    """A value as JSON, in ASCII and without signs that mean something to HTML."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).translate(ESCAPES)
