"""`reelwatch demo`: the real service, and what it tells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from actors.document import parse
from service.demo.running import DemoFailed, Folders, describe_sample
from service.demo.summary import show
from service.errors import UsageError

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "actors" / "fusion" / "golden" / "document.json"


def test_the_summary_tells_what_the_document_says() -> None:
    document = parse(GOLDEN.read_bytes())
    console = Console(width=120, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - closed below
    show(document, console)
    console.file.close()
    text = console.export_text()
    assert document.filename in text
    assert all(shot.shot_id in text for shot in document.shots)
    assert all(overlay.text in text for overlay in document.text_overlays)
    assert all(stage in text for stage in document.processing.stages)


def test_a_service_that_cannot_start_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    class Broken(Folders):
        def make(self) -> None:
            super().make()
            (self.home / "state").write_text("no folder")

    with pytest.raises(DemoFailed, match=r"(?s)the service ended by itself.*state\.dir = .*cannot be made"):
        describe_sample(Broken(tmp_path), lambda _event: None)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        describe_sample(Folders(tmp_path), lambda _event: None)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.real_ray
def test_the_demo_shows_the_document_of_the_sample(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "service.cli.main", "demo", "--keep", str(tmp_path)]
    environ = os.environ | {"REELWATCH_INTAKE__SWEEP_S": "nonsense the demo must not see"}
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=280)
    assert result.returncode == 0, result.stderr
    told = result.stdout
    steps = ["watches its inbox", "dropped the sample clip", "the file is complete", "work begins", "decode: done"]
    places = [told.index(step) for step in [*steps, "the document is on disk: complete", "Document   "]]
    assert places == sorted(places)
    document = tmp_path / "output" / "sample.json"
    assert f"Document   {document}" in told
    assert len(list((tmp_path / "output" / "sample" / "frames").iterdir())) == len(parse(document.read_bytes()).shots)
    assert (tmp_path / "inbox" / "sample.mp4").exists()
