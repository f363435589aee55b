"""Makes the sample clip and its ground truth: `python tests/make_demo_clip.py [FOLDER]`.

Everything in it is drawn, synthesised or spoken by free software here: shapes by Pillow, the melody by numpy, the voice
by flite (Debian: `flite`), the letters in DejaVu Sans (Debian: `fonts-dejavu-core`). No third party's media is used.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, RATE = 540, 960, 25
OVERSAMPLED = 2  # everything is drawn at twice the size and scaled down, for smooth edges
SHOT_S = 3.2
SAMPLE_RATE = 48_000
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
VOICE = "rms"
FOLDER = Path(__file__).resolve().parents[1] / "service" / "demo"

Colour = tuple[int, int, int]
Scene = Callable[[ImageDraw.ImageDraw, float], None]


@dataclass(frozen=True)
class Text:
    """On-screen text, centred at `y` (share of the height), shown in [start_s, end_s)."""

    text: str
    language: str
    start_s: float
    end_s: float
    y: float
    size: int = 46


TEXTS = (
    Text("@nordkopp", "en", 0.0, 16.0, 0.95, 28),
    Text("Good morning", "en", 0.4, 3.2, 0.12, 58),
    Text("God morgen", "no", 1.4, 3.2, 0.20),
    Text("A small blue cup", "en", 3.2, 6.4, 0.12),
    Text("En liten blå kopp", "no", 4.4, 6.4, 0.20),
    Text("Made by hand", "en", 6.4, 9.6, 0.12, 54),
    Text("Håndlaget i nord", "no", 7.2, 9.6, 0.84),
    Text("Only 20 dollars", "en", 9.6, 12.8, 0.12, 54),
    Text("Tilbud denne uken", "no", 10.6, 12.8, 0.84),
    Text("Følg for mer", "no", 12.8, 16.0, 0.12, 58),
    Text("Lenke i bio", "no", 14.0, 16.0, 0.84, 54),
)

SPEECH = (
    (1.4, "Good morning and welcome to the kitchen."),
    (4.4, "Here is a small blue cup."),
    (6.65, "It was made by hand in the north."),
    (9.05, "The price is twenty dollars this week."),
    (11.95, "Follow the link for more."),
)
"""When each sentence begins. Some cross a cut, as they do in real clips."""

MELODY = ((0.0, 1.2), (14.4, 16.0))
"""The melody plays before and after the speech only: the recogniser takes tones for consonants."""


def gradient(top: Colour, bottom: Colour) -> Image.Image:
    """Return a vertical gradient at the drawing size."""
    share = np.linspace(0.0, 1.0, HEIGHT * OVERSAMPLED)[:, None, None]
    column = np.asarray(top) * (1 - share) + np.asarray(bottom) * share
    pixels = np.repeat(column, WIDTH * OVERSAMPLED, axis=1)
    return Image.fromarray(pixels.astype(np.uint8))


def oval(draw: ImageDraw.ImageDraw, centre: tuple[float, float], radii: tuple[float, float], colour: Colour) -> None:
    """Fill an ellipse; coordinates in shares of the width and height, radii in shares of the width."""
    x, y = centre[0] * WIDTH * OVERSAMPLED, centre[1] * HEIGHT * OVERSAMPLED
    rx, ry = (radius * WIDTH * OVERSAMPLED for radius in radii)
    draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=colour)


def ridge(draw: ImageDraw.ImageDraw, *, level: float, height: float, phase: float, colour: Colour) -> None:
    """Fill everything below a wavy line."""
    width, bottom = WIDTH * OVERSAMPLED, HEIGHT * OVERSAMPLED
    xs = np.linspace(0, width, 120)
    waves = np.sin(xs / width * 7 + phase) + 0.5 * np.sin(xs / width * 17 + 2 * phase)
    ys = bottom * (level + height * waves)
    draw.polygon([(0, bottom), *zip(xs.tolist(), ys.tolist(), strict=True), (width, bottom)], fill=colour)


def cup(draw: ImageDraw.ImageDraw, *, x: float, y: float, size: float, colour: Colour) -> None:
    """Draw a cup with a handle, its rim at (x, y)."""
    w, h = WIDTH * OVERSAMPLED, HEIGHT * OVERSAMPLED
    half, depth = size * w, size * w * 1.7
    left, right, top = x * w - half, x * w + half, y * h
    shade = tuple(int(part * 0.75) for part in colour)
    # Broad and nearly closed: a slender handle reads as the letter D.
    draw.ellipse((right - half * 0.5, top + depth * 0.2, right + half * 0.5, top + depth * 0.7), fill=shade)
    draw.ellipse((right + half * 0.02, top + depth * 0.36, right + half * 0.26, top + depth * 0.54), fill=colour)
    draw.rounded_rectangle((left, top - half * 0.2, right, top + depth), radius=int(half * 0.45), fill=colour)
    draw.rectangle((left, top, left + half * 0.3, top + depth * 0.7), fill=shade)
    draw.ellipse((left, top - half * 0.35, right, top + half * 0.25), fill=(245, 240, 230))
    draw.ellipse((left + 18, top - half * 0.28, right - 18, top + half * 0.18), fill=(92, 58, 36))


def morning(draw: ImageDraw.ImageDraw, t: float) -> None:
    """Draw a sun that rises over hills."""
    oval(draw, (0.5, 0.62 - 0.08 * t), (0.24, 0.24), (255, 214, 120))
    oval(draw, (0.5, 0.62 - 0.08 * t), (0.19, 0.19), (255, 240, 190))
    for index, colour in enumerate(((150, 84, 96), (112, 60, 88), (66, 38, 70))):
        ridge(draw, level=0.62 + 0.1 * index, height=0.02, phase=t * (0.3 + 0.35 * index) + index, colour=colour)


def table(draw: ImageDraw.ImageDraw, t: float) -> None:
    """Draw a cup that slides in on a table, with steam."""
    draw.rectangle((0, 0.72 * HEIGHT * OVERSAMPLED, WIDTH * OVERSAMPLED, HEIGHT * OVERSAMPLED), fill=(176, 120, 74))
    x = 0.5 - 0.22 * math.exp(-1.5 * t) + 0.03 * math.sin(2.2 * t)
    for puff in range(3):
        rise = (t * 0.35 + puff / 3) % 1.0
        oval(
            draw, (x + 0.04 * math.sin(5 * rise + puff), 0.46 - 0.16 * rise), (0.03 + 0.04 * rise,) * 2, (250, 246, 238)
        )
    cup(draw, x=x, y=0.5, size=0.2, colour=(44, 108, 196))


def wheel(draw: ImageDraw.ImageDraw, t: float) -> None:
    """Draw clay that grows into a pot on a turning wheel."""
    oval(draw, (0.5, 0.7), (0.42, 0.13), (70, 62, 58))
    oval(draw, (0.5, 0.69), (0.4, 0.115), (112, 102, 96))
    for spoke in range(6):
        angle = 2.6 * t + spoke * math.pi / 3
        oval(draw, (0.5 + 0.33 * math.cos(angle), 0.69 + 0.05 * math.sin(angle)), (0.03, 0.015), (58, 50, 48))
    layers = 26
    for layer in range(layers):
        share = layer / (layers - 1)
        bulge = 0.17 + 0.07 * math.sin(math.pi * share) * min(1.0, t / 2) - 0.05 * share
        shade = 0.85 + 0.15 * math.sin(layer * 1.3 + 6 * t)
        colour = tuple(int(part * shade) for part in (196, 118, 84))
        oval(draw, (0.5, 0.68 - share * (0.1 + 0.06 * t)), (bulge, 0.05), colour)  # type: ignore[arg-type]
    oval(draw, (0.5, 0.68 - 0.1 - 0.06 * t), (0.1, 0.028), (96, 52, 40))


def offer(draw: ImageDraw.ImageDraw, t: float) -> None:
    """Draw a product card that bounces under falling confetti."""
    colours = ((255, 209, 102), (239, 71, 111), (6, 214, 160), (255, 255, 255))
    for piece in range(36):
        x, fall = (piece * 0.381966) % 1.0, (piece * 0.61803 + t * (0.16 + 0.02 * (piece % 5))) % 1.0
        # Between the texts: a dot below a letter reads as an accent.
        oval(draw, (x + 0.02 * math.sin(3 * t + piece), 0.2 + 0.58 * fall), (0.014, 0.014), colours[piece % 4])
    bounce = abs(math.sin(2.4 * t)) * 0.08
    w, h = WIDTH * OVERSAMPLED, HEIGHT * OVERSAMPLED
    draw.rounded_rectangle(
        (0.2 * w, (0.34 - bounce) * h, 0.8 * w, (0.72 - bounce) * h), radius=60, fill=(250, 250, 246)
    )
    cup(draw, x=0.48, y=0.45 - bounce, size=0.15, colour=(44, 108, 196))


def farewell(draw: ImageDraw.ImageDraw, t: float) -> None:
    """Draw a heart that beats among circling dots."""
    for dot in range(14):
        angle = dot * 2 * math.pi / 14 + 0.7 * t
        oval(draw, (0.5 + 0.38 * math.cos(angle), 0.5 + 0.22 * math.sin(angle)), (0.022, 0.022), (255, 210, 230))
    beat = 1 + 0.12 * math.sin(6 * t)
    turn = np.linspace(0, 2 * np.pi, 90)
    xs = 16 * np.sin(turn) ** 3
    ys = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
    scale = 0.012 * beat * WIDTH * OVERSAMPLED
    points = zip(
        (WIDTH * OVERSAMPLED / 2 + xs * scale).tolist(), (HEIGHT * OVERSAMPLED / 2 - ys * scale).tolist(), strict=True
    )
    draw.polygon(list(points), fill=(236, 64, 104))


SCENES: tuple[tuple[str, Colour, Colour, Scene], ...] = (
    ("a sun rises over hills", (70, 90, 150), (250, 170, 130), morning),
    ("a blue cup on a table", (232, 214, 186), (244, 232, 212), table),
    ("a pot grows on a turning wheel", (44, 52, 60), (84, 92, 98), wheel),
    ("a product card bounces under confetti", (8, 84, 76), (16, 130, 104), offer),
    ("a heart beats among dots", (64, 28, 96), (124, 48, 128), farewell),
)


def write(image: Image.Image, text: Text) -> tuple[float, float, float, float]:
    """Draw the text, white with a dark edge; return its box as shares [x, y, width, height]."""
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, text.size)
    at = (WIDTH / 2, HEIGHT * text.y)
    draw.text(at, text.text, font=font, fill="white", stroke_fill=(24, 20, 32), stroke_width=3, anchor="mm")
    left, top, right, bottom = draw.textbbox(at, text.text, font=font, stroke_width=3, anchor="mm")
    return left / WIDTH, top / HEIGHT, (right - left) / WIDTH, (bottom - top) / HEIGHT


def frame(index: int, backgrounds: list[Image.Image]) -> Image.Image:
    """Draw the frame of a number."""
    time_s = index / RATE
    shot = int(index // (SHOT_S * RATE))
    canvas = backgrounds[shot].copy()
    SCENES[shot][3](ImageDraw.Draw(canvas), time_s - shot * SHOT_S)
    image = canvas.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    for text in TEXTS:
        if text.start_s <= time_s < text.end_s:
            write(image, text)
    return image


def speak(sentence: str, folder: Path) -> np.ndarray:
    """Return the sentence, spoken by flite, at the clip's sample rate."""
    path = folder / "speech.wav"
    subprocess.run(["flite", "-voice", VOICE, "-t", sentence, "-o", str(path)], check=True)
    with wave.open(str(path)) as file:
        rate, raw = file.getframerate(), file.readframes(file.getnframes())
    samples = np.frombuffer(raw, dtype=np.int16).astype(np.float32) / 32768
    times = np.arange(int(samples.size * SAMPLE_RATE / rate)) * rate / SAMPLE_RATE
    return np.interp(times, np.arange(samples.size), samples).astype(np.float32)


def melody(duration_s: float) -> np.ndarray:
    """Return an arpeggio in the stretches of `MELODY`, faded at both ends of each."""
    times = np.arange(int(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    notes_hz = (220.0, 277.18, 329.63, 440.0, 329.63, 277.18)
    beat_s = 0.2
    pitch = np.asarray(notes_hz)[(times / beat_s).astype(int) % len(notes_hz)]
    into = times % beat_s
    envelope = np.exp(-9 * into) * (1 - np.exp(-400 * into))
    gain = sum(np.clip(np.minimum(times - begin, end - times) / 0.3, 0, 1) for begin, end in MELODY)
    return (0.2 * envelope * gain * np.sin(2 * np.pi * pitch * into)).astype(np.float32)


def sound(duration_s: float) -> tuple[np.ndarray, list[dict[str, object]]]:
    """Return the sound track and, for each sentence, its words and times."""
    track = melody(duration_s)
    spoken = []
    with tempfile.TemporaryDirectory() as folder:
        for start_s, sentence in SPEECH:
            voice = speak(sentence, Path(folder))
            begin = int(start_s * SAMPLE_RATE)
            track[begin : begin + voice.size] += 0.8 * voice / np.abs(voice).max()
            end_s = start_s + voice.size / SAMPLE_RATE
            spoken.append({"text": sentence, "start_s": start_s, "end_s": round(end_s, 2), "words": words(sentence)})
    return np.clip(track, -1, 1), spoken


def words(sentence: str) -> list[str]:
    """Return the words as a recogniser spells them."""
    return sentence.lower().rstrip(".").split()


def encode(path: Path, frames: int, track: np.ndarray) -> None:
    """Write the clip as H.264 and AAC in an MP4 with its index first."""
    backgrounds = [gradient(top, bottom) for _, top, bottom, _ in SCENES]
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=RATE, options={"crf": "25", "preset": "slow"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate = 64_000
        for index in range(frames):
            container.mux(video.encode(av.VideoFrame.from_image(frame(index, backgrounds))))
        container.mux(video.encode(None))
        for begin in range(0, track.size, 1024):
            block = av.AudioFrame.from_ndarray(track[None, begin : begin + 1024], format="fltp", layout="mono")
            block.sample_rate, block.pts, block.time_base = SAMPLE_RATE, begin, Fraction(1, SAMPLE_RATE)
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))


def truth(duration_s: float, spoken: list[dict[str, object]]) -> dict[str, object]:
    """Return what is in the clip, for tests to compare with."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT))
    texts = [
        {key: value for key, value in asdict(text).items() if key not in {"y", "size"}}
        | {"box": [round(share, 4) for share in write(canvas, text)]}
        for text in TEXTS
    ]
    shots = [
        {"start_s": round(index * SHOT_S, 2), "end_s": round((index + 1) * SHOT_S, 2), "shows": scene[0]}
        for index, scene in enumerate(SCENES)
    ]
    size = {"width": WIDTH, "height": HEIGHT, "frame_rate": RATE, "duration_s": duration_s}
    return size | {"shots": shots, "texts": texts, "speech": spoken}


def main() -> None:
    """Write `sample.mp4` and `sample.truth.json` into the folder named, or into the package."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    duration_s = len(SCENES) * SHOT_S
    track, spoken = sound(duration_s)
    encode(folder / "sample.mp4", round(duration_s * RATE), track)
    text = json.dumps(truth(duration_s, spoken), ensure_ascii=False, indent=1)
    (folder / "sample.truth.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
