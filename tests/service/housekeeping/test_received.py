"""What follows the documents of uploads and downloads: their files are nobody's to move or delete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from places import Site

from service.configuration import load
from service.housekeeping.assembly import make_housekeeping
from service.housekeeping.retention import DAY_S
from service.ledger_trouble import LedgerTrouble


class Landing(Site):
    """The same ledger and output, over the folder of uploads."""

    @property
    def inbox(self) -> Path:
        return self.home / "state" / "received"


def test_an_archive_empties_inboxes_only_and_retention_takes_of_all(site: Any, tmp_path: Path) -> None:
    (tmp_path / "state" / "received").mkdir(parents=True)
    landed = Landing(tmp_path, clock=site.clock)
    sent, dropped = landed.described("sent.mp4", b"sent"), site.described("dropped.mp4", b"dropped")
    given = {"profile": "embedded", "state.dir": tmp_path / "state", "output.dir": site.output}
    given |= {"intake.inboxes": [str(site.inbox)], "retention.keyframes_days": 7}
    given |= {"done.after_done": "move", "done.move_to": str(site.archive)}
    configuration = load(given, environ={"HOME": str(tmp_path)}).configuration
    trouble = LedgerTrouble(tmp_path, low_water_mib=0, clock=site.clock, emit=site.emit)
    forgotten: list[tuple[bytes, bytes]] = []
    house = make_housekeeping(
        configuration,
        ledger=site.ledger,
        clock=site.clock,
        emit=site.emit,
        trouble=trouble,
        forget=lambda root, path: forgotten.append((root, path)),
    )
    site.clock.advance(7 * DAY_S)
    house.work_off()
    landed.ledger.close()
    assert forgotten == [dropped.location]
    assert sorted(path.name for path in landed.inbox.iterdir()) == ["sent.mp4"]
    assert [path.name for path in site.archive.iterdir()] == ["dropped.mp4"]
    assert list(site.output.rglob("*.jpg")) == []
    assert site.ledger.job(sent.job_id).root == os.fsencode(landed.inbox)
    assert not site.emit.named("file.not_archived")
