"""Scores kinds of sound over the corpus, second by second: `python tests/bench/sound.py [CORPUS]`.

Truth: what the corpus says a whole clip is, the reference segmentation of `musanmix`, and the interlude of the king's
speech. Seconds without a known kind do not count: edges, breaths, clips nobody has labelled.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from audio_files import SAMPLE_RATE_HZ, clips, sound

from actors.audio.measures import AudioMeasures
from actors.backend import BackendOptions, StageItem
from actors.results import AudioMeasuresResult, AudioSpan
from actors.vad.silero import SileroOptions, SileroVad

WHOLE = {
    "music/vibe_ace.ogg": "music",
    "music/choice_drum_bass.ogg": "music",
    "music/madmom_sample.wav": "music",
    "music/solo_trumpet_90bpm_F.ogg": "music",
    "music/song_with_vocals_mono.mp3": "music",
    "composed/tt3_music_fastcuts.mp4": "music",
    "video/portrait_drummer.mp4": "music",
    "composed/tt4_talking_head_music.mp4": "speech_over_music",
    "video/tiktokstyle_fast_facts.mp4": "speech_over_music",
    "music/esc50_dog_1-100032-A-0.wav": "ambience",
    "music/esc50_thunderstorm_3-103051-C-19.wav": "ambience",
    "odd/ax_silent_black_10s.mp4": "silence",
}
SEGMENTED = "music/musanmix_music_noise_speech.mp3"
SEGMENTS = {"music": "music", "noise": "ambience", "noEnergy": "quiet", "male": "speech"}
INTERLUDE = "speech/no_king_A_000-041.mp3"
INTERLUDE_S, SPOKEN_S = (17, 24), ((1, 15), (26, 41))
TEMPI = {"music/madmom_sample.wav": "87.5 or 175", "music/solo_trumpet_90bpm_F.ogg": "90"}
HEARD = ("speech", "music", "speech_over_music", "silence")


@dataclass(frozen=True, slots=True)
class Row:
    """One kind as the corpus has it, in seconds: what was heard in it. `precision` is that of the kind of this name."""

    kind: str
    seconds: int
    speech: int
    music: int
    speech_over_music: int
    silence: int
    unlabelled: int
    recall: float | None = None
    precision: float | None = None
    note: str = ""


def score(corpus: Path) -> list[Row]:
    """Return the confusion table, and a row per clip of known tempo."""
    vad, measures = SileroVad(SileroOptions()), AudioMeasures(BackendOptions())
    vad.load()
    measures.load()
    counted: Counter[tuple[str, str]] = Counter()
    tempi = []
    for name in _names(corpus):
        audio = sound(corpus / name)
        if audio is None:
            continue
        (activity,) = vad.run([StageItem(name, audio=audio)])
        (outcome,) = measures.run([StageItem(name, audio=audio, results={"vad": activity})])
        if not isinstance(outcome.data, AudioMeasuresResult):
            continue
        counted.update(_pairs(corpus, name, outcome.data.spans, audio.size // SAMPLE_RATE_HZ))
        if name in TEMPI:
            said = outcome.data.tempo_bpm or outcome.data.tempo_reason
            tempi.append(Row(f"tempo of {Path(name).name}, {TEMPI[name]} bpm", 0, 0, 0, 0, 0, 0, note=str(said)))
    return [*(_row(kind, counted) for kind in sorted({true for true, _ in counted})), *tempi]


def _names(corpus: Path) -> list[str]:
    spoken = [f"{folder}/{path.name}" for folder in ("speech", "diarization") for path in clips(corpus / folder)]
    return [name for name in (*WHOLE, SEGMENTED, *spoken) if (corpus / name).exists()]


def _pairs(corpus: Path, name: str, spans: Sequence[AudioSpan], seconds: int) -> list[tuple[str, str]]:
    truths = ((second, _truth(corpus, name, second)) for second in range(seconds))
    return [(truth, _heard(spans, second)) for second, truth in truths if truth is not None]


def _truth(corpus: Path, name: str, second: int) -> str | None:
    """Return what a second is, or None where nobody has said so for the whole of it."""
    if name == SEGMENTED:
        with (corpus / name).with_suffix(".csv").open() as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if float(row["start"]) <= second and second + 1 <= float(row["stop"]):
                    return SEGMENTS[row["labels"]]
        return None
    if name == INTERLUDE:
        if INTERLUDE_S[0] <= second < INTERLUDE_S[1]:
            return "music"
        return "speech" if any(first <= second < end for first, end in SPOKEN_S) else None
    return WHOLE.get(name, "speech")


def _heard(spans: Sequence[AudioSpan], second: int) -> str:
    """Return the kind that takes most of a second."""
    shares = Counter({"unlabelled": 0.5})
    for span in spans:
        shares[span.kind] += max(0.0, min(span.end_s, second + 1) - max(span.start_s, second))
    return shares.most_common(1)[0][0]


def _row(kind: str, counted: Counter[tuple[str, str]]) -> Row:
    here = {heard: counted[kind, heard] for heard in (*HEARD, "unlabelled")}
    seconds = sum(here.values())
    if kind not in HEARD:
        return Row(kind, seconds, **here)
    if kind == "silence":
        return Row(
            kind, seconds, **here, recall=here[kind] / seconds, note="a level; pauses of the clips below are silent too"
        )
    claimed = sum(count for (_, heard), count in counted.items() if heard == kind)
    # Talk over music is speech too, and so is a second of it that is called music.
    right = here[kind] + (counted["speech_over_music", kind] if kind in {"speech", "music"} else 0)
    return Row(kind, seconds, **here, recall=here[kind] / seconds, precision=right / claimed if claimed else None)


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[3] / "shared" / "corpus"
    for row in score(place):
        sys.stdout.write(f"{row}\n")
