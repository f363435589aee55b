"""Who gets which part of a card, as tables."""

from __future__ import annotations

import pytest

from service.cards import Card
from service.vram import Demand, Smaller, divide, refusal

CARD = Card("RTX 3090", 24576)
ASR = Demand("asr", "asr.whisperx", "speech", 4500)
CAPTIONS = Demand("captions", "captions.blip2", "captions", 8500)
OBJECTS = Demand("objects", "objects.grounding_dino", "objects", 2500)
OCR = Demand("ocr", "ocr.paddleocr", "ocr", 10400)


@pytest.mark.parametrize(
    ("wanted", "card", "fractions", "over_mib"),
    [
        pytest.param((), CARD, {}, 0, id="nothing"),
        pytest.param((ASR, CAPTIONS), CARD, {"speech": 0.21, "captions": 0.37}, 0, id="rounded up"),
        # 700 / 10000 * 100 is 7.000000000000001 in floats.
        pytest.param((Demand("a", "a.b", "x", 200),), Card("round", 10000), {"x": 0.07}, 0, id="exactly 0.07"),
        pytest.param(
            (ASR, Demand("diarization", "d.p", "speech", 1500)), CARD, {"speech": 0.27}, 0, id="one context an actor"
        ),
        pytest.param(
            (ASR, CAPTIONS, OCR),
            CARD,
            {"speech": 0.21, "captions": 0.37, "ocr": 0.45},
            738,  # 0.03 of the card
            id="too much",
        ),
        pytest.param((CAPTIONS,), Card("small", 8000), {"captions": 1.13}, 1040, id="one alone is too large"),
    ],
)
def test_the_card_is_divided(
    wanted: tuple[Demand, ...], card: Card, fractions: dict[str, float], over_mib: int
) -> None:
    plan = divide(wanted, card, context_mib=500)
    assert (plan.fractions, plan.over_mib) == (fractions, over_mib)


def test_the_table_says_who_takes_what() -> None:
    plan = divide((ASR, OBJECTS), CARD, context_mib=500)
    assert list(plan.rows()) == [
        ("speech", "asr.whisperx 4500 + context 500 MiB = 0.21 of the card"),
        ("objects", "objects.grounding_dino 2500 + context 500 MiB = 0.13 of the card"),
        ("together", "8000 of 24576 MiB = 0.34 of the card: fits"),
    ]


def test_a_model_that_leaves_its_actor_to_another_frees_no_context() -> None:
    second = Demand("diarization", "diarization.pyannote", "speech", 1500)
    told = refusal(divide((ASR, second), Card("small", 6000), context_mib=500))
    assert '[stages.diarization.options] device = "cpu" (frees 1500 MiB: then all fits)' in told


def test_a_refusal_names_what_would_make_it_fit_the_mildest_change_first() -> None:
    plan = divide((ASR, CAPTIONS, OCR), CARD, context_mib=500)
    smaller = (
        Smaller("ocr", "ocr.rapidocr", 0),
        Smaller("captions", "captions.blip", 8400),
        Smaller("captions", "captions.blip2", 8500),
        Smaller("asr", "asr.huge", 9000),
    )
    slower = (
        "takes up to fifty times as long: give its stage a longer deadline_per_media_s too, as the profile cpu does."
    )
    assert refusal(plan, smaller).splitlines() == [
        "the models do not fit on RTX 3090 (24576 MiB): 738 MiB too much",
        "  speech    asr.whisperx 4500 + context 500 MiB = 0.21 of the card",
        "  captions  captions.blip2 8500 + context 500 MiB = 0.37 of the card",
        "  ocr       ocr.paddleocr 10400 + context 500 MiB = 0.45 of the card",
        "  together  24900 of 24576 MiB = 1.03 of the card: 738 MiB too much",
        "change one of these, or choose a smaller model in a stage's options (model = …):",
        '  [stages.asr.options] device = "cpu" (frees 5000 MiB: then all fits)',
        '  [stages.captions.options] device = "cpu" (frees 9000 MiB: then all fits)',
        '  [stages.ocr.options] device = "cpu" (frees 10900 MiB: then all fits)',
        '  [stages.ocr] backends = ["ocr.rapidocr"] (frees 10900 MiB: then all fits)',
        '  [stages.captions] backends = ["captions.blip"] (frees 100 MiB)',
        f"A model on the processor {slower}",
    ]
