"""Odd files, there before the service and come while it runs: described, waited for or passed over; none leads away."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bad_files
import odd_files
import pytest
from fault_case import Case
from processes import WITHOUT_MODELS, Home, Service, until
from stagehand import Stagehand

from service.ledger.names import folded
from service.ledger.values import Job
from service.logs.names import readable

WHEN = ("before", "meanwhile")


@dataclass
class Oddities:
    """What was put into one folder."""

    folder: Path
    named: list[bytes] = field(default_factory=list)
    special: list[Path] = field(default_factory=list)
    whole: dict[str, list[Path]] = field(default_factory=dict)
    incomplete: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def made(cls, folder: Path, model: Path) -> Oddities:
        folder.mkdir()
        content = model.read_bytes()
        return cls(
            folder,
            odd_files.named(folder, content),
            list(odd_files.special(folder, content)),
            {
                "folder": [odd_files.inside_a_folder_named_like_a_video(folder, content)],
                "deep": [odd_files.deep(folder, content)],
                "dated": odd_files.dated(folder, content),
                "sidecar": [odd_files.with_a_sidecar_that_leads_away(folder, content)],
            },
            odd_files.incomplete(folder, model),
        )

    def described(self) -> list[bytes]:
        return [*self.named, *(bytes(path) for paths in self.whole.values() for path in paths)]


@dataclass
class Seen:
    """The home after one life over both folders."""

    home: Home
    service: Service
    folders: dict[str, Oddities]
    jobs: dict[bytes, Job]
    breaches: list[str]
    beside: set[str]

    def told(self, path: bytes) -> list[dict[str, Any]]:
        name = readable(path.removeprefix(os.fsencode(self.home.inbox) + b"/"))
        return [event for event in self.service.events if event.get("path") == name]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, stagehand: Stagehand) -> Iterator[Seen]:
    home = Home(tmp_path_factory.mktemp("odd"), WITHOUT_MODELS)
    case, model = Case(home, stagehand), bad_files.long_clip(home.path / "model.mp4")
    folders = {"before": Oddities.made(home.inbox / "before", model)}
    with case.life() as service:
        service.ready()
        folders["meanwhile"] = Oddities.made(home.inbox / "meanwhile", model)
        case.snapshot()
        wanted = dict.fromkeys((path for made in folders.values() for path in made.described()), "done")
        wanted |= {bytes(path): "incomplete" for made in folders.values() for path in made.incomplete}

        def ended() -> bool:
            jobs = {job.absolute_path: str(job.state) for job in home.jobs()}
            return all(jobs.get(path) == state for path, state in wanted.items())

        with suppress(pytest.fail.Exception):  # each test says what has not ended
            until(ended, "all have ended", within_s=60)
        jobs = {job.absolute_path: job for job in home.jobs()}
        beside = {path.name for path in home.path.iterdir()}
        yield Seen(home, service, folders, jobs, case.breaches(service), beside)


when = pytest.mark.parametrize("when", WHEN)


@pytest.mark.fault("a name that trips programs up")
@when
@pytest.mark.parametrize("number", range(len(odd_files.NAMES)), ids=lambda n: readable(odd_files.NAMES[n])[:20])
def test_a_name_is_a_name(seen: Seen, when: str, number: int) -> None:
    path = seen.folders[when].named[number]
    job = seen.jobs[path]
    assert (str(job.state), job.attempts) == ("done", 1)
    document = seen.home.document(str(job.document))
    relative = path.removeprefix(os.fsencode(seen.home.inbox) + b"/")
    assert document.source.relative_path == relative.decode(errors="backslashreplace")
    told = [event["event"] for event in seen.told(path)]
    assert [name for name in told if name in {"file.settled", "job.claimed", "job.done"}] == [
        "file.settled",
        "job.claimed",
        "job.done",
    ], "one spelling, whoever tells of it"


@pytest.mark.fault("names that differ in case only, or in composition")
@when
def test_no_two_documents_share_a_name_on_any_file_system(seen: Seen, when: str) -> None:
    names = Counter(folded(str(seen.jobs[path].document)) for path in seen.folders[when].described())
    assert set(names.values()) == {1}


@pytest.mark.fault("a symbolic link, FIFO, socket or device with a video's name")
@when
def test_what_is_no_file_is_passed_over(seen: Seen, when: str) -> None:
    made = seen.folders[when]
    assert not {bytes(path) for path in made.special} & seen.jobs.keys()
    assert not [path for path in seen.jobs if b"private" in path or b"/loop/" in path or b"to-folder" in path]
    assert all(not seen.told(bytes(path)) for path in made.special)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("folder", marks=pytest.mark.fault("a folder with a video's name")),
        pytest.param("deep", marks=pytest.mark.fault("two hundred folders deep")),
        pytest.param("dated", marks=pytest.mark.fault("a time before 1970, of 1970, or in the future")),
    ],
)
@when
def test_where_and_when_it_is_of_does_not_matter(seen: Seen, when: str, kind: str) -> None:
    for path in seen.folders[when].whole[kind]:
        job = seen.jobs[bytes(path)]
        assert (str(job.state), job.attempts, job.run) == ("done", 1, 0)
        assert seen.home.document(str(job.document)).status == "complete"


@pytest.mark.fault("a sidecar with paths that lead away")
@when
def test_a_sidecar_leads_nowhere(seen: Seen, when: str) -> None:
    (path,) = seen.folders[when].whole["sidecar"]
    assert seen.home.document(str(seen.jobs[bytes(path)].document)).source.caption == "a caption"
    made_by_us = {"in", "out", "state", "model.mp4", *(f"outside-{name}" for name in WHEN)}
    assert {name for name in seen.beside if not name.startswith("stderr-")} == made_by_us
    assert {found.suffix for found in seen.home.output.rglob("*") if found.is_file()} == {".json", ".jpg"}


@pytest.mark.fault("a tail of zeros")
@pytest.mark.fault("more than 4 GiB, 64-bit sizes, boxes to the end of the file")
@pytest.mark.fault("cut, still recorded, or with a hole")
@when
def test_what_is_not_whole_says_why(seen: Seen, when: str) -> None:
    made = seen.folders[when].incomplete
    assert {path: seen.jobs[bytes(path)].reason for path in made} == made
    for path in made:
        assert [event["event"] for event in seen.told(bytes(path))].count("file.incomplete") == 1


@pytest.mark.fault("more than 4 GiB, 64-bit sizes, boxes to the end of the file")
@pytest.mark.long
def test_a_whole_file_of_more_than_4_gib_is_described(tmp_path: Path, stagehand: Stagehand) -> None:
    """Its padding is a hole, which is none: the index lies behind 5 GiB of it."""
    home = Home(tmp_path, WITHOUT_MODELS)
    case, model = Case(home, stagehand), bad_files.long_clip(tmp_path / "model.mp4")
    path = odd_files.beyond_4_gib(home.inbox / "large.mp4", model)
    case.snapshot()
    with case.life() as service:
        job = home.until_state(path, "done", "rejected", "incomplete", within_s=240)
        assert str(job.state) == "done", job
        document = home.document(str(job.document))
        assert (document.status, document.source.size_bytes, len(document.shots)) == (
            "complete",
            path.stat().st_size,
            2,
        )
        case.end(service)


def test_every_invariant_holds(seen: Seen) -> None:
    assert seen.breaches == []
    assert not seen.service.other_lines
    assert not seen.service.named("log.unknown")
