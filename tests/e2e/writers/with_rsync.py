"""rsync in each of its ways to write."""

from __future__ import annotations

import signal
from pathlib import Path

from processes import until
from writers.plain import ON_CLOSE
from writers.scene import Scene, Writer

SLOW = "--bwlimit=3m"
VERY_SLOW = "--bwlimit=400k"
"""So that it can be interrupted before it ends, also on a busy machine."""
ON_RENAME = "it is renamed to its final name"


def _temporary(scene: Scene) -> Path | None:
    return next(iter(scene.folder.glob(f".{scene.target.name}.*")), None)


def _half_there(scene: Scene) -> bool:
    path = _temporary(scene)
    return path is not None and scene.grown(path)


def plain(scene: Scene) -> None:
    scene.run("rsync", "-a", SLOW, scene.source, scene.target)


def in_place(scene: Scene) -> None:
    scene.run("rsync", "--inplace", SLOW, scene.source, scene.target)


def in_place_over(scene: Scene) -> None:
    """An update in place truncates nothing: the name holds a mixture of both contents, with the final size."""
    in_place(scene)
    scene.source = scene.replaced()
    scene.run("rsync", "--inplace", "--whole-file", SLOW, scene.source, scene.target)


def partial(scene: Scene) -> None:
    """What came so far gets the final name when rsync is interrupted: by its name and events it is a finished file."""
    command = ("rsync", "--partial", scene.source, scene.target)
    scene.broken_off(*command, VERY_SLOW, when=lambda: _half_there(scene), with_signal=signal.SIGINT)
    # The receiving half of rsync ends a moment later than the half that was started.
    until(scene.grown, "rsync has left what came so far under the final name")
    scene.wait_for_refusal()
    scene.run(*command)


def partial_folder(scene: Scene) -> None:
    command = ("rsync", "--partial-dir=.partial", scene.source, scene.target)
    scene.broken_off(*command, VERY_SLOW, when=lambda: _half_there(scene), with_signal=signal.SIGINT)
    until((scene.folder / ".partial" / scene.target.name).exists, "rsync has left what came so far in its folder")
    scene.run(*command)


def delayed(scene: Scene) -> None:
    scene.run("rsync", "-a", "--delay-updates", SLOW, scene.source, scene.target)


def temporary_elsewhere(scene: Scene) -> None:
    scene.run("rsync", "-a", f"--temp-dir={scene.away}", SLOW, scene.source, scene.target)


_RSYNC = ("rsync",)
WRITERS = (
    Writer("rsync", plain, ON_RENAME, needs=_RSYNC),
    Writer("rsync --inplace", in_place, ON_CLOSE, needs=_RSYNC),
    Writer("rsync --inplace over an earlier video", in_place_over, ON_CLOSE, needs=_RSYNC, generations=2),
    Writer(
        "rsync --partial, interrupted and resumed",
        partial,
        f"{ON_RENAME}, and its container is closed",
        needs=_RSYNC,
        aborts=True,
    ),
    Writer("rsync --partial-dir, interrupted and resumed", partial_folder, ON_RENAME, needs=_RSYNC),
    Writer("rsync --delay-updates", delayed, ON_RENAME, needs=_RSYNC),
    Writer("rsync --temp-dir", temporary_elsewhere, ON_RENAME, needs=_RSYNC),
)
