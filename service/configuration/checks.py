"""What no single setting can break: rules between settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from service.configuration.requests import RECEIVED
from service.configuration.schema import STAGES, Configuration
from service.errors import ConfigError
from service.intake.settings import INCOMPLETE_RECHECK_S

DECODER_MIB = 512
"""What decoding full HD takes at most besides the analysis frames; 4K takes about twice as much."""

Where = Callable[[str], str]
"""Spells a dotted key with its origin."""


def refuse_contradictions(configuration: Configuration, origins: Mapping[str, str]) -> None:
    """Raise `ConfigError` naming every contradiction, the settings in it and what would resolve it."""

    def where(key: str) -> str:
        return f"{origins.get(key, 'configuration')}: {key}"

    folders = (_folders, _nested_inboxes, _received, _archive)
    checks = (*folders, _windows, _memory, _cluster, _stages, _metrics, _waits)
    problems = [problem for check in checks for problem in check(configuration, where)]
    if problems:
        raise ConfigError("\n".join(problems))


def _folders(configuration: Configuration, where: Where) -> Iterator[str]:
    # Documents or the ledger under a watched folder come back as input: tdarr #279 looped that way. An inbox under
    # the output would get documents beside its videos, where `<stem>.json` is read as a sidecar.
    for key, folder in (("output.dir", configuration.output.dir), ("state.dir", configuration.state.dir)):
        for inbox in configuration.intake.inboxes:
            if _holds(inbox, folder):
                yield f"{where(key)} = {folder} lies inside the inbox {inbox}. Choose a folder outside it."
            elif _holds(folder, inbox):
                yield f"{where('intake.inboxes')}: {inbox} lies inside {key} = {folder}. Choose a folder outside it."


def _nested_inboxes(configuration: Configuration, where: Where) -> Iterator[str]:
    inboxes = configuration.intake.inboxes
    for index, outer in enumerate(inboxes):
        for other, inner in enumerate(inboxes):
            same = _real(outer) == _real(inner)
            nested = _holds(outer, inner) and not same
            if index != other and (nested or (same and index < other)):
                yield (
                    f"{where('intake.inboxes')}: {inner} lies inside {outer}, so its videos would be found twice. "
                    "Name only one of the two."
                )


def _windows(configuration: Configuration, where: Where) -> Iterator[str]:
    intake = configuration.intake
    for key in ("quiet_network_s", "foreign_quiet_s"):
        if getattr(intake, key) < intake.quiet_local_s:
            yield (
                f"{where(f'intake.{key}')} = {getattr(intake, key)} is shorter than intake.quiet_local_s = "
                f"{intake.quiet_local_s}, though it stands for less certain places. Raise it."
            )
    if intake.incomplete_give_up_h * 3600 <= max(intake.quiet_network_s, intake.foreign_quiet_s):
        yield (
            f"{where('intake.incomplete_give_up_h')} = {intake.incomplete_give_up_h} is over before the quiet window "
            "is. Raise it, or shorten the windows."
        )
    elif intake.incomplete_give_up_h * 3600 < INCOMPLETE_RECHECK_S:
        yield (
            f"{where('intake.incomplete_give_up_h')} = {intake.incomplete_give_up_h} is over before a file is looked "
            f"at again, after {INCOMPLETE_RECHECK_S:g} s. Raise it."
        )


def _memory(configuration: Configuration, where: Where) -> Iterator[str]:
    # Half of the store is for decoded videos, half is room to work (`service.assembly.make_limits`). One that does
    # not fit into its half would never be begun.
    frames_mib, store_mib = configuration.media.frames_mib, configuration.pool.object_store_mib
    if 2 * frames_mib > store_mib:
        yield (
            f"{where('media.frames_mib')} = {frames_mib} is more than half of pool.object_store_mib = {store_mib}, so "
            "a long video would never fit. Lower the one or raise the other."
        )
    # The frames are there twice while they are handed over.
    memory_mib, least_mib = configuration.media.memory_mib, 2 * frames_mib + DECODER_MIB
    if 0 < memory_mib < least_mib:
        yield (
            f"{where('media.memory_mib')} = {memory_mib} is too little for media.frames_mib = {frames_mib} and the "
            f"decoder beside them. Set at least {least_mib}, or 0 for no limit."
        )


def _cluster(configuration: Configuration, where: Where) -> Iterator[str]:
    if configuration.pool.address and configuration.pool.kind != "ray":
        yield (
            f"{where('pool.address')} = {configuration.pool.address} names a Ray cluster, but {where('pool.kind')} = "
            f'"{configuration.pool.kind}". Set pool.kind = "ray", or remove the address.'
        )


def _stages(configuration: Configuration, where: Where) -> Iterator[str]:
    for stage in STAGES:
        backends = configuration.stage(stage).backends
        key = f"stages.{stage}.backends"
        for backend in backends:
            if not backend.startswith(f"{stage}."):
                yield f"{where(key)}: {backend} is no backend of the stage {stage}. Its names begin with {stage}."
        if stage in {"decode", "fusion"} and not backends:
            yield f"{where(key)} = []: there is no document without {stage}. Remove the line."
    if configuration.stages.decode.options:
        yield f"{where('stages.decode.options')}: the options of decoding stand in [media]. Move them there."


def _metrics(configuration: Configuration, where: Where) -> Iterator[str]:
    # Whoever reaches the port reads how much is done and where the inboxes lie; there is no password.
    metrics = configuration.metrics
    if not metrics.is_loopback and not metrics.allow_remote:
        yield (
            f"{where('metrics.listen')} = {metrics.listen}: other hosts can reach this address, and nobody is asked "
            "who they are. Listen on 127.0.0.1, or say that this is meant: metrics.allow_remote = true."
        )


def _archive(configuration: Configuration, where: Where) -> Iterator[str]:
    target = configuration.done.move_to
    if target is None:
        if configuration.done.after_done == "move":
            yield f'{where("done.after_done")} = "move" needs done.move_to, the folder to move to. Set it.'
        return
    others = [("output.dir", configuration.output.dir), ("state.dir", configuration.state.dir)]
    for key, folder in [*(("the inbox", inbox) for inbox in configuration.intake.inboxes), *others]:
        # What is moved into an inbox is found there again; in the output its sidecars would pose as documents.
        if _holds(folder, target) or _holds(target, folder):
            yield (
                f"{where('done.move_to')} = {target} and {key} {folder} lie in each other. Choose a folder outside it."
            )


def _received(configuration: Configuration, where: Where) -> Iterator[str]:
    received = configuration.state.dir / RECEIVED
    for key, folder in (("output.dir", configuration.output.dir), ("done.move_to", configuration.done.move_to)):
        # Documents in a watched folder would come back as input; see _folders.
        if folder is not None and _holds(received, folder):
            yield f"{where(key)} = {folder} lies in {received}, where uploads land. Choose a folder outside it."


def _waits(configuration: Configuration, where: Where) -> Iterator[str]:
    webhook = configuration.webhook
    if webhook.retry_most_s < webhook.retry_first_s:
        yield (
            f"{where('webhook.retry_most_s')} = {webhook.retry_most_s} is shorter than webhook.retry_first_s = "
            f"{webhook.retry_first_s}, the first wait. Raise the one or lower the other."
        )


def _holds(outer: Path, inner: Path) -> bool:
    """Say whether `inner` is `outer` or lies in it, links followed."""
    return _real(inner).is_relative_to(_real(outer))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
