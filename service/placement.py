"""How many replica sets there are, where they go, and which part of a card each of their actors gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from actors.errors import EnvironmentFault
from actors.plan import Plan
from actors.pool.base import ActorSpec, Place, Pool
from service.cards import Card, ReadCards, cards_of, read_cards
from service.configuration import Configuration
from service.errors import ConfigError
from service.vram import CardPlan, Demand, Smaller, demands, divide, refusal

FindSmaller = Callable[[], Iterable[Smaller]]
"""Finds what other backends of the stages' lists take of a card."""


def place_actors(
    configuration: Configuration,
    plan: Plan,
    pool: Pool,
    *,
    cores: float,
    smaller: FindSmaller = tuple,
    read: ReadCards = read_cards,
) -> tuple[ActorSpec, ...]:
    """Return the actors of every replica set. A pool on a cluster joins it to see what there is.

    cores: the logical cores of a pool of our own. smaller: asked where the models do not fit, see `service.vram`.
    Raises `ConfigError` where the models do not fit onto a card, or the sets not onto this host or cluster.
    """
    wanted, cards = demands(plan), cards_of(configuration, read=read)
    fractions = _card_plan(configuration, wanted, cards, smaller).fractions if wanted else {}
    actors = plan.actors()
    num_cpus = sum(spec.resources.num_cpus for spec in actors)
    places: tuple[Place | None, ...]
    if configuration.pool.address:
        places = _in_cluster(configuration, pool, num_cpus=num_cpus, on_card=bool(wanted))
    else:
        places = _here(configuration, num_cpus=num_cpus, cores=cores, cards=len(cards) if wanted else 0)
    return tuple(
        replace(spec.in_set(number, place=place), card_share=fractions.get(spec.name, 0.0))
        for number, place in enumerate(places)
        for spec in actors
    )


def _card_plan(
    configuration: Configuration, wanted: tuple[Demand, ...], cards: tuple[Card, ...], smaller: FindSmaller
) -> CardPlan:
    if not cards:
        names = ", ".join(demand.stage for demand in wanted)
        raise ConfigError(
            f'{names} are to run on a card (device = "cuda"), but nvidia-smi tells of none here. Set pool.card_mib to '
            'the memory of one card where there is one (a container, a cluster), else pool.device = "cpu".'
        )
    smallest = min(cards, key=lambda card: card.total_mib)
    plan = divide(wanted, smallest, context_mib=configuration.pool.context_mib)
    if plan.over_mib:
        raise ConfigError(refusal(plan, smaller()))
    return plan


def _here(configuration: Configuration, *, num_cpus: float, cores: float, cards: int) -> tuple[Place | None, ...]:
    """Return a place for each set of a pool of our own; None for the only one, which needs no bounds."""
    most = max(1, cards) if configuration.pool.kind == "ray" else 1
    asked = configuration.pool.replicas
    sets = asked or max(1, min(most, int(cores / num_cpus)))
    if asked > 1 and (num_cpus * asked > cores or (cards and asked > most) or configuration.pool.kind != "ray"):
        raise ConfigError(
            f"pool.replicas = {asked}: each set takes {num_cpus:g} cores{' and a card' if cards else ''}, there are "
            f"{cores:g} cores{f' and {most} cards' if cards else ''}. Lower it, or set 0 to derive it."
        )
    return (None,) if sets == 1 else (Place(num_cpus, min(1, cards)),) * sets


def _in_cluster(configuration: Configuration, pool: Pool, *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
    """Return a place for each set; more sets than fit now wait for nodes that are to come."""
    address = configuration.pool.address
    try:
        places = pool.places(num_cpus=max(num_cpus, configuration.pool.num_cpus), on_card=on_card)
    except EnvironmentFault as exc:
        raise ConfigError(
            f"pool.address: {exc}. Start one with `ray start --head`, or leave the setting empty."
        ) from exc
    if not places:
        raise ConfigError(
            f"pool.address = {address}: no node has {num_cpus:g} cores{' and a card' if on_card else ''} for one set "
            "of the models. Add a node, or switch a stage off (backends = [])."
        )
    sets = configuration.pool.replicas or len(places)
    return tuple(places[number % len(places)] for number in range(sets))
