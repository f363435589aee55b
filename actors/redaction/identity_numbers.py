"""National identity numbers, by their form and, where they have some, their check digits and dates.

Own code, because the library for them (python-stdnum) is LGPL. Sources are named at each rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from actors.redaction.spans import ID_NUMBER, Span

_FREE = r"(?<![\w-])"
"""Nothing of a longer number or word goes before."""
_END = r"(?![\w-])"

_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NO_FIRST, _NO_SECOND = (3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_FI_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_UK_NO_PREFIXES = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})


def identity_numbers(text: str) -> Iterator[Span]:
    """Yield the identity numbers in a text."""
    for pattern, is_one in _KINDS:
        for match in pattern.finditer(text):
            if is_one(match.group()):
                yield Span(*match.span(), ID_NUMBER)


def is_norwegian(text: str) -> bool:
    """Tell a fødselsnummer, D-number (day + 40) or synthetic one (month + 40, 65 or 80): DDMMYY, 3 digits, 2 checks.

    Skatteetaten, "Fødselsnummer": mod 11 with the weights 3 7 6 1 8 9 4 5 2 and 5 4 3 2 7 6 5 4 3 2.
    """
    digits = _digits(text)
    if len(digits) != 11:  # noqa: PLR2004 - their number
        return False
    first = -sum(w * d for w, d in zip(_NO_FIRST, digits, strict=False)) % 11
    second = -sum(w * d for w, d in zip(_NO_SECOND, [*digits[:9], first], strict=True)) % 11
    day, month = _pair(digits, 0), _pair(digits, 2)
    month -= next((added for added in (80, 65, 40) if month > added), 0)
    return digits[9:] == [first, second] and _is_date(day - 40 if day > 40 else day, month)  # noqa: PLR2004 - see above


def is_swedish(text: str) -> bool:
    """Tell a personnummer or samordningsnummer (day + 60): (YY)YYMMDD, 4 digits, the last by Luhn's rule.

    Skatteverket, SKV 704.
    """
    digits = _digits(text)[-10:]
    day, month = _pair(digits, 4), _pair(digits, 2)
    return len(digits) == 10 and _luhn(digits) and _is_date(day - 60 if day > 60 else day, month)  # noqa: PLR2004 - see above


def is_danish(text: str) -> bool:
    """Tell a CPR number: DDMMYY-NNNN. It has no check digit since 2007 (CPR-kontoret), so the hyphen is asked for."""
    digits = _digits(text)
    return _is_date(_pair(digits, 0), _pair(digits, 2))


def is_finnish(text: str) -> bool:
    """Tell a henkilötunnus: DDMMYY, a sign of the century, 3 digits, a check character of the number mod 31 (DVV)."""
    digits = _digits(text[:10])
    number = int("".join(map(str, digits)))
    return _is_date(_pair(digits, 0), _pair(digits, 2)) and _FI_CHECKS[number % 31] == text[-1]


def is_british(text: str) -> bool:
    """Tell a National Insurance number by its prefix (HMRC, NIM39110)."""
    return text[:2] not in _UK_NO_PREFIXES


_KINDS: Sequence[tuple[re.Pattern[str], Callable[[str], bool]]] = (
    (re.compile(rf"{_FREE}\d{{6}} ?\d{{5}}{_END}"), is_norwegian),
    (re.compile(rf"{_FREE}(?:\d\d)?\d{{6}}[-+ ]?\d{{4}}{_END}"), is_swedish),
    (re.compile(rf"{_FREE}\d{{6}}-\d{{4}}{_END}"), is_danish),
    (re.compile(rf"{_FREE}\d{{6}}[-+A-FU-Y]\d{{3}}[0-9A-FHJ-NPR-Y]{_END}"), is_finnish),
    (re.compile(rf"{_FREE}[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]{_END}"), is_british),
    # US Social Security number: no check digit; never issued are areas 000, 666 and 9xx, group 00, serial 0000 (SSA).
    (re.compile(rf"{_FREE}(?!000|666|9)\d{{3}}-(?!00)\d\d-(?!0000)\d{{4}}{_END}"), lambda _: True),
)


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if "0" <= character <= "9"]


def _pair(digits: Sequence[int], start: int) -> int:
    return 10 * digits[start] + digits[start + 1] if len(digits) > start + 1 else 0


def _is_date(day: int, month: int) -> bool:
    return 1 <= month <= len(_MONTH_DAYS) and 1 <= day <= _MONTH_DAYS[month - 1]


def _luhn(digits: Sequence[int]) -> bool:
    doubled = (sum(divmod(2 * d, 10)) if place % 2 else d for place, d in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0
