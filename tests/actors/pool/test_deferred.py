"""A pool that is made when it is needed, and keeps the contract from then on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from actors.backend import Resources, StageItem
from actors.host import HostReport
from actors.pool.base import ActorReady, ActorSpec, Call, CallItem
from actors.pool.deferred import DeferredPool
from actors.pool.fake_pool import FakePool

ROOT = Path(__file__).resolve().parents[3]
SPEC = ActorSpec("ocr", (), Resources(num_cpus=0.1, ram_mib=100))


class Host:
    def __init__(self, _spec: ActorSpec) -> None: ...

    def load(self) -> HostReport:
        return HostReport(1, 0.0)

    def call(self, _operation: str, _items: object) -> list[object]:
        return []

    def close(self) -> None: ...


def test_it_is_made_once_and_only_to_start_something() -> None:
    made: list[FakePool] = []

    def make() -> FakePool:
        made.append(FakePool(Host))
        return made[-1]

    pool = DeferredPool(make)
    assert pool.wait(timeout_s=60) == []
    pool.stop()
    assert made == []
    pool.start(SPEC)
    pool.start(SPEC)
    assert len(made) == 1
    assert pool.wait(timeout_s=0) == [ActorReady("ocr", 1, 0.0)] * 2


def test_every_verb_reaches_it() -> None:
    pool = DeferredPool(lambda: FakePool(Host))
    assert len(pool.places(num_cpus=1, on_card=False)) == 1
    pool.start(SPEC)
    pool.submit(Call(7, "ocr", "ocr", (CallItem(StageItem("v")),)))
    pool.kill("ocr")
    assert [event.lost for event in pool.wait(timeout_s=0) if hasattr(event, "lost")] == [(7,)]
    pool.stop()


def test_a_service_that_has_nothing_to_do_does_not_import_ray() -> None:
    program = (
        "import sys\n"
        "from service.assembly import make_pool\n"
        "from service.configuration import load\n"
        "make_pool(load({'state.dir': '/nowhere'}, environ={'HOME': '/nowhere'}).configuration).stop()\n"
        "assert 'ray' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
