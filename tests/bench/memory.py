"""Memory over 1,000 videos: `python tests/bench/memory.py [--quick] [--out FOLDER]`. Ten minutes on two cores.

The real service on real Ray with the real decoder and fusion, and models that answer at once (`canned_service.py`).
Draws the memory of every process to `operation_memory.png`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1] / "e2e"), str(HERE.parents[1] / "actors" / "media")]

import report
from known_files import unlike_number
from serving import LogEvent, Service, drop
from usage import Memory, bench_program, say, tree_memory

VIDEOS = 1000
GROWTH_BOUND = 0.05
"""What all processes together may gain in 1,000 videos, of what they have: a leak of a single 360x640 picture (0.7 MiB)
in every third video would be three times that."""
WARM_UP = 0.2
"""The share of the videos after which caches are full and every library has done everything once."""
_SAMPLE_S = 1.0
_SETTINGS = "[pool]\nobject_store_mib = 300\n[media]\nframes_mib = 64\n[log]\nheartbeat_s = 5.0\n"


@dataclass
class Samples:
    """Memory of each process at one time after another, and how many videos were done by then."""

    done: list[int] = field(default_factory=list)
    own_mib: dict[str, list[float]] = field(default_factory=dict)
    resident_mib: dict[str, list[float]] = field(default_factory=dict)

    def add(self, done: int, memories: Sequence[Memory], names: Mapping[int, str]) -> None:
        """Note one look at all processes; those of one name are one line."""
        own: Counter[str] = Counter()
        resident: Counter[str] = Counter()
        for memory in memories:
            name = names.get(memory.pid, memory.name)
            own[name] += memory.own_mib
            resident[name] += memory.resident_mib
        for lines, seen in ((self.own_mib, own), (self.resident_mib, resident)):
            for name in {*lines, *seen}:
                # One that has just come, or has gone, had, or has, nothing.
                lines.setdefault(name, [0.0] * len(self.done)).append(round(seen[name], 1))
        self.done.append(done)

    def total_mib(self) -> list[float]:
        """Return what all processes have of their own, at each time."""
        return [sum(line[number] for line in self.own_mib.values()) for number in range(len(self.done))]


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through memory over videos: where it is in the middle, and what it gains in 1,000 videos, MiB."""

    middle_mib: float
    per_thousand_mib: float

    @property
    def growth(self) -> float:
        """The gain as a share of what there is."""
        return self.per_thousand_mib / self.middle_mib if self.middle_mib else 0.0


def trend(done: Sequence[int], mib: Sequence[float]) -> Trend:
    """Fit a line by least squares to what was seen after the warm-up."""
    import numpy as np

    first = next(number for number, count in enumerate(done) if count >= WARM_UP * done[-1])
    x, y = np.asarray(done[first:], float), np.asarray(mib[first:], float)
    slope = float(np.polyfit(x, y, 1)[0]) if np.ptp(x) else 0.0
    return Trend(float(y.mean()), 1000 * slope)


def figure(samples: Samples, *, videos: int) -> report.Figure:
    """Return the line of the table."""
    whole = trend(samples.done, samples.total_mib())
    each = {name: trend(samples.done, line) for name, line in samples.own_mib.items()}
    steepest = max(each, key=lambda name: each[name].per_thousand_mib)
    return report.Figure(
        f"memory of all processes over {videos:,} videos, real decoder on real Ray, canned models",
        f"≤ {GROWTH_BOUND:.0%} more in 1,000 videos, after the first {WARM_UP:.0%}",
        f"{whole.middle_mib:,.0f} MiB in all, {whole.per_thousand_mib:+.1f} MiB in 1,000 videos ({whole.growth:+.1%}); "
        f"most in `{steepest}`: {each[steepest].per_thousand_mib:+.1f} of {each[steepest].middle_mib:,.0f} MiB",
        met=whole.growth <= GROWTH_BOUND,
        note="shared memory (the object store, bounded by its size) left out",
        values={
            "per_thousand_mib": {name: round(one.per_thousand_mib, 2) for name, one in each.items()},
            "middle_mib": {name: round(one.middle_mib, 1) for name, one in each.items()},
        },
    )


def draw(samples: Samples, target: Path) -> Path:
    """Draw resident memory of every process, and what they have of their own together, over the videos done.

    What lives for seconds only, while Ray starts, is in the sum alone.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plot, axes = plt.subplots(figsize=(10, 6), dpi=100)
    axes.plot(samples.done, samples.total_mib(), color="black", linewidth=2, label="all, without shared memory")
    lasting = [name for name, line in samples.resident_mib.items() if sum(map(bool, line)) > len(line) / 10]
    for number, name in enumerate(sorted(lasting, key=lambda name: -samples.resident_mib[name][-1])):
        color = mpl.colormaps["tab20"](number % 20)
        axes.plot(samples.done, samples.resident_mib[name], linewidth=1, color=color, label=f"{name} (RSS)")
    axes.axvline(WARM_UP * samples.done[-1], color="grey", linestyle=":", label="warm-up ends")
    axes.set(xlabel="videos done", ylabel="MiB", title="Memory of every process", ylim=(0, None))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="x-small", ncols=2)
    plot.tight_layout()
    plot.savefig(target)
    plt.close(plot)
    return target


def measure(*, videos: int) -> Samples:
    """Describe that many videos, all different, and look at the memory meanwhile."""
    import bad_files
    from media_clips import Clip, write

    samples = Samples()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        pictures = bad_files.shots(bad_files.GREEN, bad_files.BLUE, size=(360, 640))
        model = write(Path(temporary) / "model.mp4", Clip.steady(pictures, tone=(0, 2))).read_bytes()
        with Service(home, settings=_SETTINGS, command=bench_program("canned_service.py", home, "media")) as service:
            watching = _Watching(service, samples)
            watching.start()
            for number in range(videos):
                drop(service.inbox, f"clip{number}.mp4", unlike_number(model, number))
            watching.follow(videos)
    return samples


class _Watching(threading.Thread):
    """Looks at the processes once a second while the log is followed."""

    def __init__(self, service: Service, samples: Samples) -> None:
        super().__init__(daemon=True)
        self._service = service
        self._samples = samples
        self._names = {service.pid: "service"}
        self._done = 0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            self._samples.add(self._done, tree_memory(self._service.pid), self._names)

    def follow(self, videos: int) -> None:
        """Read the log until every video is done."""
        began_s = time.monotonic()
        while self._done < videos:
            for event in self._service.until("job.done"):
                self._note(event)
            if self._done % 100 == 0:
                say(f"  {self._done} videos after {time.monotonic() - began_s:.0f} s")
        self._over.set()
        self.join()

    def _note(self, event: LogEvent) -> None:
        if event["event"] == "actor.ready":
            self._names[event["pid"]] = str(event["actor"])
        self._done += event["event"] == "job.done"


def main() -> None:
    """Measure, draw, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few videos: whether it runs")
    parser.add_argument("--videos", type=int, default=VIDEOS)
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    videos = 10 if given.quick else given.videos
    samples = measure(videos=videos)
    found = [figure(samples, videos=videos)]
    report.write("operation_memory", found, folder=given.out)
    draw(samples, given.out / "operation_memory.png")
    report.write_operation_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
