"""What counts for publishing words: posteriors by time, the margin over phones, and how many words there are."""

from __future__ import annotations

import pytest

from actors.asr.evidence import evidence
from actors.asr.pocketsphinx import PocketSphinx, PocketSphinxOptions
from actors.asr.sphinx import Decoded, DecodedWord


def reading(*posteriors: float, margin: float = -1.0, warp: float = 1.0, seconds: float = 0.3) -> Decoded:
    words = tuple(DecodedWord("word", i * seconds, (i + 1) * seconds, p) for i, p in enumerate(posteriors))
    frames = 100 * max(1, len(words))
    return Decoded(
        words=words, word_score=-5.0 * frames + margin * frames, phone_score=-5.0 * frames, frames=frames, warp=warp
    )


@pytest.mark.parametrize(
    ("readings", "words", "posterior", "margin"),
    [
        pytest.param([], 0.0, 0.0, 0.0, id="nothing was read"),
        pytest.param([reading(0.2, 0.6)], 2.0, 0.4, -1.0, id="one reading"),
        pytest.param([reading(0.2, 0.2), reading(0.6, 0.6, warp=1.1)], 2.0, 0.4, -1.0, id="two warps are averaged"),
        pytest.param(
            [reading(0.9, seconds=0.1), reading(0.1, seconds=0.3)], 2.0, 0.3, -1.0, id="long words count more"
        ),
        pytest.param([reading(), reading(0.5, margin=0.0)], 1.0, 0.5, -0.5, id="wordless utterances keep their margin"),
    ],
)
def test_evidence(readings: list[Decoded], words: float, posterior: float, margin: float) -> None:
    found = evidence(readings)
    assert (found.words, found.posterior, found.margin) == pytest.approx((words, posterior, margin))


def test_more_words_of_the_same_kind_are_more_evidence() -> None:
    assert evidence([reading(*[0.4] * 50)]).value > evidence([reading(*[0.4] * 5)]).value


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param([reading(*[0.6] * 20, margin=-0.8)], None, id="clear English"),
        pytest.param(
            [reading(*[0.3] * 20, margin=-1.5)], "below bound: -0.12 < -0.01", id="sure of little, at a price"
        ),
        pytest.param([reading(*[0.35] * 20, margin=-2.2)], "margin -2.20", id="the price alone can refuse"),
        pytest.param([reading(0.9, 0.9, margin=-0.1)], "too few words", id="two words are no language"),
        pytest.param([reading()], "too few words", id="none"),
    ],
)
def test_the_objection_names_what_was_missing(found: list[Decoded], reason: str | None) -> None:
    said = PocketSphinx(PocketSphinxOptions(warps=(1.0,)))._objection(evidence(found))
    assert said is None if reason is None else reason in (said or "")
