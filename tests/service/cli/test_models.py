"""`reelwatch models`, run as a program against a hub on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import COMMIT, Hub, serving

WEIGHTS = os.urandom(24_000_000)
"""More than two of the pieces (10 MiB) in which the hub's library writes to disk."""
DINO = "IDEA-Research/grounding-dino-tiny"
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "pytorch_model.bin": b"not needed", "vocab.txt": b"a"}


class Home:
    """A models folder of its own, and the command on it."""

    def __init__(self, path: Path, hub: Hub) -> None:
        self.path, self.hub = path, hub
        self.models = path / "models"

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        kept = {key: os.environ[key] for key in ("PATH", "COVERAGE_PROCESS_START") if key in os.environ}
        return subprocess.run(
            [sys.executable, "-m", "service.cli.main", "models", *arguments],
            env=kept
            | {"HOME": str(self.path), "HF_ENDPOINT": self.hub.url, "REELWATCH_MODELS__DIR": f'"{self.models}"'}
            | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    @property
    def dino(self) -> Path:
        return self.models / DINO.replace("/", "--")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with serving(Hub({DINO: FILES})) as hub:
        yield Home(tmp_path, hub)


def test_a_model_is_pulled_listed_verified_and_removed(home: Home) -> None:
    pulled = home.run("pull", DINO, "--profile", "cpu")
    assert (pulled.returncode, pulled.stdout) == (0, f"{DINO}@{COMMIT[:12]}\n"), pulled.stderr
    assert sorted(path.name for path in home.dino.iterdir()) == [
        "config.json",
        "model.safetensors",
        "reelwatch-manifest.json",
        "vocab.txt",
    ]
    assert (home.dino / "model.safetensors").read_bytes() == WEIGHTS
    listed = {row["model"]: row for row in json.loads(home.run("list", "--profile", "cpu", "--json").stdout)}
    assert (listed[DINO]["state"], listed[DINO]["revision"]) == ("here", COMMIT)
    assert home.run("verify").returncode == 0
    (home.dino / "vocab.txt").write_bytes(b"b")
    damaged = home.run("verify")
    assert (damaged.returncode, damaged.stdout) == (1, f"{DINO}: vocab.txt has changed\n")
    assert home.run("remove", DINO).returncode == 0
    assert not home.dino.exists()


def test_a_pull_that_was_cut_short_goes_on_where_it_ended(home: Home) -> None:
    home.hub.break_off_after = 12_000_000
    cut = home.run("pull", DINO, "--profile", "cpu", HF_HUB_DOWNLOAD_TIMEOUT="3")
    assert cut.returncode == 1
    assert "run the same command again" in cut.stderr
    assert "Traceback" not in cut.stderr
    assert not home.dino.exists(), "what is not whole is not there"
    state = {row["model"]: row["state"] for row in json.loads(home.run("list", "--profile", "cpu", "--json").stdout)}
    assert state[DINO] == "begun"
    home.hub.break_off_after, before = None, home.hub.served
    assert home.run("pull", DINO, "--profile", "cpu").returncode == 0
    assert (home.dino / "model.safetensors").read_bytes() == WEIGHTS
    assert home.hub.served - before < len(WEIGHTS), "what had arrived was not fetched again"


def test_what_is_here_is_not_asked_for(home: Home) -> None:
    assert home.run("pull", DINO, "--profile", "cpu").returncode == 0
    home.hub.asked.clear()
    assert home.run("pull", DINO, "--profile", "cpu").returncode == 0
    assert home.hub.asked == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"gated": frozenset({DINO})}, "accept its terms", id="gated"),
        pytest.param({"repositories": {}}, "the hub knows no model", id="unknown"),
    ],
)
def test_a_refusal_is_a_sentence(home: Home, change: dict[str, object], says: str) -> None:
    for name, value in change.items():
        setattr(home.hub, name, value)
    refused = home.run("pull", DINO, "--profile", "cpu")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr


def test_terms_are_met_with_a_token(home: Home) -> None:
    home.hub.gated, home.hub.token = frozenset({DINO}), "secret"
    (home.path / "token").write_text("secret\n")
    pulled = home.run("pull", DINO, "--profile", "cpu", "--token-file", str(home.path / "token"))
    assert pulled.returncode == 0, pulled.stderr
    assert "secret" not in pulled.stdout + pulled.stderr


def test_without_a_network_it_says_so_soon(home: Home) -> None:
    refused = home.run("pull", DINO, "--profile", "cpu", HF_ENDPOINT="http://127.0.0.1:9")
    assert refused.returncode == 1
    assert "could not be downloaded" in refused.stderr


def test_a_folder_stands_in_for_the_hub(home: Home) -> None:
    own = home.path / "disk" / "grounding-dino-tiny"
    own.mkdir(parents=True)
    (own / "config.json").write_text("{}")
    (own / "model.safetensors").write_bytes(b"weights")
    home.hub.asked.clear()
    pulled = home.run("pull", DINO, "--profile", "cpu", "--from", str(own.parent), HF_ENDPOINT="http://127.0.0.1:9")
    assert pulled.returncode == 0, pulled.stderr
    assert (home.dino / "config.json").read_text() == "{}"


GERMAN = "jonatasgrosman/wav2vec2-large-xlsr-53-german"
WHISPER = "Systran/faster-whisper-large-v2"
PYANNOTE = "pyannote/speaker-diarization-community-1"
T5 = "Salesforce/blip2-flan-t5-xl"


@pytest.mark.parametrize(
    ("name", "expected", "files"),
    [
        pytest.param(
            PYANNOTE,
            PYANNOTE,
            ["config.yaml", "segmentation/pytorch_model.bin", "embedding/pytorch_model.bin", "plda/plda.npz"],
            id="gpu profile",
        ),
        pytest.param("openai/whisper-large-v2", WHISPER, ["config.json", "model.bin", "tokenizer.json"], id="alias"),
        pytest.param(GERMAN, GERMAN, ["config.json", "pytorch_model.bin"], id="aligner of another language"),
        pytest.param(T5, T5, ["config.json", "model.safetensors"], id="known, in no profile"),
        pytest.param("someone/tuned", "someone/tuned", ["config.json", "model.safetensors"], id="known to nobody"),
    ],
)
def test_a_remedy_can_be_run_whatever_the_profile(home: Home, name: str, expected: str, files: list[str]) -> None:
    home.hub.repositories = {expected: dict.fromkeys(files, b"x")}
    pulled = home.run("pull", name, *(["--accept-licences"] if name == "someone/tuned" else []))
    assert (pulled.returncode, pulled.stdout) == (0, f"{expected}@{COMMIT[:12]}\n"), pulled.stderr


def test_an_environment_without_the_hub_does_not_keep_a_pull_from_it(home: Home) -> None:
    home.hub.repositories = {DINO: {"config.json": b"{}", "model.safetensors": b"x"}}
    pulled = home.run("pull", DINO, HF_HUB_OFFLINE="1")
    assert pulled.returncode == 0, pulled.stderr


def test_a_folder_is_one_models_only_when_one_is_asked_for(home: Home) -> None:
    own = home.path / "own"
    own.mkdir()
    for name in ("config.json", "model.safetensors"):
        (own / name).write_bytes(b"{}")
    both = home.run("pull", DINO, T5, "--from", str(own))
    assert (both.returncode, both.stdout) == (1, "")
    assert both.stderr.count("is not in") == 2
    one = home.run("pull", DINO, "--from", str(own))
    assert one.returncode == 0, one.stderr


def test_a_begun_conversion_is_removed_too(home: Home) -> None:
    begun = [home.models / f"org--whisper{end}" for end in (".part", "--original.part")]
    for folder in begun:
        folder.mkdir(parents=True)
    assert home.run("remove", "org/whisper").returncode == 0
    assert not any(folder.exists() for folder in begun)


def test_the_list_tells_what_is_not_known_of_a_licence(home: Home) -> None:
    (home.path / ".config" / "reelwatch").mkdir(parents=True)
    settings = '[stages.captions]\noptions.model = "someone/blip"\n'
    (home.path / ".config" / "reelwatch" / "reelwatch.toml").write_text(settings)
    listed = {row["model"]: row for row in json.loads(home.run("list", "--profile", "cpu", "--json").stdout)}
    assert (listed["someone/blip"]["licence"], listed["someone/blip"]["commercial"]) == ("unknown", None)
    assert "commercial use not known" in home.run("list", "--profile", "cpu").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["pull", "none"], 2, "no backend knows this model"),
        (["pull", "org/none"], 1, "its licence is not known. Read the model's page"),
        (["pull", "Salesforce/blip2-opt-2.7b"], 1, "For commercial use take Salesforce/blip2-flan-t5-xl"),
        (["remove", "org/none"], 2, "not in"),
        (["pull", "--profile", "embedded"], 0, "needs no models"),
        (["list", "--profile", "embedded"], 0, "needs no models"),
    ],
)
def test_what_makes_no_sense(home: Home, arguments: list[str], code: int, says: str) -> None:
    done = home.run(*arguments)
    assert done.returncode == code
    assert says in done.stdout + done.stderr
