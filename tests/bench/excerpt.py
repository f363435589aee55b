"""Puts an excerpt of the sample clip's document into README.md: `python tests/bench/excerpt.py`.

Describes the clip with the `embedded` profile in this process, shortens the document, and writes it between
`<!-- document excerpt -->` and its end mark. `tests/service/demo/test_clip.py` holds README against a fresh document.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- document excerpt -->\n", "<!-- /document excerpt -->"
MORE = "…"
_TEXT_CHARS = 70


def excerpt(document: Mapping[str, Any]) -> str:
    """Return the shortened document in Markdown; `…` stands for what is left out."""
    fields = ["schema_version", "video_id", "filename", "status"]
    lines = [f"{_json(name)}: {_json(document[name])}" for name in fields]
    media = _some(document["media"], ("container", "codec", "width", "height", "rotation", "frame_rate"))
    lines += [
        f'"media": {media}',
        f'"duration_s": {document["duration_s"]}',
        f'"language": {_json(document["language"])}',
    ]
    lines += [f'"transcript": {_transcript(document["transcript"])}', f'"shots": {_shots(document["shots"])}']
    lines += [f'"text_overlays": {_first(document["text_overlays"], 2)}']
    lines += [f'"representative_frames": {_first(document["representative_frames"], 1)}']
    audio = _some(document["audio"], ("loudness_lufs", "speech_ratio", "music_ratio", "tempo_bpm"))
    lines += [f'"audio": {audio}', f'"processing": {_processing(document["processing"])}']
    body = ",\n  ".join(lines)
    return f"From the sample clip, shortened:\n\n```jsonc\n{{\n  {body}\n}}\n```\n"


def filled(readme: str, document: Mapping[str, Any]) -> str:
    """Return a README's text with the excerpt between its marks replaced."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{excerpt(document)}{END}{after}"


def shown(readme: str) -> str:
    """Return the excerpt that a README shows."""
    return readme.partition(BEGIN)[2].partition(END)[0]


def _transcript(transcript: Mapping[str, Any]) -> str:
    text = transcript["text"]
    words = "".join(f"      {_json(word)},\n" for word in transcript["words"][:2])
    return (
        f'{{\n    "text": {_json(text[:_TEXT_CHARS] + MORE)},\n    "words": [\n{words}      {MORE}\n    ],\n'
        f'    "quality": {_json(transcript["quality"])}\n  }}'
    )


def _shots(shots: Sequence[Mapping[str, Any]]) -> str:
    shot = shots[1]
    names = ("shot_id", "start_s", "end_s", "keyframe"), ("captions",), ("ocr_text",), ("objects", "dropped")
    rows = [", ".join(f"{_json(name)}: {_json(shot[name])}" for name in row) for row in names]
    rows.append(", ".join(f"{_json(name)}: {_json(shot[name])}" for name in ("transcript_text", "word_range")))
    body = ",\n      ".join(rows)
    return f"[\n    {MORE},\n    {{\n      {body}\n    }},\n    {MORE}\n  ]"


def _first(items: Sequence[Any], count: int) -> str:
    return "[\n" + "".join(f"    {_json(item)},\n" for item in items[:count]) + f"    {MORE}\n  ]"


def _processing(processing: Mapping[str, Any]) -> str:
    models = _some(processing["models"], ("asr", "ocr"))
    stages = "".join(f"      {_json(name)}: {_json(processing['stages'][name])},\n" for name in ("asr", "diarization"))
    return f'{{\n    "models": {models},\n    "stages": {{\n{stages}      {MORE}\n    }}\n  }}'


def _some(values: Mapping[str, Any], names: Sequence[str]) -> str:
    return "{" + ", ".join(f"{_json(name)}: {_json(values[name])}" for name in names) + f", {MORE}}}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Describe the clip and write README.md."""
    from service.assets import demo_clip
    from service.configuration import load
    from service.processing import process

    with tempfile.TemporaryDirectory() as folder:
        flags = {"output.dir": f"{folder}/out", "state.dir": f"{folder}/state", "profile": "embedded"}
        flags |= {"pool.kind": "local", "pool.num_cpus": 64, "pool.threads": 1}
        settings = load(flags, environ={"HOME": folder}).configuration
        silent = {"emit": lambda *_a, **_k: None, "progress": lambda _event: None}
        (done,) = process(settings, [demo_clip()], force=False, **silent)
        if done.document is None:
            raise SystemExit(f"the sample clip got no document: {done.reason}")
        document = json.loads(done.document.read_text(encoding="utf-8"))
    README.write_text(filled(README.read_text(encoding="utf-8"), document), encoding="utf-8")


if __name__ == "__main__":
    main()
