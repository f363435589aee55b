"""The document's schema: shipped as generated, true of what is written, patient with what is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from actors.document import Document, parse, render, schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMA_FILE = ROOT / "config" / "schema" / "document-1.2.schema.json"
GOLDEN = Path(__file__).parent / "fusion" / "golden" / "document.json"


@pytest.fixture
def plain() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text())


def test_shipped_schema_is_the_codes() -> None:
    assert json.loads(SCHEMA_FILE.read_text()) == schema(), "python -m actors.document > config/schema/…"


def test_schema_is_valid_and_accepts_the_golden_document(plain: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$id"] == "urn:reelwatch:document:1.2"
    assert list(Draft202012Validator(schema()).iter_errors(plain)) == []


def _properties(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield from node.get("properties", {}).items()
        for value in node.values():
            yield from _properties(value)


def _is_number(field: dict[str, Any]) -> bool:
    return any(kind.get("type") in {"number", "integer"} for kind in [field, *field.get("anyOf", [])])


def test_every_field_documents_itself() -> None:
    fields = list(_properties(schema()))
    assert len(fields) > 90
    assert [name for name, field in fields if not field.get("description")] == []
    assert [name for name, field in fields if not field.get("title") and "$ref" not in field] == []
    assert [name for name, field in fields if _is_number(field) and not field.get("unit")] == []


def test_every_field_is_always_written() -> None:
    parts = [schema(), *schema()["$defs"].values()]
    assert [p["title"] for p in parts if "properties" in p and set(p["required"]) != set(p["properties"])] == []


def test_fields_of_the_first_source_document_stand(plain: dict[str, Any]) -> None:
    assert {"video_id", "filename", "duration_s", "language", "transcript", "shots", "processing"} <= plain.keys()
    assert {"text", "words"} <= plain["transcript"].keys()
    assert {"word", "start_s", "end_s"} <= plain["transcript"]["words"][0].keys()
    shot = plain["shots"][0]
    assert {"shot_id", "start_s", "end_s", "keyframe", "captions", "ocr_text", "objects"} <= shot.keys()
    assert shot["captions"][0].keys() == {"text", "confidence"}
    assert {"label", "confidence"} <= shot["objects"][0].keys()
    assert {"created_at", "models", "version"} <= plain["processing"].keys()
    assert {"asr", "caption", "object_detector", "ocr"} <= plain["processing"]["models"].keys()


def test_document_survives_writing_and_reading(plain: dict[str, Any]) -> None:
    document = parse(GOLDEN.read_bytes())
    assert parse(render(document)) == document
    assert json.loads(render(document)) == plain


def test_readers_ignore_what_a_later_minor_version_adds(plain: dict[str, Any]) -> None:
    plain["schema_version"] = "1.7"
    plain["mood"] = "cheerful"
    plain["transcript"]["words"][0]["stress"] = 0.5
    assert parse(json.dumps(plain).encode()).schema_version == "1.7"
    assert Draft202012Validator(schema()).is_valid(plain)


def test_documents_of_the_first_version_are_still_read(plain: dict[str, Any]) -> None:
    plain["schema_version"] = "1.0"
    del plain["representative_frames"], plain["processing"]["models"]["frames"]
    for shot in plain["shots"]:
        del shot["dropped"], shot["duplicate_of"]
    document = parse(json.dumps(plain).encode())
    assert (document.representative_frames, document.shots[1].dropped) == (None, None)


def test_writers_cannot_misspell_a_field(plain: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="durations"):
        Document.model_validate(plain | {"durations": 1.0})


def _with(plain: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node: Any = plain
    for part in parents:
        node = node[part]
    node[last] = value
    return plain


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("schema_version", "2.0", id="another major version"),
        pytest.param("video_id", "f" * 16, id="id of another file"),
        pytest.param("duration_s", -1.0, id="negative duration"),
        pytest.param("duration_s", None, id="no duration"),
        pytest.param("status", "done", id="status that is none"),
        pytest.param("source.sha256", "abc", id="short digest"),
        pytest.param("source.posted_at", "yesterday", id="time that is none"),
        pytest.param("media.rotation", 45, id="odd rotation"),
        pytest.param("transcript.words.0.end_s", 0.0, id="word that ends before it starts"),
        pytest.param("transcript.words.0.confidence", 1.5, id="confidence above one"),
        pytest.param("shots.0.ocr.0.box", [0, 0, 2, 1], id="box outside the frame"),
        pytest.param("shots.1.shot_id", "s001", id="two shots of one id"),
        pytest.param("shots.1.word_range", [3, 5], id="gap between word ranges"),
        pytest.param("shots.1.word_range", [1, 5], id="overlapping word ranges"),
        pytest.param("shots.1.word_range", None, id="range missing though there are words"),
        pytest.param("shots.2.word_range", [6, 7], id="word left over"),
        pytest.param("shots.0.duplicate_of", "s002", id="duplicate that was not dropped"),
        pytest.param("shots.1.duplicate_of", "s003", id="duplicate of a later shot"),
        pytest.param("shots.1.duplicate_of", None, id="duplicate of nothing"),
        pytest.param("shots.2.dropped", "ugly", id="unknown verdict"),
        pytest.param("representative_frames.0.shot_id", "s009", id="representative that is no shot"),
        pytest.param("representative_frames.0.similarity", 1.5, id="cosine above one"),
        pytest.param("processing.created_at", "2025-10-04T18:30:00+02:00", id="time not in UTC"),
        pytest.param("processing.stages.asr.status", "skipped", id="unknown stage status"),
    ],
)
def test_what_is_no_document_is_refused(plain: dict[str, Any], path: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        parse(json.dumps(_with(plain, path, value)).encode())


@pytest.mark.parametrize("path", ["duration_s", "shots.0.start_s", "signals", "audio.loudness_lufs"])
def test_nan_is_refused_both_ways(plain: dict[str, Any], path: str) -> None:
    value = {"x": [float("nan")]} if path == "signals" else float("nan")
    with pytest.raises(ValueError, match=r"(?i)nan|expected value|finite"):
        parse(json.dumps(_with(plain, path, value)).encode())


def test_nan_hidden_in_signals_is_not_written() -> None:
    document = parse(GOLDEN.read_bytes()).model_copy(update={"signals": {"cut_analysis": {"rate": float("inf")}}})
    with pytest.raises(ValueError, match="not JSON compliant"):
        render(document)
