"""The gates as a table of what is seen and what is said; no file, no thread, no clock of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.intake.probe import Changed, FileStat, HeldOpen, Inspection, Seen, Trouble, Unread
from service.intake.settings import IntakeSettings, backoff_s
from service.intake.settle import Settler
from service.intake.structure import Structure, complete, incomplete, not_video, undecided
from service.intake.tracks import Sibling
from service.intake.verdicts import Reason, Verdict
from service.ledger.states import State

ROOT = b"/inbox"
FILE = (ROOT, b"x.mp4")
STAT = FileStat(device=1, inode=10, size=1000, mtime_ns=5, ctime_ns=6)
WHOLE = complete("iso-bmff")
HOUR, DAY = 3600.0, 86_400.0


@dataclass
class FakeProbe:
    """Says what it is told to; what it sees of the stat is what the scan expects unless `stat` is set."""

    structure: Structure = WHOLE
    held: bool = False
    writer_known: bool = True
    hole_at: int | None = None
    unread: Unread | None = None
    stat: FileStat | None = None
    head_tail: str = "ends"
    looks: int = 0

    def inspect(self, _root: bytes, _path: bytes, *, expected: FileStat) -> Inspection:
        self.looks += 1
        stat = self.stat or expected
        if self.unread is not None:
            return self.unread
        if not stat.same_body(expected):
            return Changed(stat)
        if self.held:
            return HeldOpen(stat)
        return Seen(stat, self.writer_known, self.hole_at, self.structure, self.head_tail)


@dataclass
class Watched:
    """One file under a settler; `at` moves time, `says` collects verdicts."""

    probe: FakeProbe = field(default_factory=FakeProbe)
    settings: IntakeSettings = field(default_factory=IntakeSettings)
    local: bool = True
    now: float = 0.0

    def __post_init__(self) -> None:
        self.settler = Settler(self.settings, self.probe)
        self.says: list[tuple[float, Verdict]] = []

    def see(self, stat: FileStat = STAT, sibling: Sibling | None = None) -> Watched:
        self.settler.see(FILE, stat, now=self.now, local=self.local, sibling=sibling)
        return self

    def at(self, now: float, *, step_s: float = 0.5) -> Watched:
        while self.now < now:
            self._advance()
            self.now = min(self.now + step_s, now)
        self._advance()
        return self

    def _advance(self) -> None:
        self.says += [(self.now, verdict) for _, verdict in self.settler.advance(now=self.now, limit=10)]

    @property
    def told(self) -> list[str]:
        return [f"{verdict.state}:{verdict.reason}" for _, verdict in self.says]

    @property
    def last(self) -> Verdict:
        return self.says[-1][1]


def test_a_file_that_appeared_whole_is_taken_after_the_short_window() -> None:
    watched = Watched().see().at(5)
    assert watched.told == ["waiting:quiet", "queued:settled"]
    assert watched.says[-1][0] <= 1.0
    generation = watched.last.generation
    assert generation is not None
    assert (generation.device, generation.inode, generation.size, generation.mtime_ns) == (1, 10, 1000, 5)
    assert generation.head_tail == "ends"
    assert FILE not in watched.settler


@pytest.mark.parametrize(
    ("probe", "sibling", "told"),
    [
        pytest.param(FakeProbe(held=True), None, "waiting:writer", id="G3 a writer here"),
        pytest.param(FakeProbe(writer_known=False), None, "waiting:writer_unknown", id="G3 foreign owner"),
        pytest.param(FakeProbe(hole_at=400), None, "incomplete:hole", id="G4 reserved space"),
        pytest.param(FakeProbe(incomplete("no_moov", "…")), None, "incomplete:no_moov", id="G5 cut"),
        pytest.param(FakeProbe(undecided("live", "…")), None, "waiting:end_unknown", id="G5 cannot tell"),
        pytest.param(FakeProbe(), Sibling(b"x.mp4.part", 5, 5), "waiting:sibling", id="G6"),
        pytest.param(FakeProbe(not_video("the file is text")), None, "rejected:not_video", id="not a video"),
        pytest.param(FakeProbe(unread=Unread(Trouble.PERMISSION)), None, "blocked:permission", id="unreadable"),
        pytest.param(FakeProbe(unread=Unread(Trouble.IO, "EIO")), None, "blocked:io_error", id="bad disk"),
    ],
)
def test_each_gate_says_what_it_waits_for(probe: FakeProbe, sibling: Sibling | None, told: str) -> None:
    watched = Watched(probe).see(sibling=sibling).at(3)
    assert watched.told == ["waiting:quiet", told]
    assert len(watched.last.detail) > 10


def test_the_gates_hold_in_order() -> None:
    """Everything is wrong at once; each mended fault shows the next gate."""
    probe = FakeProbe(incomplete("no_moov", "…"), held=True, hole_at=1)
    watched = Watched(probe).see(STAT._replace(size=0), Sibling(b"x.mp4.part", 1, 1)).at(1)
    watched.see(STAT, Sibling(b"x.mp4.part", 1, 1)).at(6)
    probe.held = False
    watched.at(30)
    probe.hole_at = None
    watched.at(400)
    probe.structure = WHOLE
    watched.at(650)
    assert watched.told == [
        "waiting:empty",
        "waiting:writer",
        "incomplete:hole",
        "incomplete:no_moov",
        "waiting:sibling",
        "queued:settled",  # the sibling has not changed for ten minutes by then
    ]


NETWORK = {"local": False}


@pytest.mark.parametrize(
    ("where", "probe", "earliest", "latest"),
    [
        pytest.param({}, FakeProbe(), 0.7, 1.0, id="local and whole"),
        pytest.param({}, FakeProbe(writer_known=False), 10, 10.5, id="foreign owner"),
        pytest.param({}, FakeProbe(undecided("live", "…")), 10, 10.5, id="no end mark"),
        pytest.param(NETWORK, FakeProbe(), 10, 10.5, id="network: a free lease proves nothing"),
        pytest.param(NETWORK, FakeProbe(undecided("live", "…"), writer_known=False), 10, 10.5, id="nothing known"),
    ],
)
def test_time_stands_in_for_what_is_unknown(
    where: dict[str, bool], probe: FakeProbe, earliest: float, latest: float
) -> None:
    watched = Watched(probe, **where).see().at(30, step_s=0.1)
    assert watched.told[-1] == "queued:settled"
    assert earliest <= watched.says[-1][0] <= latest


def test_the_window_of_network_shares_is_a_setting() -> None:
    watched = Watched(settings=IntakeSettings(quiet_network_s=30), local=False).see().at(60, step_s=0.1)
    assert 30 <= watched.says[-1][0] <= 30.5


def test_a_growing_file_waits_until_it_has_been_quiet_for_the_base_window() -> None:
    watched = Watched().see()
    for second in range(1, 20):
        watched.at(second * 0.5).see(STAT._replace(size=1000 + second, mtime_ns=second))
    last_change = watched.now
    watched.at(60, step_s=0.1)
    assert watched.told == ["waiting:quiet", "queued:settled"]
    assert 2.0 <= watched.says[-1][0] - last_change <= 2.2


def test_the_window_is_twice_the_longest_pause_of_the_writer() -> None:
    """A slow uploader that closes after each piece, on a share where nothing but time tells."""
    watched = Watched(FakeProbe(undecided("live", "…")), local=False).see()
    watched.at(8).see().at(9).see(STAT._replace(size=2000, mtime_ns=9))
    watched.at(16).see(STAT._replace(size=2000, mtime_ns=9)).at(17).see(STAT._replace(size=3000, mtime_ns=17))
    watched.at(100)
    assert watched.told == ["waiting:quiet", "waiting:writer_unknown", "queued:settled"]
    assert watched.says[-1][0] == pytest.approx(17 + 2 * 8, abs=0.6)


def test_our_own_pace_of_looking_is_not_taken_for_the_writers() -> None:
    """A copy that takes two minutes is seen by a sweep every 20 s; it is not slow, we are."""
    watched = Watched(FakeProbe(held=True)).see()
    for second in range(1, 121):
        watched.probe.stat = STAT._replace(size=1000 + second, mtime_ns=second)
        watched.at(second)
        if second % 20 == 0:
            watched.see(watched.probe.stat)
    watched.probe.held = False
    watched.at(200, step_s=0.1)
    assert watched.told[-1] == "queued:settled"
    assert watched.says[-1][0] <= 120 + 3


def test_pauses_of_a_writer_that_holds_the_file_do_not_lengthen_the_window() -> None:
    """Its closing will be seen; only the pauses of one that closes after each piece have to be guessed."""
    watched = Watched(FakeProbe(undecided("live", "…"), held=True)).see().at(100)
    watched.probe.held, watched.probe.stat = False, STAT._replace(size=2000, mtime_ns=9)
    watched.see(watched.probe.stat).at(150, step_s=0.1)
    assert watched.told[-1] == "queued:settled"
    assert watched.says[-1][0] <= 100 + 10.5


def test_another_inode_under_the_name_starts_anew() -> None:
    watched = Watched().see().at(0.5).see(STAT._replace(inode=11)).at(0.9)
    assert "queued:settled" not in watched.told
    watched.at(1.5)
    assert watched.last.generation is not None
    assert watched.last.generation.inode == 11


def test_a_change_between_scan_and_probe_restarts_the_window() -> None:
    watched = Watched(FakeProbe(stat=STAT._replace(size=2000, mtime_ns=9))).see().at(1)
    assert watched.told == ["waiting:quiet"]
    watched.at(4)
    assert watched.last.generation is not None
    assert watched.last.generation.size == 2000


def test_an_empty_file_waits_silently_and_is_mentioned_once_after_a_day() -> None:
    watched = Watched().see(STAT._replace(size=0)).at(2 * DAY, step_s=600)
    assert watched.told == ["waiting:empty", "waiting:stale_empty"]
    assert watched.probe.looks == 0
    watched.see().at(watched.now + 5)
    assert watched.told[-1] == "queued:settled"


def test_a_held_file_is_told_once_and_looked_at_ever_less_often() -> None:
    watched = Watched(FakeProbe(held=True)).see().at(600)
    assert watched.told == ["waiting:quiet", "waiting:writer"]
    assert watched.probe.looks < 100
    watched.probe.held = False
    watched.at(620)
    assert watched.told[-1] == "queued:settled"


@pytest.mark.fault("cut, still recorded, or with a hole")
def test_rechecks_of_an_incomplete_file_back_off_to_an_hour() -> None:
    watched = Watched(FakeProbe(incomplete("no_moov", "…"))).see()
    looks = []
    for _ in range(12):
        before = watched.probe.looks
        while watched.probe.looks == before:
            watched.at(watched.now + 1, step_s=1)
        looks.append(watched.now)
    gaps = [round(later - earlier) for earlier, later in itertools.pairwise(looks)]
    assert gaps == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600]
    assert watched.told == ["waiting:quiet", "incomplete:no_moov"]


def test_an_incomplete_file_revives_when_it_changes() -> None:
    watched = Watched(FakeProbe(incomplete("no_moov", "…"))).see().at(5 * HOUR, step_s=60)
    watched.probe.structure = WHOLE
    watched.see(STAT._replace(size=2000, mtime_ns=9)).at(watched.now + 4)
    assert watched.told == ["waiting:quiet", "incomplete:no_moov", "queued:settled"]


def test_after_a_day_an_incomplete_file_is_offered_once_for_a_decode() -> None:
    watched = Watched(FakeProbe(incomplete("past_end", "…"))).see().at(3 * DAY, step_s=600)
    assert watched.told == ["waiting:quiet", "incomplete:past_end", "queued:truncated"]
    assert watched.last.truncated
    assert DAY <= watched.says[-1][0] <= DAY + 1200


def test_growth_puts_the_day_off() -> None:
    watched = Watched(FakeProbe(incomplete("past_end", "…"))).see()
    for hours in (12, 24, 36):
        watched.at(hours * HOUR, step_s=600).see(STAT._replace(size=1000 + hours, mtime_ns=hours))
    watched.at(48 * HOUR, step_s=600)
    assert not any(verdict.truncated for _, verdict in watched.says)


def test_a_restart_does_not_put_the_day_off() -> None:
    watched = Watched(FakeProbe(incomplete("past_end", "…")))
    watched.settler.see(FILE, STAT, now=0, local=True, incomplete_since_s=-DAY + 10)
    assert watched.at(20).told[-1] == "queued:truncated"


@pytest.mark.fault("cut, still recorded, or with a hole")
@pytest.mark.parametrize(
    ("settings", "told"),
    [(IntakeSettings(), "incomplete:hole"), (IntakeSettings(wait_for_holes=False), "queued:settled")],
)
def test_whether_holes_are_waited_for_is_a_setting(settings: IntakeSettings, told: str) -> None:
    assert Watched(FakeProbe(hole_at=7), settings).see().at(3).told[-1] == told


def test_holes_on_a_network_prove_nothing() -> None:
    assert Watched(FakeProbe(hole_at=7), local=False).see().at(15).told[-1] == "queued:settled"


def test_a_sibling_that_grows_holds_and_one_that_leaves_lets_go() -> None:
    watched = Watched().see(sibling=Sibling(b"x.mp4.aria2", 1, 1)).at(300)
    watched.see(sibling=Sibling(b"x.mp4.aria2", 2, 2)).at(800)
    assert watched.told == ["waiting:quiet", "waiting:sibling"]
    assert "x.mp4.aria2" in watched.last.detail
    watched.see().at(802)
    assert watched.told[-1] == "queued:settled"


def test_text_beside_a_busy_sibling_is_not_rejected_yet() -> None:
    watched = Watched(FakeProbe(not_video("the file is text"))).see(sibling=Sibling(b"x.mp4.part", 1, 1)).at(10)
    assert watched.told[-1] == "waiting:sibling"


@pytest.mark.fault("touched every second for ever")
def test_touches_alone_do_not_keep_a_file_for_ever() -> None:
    """A NAS indexer sets the times every second; size, inode and ends stand still and nobody writes."""
    watched = Watched().see()
    for second in range(1, 200):
        stat = STAT._replace(mtime_ns=second, ctime_ns=second)
        watched.probe.stat = stat
        watched.at(second)
        if FILE in watched.settler:
            watched.see(stat)
    assert watched.told == ["waiting:quiet", "waiting:touched", "queued:settled"]
    first_look_s, last_look_s = (at_s for at_s, _ in watched.says[1:])
    assert 60 <= first_look_s <= last_look_s - 2
    assert last_look_s <= 80


@pytest.mark.parametrize(
    ("where", "ends"),
    [({"local": False}, lambda _: "ends"), ({}, str)],
    ids=["a remote writer may fill the middle", "the ends change"],
)
def test_touches_with_doubt_do(where: dict[str, bool], ends: Callable[[int], str]) -> None:
    watched = Watched(**where).see()
    for second in range(1, 300):
        watched.probe.stat = STAT._replace(mtime_ns=second, ctime_ns=second)
        watched.probe.head_tail = ends(second)
        watched.at(second).see(watched.probe.stat)
    assert watched.told == ["waiting:quiet", "waiting:touched"]
    watched.at(watched.now + 700)
    assert watched.told[-1] == "queued:settled"


def test_a_file_that_comes_back_unchanged_is_judged_again() -> None:
    watched = Watched(FakeProbe(unread=Unread(Trouble.GONE))).see().at(5)
    assert watched.told == ["waiting:quiet"]
    watched.probe.unread = None
    watched.see().at(6)
    assert watched.told[-1] == "queued:settled"


@pytest.mark.fault("unreadable")
def test_blocked_files_are_looked_at_again_hourly_or_when_their_mode_changes() -> None:
    watched = Watched(FakeProbe(unread=Unread(Trouble.PERMISSION))).see().at(2 * HOUR, step_s=10).see()
    assert watched.probe.looks <= 3
    watched.probe.unread = None
    watched.see(STAT._replace(ctime_ns=99)).at(watched.now + 2)
    assert watched.told == ["waiting:quiet", "blocked:permission", "queued:settled"]


def test_nothing_is_judged_under_a_lost_root() -> None:
    watched = Watched().see()
    watched.settler.pause(ROOT)
    assert watched.at(HOUR, step_s=10).told == []
    watched.settler.resume(ROOT, now=watched.now)
    assert watched.at(watched.now + 2).told[-1] == "queued:settled"


def test_the_oldest_is_judged_first() -> None:
    settler = Settler(IntakeSettings(), FakeProbe())
    for number in range(50):
        settler.see((ROOT, b"%02d.mp4" % number), STAT._replace(inode=number), now=number, local=True)
    settler.advance(now=49, limit=50)
    taken = [location[1] for location, verdict in settler.advance(now=60, limit=50) if verdict.state is State.QUEUED]
    assert len(taken) >= 1
    assert taken == sorted(taken)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["wait", "grow", "touch", "replace", "held", "free", "cut", "whole", "sibling", "alone"]),
            st.floats(0.1, 500),
        ),
        max_size=40,
    )
)
def test_whatever_happens_a_quiet_whole_file_is_taken_in_the_end_and_only_such_a_one(
    steps: list[tuple[str, float]],
) -> None:
    watched, stat, sibling = Watched(), STAT, None
    watched.see()
    for what, seconds in steps:
        if FILE not in watched.settler:
            break
        stat = {
            "grow": stat._replace(size=stat.size + 1, mtime_ns=stat.mtime_ns + 1),
            "touch": stat._replace(mtime_ns=stat.mtime_ns + 1),
            "replace": stat._replace(inode=stat.inode + 1),
        }.get(what, stat)
        watched.probe.held = {"held": True, "free": False}.get(what, watched.probe.held)
        watched.probe.structure = {"cut": incomplete("no_moov", "…"), "whole": WHOLE}.get(what, watched.probe.structure)
        sibling = {"sibling": Sibling(b"p", 1, 1), "alone": None}.get(what, sibling)
        watched.see(stat, sibling)
        watched.at(watched.now + seconds, step_s=max(seconds / 10, 0.1))
        for _, verdict in watched.says:
            if verdict.state is State.QUEUED:
                assert not watched.probe.held
                assert watched.probe.structure is WHOLE or verdict.truncated
    watched.probe.held, watched.probe.structure = False, WHOLE
    if FILE in watched.settler:
        watched.see(stat, None).at(watched.now + 2 * HOUR, step_s=30)
    assert watched.last.state is State.QUEUED
    assert watched.last.generation is not None
    assert watched.last.generation.size == stat.size


@pytest.mark.parametrize(
    "wrong",
    [{"quiet_whole_s": 3.0}, {"quiet_local_s": 20.0}, {"quiet_whole_s": 0.0}, {"incomplete_give_up_s": 1.0}],
)
def test_contradictory_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="intake"):
        IntakeSettings(**wrong)  # type: ignore[arg-type]


def test_backoff_doubles_and_ends() -> None:
    assert [backoff_s(attempt, first_s=1, longest_s=60) for attempt in (0, 1, 5, 6, 10_000)] == [1, 2, 32, 60, 60]


def test_every_reason_is_a_stable_code() -> None:
    assert all(reason.value == reason.value.lower().replace(" ", "_") for reason in Reason)
