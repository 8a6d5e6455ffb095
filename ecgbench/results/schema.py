"""JSON schema of a file of accepted results."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_NUMBER: dict[str, Any] = {"type": ["number", "null"]}
_OBJECT: dict[str, Any] = {"type": "object"}

_CELL: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "variant": {"enum": ["raw", "abs"]},
        "metric": _TEXT,
        "seed": _COUNT,
        "value": _NUMBER,
        "n": _COUNT,
        "undefined": _COUNT,
        "low": _NUMBER,
        "high": _NUMBER,
        "seconds": {"type": "number", "minimum": 0},
        "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
}
_CELL["required"] = list(_CELL["properties"])

_MODEL: dict[str, Any] = {
    "type": "object",
    "required": ["digest", "origin", "precision"],
    "properties": {"digest": _TEXT, "origin": {"enum": ["trained", "imported", "shipped"]}, "precision": _TEXT},
}

_IDENTITY: dict[str, Any] = {
    "type": "object",
    "required": ["edition", "split", "labels", "protocol", "samples", "simulated", "windows"],
    "properties": {
        **dict.fromkeys(("edition", "split", "labels", "protocol", "windows"), _TEXT),
        "samples": {"type": ["integer", "string"]},
        "simulated": {"type": "boolean"},
    },
}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "dataset": _TEXT,
        "method": _TEXT,
        "identity": _IDENTITY,
        "models": {"type": "object", "additionalProperties": _MODEL},
        "provenance": _OBJECT,
        "notes": {"type": "array", "items": _TEXT},
        "health": {"type": "object", "additionalProperties": _OBJECT},
        "artifacts": {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
        "cells": {"type": "array", "items": _CELL},
    },
}
SCHEMA["required"] = list(SCHEMA["properties"])
