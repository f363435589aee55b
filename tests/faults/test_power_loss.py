"""Power is lost: nothing is believed done that is not on the disk. Seen by the order of what goes there."""

from __future__ import annotations

from pathlib import Path

import bad_files
import pytest
from disk_recorder import DONE
from fault_case import Case
from processes import WITHOUT_MODELS, Home, until
from stagehand import Stagehand


def in_order(record: list[str], *wanted: str) -> bool:
    """Whether these lines stand in the record, one after the other."""
    lines = iter(record)
    return all(line in lines for line in wanted)


@pytest.mark.fault("power is lost")
def test_a_document_is_on_the_disk_before_its_name_and_before_the_ledger_says_done(
    tmp_path: Path, stagehand: Stagehand
) -> None:
    home, record = Home(tmp_path, WITHOUT_MODELS), tmp_path / "record"
    case, video = Case(home, stagehand), bad_files.long_clip(home.inbox / "a.mp4")
    other = video.read_bytes() + bad_files.box(b"free", b"other")
    with case.life(FAULT_RECORD=str(record)) as service:
        home.until_state(video, "done")
        first = len(record.read_text().splitlines())
        video.write_bytes(other)
        case.snapshot()
        until(lambda: record.read_text().splitlines().count(DONE) == 2, "the document is replaced")
        home.until_state(video, "done")
        case.end(service)
    lines, out, folder = record.read_text().splitlines(), home.output, home.output / "a"
    staged, named = folder / ".reelwatch-frames", "rename .reelwatch-a.json a.json"
    swap, draft = "rename .reelwatch-frames frames", (f"fsync {out}/.reelwatch-a.json", named, f"fsync {out}", DONE)
    for made in (lines[:first], lines[first:]):
        assert in_order(made, *draft)
        for number in (1, 2):
            assert in_order(
                made, f"fsync {staged}/a_s00{number}.jpg", f"fsync {staged}", swap, f"fsync {folder}", named
            )
    assert in_order(lines[:first], f"fsync {out}", named), "the pictures' folder has its name on the disk, too"
