"""The service, except that a file which is not whole is given up after seconds: settings allow no less than a minute.

    python tests/e2e/hasty_service.py

Settings come from the environment, as for `reelwatch run`.
"""

from __future__ import annotations

import sys
from functools import partial

from service import daemon
from service.configuration import load
from service.intake.settings import IntakeSettings
from service.logs import start

GIVE_UP_S = 2.0


def main() -> int:
    settings = partial(IntakeSettings, incomplete_recheck_s=GIVE_UP_S / 4)
    daemon.IntakeSettings = lambda **given: settings(**given | {"incomplete_give_up_s": GIVE_UP_S})
    configuration = load({}).configuration
    emit = start(level="debug", format="json")
    try:
        return daemon.run(configuration, emit)
    finally:
        emit.close()


if __name__ == "__main__":
    sys.exit(main())
