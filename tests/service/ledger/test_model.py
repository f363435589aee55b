"""Any sequence of what users, intake, the driver and crashes do: no content is lost, none has two owners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.clock import FakeClock
from service.intake.ports import Generation, Settled
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.states import State
from service.ledger.values import Job, Selector

if TYPE_CHECKING:
    from ledger_stocks import Stock

ROOT, OUTPUT = b"/in", b"/out"
NAMES_THERE = (b"a.mp4", b"b.mp4", b"A.mov", b"d.mp4")
NAMES = st.sampled_from(NAMES_THERE)
CONTENTS = st.sampled_from(["1" * 64, "1" * 64, "2" * 64])
"""Copies are what it is about: most files hold the same."""


class Service(RuleBasedStateMachine):
    """A folder of files, an output of documents, and the ledger between them."""

    stock: ClassVar[Callable[[], Stock]]

    def __init__(self) -> None:
        super().__init__()
        self.place = type(self).stock().ledger()
        self.clock = FakeClock()
        self.ledger = self.open()
        self.folder: dict[bytes, tuple[str, int]] = {}
        """Name to content and inode."""
        self.output: dict[str, str] = {}
        """Document to the content it describes."""
        self.moved: dict[bytes, bytes] = {}
        """Where a file was that was renamed and is not known under its new name yet."""
        self.inodes = 0

    def open(self) -> Ledger:
        return open_ledger(self.place, output_root=OUTPUT, clock=self.clock)

    def teardown(self) -> None:
        self.drain()
        self.ledger.close()

    @initialize(copies=st.lists(NAMES, unique=True, min_size=0, max_size=4), known=st.booleans())
    def begin(self, copies: list[bytes], *, known: bool) -> None:
        """Some copies of one video are there; known: they have been described, or are copies of what was."""
        for name in copies:
            self.write(name, "1" * 64)
        if known:
            self.serve()

    # --- users ---

    @rule(name=NAMES, content=CONTENTS)
    def write(self, name: bytes, content: str) -> None:
        self.inodes += 1
        self.folder[name] = (content, self.inodes)

    @rule(name=NAMES)
    def delete(self, name: bytes) -> None:
        self.folder.pop(name, None)

    @rule(source=NAMES, to=NAMES)
    def rename(self, source: bytes, to: bytes) -> None:
        if source in self.folder and source != to:
            self.folder[to] = self.folder.pop(source)
            self.settle(to, moved_from=source)

    @rule(state=st.sampled_from([State.QUEUED, State.RUNNING, State.DONE]), leaves=st.booleans(), seen=st.booleans())
    def befall(self, state: State, *, leaves: bool, seen: bool) -> None:
        """What a content depends on is overwritten or leaves: nothing is as likely to lose one."""
        for job in self.ledger.jobs([state])[:1]:
            if leaves:
                self.delete(job.path)
            else:
                self.write(job.path, "2" * 64)
            if seen:
                self.sweep()

    @rule(source=NAMES, to=NAMES)
    def rename_unseen(self, source: bytes, to: bytes) -> None:
        """A scan sees that the old name is gone before the file has settled under the new one."""
        if source in self.folder and source != to:
            self.folder[to] = self.folder.pop(source)
            self.ledger.intake.vanished([(ROOT, source)])
            self.moved[to] = source

    @rule(fusion_only=st.booleans())
    def reprocess(self, *, fusion_only: bool) -> None:
        self.ledger.reprocess(Selector.all(), stages=() if fusion_only else None)

    @rule()
    def retry(self) -> None:
        self.ledger.retry(Selector.all())

    # --- intake ---

    @rule()
    def sweep(self) -> None:
        """What a full scan finds: new and changed files settle, absent ones vanish."""
        known = {known.path: known for known in self.ledger.intake.known(ROOT)}
        gone = [(ROOT, name) for name in known if name not in self.folder]
        self.ledger.intake.vanished(gone)
        for name, (_, inode) in self.folder.items():
            row = known.get(name)
            if row is None or row.inode != inode or row.state is State.GONE:
                self.settle(name, moved_from=self.moved.pop(name, None))

    @rule(name=NAMES)
    def sidecar(self, name: bytes) -> None:
        self.ledger.intake.sidecar_changed(ROOT, name)

    def settle(self, name: bytes, moved_from: bytes | None = None) -> None:
        content, inode = self.folder[name]
        generation = Generation(1, inode, 64, 1, content)
        source = (ROOT, moved_from) if moved_from is not None else None
        self.ledger.intake.enqueue([Settled(ROOT, name, generation, moved_from=source)])

    # --- driver ---

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        self.ledger.claim(limit=limit, now=self.clock.wall())

    @property
    def running(self) -> list[Job]:
        return self.ledger.jobs([State.RUNNING])

    @precondition(lambda self: self.running)
    @rule(end=st.sampled_from(["work", "work", "work", "fail", "reject", "park", "suspect", "release", "block"]))
    def end(self, end: str) -> None:
        job = self.running[0]
        if end == "work":
            self.work(job)
        elif end == "release":
            self.ledger.release(job.job_id, refund=True)
        else:
            getattr(self.ledger, end)(job.job_id, reason=end)

    def work(self, job: Job) -> None:
        """Read the file as the decode actor does: at its path, if it still is the generation that was claimed."""
        content, inode = self.folder.get(job.path, ("", 0))
        if inode == 0:
            self.ledger.gone(job.job_id)
        elif inode != job.inode:
            self.ledger.supersede(job.job_id, reason="source_changed")
        else:
            found = self.ledger.identified(job.job_id, content)
            if found.goes_on:
                name = self.ledger.allocate_name(found.job)
                self.output[name] = content
                self.ledger.finish(job.job_id, document=name, settings_key="k")

    @rule(name=NAMES)
    def identify(self, name: bytes) -> None:
        """The content is known, and the work on it goes on."""
        for job in self.running:
            if job.path == name and self.folder.get(name, ("", 0))[1] == job.inode:
                self.ledger.identified(job.job_id, self.folder[name][0])

    @rule()
    def work_through(self) -> None:
        for job in self.running:
            self.work(job)

    @rule()
    def serve(self) -> None:
        """The service runs in peace for a while, but not to the end of what that brings about."""
        self.sweep()
        self.claim(len(NAMES_THERE))
        self.work_through()

    @rule()
    def crash(self) -> None:
        self.ledger.close()
        self.ledger = self.open()
        self.ledger.recover(self.clock.wall())

    @rule(name=NAMES)
    def identify_and_crash(self, name: bytes) -> None:
        for job in self.running:
            if job.path == name and self.folder.get(name, ("", 0))[1] == job.inode:
                self.ledger.identified(job.job_id, self.folder[name][0])
        self.crash()

    # --- what must always hold ---

    @invariant()
    def a_content_has_at_most_one_owner(self) -> None:
        owners = Counter(job.sha256 for job in self.ledger.jobs(list(State)) if job.is_primary)
        assert all(number == 1 for number in owners.values())

    @invariant()
    def documents_of_the_ledger_describe_what_it_says(self) -> None:
        for job in self.ledger.jobs():
            if job.document is not None and job.state is State.DONE:
                assert self.output[job.document] == job.sha256

    @invariant()
    def done_jobs_do_not_share_documents(self) -> None:
        documents = [job.document for job in self.ledger.jobs([State.DONE])]
        assert len(documents) == len(set(documents))

    def drain(self) -> None:
        """In peace, every file in the folder comes to its end: its content has a document."""
        for _ in range(60):
            self.clock.advance(10)
            self.sweep()
            self.retry()
            for job in self.ledger.jobs([State.BLOCKED]):
                self.settle(job.path) if job.path in self.folder else None
            self.claim(10)
            self.work_through()
            if not self.ledger.jobs([State.QUEUED, State.RUNNING, State.BLOCKED]):
                break
        else:
            pytest.fail("the service does not come to rest")
        owned = {job.sha256: job for job in self.ledger.jobs() if job.is_primary}
        for name, (content, _) in self.folder.items():
            assert content in owned, f"{name!r} has no document"
            document = owned[content].document
            assert document is not None
            assert self.output[document] == content
            assert self.ledger.find(ROOT + b"/" + name)[0].state in {State.DONE, State.DUPLICATE}


@pytest.mark.parametrize(
    "examples",
    [
        pytest.param(40, id="short"),
        # About 0.3 s each on a busy core.
        pytest.param(1000, id="long", marks=[pytest.mark.long, pytest.mark.timeout(1200)]),
    ],
)
def test_whatever_happens_every_content_has_its_document(stock: Stock, examples: int) -> None:
    # On the server, one ledger is emptied for the next example; it takes several times as long.
    Service.stock = staticmethod(stock.again)
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Service,
        settings=settings(
            max_examples=examples if stock.name == "sqlite" else examples // 8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
