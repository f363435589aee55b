"""Phone numbers as they are written and spelled out; prices, counts, dates and dimensions are none.

The rules of each country are those of Google's libphonenumber (`phonenumbers`, Apache-2.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from actors.redaction.numerals import spelled_numbers
from actors.redaction.spans import PHONE, Span

LEAST_DIGITS, MOST_DIGITS = 7, 15
"""Shorter ones are short codes that nobody is behind; 15 is the longest of ITU-T E.164."""
_LEAST_AFTER_PLUS = 9
_PLUS = re.compile(r"(?<![\w+])\+\d[\d ().\-/]{6,24}\d(?!\w)")
# Mobile numbers in Norway are written 3-2-3, which libphonenumber does not know as a grouping.
_MOBILE_NO = re.compile(r"(?<![\d.,])\d{3} \d{2} \d{3}(?![\d.,]\d|\d)")
_COUNTED = re.compile(
    r"\s*(?:kr\b|kroner|nok\b|sek\b|dkk\b|usd\b|eur\b|gbp\b|dollars?\b|euros?\b|pounds?\b|pund\b|[$€£%\u00d7]|x\s?\d|,-|"
    r"views?\b|visninger|avspillinger|likes?\b|liker\b|hearts?\b|followers?\b|følgere|følgjarar|subscribers?\b|"
    r"abonnenter|people\b|personer|mennesker|users?\b|brukere|times\b|ganger\b|px\b|pixels?\b|piksler|bytes?\b|"
    r"[kmgt]i?b\b|km\b|mm\b|cm\b|kg\b|mah\b|hz\b|fps\b)",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?:[#$€£]|\b(?:kr|nok|sek|dkk|usd|eur|gbp|order|ordre|isbn|ean|id)\.?[:#]?)\s*$", re.IGNORECASE)
_LABEL_CHARS = 32
"""How far before a number its label is looked for; a caption that is all numbers must not take a time of its square."""
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20|21)\d\d"
_DATE = re.compile(rf"{_DAY}[-./ ]{_MONTH}[-./ ]{_YEAR}|{_YEAR}[-./ ]{_MONTH}[-./ ]{_DAY}")
_THOUSANDS = re.compile(r"\+?\d{1,3}(?:[ .]\d{3})+")


class Phones:
    """Finds phone numbers. regions: whose national numbers are known, by ISO 3166 code; with + any country's are."""

    def __init__(self, regions: Sequence[str]) -> None:
        import phonenumbers  # noqa: PLC0415 - loaded only where redaction is asked for

        self._library = phonenumbers
        self._regions = tuple(regions)

    def find(self, text: str) -> Iterator[Span]:
        """Yield the numbers in a text; more than once where several rules find one."""
        if any(map(str.isdigit, text)):
            for span in (*self._international(text), *self._national(text), *self._mobile_no(text)):
                if self._stands_for_itself(text, span):
                    yield span
        yield from self._spelled(text)

    def _national(self, text: str) -> Iterator[Span]:
        """Yield what is grouped as the country's numbers are, or not at all: `25 000 000` is no number in Norway."""
        leniency = self._library.Leniency.STRICT_GROUPING
        for region in self._regions:
            for match in self._library.PhoneNumberMatcher(text, region, leniency=leniency):
                raw = match.raw_string
                counts_for = sum(map(str.isdigit, raw)) >= LEAST_DIGITS
                if counts_for and not _is_series(raw) and not _DATE.fullmatch(raw):
                    yield Span(match.start, match.end, PHONE)

    def _international(self, text: str) -> Iterator[Span]:
        for match in _PLUS.finditer(text):
            digits = sum(map(str.isdigit, match.group()))
            if (
                digits >= _LEAST_AFTER_PLUS
                and not _THOUSANDS.fullmatch(match.group())
                and self._is_possible(match.group())
            ):
                yield Span(*match.span(), PHONE)

    def _mobile_no(self, text: str) -> Iterator[Span]:
        if "NO" in self._regions:
            for match in _MOBILE_NO.finditer(text):
                if self._is_valid(match.group(), "NO"):
                    yield Span(*match.span(), PHONE)

    def _spelled(self, text: str) -> Iterator[Span]:
        """Yield numbers of which at least one digit is spelled out: `nine one two, three four five six seven`."""
        for start, end, digits in spelled_numbers(text):
            if LEAST_DIGITS <= len(digits.lstrip("+")) <= MOST_DIGITS and not _is_series(" ".join(digits)):
                known = digits.startswith("+") and self._is_possible(digits)
                if known or any(self._is_valid(digits, region) for region in self._regions):
                    yield Span(start, end, PHONE)

    def _stands_for_itself(self, text: str, span: Span) -> bool:
        """Whether it is neither counted (`98765432 views`) nor an amount or a label (`kr 98765432`, `#98765432`)."""
        looked_from = max(0, span.start - _LABEL_CHARS)
        return not _COUNTED.match(text, span.end) and not _AMOUNT.search(text, looked_from, span.start)

    def _is_valid(self, number: str, region: str) -> bool:
        try:
            return bool(self._library.is_valid_number(self._library.parse(number, region)))
        except self._library.NumberParseException:
            return False

    def _is_possible(self, number: str) -> bool:
        try:
            return bool(self._library.is_possible_number(self._library.parse(number, None)))
        except self._library.NumberParseException:
            return False


def _is_series(text: str) -> bool:
    """Whether the groups count up or down in equal steps: `23 24 25 26` is somebody counting."""
    groups = [int(group) for group in re.findall(r"\d+", text)]
    steps = {after - before for before, after in pairwise(groups)}
    return len(groups) > 3 and len(steps) == 1 and steps != {0}  # noqa: PLR2004 - two steps alike may be chance
