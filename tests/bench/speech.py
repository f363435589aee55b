"""Scores English drafts: word error rate and word times per clip, and no words where nobody speaks English.

`python tests/bench/speech.py [CORPUS]`. The reference texts are the corpus' own; a clip whose text is not known counts
only for whether words were published.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from audio_files import clips, sound

from actors.asr.pocketsphinx import PocketSphinx, PocketSphinxOptions
from actors.backend import Outcome, StageItem
from actors.results import Transcription, Word
from actors.vad.silero import SileroOptions, SileroVad

Timed = tuple[str, float]
ENGLISH = {
    "speech/en_jfk.flac": "json",
    "speech/en_librivox_austen_0870.wav": "txt",
    "speech/en_lucier.mp3": "txt",
    "speech/en_mfa_acoustic_corpus.wav": "lab",
    "speech/en_sonnet001.mp3": "srt",
    "speech/fleurs-en-001.ogg": "txt",
    "speech/fleurs-en-003.ogg": "txt",
    "video/grid_bbaf2n.mpg": "json",
    "video/grid_lrwp9a.mpg": "json",
    "video/grid_swwp2s.mpg": "json",
    "video/me_at_the_zoo.webm": "json",
    "composed/tt1_recipe_en.mp4": "composed",
    "composed/tt4_talking_head_music.mp4": "composed",
    "video/tiktokstyle_fast_facts.mp4": "",
    "diarization/phone_two_speakers.wav": "",
}
"""Clips in which English is spoken, and where their text stands."""
FOLDERS = ("speech", "music", "composed", "video")
ALSO_SPOKEN = frozenset(("music/musanmix_music_noise_speech.mp3", "video/nasa_13013.mp4"))
"""English is spoken in these too, of which the corpus knows no text; they are no negatives."""
UNLABELLED = frozenset(("video/portrait_skateboarding_dog.mp4",))
"""Somebody speaks, and the corpus does not say in which language: shown, and not judged."""


@dataclass(frozen=True, slots=True)
class Row:
    """One clip. `kept`: words were published where English is spoken, or none where it is not; None: nobody knows."""

    clip: str
    english: bool | None
    words: int
    kept: bool | None
    word_error_rate: float | None = None
    start_error_s: float | None = None
    note: str = ""


def score(corpus: Path) -> list[Row]:
    """Return a row per English clip and per clip without English, in this order."""
    vad, asr = SileroVad(SileroOptions()), PocketSphinx(PocketSphinxOptions())
    vad.load()
    asr.load()
    others = [
        name
        for folder in FOLDERS
        for path in clips(corpus / folder)
        if (name := f"{folder}/{path.name}") not in ENGLISH and name not in ALSO_SPOKEN
    ]
    return [_row(corpus, name, vad, asr) for name in (*ENGLISH, *others) if (corpus / name).exists()]


def _row(corpus: Path, name: str, vad: SileroVad, asr: PocketSphinx) -> Row:
    audio, english = sound(corpus / name), None if name in UNLABELLED else name in ENGLISH
    (activity,) = vad.run([StageItem(name, audio=audio)])
    (outcome,) = asr.run([StageItem(name, audio=audio, results={"vad": activity})])
    words = outcome.data.words if isinstance(outcome.data, Transcription) else ()
    kept = None if english is None else bool(words) == english
    if english is None:
        return Row(name, english, len(words), kept, note="the corpus does not say which language is spoken")
    if not english or not words:
        return Row(name, english, len(words), kept, note=_note(outcome)[:60])
    wanted, timed = reference(corpus / name, ENGLISH[name])
    rate = round(error_rate(wanted, [word.word for word in words]), 2) if wanted else None
    return Row(name, english, len(words), kept, rate, start_error_s(timed, words))


def _note(outcome: Outcome) -> str:
    return outcome.reason or ""


def reference(path: Path, kind: str) -> tuple[list[str], list[Timed]]:
    """Return a clip's words, and those of them whose start the corpus knows, in seconds."""
    readers: dict[str, Callable[[], str]] = {
        "json": lambda: str(json.loads(Path(f"{path}.gt.json").read_text())["text"]),
        "txt": lambda: path.with_suffix(".txt").read_text(),
        "lab": lambda: path.with_suffix(".lab").read_text(),
        "srt": lambda: " ".join(re.findall(r"^[^\d\n].*$", path.with_suffix(".srt").read_text(), re.MULTILINE)),
        "composed": lambda: " ".join(part["text"] for part in _parts(path)),
        "": str,
    }
    return normalised(readers[kind]()), _timed(path)


def normalised(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation; apostrophes stay."""
    return re.findall(r"[a-z0-9']+", text.lower().replace("\u2019", "'"))


def error_rate(wanted: Sequence[str], got: Sequence[str]) -> float:
    """Return substitutions, deletions and insertions over the number of wanted words (Levenshtein)."""
    row = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1] / len(wanted)


def start_error_s(timed: Sequence[Timed], words: Sequence[Word]) -> float | None:
    """Return the mean error of the starts of the words that were recognised, or None where no times are known."""
    matcher = SequenceMatcher(None, [word for word, _ in timed], [word.word for word in words], autojunk=False)
    errors = [
        abs((words[block.b + i].start_s or 0.0) - timed[block.a + i][1])
        for block in matcher.get_matching_blocks()
        for i in range(block.size)
    ]
    return round(sum(errors) / len(errors), 3) if errors else None


def _parts(path: Path) -> list[dict[str, Any]]:
    spoken: list[dict[str, Any]] = json.loads(path.with_suffix(".json").read_text())["speech"]
    return spoken


def _timed(path: Path) -> list[Timed]:
    """Read the word times the corpus has: pocketsphinx's forced alignment, a composed clip's, a GRID alignment."""
    if (found := path.with_suffix(".words.json")).exists():
        return [
            (re.sub(r"\(\d\)$", "", w["t"]), w["b"]) for w in json.loads(found.read_text())["w"] if w["t"][0] != "<"
        ]
    if (found := path.with_suffix(".align")).exists():
        lines = [line.split() for line in found.read_text().splitlines()]
        return [(word, int(start) / 25_000) for start, _, word in lines if word not in {"sil", "sp"}]
    if path.parent.name == "composed":
        return [(word["w"], word["start"]) for part in _parts(path) for word in part.get("words", ())]
    return []


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[3] / "shared" / "corpus"
    for row in score(place):
        sys.stdout.write(f"{row}\n")
