"""The index follows the documents by itself, whatever ends the service, and forgets what they no longer say."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from places import Site

from service.housekeeping.housekeeping import SET_ASIDE_S, Housekeeping
from service.housekeeping.indexing import COMPARE_EVERY_S, RETRY_S, TIDY_EVERY_S, Indexing
from service.housekeeping.retention import DAY_S, Retention
from service.ledger.afterwork_values import DOCUMENT, KEYFRAMES, TRANSCRIPT
from service.ledger.errors import LedgerBusy
from service.ledger.library.asking import Listing, TextQuery
from service.ledger.library.indexing import IndexingSide
from service.ledger.library.values import Page
from service.search.entry import entry_of
from service.search.language import parse
from service.search.search import Hits, hits

if TYPE_CHECKING:
    from actors.fusion.published import Published
    from service.ledger.library.values import Entry


@dataclass
class Watched:
    """A site with the task."""

    site: Site
    task: Indexing

    def round(self) -> None:
        """Whatever is due is done, as the service's thread does it."""
        house = Housekeeping([self.task], ledger=self.site.ledger, clock=self.site.clock, emit=self.site.emit)
        house.work_off()

    def again(self) -> None:
        """A process that comes after a crash."""
        self.site.reopen()
        self.task = task(self.site)

    def listed(self) -> list[str]:
        page = self.site.ledger.library.page(Listing())
        assert isinstance(page, Page)
        return sorted(row.document for row in page.rows)

    def found(self, text: str) -> list[str]:
        asked = parse(text)
        assert isinstance(asked, TextQuery)
        page = hits(self.site.ledger.library, asked)
        assert isinstance(page, Hits)
        return sorted({hit.row.document for hit in page.hits})

    def later(self, seconds: float) -> None:
        self.site.clock.sleep(seconds)


def task(site: Site) -> Indexing:
    return Indexing(ledger=site.ledger, clock=site.clock, emit=site.emit)


@pytest.fixture
def watched(site: Site) -> Watched:
    return Watched(site, task(site))


def a_word(site: Site) -> str:
    """A word that is said in every document of the site."""
    document = next(iter(sorted(site.output.rglob("*.json"))))
    said: str = json.loads(document.read_text(encoding="utf-8"))["transcript"]["words"][0]["word"]
    return said


def test_a_document_is_found_in_the_round_after_its_end(watched: Watched) -> None:
    watched.round()
    watched.site.described("a.mp4", b"one")
    watched.site.described("tips/b.mp4", b"two")
    assert watched.listed() == []
    watched.round()
    assert (watched.listed(), watched.found(a_word(watched.site))) == (["a", "tips/b"], ["a", "tips/b"])
    assert watched.site.ledger.library.due(limit=9) == []


@pytest.mark.parametrize("steps", range(4))
def test_a_kill_between_any_two_documents_loses_none(watched: Watched, steps: int) -> None:
    for name in "abc":
        watched.site.described(f"{name}.mp4", name.encode())
    for errand in watched.task.errands()[:steps]:
        errand.run()
    watched.again()
    watched.round()
    assert watched.listed() == ["a", "b", "c"]


def test_a_kill_within_the_transaction_leaves_the_note(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_arguments: object, **_values: object) -> None:
        raise Killed

    watched.site.described("a.mp4", b"one")
    with monkeypatch.context() as patch:
        patch.setattr("service.ledger.library.indexing._answer", killed)
        with pytest.raises(Killed):
            watched.task.errands()[0].run()
    watched.again()
    assert watched.listed() == []
    watched.round()
    assert watched.listed() == ["a"]


def test_a_document_that_is_made_anew_replaces_what_was_indexed(watched: Watched) -> None:
    job = watched.site.described("a.mp4", b"one")
    watched.round()
    before = a_word(watched.site)
    path = watched.site.output / "a.json"
    document = json.loads(path.read_text(encoding="utf-8").replace(before, "nyord"))
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    watched.site.ledger.library.note_due([(os.fsencode(watched.site.output), str(job.document))])
    watched.round()
    assert (watched.found(before), watched.found("nyord")) == ([], ["a"])


PRIVATE = "qzhemmelig"
"""FTS5 leaves out what a word has in common with the one before it in the alphabet: this one has nothing in common."""


def with_an_old_one(watched: Watched) -> None:
    """Documents in an index of one piece; `a`, in which something private is said, is half a day older than others."""
    site = watched.site
    site.described("a.mp4", b"a")
    path = site.output / "a.json"
    path.write_text(path.read_text(encoding="utf-8").replace(a_word(site), PRIVATE), encoding="utf-8")
    site.clock.sleep(DAY_S / 2)
    for name in "bcdef":
        site.described(f"{name}.mp4", name.encode())
    watched.round()
    more = site.ledger.library.tidy(begin=True)
    while more:
        more = site.ledger.library.tidy(begin=False)
    assert watched.found(PRIVATE) == ["a"]


@pytest.mark.parametrize("kind", [TRANSCRIPT, DOCUMENT, KEYFRAMES])
def test_what_retention_takes_away_is_gone_from_the_index_and_from_its_files(watched: Watched, kind: str) -> None:
    with_an_old_one(watched)
    site = watched.site
    site.clock.sleep(DAY_S / 2 + 1)
    retention = Retention({kind: DAY_S}, ledger=site.ledger, clock=site.clock, emit=site.emit)
    house = Housekeeping([watched.task, retention], ledger=site.ledger, clock=site.clock, emit=site.emit)
    house.work_off()
    site.clock.sleep(TIDY_EVERY_S + 1)
    house.work_off()
    if kind == KEYFRAMES:
        row = site.ledger.library.document(a_video(site))
        assert (watched.found(PRIVATE), row is not None and row.keyframe) == (["a"], None)
        return
    assert watched.found(PRIVATE) == []
    assert watched.listed() == list("bcdef" if kind == DOCUMENT else "abcdef")
    assert PRIVATE.encode() not in everything(site), "in the tables, in the index of words, or in the log"


def test_before_the_index_is_tidied_its_words_lie_on_in_it(watched: Watched) -> None:
    """So that the test above can fail."""
    with_an_old_one(watched)
    watched.site.ledger.library.drop(os.fsencode(watched.site.output), "a")
    watched.site.ledger.library.scrub()
    assert watched.found(PRIVATE) == []
    assert PRIVATE.encode() in everything(watched.site)


def a_video(site: Site) -> str:
    said: str = json.loads((site.output / "a.json").read_text(encoding="utf-8"))["video_id"]
    return said


def everything(site: Site) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(site.home).glob("l.sqlite3*")))


def test_documents_deleted_or_changed_by_hand_are_noticed_in_time(watched: Watched) -> None:
    site = watched.site
    for name in ("a", "b"):
        site.described(f"{name}.mp4", name.encode())
    watched.round()
    (site.output / "a.json").unlink()
    path = site.output / "b.json"
    path.write_text(path.read_text(encoding="utf-8").replace(a_word(site), "nyord"), encoding="utf-8")
    watched.round()
    assert watched.listed() == ["a", "b"], "not before the next comparison"
    assert watched.task.wait_s() <= COMPARE_EVERY_S
    watched.later(COMPARE_EVERY_S)
    watched.round()
    assert (watched.listed(), watched.found("nyord")) == (["b"], ["b"])


def test_a_start_finds_what_no_note_tells_of(watched: Watched) -> None:
    watched.site.described("a.mp4", b"one")
    (note,) = watched.site.ledger.library.due(limit=9)
    watched.site.ledger.library.leave(note)
    watched.again()
    watched.round()
    assert watched.listed() == ["a"]


def test_who_is_waited_for_does_what_is_noted_and_no_more(watched: Watched) -> None:
    site = watched.site
    for name in ("a", "b"):
        site.described(f"{name}.mp4", name.encode())
    watched.round()
    (site.output / "a.json").unlink()
    site.described("c.mp4", b"c")
    watched.task = Indexing(ledger=site.ledger, clock=site.clock, emit=site.emit, notes_only=True)
    watched.round()
    assert watched.listed() == ["a", "b", "c"]


def test_who_is_waited_for_leaves_tidying_to_the_service_even_after_a_replacement(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = watched.site
    job = site.described("a.mp4", b"one")
    watched.round()
    path = site.output / "a.json"
    path.write_text(path.read_text(encoding="utf-8").replace(a_word(site), "nyord"), encoding="utf-8")
    site.ledger.library.note_due([(os.fsencode(site.output), str(job.document))])
    begun = tidied(monkeypatch)
    watched.task = Indexing(ledger=site.ledger, clock=site.clock, emit=site.emit, notes_only=True)
    watched.round()
    assert (watched.found("nyord"), begun, watched.task.wait_s()) == (["a"], [], math.inf)
    watched.again()
    watched.round()
    assert begun == [True], "which the service does at its start"


def tidied(monkeypatch: pytest.MonkeyPatch, *, pieces: int = 1) -> list[bool]:
    """Steps of tidying from now on, True for those that begin; each time takes this many."""
    steps: list[bool] = []

    def tidy(_library: IndexingSide, *, begin: bool) -> bool:
        steps.append(begin)
        return steps[::-1].index(True) + 1 < pieces

    monkeypatch.setattr(IndexingSide, "tidy", tidy)
    return steps


def odd_documents(site: Site, monkeypatch: pytest.MonkeyPatch, *, names: str) -> None:
    """Documents that nobody thought of lie there: to read one of them meets a bug."""

    def read(found: Published, **values: Any) -> Entry:
        if found.name in names:
            raise OverflowError("an odd document")
        return entry_of(found, **values)

    monkeypatch.setattr("service.search.indexer.entry_of", read)
    for name in names:
        site.described(f"{name}.mp4", name.encode())


def test_documents_that_meet_a_bug_hold_up_neither_others_nor_comparing_nor_tidying(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = watched.site
    monkeypatch.setattr("service.housekeeping.indexing.AT_ONCE", 2)
    site.described("deleted.mp4", b"deleted")
    watched.round()
    (site.output / "deleted.json").unlink()
    site.described("good.mp4", b"good")
    odd_documents(site, monkeypatch, names="vwxyz")
    watched.later(COMPARE_EVERY_S)
    begun = tidied(monkeypatch)
    watched.round()
    assert (watched.listed(), begun) == (["good"], [True])
    told = [fields["document"] for name, fields in site.emit.events if name == "housekeeping.failed"]
    assert sorted(told) == [f"{name}.json" for name in "vwxyz"], "each once"
    monkeypatch.setattr("service.search.indexer.entry_of", entry_of)
    watched.later(SET_ASIDE_S)
    watched.round()
    assert watched.listed() == ["good", *"vwxyz"]


def test_comparing_and_tidying_do_not_wait_until_no_document_is_noted(watched: Watched) -> None:
    watched.site.described("a.mp4", b"one")
    assert [errand.key for errand in watched.task.errands()] == ["index a", "compare", "tidy"]


def test_what_is_dropped_while_it_is_tidied_is_for_the_next_time(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = watched.site
    site.described("a.mp4", b"one")
    watched.round()
    begun = tidied(monkeypatch, pieces=3)
    watched.again()
    *_, first = watched.task.errands()
    first.run()
    watched.site.ledger.library.note_due([(os.fsencode(site.output), "a")])
    (site.output / "a.json").unlink()
    watched.round()
    assert (watched.listed(), begun) == ([], [True, False, False])
    watched.later(TIDY_EVERY_S)
    watched.round()
    assert begun == [True, False, False] * 2


def test_a_busy_ledger_does_not_put_a_document_off(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_arguments: object, **_values: object) -> None:
        raise LedgerBusy("somebody writes")

    watched.site.described("a.mp4", b"one")
    with monkeypatch.context() as patch:
        patch.setattr(IndexingSide, "put", busy)
        with pytest.raises(LedgerBusy):
            watched.round()
    watched.round()
    assert watched.listed() == ["a"]


def test_while_the_output_is_away_everything_stays_and_is_tried_again(watched: Watched) -> None:
    site = watched.site
    site.described("a.mp4", b"one")
    watched.round()
    site.described("b.mp4", b"two")
    away = site.output.with_name("unmounted")
    site.output.rename(away)
    watched.round()
    watched.later(COMPARE_EVERY_S)
    watched.round()
    assert watched.listed() == ["a"]
    told = [fields for name, fields in site.emit.events if name == "document.not_indexed"]
    assert [(fields["document"], fields["retry_in_s"]) for fields in told][:1] == [("b.json", RETRY_S)]
    assert watched.task.wait_s() <= RETRY_S
    away.rename(site.output)
    watched.later(RETRY_S)
    watched.round()
    assert watched.listed() == ["a", "b"]
