"""What Ray runs and carries, without Ray: the actor's side of a call, handles to payloads, and where sets fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from actors.backend import StageItem
from actors.host import resident_mib
from actors.pool.base import ActorSpec, CallItem, Host, HostReport, PayloadRefs, Place
from actors.pool.fake_pool import references
from actors.pool.limits import limit_memory

SLOTS = 3
"""Audio, frames, keyframes: how many top-level values travel for each video."""


class RemoteHost:
    """A host as Ray sees it: payloads come and go as top-level values, never inside another."""

    def __init__(self, spec: ActorSpec, host_factory: Callable[[ActorSpec], Host]) -> None:
        self._host = host_factory(spec)
        self._most_mib = spec.resources.most_mib

    def load(self) -> HostReport:
        """See `actors.pool.base.Host`; what a model needs to be there at all does not count against the limit."""
        report = self._host.load()
        limit_memory(self._most_mib)
        return report

    def call(self, operation: str, items: list[StageItem], *slots: Any) -> Any:
        """Return (outcomes, which payloads there are, resident MiB), and after it a decode's payloads."""
        opened = [
            replace(item, audio=audio, frames=frames, keyframes=keyframes)
            for item, (audio, frames, keyframes) in zip(items, threes(slots), strict=True)
        ]
        outcomes = self._host.call(operation, opened)
        refs = [references(outcome.payloads) for outcome in outcomes]
        bare = [replace(outcome, payloads=None) for outcome in outcomes]
        summary = (bare, [_presence(ref) for ref in refs], resident_mib())
        if operation != "decode":
            return summary
        return [summary, *(part for ref in refs for part in (ref.audio, ref.frames, ref.keyframes))]

    def close(self) -> None:
        """See `actors.pool.base.Host`."""
        self._host.close()


def slots_of(items: Iterable[CallItem]) -> list[Any]:
    """Return the handles of a call's videos, flat: they must be top-level arguments, or they arrive unopened."""
    return [part for i in items for part in (i.payloads.audio, i.payloads.frames, i.payloads.keyframes)]


def threes(parts: Sequence[Any]) -> list[tuple[Any, Any, Any]]:
    """Group flat slots by video again."""
    return [(parts[i], parts[i + 1], parts[i + 2]) for i in range(0, len(parts), SLOTS)]


def handles(parts: tuple[Any, Any, Any], presence: PayloadRefs) -> PayloadRefs:
    """Keep a handle only where there is a value behind it, so that the driver knows what it holds."""
    audio, frames, keyframes = parts
    return replace(
        presence,
        audio=audio if presence.audio else None,
        frames=frames if presence.frames else None,
        keyframes=keyframes if presence.keyframes else None,
    )


def fitting(nodes: Iterable[Mapping[str, float]], *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
    """Return where replica sets of a size fit on nodes with these resources (Ray's names: `CPU`, `GPU`).

    On cards: one set for each card whose node has the processors for it. Without: one for each node that is large
    enough, and as large as the smallest of these, so that two of them do not come to lie on one node.
    """
    if on_card:
        shares = [min(int(node.get("GPU", 0)), int(node.get("CPU", 0) / num_cpus)) for node in nodes]
        return (Place(num_cpus, 1),) * sum(shares)
    large = [node["CPU"] for node in nodes if node.get("CPU", 0) >= num_cpus]
    return (Place(min(large)),) * len(large) if large else ()


def bundle(place: Place | None) -> dict[str, float]:
    """Spell a place as Ray does, which refuses resources of 0."""
    asked = {} if place is None else {"CPU": place.num_cpus, "GPU": float(place.num_gpus)}
    return {name: amount for name, amount in asked.items() if amount > 0}


def sentence(exc: BaseException) -> str:
    """Return what Ray's explanation begins and ends with: the kind of death, and the error that led to it."""
    lines = [_ANSI.sub("", line).strip() for line in str(exc).splitlines() if line.strip()]
    if not lines:
        return type(exc).__name__
    return lines[0][:200] if len(lines) == 1 else f"{lines[0][:200]} … {lines[-1][:200]}"


def _presence(refs: PayloadRefs) -> PayloadRefs:
    """Say which values there are and how large, without the values."""
    return replace(refs, audio=_there(refs.audio), frames=_there(refs.frames), keyframes=_there(refs.keyframes))


def _there(value: Any) -> bool | None:
    return True if value is not None else None


_ANSI = re.compile(r"\x1b\[[0-9;]*m")
