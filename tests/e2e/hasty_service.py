"""The service, except that a file which is not whole is given up after seconds: settings allow no less than a minute.

    python tests/e2e/hasty_service.py [--troubled]

troubled: some files bring the decoder down (see `troubled_hosts`), in the child process of `pool.kind = "local"`.

Settings come from the environment, as for `reelwatch run`.
"""

from __future__ import annotations

import sys
from functools import partial

from actors.pool.process_pool import ProcessPool
from service import daemon, preparation
from service.configuration import load
from service.intake.settings import IntakeSettings
from service.logs import start

GIVE_UP_S = 2.0


def main() -> int:
    settings = partial(IntakeSettings, incomplete_recheck_s=GIVE_UP_S / 4)
    assert preparation.IntakeSettings is IntakeSettings
    preparation.IntakeSettings = lambda **given: settings(**given | {"incomplete_give_up_s": GIVE_UP_S})
    configuration = load({}).configuration
    emit = start(level="debug", format="json")
    try:
        if sys.argv[1:] == ["--troubled"]:
            from troubled_hosts import TroubledHost

            return daemon.run(configuration, emit, pool_factory=lambda _settings: ProcessPool(TroubledHost))
        return daemon.run(configuration, emit)
    finally:
        emit.close()


if __name__ == "__main__":
    sys.exit(main())
