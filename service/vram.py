"""Who gets which part of a card: derived from what the backends declare, checked before anything is loaded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from actors.plan import Plan
from service.cards import Card


@dataclass(frozen=True, slots=True)
class Demand:
    """What one stage's backend declares to take of a card, in MiB."""

    stage: str
    backend: str
    actor: str
    vram_mib: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """Another backend that a stage could use, and what that one takes of a card, in MiB."""

    stage: str
    backend: str
    vram_mib: int


@dataclass(frozen=True, slots=True)
class Share:
    """One actor's part: its models' memory, the context of its process, and the fraction of the card for both."""

    actor: str
    models: tuple[Demand, ...]
    needed_mib: int
    fraction: float


@dataclass(frozen=True)
class CardPlan:
    """How one card is divided among the actors of one replica set."""

    card: Card
    context_mib: int
    shares: tuple[Share, ...]

    @cached_property
    def fractions(self) -> dict[str, float]:
        """The fraction of the card per actor; actors that are not on it are absent."""
        return {share.actor: share.fraction for share in self.shares}

    @property
    def needed_mib(self) -> int:
        """What all actors need together."""
        return sum(share.needed_mib for share in self.shares)

    @property
    def over_mib(self) -> int:
        """By how much the fractions exceed the card; 0 where everything fits."""
        beyond = round(sum(share.fraction for share in self.shares) - 1.0, 2)
        return math.ceil(beyond * self.card.total_mib) if beyond > 0 else 0

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield (actor, what it takes), a line for each, and the sum."""
        for share in self.shares:
            models = " + ".join(f"{demand.backend} {demand.vram_mib}" for demand in share.models)
            yield share.actor, f"{models} + context {self.context_mib} MiB = {share.fraction:.2f} of the card"
        fraction = sum(share.fraction for share in self.shares)
        verdict = f"{self.over_mib} MiB too much" if self.over_mib else "fits"
        yield "together", f"{self.needed_mib} of {self.card.total_mib} MiB = {fraction:.2f} of the card: {verdict}"


def demands(plan: Plan) -> tuple[Demand, ...]:
    """Return what the stages that will run take of a card."""
    return tuple(
        Demand(stage.name, stage.backend, stage.actor, stage.resources.vram_mib)
        for stage in plan.stages
        if stage.backend is not None and stage.resources.vram_mib > 0
    )


def divide(wanted: Sequence[Demand], card: Card, *, context_mib: int) -> CardPlan:
    """Give each actor its part: its models and one CUDA context, rounded up to a hundredth of the card.

    The result may not fit: see `CardPlan.over_mib`.
    """
    by_actor: dict[str, list[Demand]] = {}
    for demand in wanted:
        by_actor.setdefault(demand.actor, []).append(demand)
    return CardPlan(
        card, context_mib, tuple(_share(name, models, card, context_mib) for name, models in by_actor.items())
    )


_SLOWER = (
    "A model on the processor takes up to fifty times as long: "
    "give its stage a longer deadline_per_media_s too, as the profile cpu does."
)


def refusal(plan: CardPlan, smaller: Iterable[Smaller] = ()) -> str:
    """Return the table of what does not fit, and every single change that frees something, the mildest first.

    smaller: what other backends of the stages' lists take, so that they can be proposed.
    """
    width = max(len(name) for name, _ in plan.rows())
    table = [f"  {name:<{width}}  {takes}" for name, takes in plan.rows()]
    changes = sorted(_changes(plan, smaller), key=lambda change: (change[0] < plan.over_mib, change[0]))
    advice = [
        f"  {text} (frees {freed} MiB{': then all fits' if freed >= plan.over_mib else ''})" for freed, text in changes
    ]
    return "\n".join(
        (
            f"the models do not fit on {plan.card.name} ({plan.card.total_mib} MiB): {plan.over_mib} MiB too much",
            *table,
            "change one of these, or choose a smaller model in a stage's options (model = …):",
            *advice,
            _SLOWER,
        )
    )


def _share(actor: str, models: Sequence[Demand], card: Card, context_mib: int) -> Share:
    needed_mib = sum(model.vram_mib for model in models) + context_mib
    # The small term keeps 50 % of a card from becoming 0.51 by the way floats are divided.
    fraction = math.ceil(needed_mib / card.total_mib * 100 - 1e-9) / 100
    return Share(actor, tuple(models), needed_mib, fraction)


def _changes(plan: CardPlan, smaller: Iterable[Smaller]) -> Iterator[tuple[int, str]]:
    others = tuple(smaller)
    for share in plan.shares:
        for model in share.models:
            context_mib = plan.context_mib if len(share.models) == 1 else 0
            yield model.vram_mib + context_mib, f'[stages.{model.stage}.options] device = "cpu"'
            for other in others:
                freed_mib = model.vram_mib - other.vram_mib + (0 if other.vram_mib else context_mib)
                if other.stage == model.stage and other.backend != model.backend and freed_mib > 0:
                    yield freed_mib, f'[stages.{model.stage}] backends = ["{other.backend}"]'
