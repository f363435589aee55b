"""What `reelwatch doctor` says about memory on the card: who gets which part, also where there is no card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from actors.plan import Plan
from actors.registry import installed
from service.cards import REFERENCE, Card, ReadCards, cards_of, read_cards
from service.configuration import Configuration, load
from service.findings import Finding, Verdict
from service.models import choices
from service.vram import CardPlan, Demand, Smaller, demands, divide, refusal


def card_findings(
    configuration: Configuration, plan: Plan, *, file: Path | None = None, read: ReadCards = read_cards
) -> Iterator[Finding]:
    """Yield the cards and how one is divided; without one, what the `gpu` profile would need of a card with 24 GB.

    file: the settings file in use, whose options count for the `gpu` profile too.
    """
    cards, wanted = cards_of(configuration, read=read), demands(plan)
    for number, card in enumerate(cards):
        used = "" if card.used_mib is None else f", {card.used_mib} MiB in use at present"
        yield Finding(f"card {number}", f"{card.name}: {card.total_mib} MiB{used}")
    if wanted and cards:
        smallest = min(cards, key=lambda card: card.total_mib)
        yield from _table(configuration, wanted, smallest, failing="bad")
        return
    if wanted:
        names = ", ".join(demand.stage for demand in wanted)
        remedy = 'set pool.card_mib to the memory of one card, or pool.device = "cpu"'
        yield Finding("card", f"nvidia-smi tells of none, but {names} are to run on one", "bad", remedy)
        return
    gpu = load({"profile": "gpu", "pool.device": "cuda"}, config_path=file).configuration
    would = first_choices(gpu)
    yield Finding("plan", "nothing runs on a card" + (". What the gpu profile would need:" if would else ""))
    if would:
        yield from _table(gpu, would, min(cards, default=REFERENCE, key=_total), failing="note")


def first_choices(configuration: Configuration) -> tuple[Demand, ...]:
    """Return what the first backend of every stage's list takes of a card, whether it could be used here or not."""
    known = installed()
    return tuple(
        Demand(choice.stage, choice.backend, known[choice.backend]().actor, choice.resources.vram_mib)
        for choice in choices(configuration)
        if choice.first and choice.resources.vram_mib > 0
    )


def _table(
    configuration: Configuration, wanted: tuple[Demand, ...], card: Card, *, failing: Verdict
) -> Iterator[Finding]:
    plan = divide(wanted, card, context_mib=configuration.pool.context_mib)
    *actors, (together, total) = plan.rows()
    for actor, takes in actors:
        yield Finding(actor, takes)
    yield Finding(together, f"{total} ({card.name})", *_judge(configuration, plan, failing))


def _judge(configuration: Configuration, plan: CardPlan, failing: Verdict) -> tuple[Verdict, str | None]:
    if not plan.over_mib:
        return "good", None
    smaller = [Smaller(c.stage, c.backend, c.resources.vram_mib) for c in choices(configuration)]
    return failing, "\n       ".join(refusal(plan, smaller).splitlines()[1 + len(tuple(plan.rows())) :])


def _total(card: Card) -> int:
    return card.total_mib
