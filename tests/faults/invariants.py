"""The six invariants that hold after any fault, checked over a real home: ledger, inboxes, output, log, exit code.

I1  Each generation of content that has been present for its quiet time is in exactly one row of the ledger.
I2  No content has two documents, and what the ledger calls done is there.
I3  No byte and no timestamp of a source has changed.
I4  Nothing in the output is partial, and nothing temporary is left.
I5  Everything that waits or failed has a reason, and a line in the log.
I6  On SIGTERM the process ends with 0 within its time.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sources import Entry, Sources, differences, snapshot

from actors.fusion.names import PRIVATE_PREFIX, keyframe_name
from actors.fusion.published import Published, documents
from service.intake.names import NamePolicy
from service.ledger.ledger import read_ledger
from service.ledger.place import Place
from service.ledger.states import State
from service.ledger.values import Job
from service.logs.names import readable

STOP_WITHIN_S = 120.0
"""The unit's TimeoutStopSec; a case with a shorter drain may ask for less."""
_ENDED = frozenset({State.SUPERSEDED, State.GONE})
_SILENT = frozenset({"empty", "quiet"})
"""Waits that are told by nothing, and by `file.seen` (intake, gates G1 and G2)."""
_EVENTS: Mapping[State, frozenset[str]] = {
    State.WAITING: frozenset({"file.waiting", "file.stale", "file.never_settles"}),
    State.INCOMPLETE: frozenset({"file.incomplete"}),
    State.BLOCKED: frozenset({"file.blocked"}),
    State.REJECTED: frozenset({"file.rejected", "job.rejected"}),
    State.FAILED: frozenset({"job.failed"}),
    State.PARKED: frozenset({"job.parked"}),
}


@dataclass(frozen=True)
class Aftermath:
    """What a case has left.

    before: the inboxes as they were once the test itself had stopped changing them (`sources.snapshot`).
    events: every line of the log, of all the service's lives in the case. exit_code, stop_s: of the last one's SIGTERM.
    unseen: directories that the service cannot list (a lost root, no permission); what lies in them need have no row.
    """

    inboxes: Sequence[Path]
    output: Path
    ledger: Place
    before: Sources
    events: Sequence[Mapping[str, Any]]
    exit_code: int
    stop_s: float
    stop_within_s: float = STOP_WITHIN_S
    unseen: Sequence[Path] = ()
    jobs: list[Job] = field(init=False)
    after: Sources = field(init=False)
    published: dict[str, Published] = field(init=False)

    def __post_init__(self) -> None:
        ledger = read_ledger(self.ledger, output_root=os.fsencode(self.output))
        try:
            object.__setattr__(self, "jobs", ledger.jobs())
        finally:
            ledger.close()
        object.__setattr__(self, "after", snapshot(self.inboxes))
        found = documents(os.fsencode(self.output)) if self.output.is_dir() else ()
        object.__setattr__(self, "published", {document.name: document for document in found})


def breaches(case: Aftermath) -> list[str]:
    """Return every breach of an invariant, a sentence for each, with the invariant's number in front."""
    return [
        *(f"I1: {line}" for line in _rows(case)),
        *(f"I2: {line}" for line in _doubles(case)),
        *(f"I3: {line}" for line in differences(case.before, case.after)),
        *(f"I4: {line}" for line in partial(case.output)),
        *(f"I5: {line}" for line in _untold(case)),
        *(f"I6: {line}" for line in _end(case)),
    ]


def require(case: Aftermath) -> None:
    """Fail with all breaches at once."""
    found = breaches(case)
    assert not found, "\n".join(found)


def partial(output: Path, *, at_rest: bool = True) -> list[str]:
    """Return what in the output is not whole: documents, their pictures, pictures of nothing, leftovers.

    at_rest: nothing is being written, and the last start had its turn to sweep; otherwise only documents are looked at.
    """
    if not output.is_dir():
        return []
    whole = {f"{found.name}.json": found for found in documents(os.fsencode(output))}
    named = {picture for found in whole.values() for picture in _pictures(output, found)}
    files = [path for path in output.rglob("*") if not path.is_dir()]
    lines = [f"{path}: its picture is missing or cut" for path in sorted(named) if not _is_whole_jpeg(path)]
    for path in sorted(files):
        name = str(path.relative_to(output))
        ours = PRIVATE_PREFIX.decode() in name
        if path.suffix == ".json" and not ours and name not in whole:
            lines.append(f"{name}: not a whole document")
        elif at_rest and ours:
            lines.append(f"{name}: left behind")
        elif at_rest and path.suffix == ".jpg" and path.parent.name == "frames" and path not in named:
            lines.append(f"{name}: a picture of no document")
    return lines


def _pictures(output: Path, found: Published) -> Iterator[Path]:
    folder = (output / found.name).parent
    for index, shot in enumerate(found.document.shots):
        yield folder / (shot.keyframe or f"none: {keyframe_name(found.name, index)}")


def _is_whole_jpeg(path: Path) -> bool:
    with suppress(OSError):
        content = path.read_bytes()
        return content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9")
    return False


def _rows(case: Aftermath) -> Iterator[str]:
    rows: dict[bytes, list[Job]] = {}
    for job in case.jobs:
        if job.state not in _ENDED:
            rows.setdefault(job.absolute_path, []).append(job)
    for path, entry in _videos(case):
        here = [job for job in rows.get(path, []) if _stands_for(job, entry)]
        if len(here) != 1:
            seen = [(job.job_id, job.state.value, job.size, job.mtime_ns) for job in rows.get(path, [])]
            yield f"{readable(path)} is in {len(here)} rows; at its path: {seen}"
        for job in here:
            if job.sha256 is not None and not entry.content.startswith("extents") and job.sha256 != entry.content:
                yield f"{readable(path)}: job {job.job_id} holds another content's hash"


def _stands_for(job: Job, entry: Entry) -> bool:
    return (job.device, job.inode, job.size, job.mtime_ns) == (*entry.inode, entry.size, entry.mtime_ns)


def _videos(case: Aftermath) -> Iterator[tuple[bytes, Entry]]:
    """Yield the files that intake is to take, by its own policy of names."""
    policy = NamePolicy()
    state = [case.ledger.parent] if isinstance(case.ledger, Path) else []
    hidden = tuple(os.fsencode(folder) + b"/" for folder in (*case.unseen, case.output, *state))
    for inbox in map(os.fsencode, case.inboxes):
        for path, entry in case.after.items():
            *folders, name = path.removeprefix(inbox + b"/").split(b"/")
            taken = entry.is_regular and policy.is_video(name) and not any(map(policy.is_pruned, folders))
            if taken and path.startswith(inbox + b"/") and not path.startswith(hidden):
                yield path, entry


def _doubles(case: Aftermath) -> Iterator[str]:
    contents = Counter(found.sha256 for found in case.published.values())
    yield from (f"{count} documents describe {sha256}" for sha256, count in contents.items() if count > 1)
    done = [job for job in case.jobs if job.state is State.DONE and job.output_root == os.fsencode(case.output)]
    owners = Counter(job.sha256 for job in done)
    yield from (f"{count} jobs have done {sha256}" for sha256, count in owners.items() if count > 1)
    names = Counter((job.document or "").casefold() for job in done)
    yield from (f"{count} done jobs share the document {name!r}" for name, count in names.items() if count > 1)
    for job in done:
        found = case.published.get(job.document or "")
        if found is None or found.sha256 != job.sha256:
            what = "missing" if found is None else "another content's"
            yield f"{readable(job.path)} is done, and {job.document}.json is {what}"


def _untold(case: Aftermath) -> Iterator[str]:
    lives = max(1, sum(event["event"] == "service.ready" for event in case.events))
    told = Counter((event["event"], event.get("path"), event.get("reason")) for event in case.events)
    for job in case.jobs:
        if job.state not in _EVENTS:
            continue
        path = readable(job.path)
        if not job.reason:
            yield f"{path} is {job.state} without a reason"
        elif job.reason not in _SILENT:
            lines = sum(count for (name, of, _), count in told.items() if of == path and name in _EVENTS[job.state])
            if not lines:
                yield f"{path} is {job.state} ({job.reason}), and the log has no line of it"
            for (name, of, reason), count in told.items():
                if of == path and reason == job.reason and count > lives + job.run:
                    yield f"{path}: {count} times {name} ({reason}) in {lives} lives of the service"


def _end(case: Aftermath) -> Iterator[str]:
    if case.exit_code != 0:
        yield f"SIGTERM ended the service with {case.exit_code}"
    if case.stop_s > case.stop_within_s:
        yield f"the service took {case.stop_s:.1f} s to stop, {case.stop_within_s:g} s are allowed"
