"""Stage results and documents: cleared everywhere, with every time, box and range where it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from actors import results as r
from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.document import Document, parse, render
from actors.fusion.backend import JsonFusion
from actors.fusion.request import FusionRequest, Sidecar
from actors.host import ActorHost
from actors.pool.base import ActorSpec, BackendSpec
from actors.redaction.documents import redacted_document
from actors.redaction.outcomes import redacted
from actors.redaction.redactor import Redactor
from actors.registry import resolve

EVERYTHING = Redactor(("email", "phone", "id_number"), ("NO",))
BOX = (0.1, 0.2, 0.3, 0.4)
RAW = ("91234567", "912", "kari@example.no", "01010123476")


def word(text: str, start_s: float) -> r.Word:
    return r.Word(word=text, start_s=start_s, end_s=start_s + 0.2, confidence=0.9)


def speech() -> r.Transcription:
    """A number that is said over a cut and over two segments."""
    texts = [" ring", " 912", " 34", " 567", " nå"]
    return r.Transcription(
        language="no",
        quality="draft",
        words=tuple(word(text, 0.3 * n) for n, text in enumerate(texts)),
        segments=(
            r.Segment(start_s=0.0, end_s=0.8, text=" ring 912 34", words=(0, 3)),
            r.Segment(start_s=0.8, end_s=1.5, text=" 567 nå", words=(3, 5)),
            r.Segment(start_s=1.5, end_s=2.0, text="eller kari@example.no"),
        ),
    )


def screen() -> r.OnScreenText:
    line = r.TextLine(text="Tlf 91234567", confidence=0.9, box=BOX)
    overlay = r.TextOverlay(text="kari@example.no", start_s=0.1, end_s=0.9, box=BOX, confidence=0.8)
    return r.OnScreenText(keyframes=((line,), ()), overlays=(overlay,), frames_read=2)


def captions() -> r.Captions:
    told = r.Caption(text="The text “91234567” is on screen.", confidence=None)
    return r.Captions(keyframes=((told,), ()))


def done(data: r.Result) -> Outcome:
    return Outcome(StageStatus.DONE, data=data)


def test_a_transcription_keeps_its_words_their_times_and_its_segments() -> None:
    before = speech()
    after = redacted(done(before), EVERYTHING).data
    assert isinstance(after, r.Transcription)
    assert [w.word for w in after.words] == [" ring", "[phone]", "[phone]", "[phone]", " nå"]
    assert [(w.start_s, w.end_s, w.confidence) for w in after.words] == [
        (w.start_s, w.end_s, w.confidence) for w in before.words
    ]
    assert [s.text for s in after.segments] == ["ring [phone]", "[phone] nå", "eller [e-mail]"]
    assert [(s.start_s, s.end_s, s.words) for s in after.segments] == [
        (s.start_s, s.end_s, s.words) for s in before.segments
    ]


@pytest.mark.parametrize(
    ("data", "left"),
    [(screen(), ["Tlf [phone]", "[e-mail]"]), (captions(), ["The text “[phone]” is on screen."])],
    ids=["on-screen text", "captions"],
)
def test_what_is_shown_keeps_its_boxes_and_times(data: r.Result, left: list[str]) -> None:
    after = redacted(done(data), EVERYTHING).data
    text = after.model_dump_json()
    assert all(said in text for said in left)
    assert not any(raw in text for raw in RAW)
    blank = json.loads(
        data.model_dump_json(), object_hook=lambda node: {**node, "text": ""} if "text" in node else node
    )
    assert blank == json.loads(text, object_hook=lambda node: {**node, "text": ""} if "text" in node else node)


def test_what_holds_no_text_is_left_as_it_is() -> None:
    spans = done(r.SpeechSpans(spans=(), speech_s=0.0))
    assert redacted(spans, EVERYTHING) is not None
    assert redacted(spans, EVERYTHING).data == spans.data
    none = Outcome(StageStatus.NO_SPEECH, reason="silence")
    assert redacted(none, EVERYTHING) is none


def document(sidecar: Mapping[str, Any], *, redact: tuple[str, ...] = ()) -> Document:
    """A document as fusion makes it."""
    shots = tuple(r.Shot(start_s=n * 0.75, end_s=n * 0.75 + 0.75, keyframe_s=n * 0.75) for n in range(2))
    media = r.Media(
        container="mp4", has_video=True, has_audio=True, duration_s=1.5, size_bytes=1, width=2, height=2, shots=shots
    )
    request = FusionRequest(
        output_root=b"/out",
        name="a 91234567",
        run_id="1.0",
        filename="a 91234567.mp4",
        relative_path="a 91234567.mp4",
        sha256="0" * 64,
        profile="embedded",
        version="1",
        sidecars=(Sidecar("a.info.json", json.dumps(sidecar).encode()),),
    )
    outcomes = {"asr": done(speech()), "ocr": done(screen()), "captions": done(captions())}
    item = StageItem("0" * 16, media=media, results=outcomes, fusion=request)
    fusion = JsonFusion(
        BackendOptions(redact=redact, phone_regions=("NO",)), now=lambda: datetime(2026, 1, 1, tzinfo=UTC)
    )
    return fusion._document(item)


SIDECAR = {
    "id": "7234567890123456789",
    "description": "Ring 912 34 567 #blåbær #91234567 fnr 01010123476",
    "uploader": "kari@example.no",
    "timestamp": "kari@example.no is no time",
    "view_count": 91234567,
}


def test_a_document_is_cleared_wherever_text_stands_and_counts_what_it_lost() -> None:
    before = document(SIDECAR)
    after = document(SIDECAR, redact=("email", "phone", "id_number"))
    assert parse(render(after)) == after, "still a valid document"
    assert after.transcript.text == "ring [phone] nå"
    assert [segment.text for segment in after.transcript.segments] == ["ring [phone]", "[phone] nå", "eller [e-mail]"]
    assert [shot.transcript_text for shot in after.shots] == ["ring [phone]", "[phone] nå"]
    assert [shot.word_range for shot in after.shots] == [shot.word_range for shot in before.shots]
    assert after.shots[0].ocr_text == "Tlf [phone]"
    assert after.source.caption == "Ring [phone] #blåbær #91234567 fnr [id number]"
    assert after.source.author == "[e-mail]"
    # What says which video it is stays.
    assert (after.source.platform_id, after.source.counts.views) == ("7234567890123456789", 91234567)
    assert after.source.hashtags == before.source.hashtags
    assert after.filename == "a 91234567.mp4"
    text = render(after).decode().replace("a 91234567", "").replace("#91234567", "").replace('": 91234567', "")
    assert not any(raw in text for raw in ("912 34", "kari@", "01010123476"))
    (told,) = [w.message for w in after.processing.warnings if w.code == "redacted"]
    assert told == "replaced by placeholders: 2 e-mail addresses, 4 phone numbers, 1 identity number"


def test_clearing_twice_changes_nothing_more() -> None:
    once = document(SIDECAR, redact=("email", "phone", "id_number"))
    assert redacted_document(once, EVERYTHING) == once


def test_a_document_with_nothing_to_clear_says_nothing() -> None:
    after = document({}, redact=("id_number",))
    assert [w for w in after.processing.warnings if w.code == "redacted"] == []
    assert after == document({})


class _Speech(Backend[BackendOptions]):
    name = "asr.trial"
    revision = 1
    needs: ClassVar[tuple[str, ...]] = ("audio",)
    actor = "speech"
    resources = Resources(num_cpus=0.1, ram_mib=1)

    @classmethod
    def model_revision(cls, options: BackendOptions) -> str:  # noqa: ARG003 - the contract
        return "1"

    def load(self) -> None: ...

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        return [done(speech()) for _ in items]


@pytest.mark.parametrize(("redact", "raw"), [((), True), (("phone",), False)])
def test_nothing_raw_leaves_the_actor(redact: tuple[str, ...], *, raw: bool) -> None:
    options = {"redact": redact, "phone_regions": ("NO",)}
    spec = ActorSpec("speech", (BackendSpec("asr", "asr.trial", options),), _Speech.resources)
    host = ActorHost(spec, {"asr.trial": lambda: _Speech})
    host.load()
    (outcome,) = host.call("asr", [StageItem("0" * 16)])
    assert ("912" in outcome.data.model_dump_json()) is raw


def keys(**options: Any) -> dict[str, str]:
    plan = resolve(
        {
            "decode": ["decode.pyav"],
            "vad": ["vad.silero"],
            "asr": ["asr.pocketsphinx"],
            "ocr": ["ocr.rapidocr"],
            "fusion": ["fusion.json"],
        }
        | {name: [] for name in ("diarization", "objects", "captions", "audio", "frames")},
        dict.fromkeys(("decode", "asr", "ocr", "fusion"), options),
    )
    return {stage.name: stage.identity for stage in plan.stages if stage.runs} | {"settings": plan.settings_key}


def test_a_redaction_is_part_of_the_keys_of_what_it_alters_and_of_nothing_else() -> None:
    none, some = keys(), keys(redact=("email",), phone_regions=("NO",))
    more = keys(redact=("email", "phone"), phone_regions=("NO",))
    assert {name for name in none if none[name] != some[name]} == {"asr", "ocr", "fusion", "settings"}
    assert {name for name in some if some[name] != more[name]} == {"asr", "ocr", "fusion", "settings"}
    assert keys(redact=(), phone_regions=("GB",)) == none, "regions alone alter nothing"
