"""A small diarization pipeline on disk: the speaker segmentation that whisperx carries, and voices told by their MFCCs.

The segmentation is a trained network, the embedding has no weights: it tells two synthetic voices apart and shows that
a pipeline's parts work together; what it says about people means nothing.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchaudio
import yaml
from numpy.typing import NDArray
from pyannote.audio.core.model import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications

RATE_HZ = 16000
COEFFICIENTS = 20
PAUSE_S = 0.4


class MfccVoice(Model):  # type: ignore[misc] # pyannote has no types
    """Mean and deviation of the MFCCs over the masked frames, scaled by what `fit` saw."""

    def __init__(self, sample_rate: int = RATE_HZ, num_channels: int = 1, task: Any = None) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=num_channels, task=task)
        self.save_hyperparameters("sample_rate", "num_channels")
        mel = {"n_fft": 512, "hop_length": 160, "n_mels": 40}
        self.mfcc = torchaudio.transforms.MFCC(sample_rate, n_mfcc=COEFFICIENTS, melkwargs=mel)
        self.register_buffer("centre", torch.zeros(self.dimension))
        self.register_buffer("scale", torch.ones(self.dimension))

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return 2 * (COEFFICIENTS - 1)

    def num_frames(self, num_samples: int) -> int:
        """How many frames a sound has."""
        return num_samples // 160 + 1

    def receptive_field_size(self, num_frames: int = 1) -> int:
        """How many samples some frames see."""
        return 512 + 160 * (num_frames - 1)

    def receptive_field_center(self, frame: int = 0) -> int:
        """Which sample a frame is about."""
        return 160 * frame

    def fit(self, sounds: torch.Tensor) -> None:
        """Scale by some sounds, (sound, 1, samples)."""
        plain = self(sounds)
        self.centre, self.scale = plain.mean(dim=0), plain.std(dim=0) + 1e-3

    def forward(self, waveforms: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Return (sound, dimension) of (sound, 1, samples), weights (sound, frames)."""
        found = self.mfcc(waveforms[:, 0])[:, 1:]
        if weights is None:
            weights = torch.ones(found.shape[0], found.shape[-1])
        shares = torch.nn.functional.interpolate(weights[:, None].float(), size=found.shape[-1], mode="nearest")
        # Digital silence has coefficients like nothing else.
        shares = shares * (found[:, :1].abs() < 1e6)
        total = shares.sum(dim=-1) + 1e-6
        mean = (found * shares).sum(dim=-1) / total
        deviation = (((found - mean[..., None]) ** 2 * shares).sum(dim=-1) / total).sqrt()
        return (torch.cat([mean, deviation], dim=-1) - self.centre) / self.scale


def spoken(text: str, voice: str, folder: Path) -> NDArray[np.float32]:
    """Return what flite says, float32 mono at 16 kHz."""
    import wave

    path = folder / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    with wave.open(str(path)) as said:
        assert said.getframerate() == RATE_HZ
        samples = np.frombuffer(said.readframes(said.getnframes()), np.int16)
    return (samples / 32768).astype(np.float32)


def joined(parts: list[NDArray[np.float32]]) -> tuple[NDArray[np.float32], list[tuple[float, float]]]:
    """Return parts with pauses around them, and where each lies in seconds."""
    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.float32)
    sound, spans = [pause], []
    for part in parts:
        start = sum(each.size for each in sound)
        sound += [part, pause]
        spans.append((start / RATE_HZ, (start + part.size) / RATE_HZ))
    return np.concatenate(sound), spans


def make_pipeline(folder: Path, sample: NDArray[np.float32]) -> Path:
    """Write a pipeline's folder, its embedding scaled by the windows of a sound; return the folder."""
    (folder / "segmentation").mkdir(parents=True)
    (folder / "embedding").mkdir()
    (folder / "plda").mkdir()
    whisperx = find_spec("whisperx")
    assert whisperx is not None
    assert whisperx.origin is not None
    shutil.copy(Path(whisperx.origin).parent / "assets" / "pytorch_model.bin", folder / "segmentation")
    _write_embedding(folder / "embedding" / "pytorch_model.bin", sample)
    size = 2 * (COEFFICIENTS - 1)
    np.savez(folder / "plda" / "xvec_transform.npz", mean1=np.zeros(size), mean2=np.zeros(size), lda=np.eye(size))
    np.savez(folder / "plda" / "plda.npz", mu=np.zeros(size), tr=np.eye(size), psi=np.ones(size))
    (folder / "config.yaml").write_text(yaml.safe_dump(_config()))
    return folder


def _write_embedding(path: Path, sample: NDArray[np.float32]) -> None:
    model = MfccVoice()
    model.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0, classes=["0", "1"]
    )
    window = 2 * RATE_HZ
    windows = [sample[at : at + window] for at in range(0, sample.size - window, window // 2)]
    model.fit(torch.from_numpy(np.stack(windows))[:, None])
    checkpoint: dict[str, Any] = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": "2.0.0",
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, path)


def _config() -> dict[str, Any]:
    params = {part: f"$model/{part}" for part in ("segmentation", "embedding", "plda")}
    return {
        "dependencies": {"pyannote.audio": "4.0.0"},
        "pipeline": {
            "name": "pyannote.audio.pipelines.SpeakerDiarization",
            "params": {**params, "clustering": "AgglomerativeClustering", "segmentation_batch_size": 8},
        },
        "params": {
            "segmentation": {"min_duration_off": 0.0, "threshold": 0.5},
            "clustering": {"method": "average", "min_cluster_size": 1, "threshold": 0.8},
        },
    }
