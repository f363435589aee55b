"""Puts housekeeping together from the configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

from service.bookkeeping import Emit
from service.clock import Clock
from service.configuration import Configuration
from service.configuration.afterwork import credential
from service.housekeeping.archive import Archive, open_as_inboxes, require_one_mount
from service.housekeeping.errand import Task
from service.housekeeping.housekeeping import Housekeeping
from service.housekeeping.indexing import Indexing
from service.housekeeping.post import poster
from service.housekeeping.retention import Retention, periods_of
from service.housekeeping.signature import read_secrets
from service.housekeeping.webhook import Endpoint, Patience, Webhook
from service.intake.names import NamePolicy
from service.ledger.ledger import Ledger
from service.ledger_trouble import LedgerTrouble
from service.state import make_folder, require_folder

Forget = Callable[[bytes, bytes], None]
"""Tells intake that a file (root, path) has left on purpose."""


def make_housekeeping(
    configuration: Configuration,
    *,
    ledger: Ledger,
    clock: Clock,
    emit: Emit,
    trouble: LedgerTrouble,
    forget: Forget,
) -> Housekeeping:
    """Return what a service does after documents; raises `ConfigError` when it could not do what it is asked for."""
    tasks = [
        Indexing(ledger=ledger, clock=clock, emit=emit),
        *_archive(configuration, ledger=ledger, clock=clock, emit=emit, forget=forget),
        *_retention(configuration, ledger=ledger, clock=clock, emit=emit),
        *_webhook(configuration, ledger=ledger, clock=clock, emit=emit),
    ]
    return Housekeeping(tasks, ledger=ledger, clock=clock, emit=emit, trouble=trouble)


def require_usable(configuration: Configuration) -> None:
    """Raise `ConfigError` where a service would refuse to start for the sake of what follows documents; make nothing.

    A secret that is systemd's credential is not looked for: only the service has it.
    """
    done, secret_file = configuration.done, configuration.webhook.secret_file
    if done.after_done == "move" and done.move_to is not None:
        require_folder(done.move_to, setting="done.move_to", flag="done.move_to")
        require_one_mount(_inboxes(configuration), os.fsencode(done.move_to.absolute()))
    if configuration.webhook.url and secret_file is not None:
        read_secrets(secret_file)


def make_messenger(configuration: Configuration, *, ledger: Ledger, clock: Clock, emit: Emit) -> Housekeeping:
    """Return what a command does after documents: it indexes, tells the webhook, and neither moves nor deletes."""
    tasks = [
        Indexing(ledger=ledger, clock=clock, emit=emit, notes_only=True),
        *_webhook(configuration, ledger=ledger, clock=clock, emit=emit),
    ]
    return Housekeeping(tasks, ledger=ledger, clock=clock, emit=emit)


def make_endpoint(configuration: Configuration, environ: Mapping[str, str] = os.environ) -> Endpoint | None:
    """Return where messages go, None when nobody is told; raises `ConfigError` when there is no secret to sign with."""
    settings = configuration.webhook
    if not settings.url:
        return None
    secrets = read_secrets(credential(settings.secret_file, environ.get("CREDENTIALS_DIRECTORY")))
    return Endpoint(settings.url, secrets, poster(timeout_s=settings.timeout_s))


def _archive(
    configuration: Configuration, *, ledger: Ledger, clock: Clock, emit: Emit, forget: Forget
) -> Iterator[Task]:
    settings = configuration.done
    if settings.after_done == "keep" or settings.move_to is None:
        return
    inboxes = _inboxes(configuration)
    made = not os.path.lexists(settings.move_to)
    make_folder(settings.move_to, setting="done.move_to", flag="done.move_to")
    if made:
        open_as_inboxes(inboxes, os.fsencode(settings.move_to))
    target = os.fsencode(settings.move_to.absolute())
    require_one_mount(inboxes, target)
    yield Archive(
        inboxes,
        target,
        NamePolicy(configuration.intake.extensions),
        # A sidecar that is still being written is waited for as long as intake would wait on a slow mount.
        linger_s=configuration.intake.quiet_network_s,
        ledger=ledger,
        clock=clock,
        emit=emit,
        forget=forget,
    )


def _inboxes(configuration: Configuration) -> list[bytes]:
    return [os.fsencode(inbox.absolute()) for inbox in configuration.intake.inboxes]


def _retention(configuration: Configuration, *, ledger: Ledger, clock: Clock, emit: Emit) -> Iterator[Task]:
    periods = periods_of(configuration.retention)
    if periods:
        yield Retention(periods, ledger=ledger, clock=clock, emit=emit)


def _webhook(configuration: Configuration, *, ledger: Ledger, clock: Clock, emit: Emit) -> list[Task]:
    endpoint, settings = make_endpoint(configuration), configuration.webhook
    if endpoint is None:
        return []
    patience = Patience(settings.retry_first_s, settings.retry_most_s, settings.give_up_h * 3600.0)
    return [Webhook(endpoint, patience, ledger=ledger, clock=clock, emit=emit)]
