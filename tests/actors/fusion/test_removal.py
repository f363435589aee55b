"""What is taken out of the output again, what stays, and what is nobody's business of ours."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.backend import BackendOptions, StageItem
from actors.document import Document, parse
from actors.errors import EnvironmentFault
from actors.fusion import removal
from actors.fusion.backend import JsonFusion
from actors.fusion.removal import remove, removed_from, without

Make = Callable[..., StageItem]
NAME, ON = "tips/blåbær", "2026-11-26"
ALL_KINDS = [("keyframes",), ("transcript",), ("keyframes", "transcript"), ("document",)]


@pytest.fixture
def fused(make_item: Make, output: Path) -> Path:
    """A document with its pictures, and strangers' files around it."""
    JsonFusion(BackendOptions()).run([make_item()])
    for name in ("notes.txt", "tips/blåbær/notes.txt", "tips/blåbær/frames/mine.jpg", "tips/other.json"):
        (output / name).write_text("somebody's")
    return output / f"{NAME}.json"


def tree(output: Path) -> set[str]:
    return {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}


def take(output: Path, make_item: Make, *kinds: str) -> bool:
    return remove(bytes(output), NAME, sha256=make_item().fusion.sha256, kinds=kinds, on=ON)


STRANGERS = {"notes.txt", "tips/blåbær/notes.txt", "tips/blåbær/frames/mine.jpg", "tips/other.json"}
PICTURES = {f"tips/blåbær/frames/blåbær_s00{n}.jpg" for n in (1, 2, 3)}
LEFT = {
    ("keyframes",): {"tips/blåbær.json"},
    ("transcript",): {"tips/blåbær.json"} | PICTURES,
    ("keyframes", "transcript"): {"tips/blåbær.json"},
    ("document",): set(),
}


@pytest.mark.parametrize("kinds", ALL_KINDS, ids=" and ".join)
def test_only_what_is_ours_goes(fused: Path, output: Path, make_item: Make, kinds: tuple[str, ...]) -> None:
    assert take(output, make_item, *kinds)
    assert tree(output) == LEFT[kinds] | STRANGERS
    assert take(output, make_item, *kinds) is fused.exists(), "it may be repeated"
    assert tree(output) == LEFT[kinds] | STRANGERS


@pytest.mark.parametrize("kinds", ALL_KINDS[:3], ids=" and ".join)
def test_the_document_says_what_went_and_when(
    fused: Path, output: Path, make_item: Make, kinds: tuple[str, ...]
) -> None:
    before = json.loads(fused.read_text())
    fused.chmod(0o640)
    take(output, make_item, *kinds)
    after = json.loads(fused.read_text())
    assert removed_from(parse(fused.read_bytes())) == kinds
    said = [w for w in after["processing"]["warnings"] if w["code"] == "retention"]
    assert [w["message"] for w in said] == [f"deleted on {ON}, as the retention of {kind} asks" for kind in kinds]
    assert fused.stat().st_mode & 0o777 == 0o640
    if "transcript" in kinds:
        assert after["transcript"] == {"text": None, "words": None, "segments": None, "quality": None}
        assert after["speakers"] is None
        assert {(s["transcript_text"], s["word_range"]) for s in after["shots"]} == {(None, None)}
        assert not any(word in fused.read_text() for word in ("sammen", "kroner"))
    if "keyframes" in kinds:
        assert {part["keyframe"] for part in (*after["shots"], *after["representative_frames"])} == {None}
    same = {"media", "audio", "text_overlays", "source", "duration_s", "status", "video_id"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert [s["ocr_text"] for s in after["shots"]] == [s["ocr_text"] for s in before["shots"]]


def test_what_is_taken_twice_is_said_once(fused: Path, output: Path, make_item: Make) -> None:
    take(output, make_item, "transcript")
    take(output, make_item, "transcript", "keyframes")
    document = parse(fused.read_bytes())
    assert removed_from(document) == ("keyframes", "transcript")
    assert len([w for w in document.processing.warnings if w.code == "retention"]) == 2


def _other_content(path: Path) -> None:
    document = json.loads(path.read_text())
    document["source"]["sha256"] = "f" * 64
    document["video_id"] = "f" * 16
    path.write_text(json.dumps(document))


FOREIGN: dict[str, Callable[[Path], Any]] = {
    "another content's document": _other_content,
    "a stranger's file": lambda path: path.write_text("{}"),
    "a link": lambda path: (path.rename(path.with_name("moved.json")), path.symlink_to("moved.json")),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN.keys())
@pytest.mark.parametrize("kinds", ALL_KINDS, ids=" and ".join)
def test_what_is_not_ours_is_not_touched(
    fused: Path, output: Path, make_item: Make, kinds: tuple[str, ...], change: Callable[[Path], Any]
) -> None:
    change(fused)
    before = {name: (output / name).read_bytes() for name in tree(output)}
    try:
        assert not take(output, make_item, *kinds)
    except Exception as exc:  # noqa: BLE001 - a refusal is as good
        assert "link" in str(exc)  # noqa: PT017
    assert {name: (output / name).read_bytes() for name in tree(output)} == before


def test_pictures_whose_document_a_user_deleted_go_too(fused: Path, output: Path, make_item: Make) -> None:
    fused.unlink()
    assert not take(output, make_item, "document")
    assert tree(output) == STRANGERS


def test_empty_folders_of_ours_go(make_item: Make, output: Path) -> None:
    JsonFusion(BackendOptions()).run([make_item()])
    take(output, make_item, "document")
    assert [path.name for path in (output / "tips").iterdir()] == []


class _Killed(BaseException):
    """What no catch of ours holds back, as a kill."""


@pytest.mark.parametrize("kinds", ALL_KINDS, ids=" and ".join)
def test_a_kill_at_any_step_leaves_a_whole_document_and_the_next_time_ends_it(
    fused: Path, output: Path, make_item: Make, monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...]
) -> None:
    calls = ["rename", "unlink", "fsync", "rmdir", "write"]
    for allowed in range(60):
        JsonFusion(BackendOptions()).run([make_item()])
        left = iter(range(allowed))
        with monkeypatch.context() as patch:
            for name in calls:
                patch.setattr(os, name, _counted(getattr(os, name), left))
            try:
                take(output, make_item, *kinds)
                killed = False
            except _Killed:
                killed = True
        if fused.exists():
            document = parse(fused.read_bytes())
            pictures = [fused.parent / shot.keyframe for shot in document.shots if shot.keyframe]
            assert all(picture.is_file() for picture in pictures), "a document never points at nothing"
        take(output, make_item, *kinds)
        assert tree(output) == LEFT[kinds] | STRANGERS
        if not killed:
            break
    assert 0 < allowed < 59


def _counted(real: Callable[..., Any], left: Any) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        if next(left, None) is None:
            raise _Killed
        return real(*arguments, **options)

    return call


def test_an_output_that_is_not_there_is_a_fault_of_the_host(make_item: Make, output: Path) -> None:
    output.rmdir()
    with pytest.raises(EnvironmentFault) as fault:
        take(output, make_item, "document")
    assert fault.value.reason == "output_gone"


def test_nothing_is_removed_by_the_pure_part(fused: Path) -> None:
    document = parse(fused.read_bytes())
    after = without(document, ["keyframes", "transcript"], on=ON)
    assert isinstance(Document.model_validate(after.model_dump()), Document)
    assert document == parse(fused.read_bytes())
    assert removal.removed_from(document) == ()
