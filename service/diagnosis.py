"""What `reelwatch doctor` finds out about this host, as values."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.card_findings import card_findings
from service.configuration.profiles import has_cuda_device
from service.findings import Finding
from service.intake.mounts import mount_of_root

if TYPE_CHECKING:
    from actors.plan import Plan
    from service.configuration import Loaded

PACKAGES = (
    "av",
    "faster-whisper",
    "numpy",
    "onnxruntime",
    "pocketsphinx",
    "pydantic",
    "rapidocr",
    "ray",
    "scenedetect-headless",
    "sqlalchemy",
    "structlog",
    "watchdog",
)
"""Distributions that are always installed and people ask about."""

EXTRAS = {
    "librosa": "audio",
    "yt-dlp": "download",
    "torch": "models",
    "transformers": "models",
    "whisperx": "models",
    "paddleocr": "models",
    "pyannote.audio": "models",
    "pyarrow": "parquet",
    "psycopg": "postgresql",
    "fastapi": "web",
}
"""Distributions of extras, and which one brings each."""

OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")

WATCHES_WANTED = 8_192
"""One watch per folder: fewer than this and a large tree is scanned instead of watched."""
_INOTIFY = Path("/proc/sys/fs/inotify")
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Ray keeps its object store, not a file of ours


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything found, by topic; `healthy` when nothing is bad."""

    topics: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether the service can do its job here."""
        return all(finding.verdict != "bad" for findings in self.topics.values() for finding in findings)

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        topics = {topic: [asdict(finding) for finding in findings] for topic, findings in self.topics.items()}
        return {"healthy": self.healthy, "topics": topics}


def examine(loaded: Loaded, plan: Plan) -> Diagnosis:
    """Look at everything the service depends on here; imports OpenCV, nothing else that is heavy."""
    folders = {"output": loaded.configuration.output.dir, "state": loaded.configuration.state.dir}
    return Diagnosis(
        {
            "program": tuple(_program(loaded)),
            "packages": tuple(_packages()),
            "opencv": tuple(_opencv()),
            "stages": tuple(_stages(plan)),
            "device": tuple(_device()),
            "memory on the card": tuple(card_findings(loaded.configuration, plan, file=loaded.file)),
            "disk": tuple(_disk(folders, low_water_mib=loaded.configuration.disk.low_water_mib)),
            "memory": tuple(_memory(loaded.configuration.pool.object_store_mib, kind=loaded.configuration.pool.kind)),
            "watching": tuple(_watching(loaded.configuration.intake.inboxes)),
        }
    )


def _program(loaded: Loaded) -> Iterator[Finding]:
    yield Finding("reelwatch", version_of("reelwatch") or "not installed (a source tree)")
    yield Finding("python", platform.python_version())
    yield Finding("system", f"{platform.system()} {platform.release()} {platform.machine()}")
    yield Finding("settings", str(loaded.file or "defaults (no settings file)"))
    yield Finding("profile", f"{loaded.configuration.profile} ({loaded.origins['profile']})")


def version_of(distribution: str) -> str | None:
    """Return an installed distribution's version, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _packages() -> Iterator[Finding]:
    for name in (*PACKAGES, *EXTRAS):
        version = version_of(name)
        if version is not None:
            yield Finding(name, version)
        elif name in EXTRAS:
            yield Finding(name, f"not installed (extra {EXTRAS[name]})", "note")
        else:
            yield Finding(name, "missing", "bad", "install reelwatch again: pip install -c constraints.txt .")


def _opencv() -> Iterator[Finding]:
    import cv2  # noqa: PLC0415 - a second to import; only doctor needs it here

    yield Finding("version", cv2.__version__)
    found = [f"{name} {version}" for name in OPENCV if (version := version_of(name))]
    if len({line.split()[1] for line in found}) == 1:
        # The models extra brings a second one, of the same version: its files are the same and some more.
        yield Finding("distributions", ", ".join(found))
        return
    # They all install the same package `cv2`, so the one installed last overwrites parts of the others.
    names = " ".join(line.split()[0] for line in found)
    remedy = f"pip uninstall {names}, then pip install -c constraints.txt opencv-python-headless"
    yield Finding("distributions", ", ".join(found) or "none", "bad" if found else "note", remedy)


def _stages(plan: Plan) -> Iterator[Finding]:
    for stage in plan.stages:
        if stage.runs:
            yield Finding(stage.name, f"{stage.backend} ({stage.model})")
        elif stage.status == "unavailable":
            yield Finding(stage.name, "unavailable", "bad", stage.reason)
        else:
            yield Finding(stage.name, f"{stage.status}: {stage.reason}")


def _device() -> Iterator[Finding]:
    yield Finding("processor", f"{len(os.sched_getaffinity(0))} cores may be used")
    yield Finding("CUDA device", "found" if has_cuda_device() else "none; models run on the processor")


def _disk(folders: Mapping[str, Path], *, low_water_mib: int) -> Iterator[Finding]:
    for name, folder in folders.items():
        yield _folder(f"{name} folder", folder, low_water_mib=low_water_mib)
    mount = mount_of_root(os.fsencode(_nearest(folders["state"])))
    # SQLite's write-ahead log needs memory shared between processes of one host (sqlite.org/wal.html).
    if mount.kind.is_local:
        yield Finding("ledger file system", mount.fs_type)
    else:
        yield Finding(
            "ledger file system", mount.fs_type or "unknown", "bad", "keep the state on a local disk: --state"
        )


def _folder(name: str, folder: Path, *, low_water_mib: int) -> Finding:
    there = _nearest(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding(name, f"{there} cannot be written", "bad", f"let this user write in {there}, or name another")
    free_mib = shutil.disk_usage(there).free // 2**20
    value = f"{folder}: {free_mib} MiB free"
    if free_mib < low_water_mib:
        remedy = f"work pauses below disk.low_water_mib = {low_water_mib}: free space or choose another folder"
        return Finding(name, value, "bad", remedy)
    return Finding(name, value)


def _nearest(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())


def _memory(object_store_mib: int, *, kind: str) -> Iterator[Finding]:
    total_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    yield Finding("memory", f"{total_mib} MiB")
    if kind == "ray" and _SHARED_MEMORY.is_dir():
        free_mib = shutil.disk_usage(_SHARED_MEMORY).free // 2**20
        short = free_mib < object_store_mib
        remedy = "lower pool.object_store_mib, or give the container more shared memory (--shm-size)"
        value = f"{free_mib} MiB free for {object_store_mib} MiB of decoded videos"
        yield Finding("shared memory", value, "bad" if short else "good", remedy if short else None)


def _watching(inboxes: tuple[Path, ...]) -> Iterator[Finding]:
    for name, wanted in (("max_user_watches", WATCHES_WANTED), ("max_user_instances", 2), ("max_queued_events", 4_096)):
        limit = _limit(name)
        if limit is None:
            # ProcSubset=pid of a hardened unit hides /proc/sys.
            yield Finding(f"fs.inotify.{name}", "not readable here", "note")
            continue
        low = limit < wanted
        remedy = f"sysctl fs.inotify.{name}={wanted}; until then folders beyond it are scanned, not watched"
        yield Finding(f"fs.inotify.{name}", str(limit), "note" if low else "good", remedy if low else None)
    for inbox in inboxes:
        yield _inbox(inbox)


def _limit(name: str) -> int | None:
    try:
        return int((_INOTIFY / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _inbox(inbox: Path) -> Finding:
    name = f"inbox {inbox}"
    if not inbox.is_dir():
        return Finding(
            name, "is not there", "bad", f"create it (mkdir -p {inbox}), mount it, or correct intake.inboxes"
        )
    if not os.access(inbox, os.R_OK | os.X_OK):
        return Finding(name, "cannot be read", "bad", "give this user the right to read and enter it")
    mount = mount_of_root(os.fsencode(inbox))
    how = "watched and scanned" if mount.kind.has_events else "scanned: this file system tells of no changes"
    return Finding(name, f"{mount.fs_type or 'unknown file system'} ({mount.kind.value}), {how}")
