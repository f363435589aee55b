"""The sample clip: what was put into it comes out of it, read by the product itself."""

from __future__ import annotations

import difflib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from actors.document import Document, parse
from service.assets import demo_clip, demo_truth
from service.configuration import load
from service.logs import Recorder
from service.processing import process

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "bench")]
TRUTH = json.loads(demo_truth().read_text(encoding="utf-8"))
TWO_FRAMES_S = 2 / TRUTH["frame_rate"]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The clip's document, made by child processes of this one."""
    folder = tmp_path_factory.mktemp("sample")
    flags = {
        "output.dir": folder / "output",
        "state.dir": folder / "state",
        "pool.kind": "local",
        "pool.num_cpus": 64,  # logical shares only
        "pool.threads": 1,
        "profile": "embedded",
    }
    configuration = load(flags, environ={}).configuration
    (done,) = process(configuration, [demo_clip()], force=False, emit=Recorder(), progress=lambda _event: None)
    assert done.document is not None, done.reason
    return parse(done.document.read_bytes())


def similarity(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def test_it_is_small_and_upright() -> None:
    assert demo_clip().stat().st_size <= 1_500_000
    assert TRUTH["height"] > TRUTH["width"]
    assert len(TRUTH["shots"]) >= 4
    assert {text["language"] for text in TRUTH["texts"]} == {"en", "no"}


def test_the_document_is_complete(document: Document) -> None:
    reasons = {name: record.reason for name, record in document.processing.stages.items()}
    assert document.status == "complete", reasons
    assert (document.media.width, document.media.height) == (TRUTH["width"], TRUTH["height"])
    assert document.duration_s == pytest.approx(TRUTH["duration_s"], abs=TWO_FRAMES_S)


def test_every_cut_is_found_and_no_other(document: Document) -> None:
    starts = [shot.start_s for shot in document.shots]
    assert starts == pytest.approx([shot["start_s"] for shot in TRUTH["shots"]], abs=TWO_FRAMES_S)


@pytest.mark.parametrize("text", TRUTH["texts"], ids=lambda text: text["text"])
def test_every_text_is_read_when_it_is_there(document: Document, text: dict[str, Any]) -> None:
    found = max(document.text_overlays, key=lambda overlay: similarity(overlay.text, text["text"]))
    assert similarity(found.text, text["text"]) >= 0.85
    assert found.start_s == pytest.approx(text["start_s"], abs=0.5)
    assert found.end_s == pytest.approx(text["end_s"], abs=0.5)
    assert found.box == pytest.approx(text["box"], abs=0.05)


def test_nothing_is_read_that_is_not_there(document: Document) -> None:
    texts = [text["text"] for text in TRUTH["texts"]]
    read = [overlay.text for overlay in document.text_overlays]
    assert [text for text in read if max(similarity(text, known) for known in texts) < 0.85] == []


def test_the_words_are_understood(document: Document) -> None:
    spoken = [word for sentence in TRUTH["speech"] for word in sentence["words"]]
    heard = [word.word.lower().strip(".,") for word in document.transcript.words]
    right = sum(block.size for block in difflib.SequenceMatcher(None, spoken, heard).get_matching_blocks())
    assert right / len(spoken) >= 0.9, heard
    assert len(heard) <= len(spoken) * 1.1
    assert document.language == "en"


def test_the_words_are_where_they_are_spoken(document: Document) -> None:
    for sentence in TRUTH["speech"]:
        last = sentence["words"][-1]
        near = [word for word in document.transcript.words if word.word == last]
        assert any(abs(word.end_s - sentence["end_s"]) < 0.4 for word in near), sentence


def test_the_melody_is_heard_before_and_after_the_speech(document: Document) -> None:
    speech = [span for span in document.audio.spans if span.kind.startswith("speech")]
    assert speech[0].start_s == pytest.approx(TRUTH["speech"][0]["start_s"], abs=0.7)
    assert speech[-1].end_s == pytest.approx(TRUTH["speech"][-1]["end_s"], abs=0.7)


def test_the_truth_is_what_the_script_makes() -> None:
    """Running the script takes Debian's fonts and flite, so its tables are compared as text."""
    source = (Path(__file__).resolve().parents[2] / "make_demo_clip.py").read_text(encoding="utf-8")
    for text in TRUTH["texts"]:
        assert f'Text("{text["text"]}", "{text["language"]}", {text["start_s"]}, {text["end_s"]}' in source
    for sentence in TRUTH["speech"]:
        assert f'({sentence["start_s"]}, "{sentence["text"]}")' in source


def test_the_readme_s_excerpt_is_of_this_document(document: Document) -> None:
    """But for how long things took, and the last digits, which are the processor's."""
    import excerpt

    def steady(text: str) -> str:
        timeless = re.sub(r'"seconds": [0-9.]+', '"seconds": …', text)
        return re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number.group()):.1f}", timeless)

    shown = excerpt.shown((ROOT / "README.md").read_text(encoding="utf-8"))
    assert steady(shown) == steady(excerpt.excerpt(document.model_dump(mode="json"))), (
        "run python tests/bench/excerpt.py"
    )
