"""Reading the output back: one document, all of them, and nothing that is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from actors.backend import StageItem, StageStatus
from actors.fusion.assemble import assemble
from actors.fusion.published import documents, published
from actors.fusion.writer import publish

Make = Callable[..., StageItem]


def fuse(item: StageItem) -> None:
    publish(assemble(item, created_at="2025-10-04T18:30:00Z"), item.fusion, item.keyframes)


def test_published_document_says_which_run_wrote_it(make_item: Make, output: Path) -> None:
    fuse(make_item(run_id="7.3"))
    found = published(bytes(output), "tips/blåbær")
    assert found is not None
    assert (found.run_id, found.sha256[:16], found.status) == ("7.3", "0123456789abcdef", "complete")
    assert found.stages["diarization"] is StageStatus.DISABLED


@pytest.mark.parametrize("name", ["nothing", "tips/nothing", "gone/deep/nothing", "tips/blåbær.json/x"])
def test_absent_document_is_none(make_item: Make, output: Path, name: str) -> None:
    fuse(make_item())
    assert published(bytes(output), name) is None


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda p: p.write_bytes(p.read_bytes()[:-20]), id="cut off"),
        pytest.param(lambda p: p.write_text("{}"), id="another JSON"),
        pytest.param(lambda p: p.write_bytes(b"\xff"), id="binary"),
    ],
)
def test_broken_document_is_none(make_item: Make, output: Path, damage: Callable[[Path], None]) -> None:
    fuse(make_item())
    damage(output / "tips" / "blåbær.json")
    assert published(bytes(output), "tips/blåbær") is None
    assert list(documents(bytes(output))) == []


def test_all_documents_in_order_and_nothing_else(make_item: Make, output: Path, tmp_path: Path) -> None:
    names = ["a", "b/a", "b/c", "ø"]
    for name in reversed(names):
        fuse(make_item(name=name))
    (output / "b" / "note.json").write_text("{}")
    (output / "b" / ".reelwatch-x.json").write_bytes((output / "a.json").read_bytes())
    (output / "link.json").symlink_to(output / "a.json")
    (output / "linked").symlink_to(output / "b")
    (output / b"\xff.json".decode("utf-8", "surrogateescape")).write_bytes((output / "a.json").read_bytes())
    assert [found.name for found in documents(bytes(output))] == ["a", "ø", "b/a", "b/c"]
    outside = tmp_path / "through a link"
    outside.symlink_to(output)
    assert len(list(documents(bytes(outside)))) == 4
