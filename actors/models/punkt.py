"""The tables that NLTK's sentence splitter reads: whisperx's alignment asks for them, and downloads them otherwise."""

from __future__ import annotations

from pathlib import Path

LANGUAGES = (
    "czech",
    "danish",
    "dutch",
    "english",
    "estonian",
    "finnish",
    "french",
    "german",
    "greek",
    "italian",
    "malayalam",
    "norwegian",
    "polish",
    "portuguese",
    "russian",
    "slovene",
    "spanish",
    "swedish",
    "turkish",
)
_ABBREVIATIONS = {
    "english": "dr mr mrs ms prof st vs e.g i.e etc no inc",
    "norwegian": "bl.a dvs f.eks kl m.m nr osv pga",
}
_TABLES = ("collocations.tab", "sent_starters.txt", "ortho_context.tab")


def write_punkt(root: Path) -> Path:
    """Write `tokenizers/punkt_tab/<language>/` below a folder and return it; the folder is for `nltk.data.path`.

    The learnt tables are left empty, so that sentences end at `.`, `?` and `!` alone, but for common abbreviations:
    segments come out right, and no one else's data is shipped. All four files must exist (`nltk.tokenize.punkt`).
    """
    folder = root / "tokenizers" / "punkt_tab"
    for language in LANGUAGES:
        place = folder / language
        place.mkdir(parents=True, exist_ok=True)
        words = _ABBREVIATIONS.get(language, "").split()
        (place / "abbrev_types.txt").write_text("\n".join(words), encoding="utf-8")
        for table in _TABLES:
            (place / table).write_text("", encoding="utf-8")
    return root
