"""What runs inside an actor's process: it holds backends, calls them, and turns whatever happens into outcomes."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from actors.backend import Backend, BackendOptions, Failure, Outcome, StageItem, StageStatus
from actors.errors import ActorError, BackendUnavailable, BadInput, EnvironmentFault, OutOfMemory, SourceChanged
from actors.faults import shortage
from actors.models import cards
from actors.models.memory import is_out_of_memory
from actors.plan import DECODE, IDENTIFY
from actors.pool.base import ActorSpec, HostReport
from actors.redaction.outcomes import redacted
from actors.redaction.redactor import Redactor, redactor
from actors.registry import Loader, installed

Operation = Callable[[Sequence[StageItem]], list[Outcome]]


class ActorHost:
    """Holds the backends of one actor; never called by two threads at a time."""

    def __init__(self, spec: ActorSpec, backends: Mapping[str, Loader] | None = None) -> None:
        self._spec = spec
        self._known = backends
        self._held: dict[str, tuple[Backend[Any], str]] = {}
        self._redactors: dict[str, Redactor] = {}
        self._unavailable: dict[str, str] = {}

    def load(self) -> HostReport:
        """Load every backend; one that cannot be loaded makes its stage unavailable, not the actor."""
        started = time.perf_counter()
        cards.hold(self._spec.name, self._spec.resources.vram_mib)
        known = installed() if self._known is None else self._known
        for spec in self._spec.backends:
            kind = known[spec.backend]()
            options: BackendOptions = kind.options_type(**spec.options)
            backend = kind(options)
            try:
                backend.load()
            except BackendUnavailable as exc:
                self._unavailable[spec.stage] = str(exc)
                continue
            self._held[spec.stage] = (backend, kind.model_revision(options))
            clearing = redactor(options.redact, options.phone_regions)
            if clearing is not None:
                self._redactors[spec.stage] = clearing
        return HostReport(os.getpid(), time.perf_counter() - started, dict(self._unavailable))

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        """Run one operation on some videos; never raises: whatever goes wrong is an outcome of the video it hit."""
        stage = DECODE if operation == IDENTIFY else operation
        if stage in self._unavailable:
            return [Outcome(StageStatus.UNAVAILABLE, reason=self._unavailable[stage]) for _ in items]
        backend, model = self._held[stage]
        run: Operation = backend.identify if operation == IDENTIFY else backend.run  # type: ignore[attr-defined] # decoders have `identify` besides `run`
        started = time.perf_counter()
        outcomes = self._cleared(stage, _attempt(run, items))
        seconds = (time.perf_counter() - started) / max(1, len(items))
        return [
            replace(o, backend=backend.name, model=model, device=backend.device, seconds=round(seconds, 4))
            for o in outcomes
        ]

    def _cleared(self, stage: str, outcomes: list[Outcome]) -> list[Outcome]:
        """Take out of results what nobody is to have, before they leave this process."""
        clearing = self._redactors.get(stage)
        return outcomes if clearing is None else [redacted(outcome, clearing) for outcome in outcomes]

    def close(self) -> None:
        """Let go of every backend."""
        for backend, _ in self._held.values():
            backend.close()
        self._held.clear()
        cards.let_go(self._spec.name)


def resident_mib() -> float:
    """Return the resident memory of this process, in MiB (Linux; /proc/self/statm)."""
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - read at every call; a Path would only be thrown away
        pages = int(statm.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _attempt(run: Operation, items: Sequence[StageItem]) -> list[Outcome]:
    """Run a batch; when it fails, run its items singly, for a batch is also a blame group."""
    try:
        return run(items)
    except Exception as exc:  # noqa: BLE001 - the one broad catch of the actor: an outcome, never a dead call
        if len(items) > 1:
            return [_attempt(run, [item])[0] for item in items]
        return [_failed(exc)]


def _failed(exc: Exception) -> Outcome:
    """Translate an exception into the outcome that tells the scheduler what to do about the video."""
    if isinstance(exc, BackendUnavailable):
        return Outcome(StageStatus.UNAVAILABLE, reason=str(exc))
    if not isinstance(exc, ActorError) and is_out_of_memory(exc):
        exc = OutOfMemory("out_of_memory", f"{type(exc).__name__}: {exc}")
    exc = shortage(exc) or exc
    if not isinstance(exc, ActorError):
        reason = f"{type(exc).__name__}: {exc}"
        detail = "".join(traceback.format_exception(exc))
        return Outcome(StageStatus.FAILED, reason=reason, failure=Failure.BUG, detail=detail)
    kinds: dict[type[Exception], Failure] = {
        BadInput: Failure.BAD_INPUT,
        SourceChanged: Failure.SOURCE_CHANGED,
        EnvironmentFault: Failure.ENVIRONMENT,
        OutOfMemory: Failure.OUT_OF_MEMORY,
    }
    return Outcome(
        StageStatus.FAILED, reason=exc.reason, failure=kinds.get(type(exc), Failure.TRANSIENT), detail=str(exc) or None
    )
