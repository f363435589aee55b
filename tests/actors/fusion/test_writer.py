"""The writer under attack: a crash or a refusal at every call, a full disk, links, strangers' files."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors.backend import StageItem
from actors.document import parse
from actors.errors import ActorError, BadInput, EnvironmentFault, Transient
from actors.fusion import directories, frames, published, writer
from actors.fusion.assemble import assemble
from actors.fusion.exchange import exchange
from actors.fusion.published import sweep
from actors.fusion.writer import publish

Make = Callable[..., StageItem]
MODULES = (directories, frames, writer, published)


class Crash(BaseException):
    """The process ends here: nothing after it runs."""


class Kernel:
    """`os`, but from call number `stop_at` on it fails: for ever, or once."""

    def __init__(self, stop_at: float, *, error: int | None = None, once: bool = False) -> None:
        self.calls, self.stop_at, self.error, self.once = 0, stop_at, error, once

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        # Closing cannot fail on what matters here, and descriptors must not leak out of a simulated crash.
        return self._guarded(real) if callable(real) and name not in {"close", "fsencode", "fsdecode"} else real

    def exchange(self, *args: Any, **kwargs: Any) -> bool:
        return self._guarded(exchange)(*args, **kwargs)

    def no_exchange(self, *_: Any, **__: Any) -> bool:
        return False

    def _guarded(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self.stop_at or (self.calls > self.stop_at and not self.once):
                raise Crash if self.error is None else OSError(self.error, os.strerror(self.error))
            return None if real is os.fsync else real(*args, **kwargs)

        return call


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kernel]:
    def run(item: StageItem, kernel: Kernel, *, exchanges: bool = True) -> Kernel:
        with monkeypatch.context() as patched:
            for module in MODULES:
                patched.setattr(module, "os", kernel)
            patched.setattr(frames, "exchange", kernel.exchange if exchanges else kernel.no_exchange)
            publish(assemble(item, created_at="2025-10-04T18:30:00Z"), item.fusion, item.keyframes)
        return kernel

    return run


def state(output: Path) -> SimpleNamespace:
    """What a reader finds: the document, its pictures' labels (None where missing), and all files."""
    path = output / "tips" / "blåbær.json"
    document = parse(path.read_bytes()) if path.exists() else None
    pictures = [path.parent / shot.keyframe for shot in document.shots] if document else []
    return SimpleNamespace(
        run=document.processing.run_id if document else None,
        labels=[p.read_bytes()[2:-2].decode() if p.exists() else None for p in pictures],
        files=sorted(str(p.relative_to(output)) for p in output.rglob("*") if not p.is_dir()),
    )


def at_rest(run: str | None, label: str, shots: int, *, extra: tuple[str, ...] = ()) -> SimpleNamespace:
    names = [f"tips/blåbær/frames/blåbær_s00{n + 1}.jpg" for n in range(shots)]
    return SimpleNamespace(
        run=run,
        labels=[f"{label} {n}" for n in range(shots)],
        files=sorted([*(["tips/blåbær.json"] if run else []), *names, *extra]),
    )


CASES = [
    pytest.param(None, 2, True, id="first document"),
    pytest.param(3, 2, True, id="fewer shots"),
    pytest.param(1, 3, True, id="more shots"),
    pytest.param(2, 0, True, id="no shots any more"),
    pytest.param(0, 2, True, id="shots at last"),
    pytest.param(3, 2, False, id="file system without exchange"),
]


def prepared(tmp_path: Path, n: int, make: Make, run: Callable[..., Kernel], old: int | None) -> tuple[Path, dict]:
    output = tmp_path / str(n)
    output.mkdir()
    where = {"output_root": bytes(output)}
    if old is not None:
        run(make(shots=old, label="old", run_id="1.1", **where), Kernel(float("inf")))
    if old:
        (output / "tips" / "blåbær" / "frames" / "notes.txt").write_text("mine")
    return output, where


@pytest.mark.fault("killed between pictures and document")
@pytest.mark.parametrize(("old", "new", "exchanges"), CASES)
def test_crash_at_any_call_leaves_the_old_or_the_new(
    tmp_path: Path, make_item: Make, run: Callable[..., Kernel], old: int | None, new: int, *, exchanges: bool
) -> None:
    extra = ("tips/blåbær/frames/notes.txt",) if old else ()
    before = at_rest("1.1" if old is not None else None, "old", old or 0, extra=extra)
    after = at_rest("2.1", "new", new, extra=extra)
    seen, n = set(), 0
    while True:
        n += 1
        output, where = prepared(tmp_path, n, make_item, run, old)
        try:
            run(make_item(shots=new, label="new", run_id="2.1", **where), Kernel(n), exchanges=exchanges)
            break
        except Crash:
            crashed = state(output)
        assert crashed.run in {before.run, "2.1"}
        assert None not in crashed.labels or not exchanges
        sweep(bytes(output))
        assert state(output) in (before, after), f"call {n}"
        assert state(output).run == crashed.run
        assert sweep(bytes(output)) == 0
        seen.add(crashed.run)
    assert state(output) == after
    assert seen == {before.run, "2.1"}
    assert n > 30


@pytest.mark.parametrize(("old", "new", "exchanges"), CASES)
@pytest.mark.parametrize("once", [True, False], ids=["once", "for ever"])
def test_refusal_at_any_call_leaves_the_old_or_the_new(
    tmp_path: Path,
    make_item: Make,
    run: Callable[..., Kernel],
    old: int | None,
    new: int,
    *,
    exchanges: bool,
    once: bool,
) -> None:
    extra = ("tips/blåbær/frames/notes.txt",) if old else ()
    before = at_rest("1.1" if old is not None else None, "old", old or 0, extra=extra)
    after = at_rest("2.1", "new", new, extra=extra)
    reasons, n = [], 0
    while True:
        n += 1
        output, where = prepared(tmp_path, n, make_item, run, old)
        kernel = Kernel(n, error=errno.ENOSPC, once=once)
        refused = None
        try:
            run(make_item(shots=new, label="new", run_id="2.1", **where), kernel, exchanges=exchanges)
        except EnvironmentFault as fault:
            refused = fault.reason
        if kernel.calls < n:
            break
        if refused is None or not once:
            # Where the refused call was one of tidying up, or the disk refuses even that, the next start tidies up.
            sweep(bytes(output))
        assert state(output) in ([before, after] if refused else [after]), f"call {n}"
        reasons.append(refused)
    assert state(output) == after
    assert set(reasons) == {"disk_full", None}
    assert reasons.count("disk_full") > 25


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fuse(item: StageItem) -> None:
    publish(assemble(item, created_at="2025-10-04T18:30:00Z"), item.fusion, item.keyframes)


def test_full_disk(tiny_disk: Path, make_item: Make) -> None:
    where = {"output_root": bytes(tiny_disk)}
    fuse(make_item(run_id="1.1", **where))
    filler = tiny_disk / "filler"
    free = os.statvfs(tiny_disk).f_bavail * 4096
    filler.write_bytes(b"x" * (free - 12_288))
    with pytest.raises(EnvironmentFault, match="free some space") as refused:
        fuse(make_item(run_id="2.1", label="new" * 3000, **where))
    assert refused.value.reason == "disk_full"
    filler.unlink()
    assert state(tiny_disk) == at_rest("1.1", "old", 3)
    fuse(make_item(run_id="3.1", label="new", **where))
    assert state(tiny_disk) == at_rest("3.1", "new", 3)


def test_missing_root_is_a_missing_mount_and_is_not_made(make_item: Make, output: Path) -> None:
    with pytest.raises(EnvironmentFault) as refused:
        fuse(make_item(output_root=bytes(output / "gone")))
    assert refused.value.reason == "output_gone"
    assert not (output / "gone").exists()


@pytest.mark.parametrize("where", ["tips", "tips/blåbær", "tips/blåbær/frames"])
def test_link_in_the_output_leads_nowhere(make_item: Make, output: Path, tmp_path: Path, where: str) -> None:
    outside = tmp_path / "outside"
    (outside / "frames").mkdir(parents=True)
    (outside / "blåbær_s001.jpg").write_text("mine")
    (output / where).parent.mkdir(parents=True, exist_ok=True)
    (output / where).symlink_to(outside)
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    with pytest.raises(Transient) as refused:
        fuse(make_item())
    assert refused.value.reason == "output_blocked"
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before
    assert sweep(bytes(output)) == 0


def test_link_in_a_files_place_is_not_written_through(make_item: Make, output: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (output / "tips").mkdir()
    (output / "tips" / ".reelwatch-blåbær.json").symlink_to(mine)
    fuse(make_item())
    assert mine.read_text() == "mine"
    assert not (output / "tips" / "blåbær.json").is_symlink()


def body(path: Path) -> tuple[int, ...]:
    """What writing changes; reading changes the time of access."""
    status = path.lstat()
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_nlink


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        pytest.param(lambda p: p.write_text('{"caption": "a sidecar"}'), "name_taken", id="a stranger's JSON"),
        pytest.param(lambda p: p.write_text(""), "name_taken", id="an empty file"),
        pytest.param(Path.mkdir, "name_taken", id="a directory"),
        pytest.param(os.mkfifo, "name_taken", id="a pipe"),
        pytest.param(lambda p: p.symlink_to("/etc/passwd"), "output_blocked", id="a link"),
    ],
)
def test_strangers_file_is_not_replaced(
    make_item: Make, output: Path, place: Callable[[Path], None], reason: str
) -> None:
    (output / "tips").mkdir()
    path = output / "tips" / "blåbær.json"
    place(path)
    before = body(path)
    with pytest.raises(Transient) as refused:
        fuse(make_item())
    assert refused.value.reason == reason
    assert body(path) == before
    assert [p.name for p in (output / "tips").iterdir()] == ["blåbær.json"]


def test_strangers_file_in_the_folders_place_stays(make_item: Make, output: Path) -> None:
    (output / "tips").mkdir()
    (output / "tips" / "blåbær").write_text("mine")
    with pytest.raises(Transient) as refused:
        fuse(make_item())
    assert refused.value.reason == "output_blocked"
    assert (output / "tips" / "blåbær").read_text() == "mine"
    assert [p.name for p in (output / "tips").iterdir()] == ["blåbær"]


def test_another_documents_pictures_inside_the_frames_folder_come_along(make_item: Make, output: Path) -> None:
    # blåbær.mp4 beside a folder blåbær/ that holds frames.mp4.
    fuse(make_item())
    fuse(make_item(name="tips/blåbær/frames", shots=1, label="other"))
    fuse(make_item(label="new", shots=2))
    nested = output / "tips" / "blåbær"
    assert (nested / "frames" / "frames" / "frames_s001.jpg").read_bytes()[2:-2] == b"other 0"
    assert sorted(p.name for p in nested.glob("frames/*.jpg")) == ["blåbær_s001.jpg", "blåbær_s002.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "-rf",
        "a b  c",
        "100%s {x}",
        "émoji 🎬",
        "'; DROP TABLE",
        "æ" * 90,
        "a.mp4",
        ".hidden",
        "back\\slash",
        "new\nline",
        "*?[",
        "deep/er/and/deeper",
    ],
)
def test_weird_names(make_item: Make, output: Path, name: str) -> None:
    fuse(make_item(name=name))
    document = parse((output / f"{name}.json").read_bytes())
    assert all(((output / f"{name}.json").parent / shot.keyframe).is_file() for shot in document.shots)
    found = published.published(bytes(output), name)
    assert found is not None
    assert [p.name for p in published.documents(bytes(output))] == [found.name] == [name]


@pytest.mark.parametrize("name", ["", "/etc/x", "../x", "a/../../x", "a//b", ".", "a/.", "nul\0", ".reelwatch-x"])
def test_names_that_lead_astray_are_refused(make_item: Make, output: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no document name"):
        fuse(make_item(name=name))
    assert list(output.iterdir()) == []


def test_name_too_long_for_the_disk_is_the_names_fault(make_item: Make, output: Path) -> None:
    with pytest.raises(BadInput) as refused:
        fuse(make_item(name="dir/" + "x" * 250))
    assert refused.value.reason == "name_too_long"
    assert list(output.iterdir()) == []


@pytest.mark.parametrize("umask", [0o000, 0o077])
@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o644, 0o755), (0o640, 0o750), (0o600, 0o700)])
def test_modes(make_item: Make, output: Path, file_mode: int, folder_mode: int, umask: int) -> None:
    before = os.umask(umask)
    try:
        fuse(make_item(file_mode=file_mode))
    finally:
        os.umask(before)
    modes = {p.name: p.stat().st_mode & 0o777 for p in output.rglob("*")}
    assert {modes[name] for name in ("blåbær.json", "blåbær_s001.jpg")} == {file_mode}
    assert {modes[name] for name in ("tips", "blåbær", "frames")} == {folder_mode}


class Share(Kernel):
    """A mount that cannot sync directories, set modes or link."""

    def __init__(self, missing: str) -> None:
        super().__init__(float("inf"))
        self.missing = missing

    def __getattr__(self, name: str) -> Any:
        return self._missing if name == self.missing else getattr(os, name)

    def _missing(self, fd: Any, *_: Any, **__: Any) -> None:
        if self.missing != "fsync" or stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("missing", ["fsync", "fchmod", "link"])
def test_share_with_fewer_calls_serves(make_item: Make, run: Callable[..., Kernel], output: Path, missing: str) -> None:
    run(make_item(shots=3, run_id="1.1"), Share(missing), exchanges=False)
    run(make_item(shots=2, run_id="2.1", label="new"), Share(missing), exchanges=False)
    assert state(output) == at_rest("2.1", "new", 2)


@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (errno.ENOSPC, EnvironmentFault, "disk_full"),
        (errno.EDQUOT, EnvironmentFault, "quota_exceeded"),
        (errno.EROFS, EnvironmentFault, "read_only"),
        (errno.EIO, EnvironmentFault, "io_error"),
        (errno.EACCES, EnvironmentFault, "not_writable"),
        (errno.ESTALE, EnvironmentFault, "output_gone"),
        (errno.EBUSY, Transient, "write_failed"),
    ],
)
def test_refusals_are_told_apart(
    make_item: Make, run: Callable[..., Kernel], number: int, kind: type[ActorError], reason: str
) -> None:
    with pytest.raises(kind) as refused:
        run(make_item(), Kernel(12, error=number))
    assert refused.value.reason == reason
    assert "tips/blåbær.json" in str(refused.value)
