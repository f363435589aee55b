"""The real service on real Ray with the real backends, except that some videos bring an actor down.

    TRIAL_SEGFAULT=objects:<video id> TRIAL_HANG=captions:<video id> python tests/e2e/trial_service.py

Settings come from the environment, as for `reelwatch run`.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial

from actors.backend import Outcome, StageItem
from actors.host import ActorHost
from actors.pool.base import ActorSpec, Pool
from service.configuration import Configuration, load
from service.daemon import run
from service.logs import start

Trouble = Mapping[tuple[str, str], str]


class TroubledHost(ActorHost):
    """Does its work, but for the named operations on the named videos; dies and hangs for real."""

    def __init__(self, trouble: Trouble, spec: ActorSpec) -> None:
        super().__init__(spec)
        self._trouble = trouble

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        kinds = {self._trouble.get((operation, item.video_id)) for item in items}
        if "TRIAL_SEGFAULT" in kinds:
            ctypes.string_at(0)
        if "TRIAL_HANG" in kinds:
            time.sleep(3600)
        return super().call(operation, items)


def troubles() -> Trouble:
    found = {}
    for kind in ("TRIAL_SEGFAULT", "TRIAL_HANG"):
        operation, _, video_id = os.environ.get(kind, "").partition(":")
        found[operation, video_id] = kind
    return found


def troubled_pool(configuration: Configuration) -> Pool:
    import ray

    from actors.pool.ray_options import RayOptions
    from actors.pool.ray_pool import RayPool
    from service.assembly import cores

    # Ray's workers cannot import this file: the class travels with its code.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    token = configuration.state.dir / "ray-auth-token"
    options = RayOptions(
        num_cpus=cores(configuration), object_store_mib=configuration.pool.object_store_mib, auth_token=token
    )
    return RayPool(options, partial(TroubledHost, troubles()))


def main() -> int:
    configuration = load({}).configuration
    emit = start(level="debug", format="json")
    try:
        return run(configuration, emit, pool_factory=troubled_pool)
    finally:
        emit.close()


if __name__ == "__main__":
    sys.exit(main())
