"""Which passages are believed."""

from __future__ import annotations

import pytest

from actors.asr.gates import Gates, compression_ratio

SENTENCE = "Ask not what your country can do for you."


@pytest.mark.parametrize(
    ("text", "log_prob", "no_speech", "objection"),
    [
        (SENTENCE, -0.2, 0.01, None),
        (SENTENCE, -0.2, None, None),
        (SENTENCE, -1.0, 0.6, None),
        (SENTENCE, -1.01, 0.0, "log-probability -1.01 < -1.00"),
        (SENTENCE, -0.4, 0.95, None),
        (SENTENCE, -0.6, 0.95, "no-speech 0.95 > 0.60 at log-probability -0.60"),
        (SENTENCE, -0.6, None, None),
        ("Thank you. " * 20, -0.1, 0.0, "it repeats itself: compression"),
        ("", -0.1, 0.0, "no words"),
        (" \n", -0.1, 0.0, "no words"),
    ],
    ids=[
        "sure",
        "a model without the token",
        "on the bounds",
        "unlikely",
        "sure although no speech",
        "unsure and no speech",
        "unsure, not known",
        "a loop",
        "nothing",
        "white space",
    ],
)
def test_doubtful_passages_are_dropped(
    text: str, log_prob: float, no_speech: float | None, objection: str | None
) -> None:
    found = Gates().objection(text, log_prob=log_prob, no_speech=no_speech)
    assert (found is None) == (objection is None)
    assert (found or "").startswith(objection or "")


def test_compression_is_that_of_faster_whisper() -> None:
    from faster_whisper.transcribe import get_compression_ratio

    for text in (SENTENCE, "å" * 50, "Thank you. " * 20):
        assert compression_ratio(text) == get_compression_ratio(text)
