"""Documents of short videos in Norwegian and English, as many as asked for, of realistic length: all made up.

Words are drawn as in speech, a few of them all the time and most of them rarely (Zipf), the rare ones put together from
stems as Norwegian does. A seed makes the same documents again.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).resolve().parents[1] / "actors" / "fusion" / "golden" / "document.json"
ENGLISH = (
    "the to and a of in is you that it for on this i so we are with have be your just my what like do can not if at "
    "they was all one get here how know when from out really about going make now there up go want see time then some "
    "look right because want good way people thing today need day use work first back little never best easy made new "
    "coffee recipe home kitchen money skin hair style outfit travel dog cat baby gym morning night summer sale code "
    "link bio follow save share comment story trick tip mistake secret budget price free try watch wait until end part"
)
NORWEGIAN = (
    "og i det er på en som til at jeg for å med vi har ikke de av så kan den et om var men du fra meg seg han skal når "
    "alle hva bare mer hvis også noe dette få nå ut opp være da må gjøre vil bli her der godt dag helt ny første "
    "hjemme kaffe oppskrift kjøkken penger hud hår stil reise hund katt baby trening morgen kveld sommer salg "
    "kode lenke følg "
    "lagre del kommenter historie triks tips feil hemmelighet budsjett pris gratis prøv se vent blåbær syltetøy øl ås"
)
STEMS = "sol regn fjord skog hav berg dal elv snø vind lys mat fisk brød ost te melk egg rom bord stol vei by hus båt"
RARE = 20_000
LABELS = ("face", "person", "cup", "phone", "dog", "food", "book", "car")
FOLDERS = ("", "tips", "tips/2026", "reise", "kampanje/sommer", "kampanje/vinter")
_BOX = [0.1, 0.4, 0.8, 0.1]


@dataclass(frozen=True)
class Vocabulary:
    """Words of a language, the frequent first, with the weights they are drawn by."""

    language: str
    words: Sequence[str]
    weights: Sequence[float]

    def draw(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self.words, cum_weights=self.weights, k=count)


def vocabulary(language: str) -> Vocabulary:
    """Return the words of `no` or `en`."""
    common = (NORWEGIAN if language == "no" else ENGLISH).split()
    stems = STEMS.split() if language == "no" else common[60:]
    chance = random.Random(language)
    rare = dict.fromkeys("".join(chance.choices(stems, k=chance.randint(2, 3))) for _ in range(RARE))
    words = list(dict.fromkeys([*common, *rare]))
    return Vocabulary(language, words, list(accumulate(1 / (rank + 2.7) for rank in range(len(words)))))


def documents(count: int, *, seed: int = 1) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield names and documents as plain values."""
    chance = random.Random(seed)
    base: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    languages = [vocabulary("no"), vocabulary("en")]
    for number in range(count):
        folder = chance.choice(FOLDERS)
        name = f"{folder}/klipp_{number:05}" if folder else f"klipp_{number:05}"
        yield name, _document(base, name, number, chance.choice(languages), chance)


def write(output: Path, count: int, *, seed: int = 1) -> int:
    """Write documents below the output; return how many bytes they take."""
    total = 0
    for name, document in documents(count, seed=seed):
        path = output / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        total += path.write_bytes(json.dumps(document, ensure_ascii=False, indent=2).encode())
    return total


def _document(base: dict[str, Any], name: str, number: int, words: Vocabulary, chance: random.Random) -> dict[str, Any]:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    duration_s = round(chance.uniform(8.0, 75.0), 2)
    shots = max(1, int(duration_s / 4))
    transcript = _transcript(words, chance, duration_s)
    day = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return base | {
        "video_id": sha256[:16],
        "filename": f"{name.rpartition('/')[2]}.mp4",
        "source": base["source"] | _source(name, sha256, words, chance, posted_at=day),
        "processing": base["processing"] | {"run_id": f"{number + 1}.0", "created_at": f"{day}T12:00:00Z"},
        "duration_s": duration_s,
        "language": words.language,
        "transcript": transcript,
        "shots": _shots(name, words, chance, duration_s, shots, said=len(transcript["words"])),
        "representative_frames": None,
        "text_overlays": [_overlay(words, chance, duration_s) for _ in range(chance.randint(2, 8))],
    }


def _source(name: str, sha256: str, words: Vocabulary, chance: random.Random, *, posted_at: str) -> dict[str, Any]:
    tags = list(dict.fromkeys(words.draw(chance, 4)))
    views = int(10 ** chance.uniform(1, 6))
    return {
        "relative_path": f"{name}.mp4",
        "also_at": [],
        "sha256": sha256,
        "caption": f"{' '.join(words.draw(chance, 18))} {' '.join('#' + tag for tag in tags)}",
        "hashtags": tags,
        "author": f"{words.draw(chance, 1)[0].title()} {chance.choice(('Nes', 'Berg', 'Smith', 'Ås'))}",
        "posted_at": posted_at,
        "counts": {"views": views, "likes": views // 20, "comments": views // 300, "shares": None, "saves": None},
    }


def _transcript(words: Vocabulary, chance: random.Random, duration_s: float) -> dict[str, Any]:
    said, segments, at_s = [], [], 0.2
    while at_s < duration_s - 3.0:
        spoken = words.draw(chance, chance.randint(5, 14))
        begin_s = at_s
        for word in spoken:
            end_s = at_s + 0.3
            said.append(_word(word, at_s, end_s))
            at_s = round(end_s + 0.08, 2)
        segment = {"start_s": begin_s, "end_s": end_s, "text": " ".join(spoken), "speaker": None, "confidence": 0.9}
        segments.append(segment)
        at_s = round(at_s + chance.uniform(0.1, 0.8), 2)
    text = " ".join(segment["text"] for segment in segments)
    return {"text": text, "words": said, "segments": segments, "quality": "standard"}


def _word(word: str, start_s: float, end_s: float) -> dict[str, Any]:
    timed = {"start_s": start_s, "end_s": end_s, "timing": "aligned"}
    return {"word": word, "confidence": 0.9, "speaker": None, **timed}


def _overlay(words: Vocabulary, chance: random.Random, duration_s: float) -> dict[str, Any]:
    start_s = round(chance.uniform(0.0, duration_s * 0.9), 2)
    text = "link in bio" if chance.random() < 0.1 else " ".join(words.draw(chance, chance.randint(1, 6)))
    return {"text": text, "start_s": start_s, "end_s": start_s + 0.5, "box": _BOX, "confidence": 0.9}


def _shots(
    name: str, words: Vocabulary, chance: random.Random, duration_s: float, count: int, *, said: int
) -> list[dict[str, Any]]:
    stem = name.rpartition("/")[2]
    cuts = [round(duration_s * number / count, 2) for number in range(count + 1)]
    return [
        {
            "shot_id": f"s{number + 1:03}",
            "start_s": cuts[number],
            "end_s": cuts[number + 1],
            "keyframe": f"{stem}/frames/{stem}_s{number + 1:03}.jpg",
            "captions": [{"text": f"a {' '.join(words.draw(chance, 9))}", "confidence": None}],
            "ocr_text": "",
            "ocr": [],
            "objects": [{"label": chance.choice(LABELS), "confidence": 0.9, "box": _BOX} for _ in range(2)],
            "transcript_text": None,
            "word_range": [said * number // count, said * (number + 1) // count],
        }
        for number in range(count)
    ]
