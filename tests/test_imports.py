"""What is installed together loads together, at the pinned versions; the daemon loads no model library."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODELS = {
    "torch": "torch",
    "whisperx": "whisperx",
    "transformers": "transformers",
    "pyannote.audio": "pyannote-audio",
    "paddleocr": "paddleocr",
}
BASE = {"faster_whisper": "faster-whisper", "rapidocr": "rapidocr", "cv2": "opencv-python-headless", "av": "av"}
BASE |= {"onnxruntime": "onnxruntime", "scenedetect": "scenedetect-headless", "ray": "ray", "watchdog": "watchdog"}
ORDERS = {
    "models before the rest": [*MODELS, *BASE],
    "the rest before the models": [*BASE, *reversed(MODELS)],
}
PINNED = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\n]+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
PROBE = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
import cv2
print(json.dumps([cv2.__version__, hasattr(cv2, "CascadeClassifier"), len(cv2.data.haarcascades) > 0]))
"""


@pytest.mark.parametrize("names", ORDERS.values(), ids=ORDERS.keys())
def test_everything_loads_in_one_process(names: list[str]) -> None:
    for distribution in MODELS.values():
        try:
            metadata.version(distribution)
        except metadata.PackageNotFoundError:
            pytest.skip(f"{distribution} is not installed (the models extra)")
    command = [sys.executable, "-c", PROBE, json.dumps(names)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    version, *has_cascades = json.loads(done.stdout.splitlines()[-1])
    assert version == PINNED["opencv-python-headless"].rpartition(".")[0]
    assert has_cascades == [True, True]


@pytest.mark.parametrize("distribution", sorted({*MODELS.values(), *BASE.values()}))
def test_what_is_installed_is_what_was_pinned(distribution: str) -> None:
    try:
        found = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{distribution} is not installed")
    assert found.partition("+")[0] == PINNED[distribution]


def test_there_is_one_opencv() -> None:
    pins = {name: version for name, version in PINNED.items() if name.startswith("opencv-")}
    assert len(set(pins.values())) == 1, pins


def test_planning_the_largest_profile_loads_no_model_library(tmp_path: Path) -> None:
    code = f"""
import sys
from service.assembly import make_plan
from service.configuration import load
home = {str(tmp_path)!r}
load_flags = {{"profile": "gpu", "state.dir": home, "output.dir": home + "/out", "pool.num_cpus": 16}}
make_plan(load(load_flags, environ={{"HOME": home}}).configuration)
print(*sorted({{"torch", "transformers", "whisperx", "paddleocr", "paddlex", "pyannote.audio", "ctranslate2",
      "tesserocr", "onnxruntime", "cv2"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
