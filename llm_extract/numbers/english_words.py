"""English number words and their values."""

from __future__ import annotations

from typing import Final

UNITS: Final = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
}
TEENS: Final = {
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "zero": 0,
}
TENS: Final = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "fourty": 40,
}
SCALES: Final = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
VALUES: Final = {**UNITS, **TEENS, **TENS, **SCALES, "hundred": 100}

_UNIT_ORDINALS: Final = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
}
ORDINALS: Final = {
    **_UNIT_ORDINALS,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fourteenth": 14,
    "fifteenth": 15,
    "sixteenth": 16,
    "seventeenth": 17,
    "eighteenth": 18,
    "nineteenth": 19,
    "twentieth": 20,
    "thirtieth": 30,
    "fortieth": 40,
    "fiftieth": 50,
    "hundredth": 100,
}
ORDINAL_ALTERNATION: Final = "|".join(ORDINALS)

UNIT_ALTERNATION: Final = "|".join(UNITS)
TEEN_ALTERNATION: Final = "|".join(TEENS)
TENS_ALTERNATION: Final = "|".join(TENS)
BELOW_HUNDRED: Final = (
    rf"(?:(?:{TENS_ALTERNATION})(?:(?:[ \t-]+|-[ \t]*\n[ \t]*)(?:{UNIT_ALTERNATION})(?![\w]))?"
    rf"|{TEEN_ALTERNATION}|{UNIT_ALTERNATION})"
)
"""Pattern of a number below a hundred; its hyphen may be the last character of a line."""
