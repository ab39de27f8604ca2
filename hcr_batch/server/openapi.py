"""The description of the REST API, OpenAPI 3.1; tests hold the server to it."""

from __future__ import annotations

from typing import Any

from hcr_batch.alphabet import CHARSETS

__all__ = ["XLSX", "description"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

SHARE = {"type": "number", "minimum": 0, "maximum": 1}
PIXELS = {"type": "integer", "minimum": 0}
BINARY_TYPES = (
    "image/png",
    "image/jpeg",
    "image/tiff",
    "image/webp",
    "image/bmp",
    "image/gif",
)


def description(version: str, classes: tuple[str, ...]) -> dict[str, Any]:
    """The document that GET /openapi.json answers, for a model with these classes."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "hcr-batch",
            "version": version,
            "description": "Reads handprinted characters, offline.",
        },
        "paths": {
            "/predict": {"post": _predict()},
            "/scan": {"post": _scan()},
            "/health": {"get": _get("The server answers.", "Health")},
            "/openapi.json": {"get": _get("This description.", None)},
        },
        "components": {"schemas": _schemas(classes), "responses": _errors()},
    }


def _predict() -> dict[str, Any]:
    return {
        "operationId": "predict",
        "summary": "Read pictures of one character each.",
        "parameters": [
            _query("charset", {"enum": list(CHARSETS), "default": "alnum"}, "What it can be.")
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref("PredictRequest")},
                "multipart/form-data": {"schema": {"type": "object"}},
                **{kind: {} for kind in BINARY_TYPES},
            },
        },
        "responses": {
            "200": _answer(
                "One prediction, or a list for a batch.",
                {"oneOf": [_ref("Prediction"), _ref("Predictions")]},
            ),
            **_error_responses(),
        },
    }


def _scan() -> dict[str, Any]:
    answer = _answer("The readings of all pages.", _ref("Scan"))
    answer["content"]["text/csv"] = {"schema": {"type": "string"}}
    answer["content"][XLSX] = {}
    answer["content"]["image/png"] = {}
    formats = {"enum": ["json", "csv", "xlsx", "png"], "default": "json"}
    return {
        "operationId": "scan",
        "summary": "Read a form: a picture, a TIFF with any number of pages, or a PDF.",
        "parameters": [
            _query(
                "format",
                formats,
                "csv: as results.csv; xlsx: as fields.xlsx; png: the picture of one page.",
            ),
            _query("include", {"type": "string"}, "csv, xlsx, overlay, with commas; in JSON."),
            _query("page", {"type": "integer", "minimum": 1, "default": 1}, "For format=png."),
        ],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": {"type": "object"}},
                **{kind: {} for kind in (*BINARY_TYPES, "application/pdf")},
            },
        },
        "responses": {"200": answer, **_error_responses()},
    }


def _get(summary: str, schema: str | None) -> dict[str, Any]:
    content = _ref(schema) if schema else {"type": "object"}
    return {"summary": summary, "responses": {"200": _answer(summary, content)}}


def _query(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": text}


def _answer(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _error_responses() -> dict[str, Any]:
    return {code: {"$ref": f"#/components/responses/{code}"} for code in _errors()}


def _errors() -> dict[str, Any]:
    texts = {
        "400": "What was sent cannot be read.",
        "403": "Another host's name, or another site's page.",
        "413": "Too large: bytes, pixels, pages or pictures.",
        "415": "No content type that is taken.",
        "503": "Too many requests are waiting; see Retry-After.",
    }
    responses = {code: _answer(text, _ref("Error")) for code, text in texts.items()}
    responses["503"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return responses


def _schemas(classes: tuple[str, ...]) -> dict[str, Any]:
    character = {"enum": ["", *classes]}
    reading = {
        "character": {**character, "description": "Empty: blank, or ink that is no character."},
        "confidence": {**SHARE, "description": "Probability that character is right."},
        "flagged": {"type": "boolean", "description": "A person should look."},
        "reasons": {"type": "array", "items": {"type": "string"}},
        "alternatives": {"type": "array", "items": _ref("Alternative"), "maxItems": 3},
    }
    count = {"minItems": len(classes), "maxItems": len(classes)}
    return {
        "Error": _closed({"error": {"type": "string", "minLength": 1}}),
        "Health": _closed({"status": {"const": "ok"}, "version": {"type": "string"}}),
        "Alternative": _closed({"character": {"enum": list(classes)}, "confidence": SHARE}),
        "PredictRequest": _predict_request(),
        "Prediction": _closed(
            {
                **reading,
                "results": {"type": "array", "items": SHARE, **count},
                "classes": {"const": list(classes)},
            }
        ),
        "Predictions": _closed(
            {
                "predictions": {
                    "type": "array",
                    "items": {"oneOf": [_ref("Prediction"), _ref("Error")]},
                }
            }
        ),
        "Cell": _closed({**dict.fromkeys(("x", "y", "width", "height"), PIXELS), **reading}),
        "Field": _field(),
        "Page": _page(),
        "Scan": _closed(
            {
                "file": {"type": "string"},
                "pages": {"type": "array", "items": _ref("Page")},
                "csv": {"type": "string"},
                "xlsx": {"type": "string", "format": "byte"},
            },
            optional=("csv", "xlsx"),
        ),
    }


def _predict_request() -> dict[str, Any]:
    url = {"type": "string", "description": "data:image/png;base64,..."}
    return {
        "type": "object",
        "properties": {
            "image_data": url,
            "images": {"type": "array", "items": url, "minItems": 1},
        },
        "anyOf": [{"required": ["image_data"]}, {"required": ["images"]}],
    }


def _field() -> dict[str, Any]:
    return _closed(
        {
            "name": {"type": "string"},
            "kind": {"enum": ["comb", "boxes", "free", "check", "unplaced"]},
            "text": {"type": "string"},
            "confidence": SHARE,
            "flagged": {"type": "boolean"},
            "cells": {"type": "array", "items": _ref("Cell")},
        }
    )


def _page() -> dict[str, Any]:
    return _closed(
        {
            "number": {"type": "integer", "minimum": 1},
            "width": PIXELS,
            "height": PIXELS,
            "fields": {"type": "array", "items": _ref("Field")},
            "overlay": {"type": "string", "pattern": "^data:image/png;base64,"},
        },
        optional=("overlay",),
    )


def _closed(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
