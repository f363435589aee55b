"""SIGHUP: the settings are read again, and what can be changed while the service runs is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from service.assembly import make_limits, make_plan
from service.configuration import Configuration
from service.configuration.layers import Key, dotted, flatten, unflatten
from service.errors import ConfigError
from service.housekeeping.assembly import make_housekeeping
from service.housekeeping.housekeeping import Housekeeping
from service.ledger_trouble import LedgerTrouble
from service.metrics.monitor import Monitor
from service.preparation import Prepared, Setting, make_intake

_LIVE: tuple[Key, ...] = (
    ("intake",),
    ("retry",),
    ("disk",),
    ("done",),
    ("retention",),
    ("log", "level"),
    ("log", "heartbeat_s"),
    ("pool", "idle_stop_s"),
    ("pool", "recycle_s"),
    ("pool", "recycle_card_s"),
    ("pool", "start_deadline_s"),
    ("pool", "drain_s"),
)
"""Settings, or whole sections, that are changed in place; with the deadlines of the stages, all others need a restart:
what a document is made with, where things lie, how large the pool is."""
_LIVE_OF_A_STAGE = frozenset({"deadline_base_s", "deadline_per_media_s"})
_KEPT_HOUSE = frozenset({"intake", "done", "retention"})
"""Sections that housekeeping is made from: which folders it moves videos out of, where to, what it deletes when."""
ERRAND_S = 40.0
"""How long the errand that is under way may take: longer than a webhook's receiver may (30 s)."""


class Reloader:
    """Carries changed settings into a service that runs; owned by the driver's loop.

    configuration: what is in force. housekeeping: the one at work.
    """

    def __init__(self, setting: Setting, prepared: Prepared, *, monitor: Monitor, trouble: LedgerTrouble) -> None:
        self.configuration = setting.configuration
        self.housekeeping = prepared.housekeeping
        self._setting = setting
        self._prepared = prepared
        self._monitor = monitor
        self._trouble = trouble

    def reload(self) -> None:
        """Read the settings and apply what changed; settings that cannot be used change nothing and are logged."""
        emit = self._setting.emit
        emit("service.reloading", signal="SIGHUP")
        try:
            asked = self._setting.reread()
            _require_usable(asked)
            changed = sorted(differing(self.configuration, asked))
            live, others = [key for key in changed if is_live(key)], [key for key in changed if not is_live(key)]
            sections = {key[0] for key in live}
            given = with_live(self.configuration, asked)
            successor = self._housekeeping(given) if sections & _KEPT_HOUSE else None
        except ConfigError as exc:
            emit("service.reload_failed", cause=str(exc))
            return
        self.configuration = given
        self._apply()
        if successor is not None:
            self._change_housekeeping(successor)
        if "intake" in sections:
            self._change_intake()
        emit("service.reloaded", changed=_said(live), needs_restart=_said(others))
        if "intake" in sections:
            self._note()  # last: a ledger that is busy keeps nothing else from being applied

    def _apply(self) -> None:
        given, assembly = self.configuration, self._prepared.assembly
        assembly.driver.change(
            limits=make_limits(given, sets=assembly.driver.sets), low_water_mib=given.disk.low_water_mib
        )
        self._trouble.low_water_mib = given.disk.low_water_mib
        self._monitor.change(given)
        self._setting.emit.change_level(given.log.level)

    def _housekeeping(self, given: Configuration) -> Housekeeping:
        """Make another housekeeping; raises `ConfigError` when it could not do what it is asked for."""
        setting, prepared = self._setting, self._prepared
        return make_housekeeping(
            given,
            ledger=prepared.assembly.ledger,
            clock=setting.clock,
            emit=setting.emit,
            trouble=self._trouble,
            forget=prepared.intake.recheck,
        )

    def _change_housekeeping(self, successor: Housekeeping) -> None:
        self.housekeeping.stop(timeout_s=ERRAND_S)
        self.housekeeping = successor
        successor.start()

    def _change_intake(self) -> None:
        setting, ledger, loop = self._setting, self._prepared.assembly.ledger, self._prepared.intake
        emit, clock = setting.emit, setting.clock
        loop.replace(
            make_intake(self.configuration, ledger, root=setting.root, emit=emit, clock=clock, pulse=loop.pulse)
        )

    def _note(self) -> None:
        """Let the commands know which folders are watched now."""
        ledger, given = self._prepared.assembly.ledger, self.configuration.intake
        start = ledger.service_start()
        if start is not None:
            inboxes = tuple(os.fsencode(inbox.absolute()) for inbox in given.inboxes)
            ledger.note_start(replace(start, inboxes=inboxes, extensions=given.extensions))


def differing(before: Configuration, after: Configuration) -> Iterator[Key]:
    """Yield every setting whose value is another one."""
    old, new = _flat(before), _flat(after)
    yield from (key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def is_live(key: Key) -> bool:
    """Say whether a setting can be changed while the service runs."""
    if key[0] == "stages":
        return key[-1] in _LIVE_OF_A_STAGE
    return any(key[: len(live)] == live for live in _LIVE)


def with_live(before: Configuration, after: Configuration) -> Configuration:
    """Return what is in force when `after` is asked of a service that runs with `before`."""
    old, new = _flat(before), _flat(after)
    kept = {key: value for key, value in old.items() if not is_live(key)}
    return _made(kept | {key: value for key, value in new.items() if is_live(key)})


def _flat(configuration: Configuration) -> dict[Key, Any]:
    return dict(flatten(configuration.model_dump()))


def _made(values: Mapping[Key, Any]) -> Configuration:
    tree = unflatten(values)
    tree["output"]["file_mode"] = f"{tree['output']['file_mode']:o}"  # as it is written in a file
    return Configuration.model_validate(tree)


def _said(keys: list[Key]) -> str | None:
    return ", ".join(map(dotted, keys)) or None


def _require_usable(asked: Configuration) -> None:
    if not asked.intake.inboxes:
        raise ConfigError("intake.inboxes = []: there is no folder to watch. Name one.")
    make_plan(asked)  # what a restart would refuse is refused now, while the service still runs
