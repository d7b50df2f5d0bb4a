"""Surface forms of the nouns in the language files: plurals, Arabic duals and proclitics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Form = tuple[str, Literal["singular", "dual", "plural"]]

_VOWEL_SIGNS = re.compile(r"[\u0640\u064b-\u065f\u0670]")
_ALIF = str.maketrans("أإآٱى", "ااااي")
_SIBILANT = ("s", "x", "z", "ch", "sh")


def normalised(form: str, language: str) -> str:
    """The key of a form: casefolded; Arabic without vowel signs and hamza seats."""
    if language == "ar":
        return _VOWEL_SIGNS.sub("", form).translate(_ALIF)
    folded = form.casefold()
    return folded if folded.isascii() else folded.replace("’", "'").replace("ʼ", "'")


def forms(noun: str, rule: str) -> Iterator[Form]:
    """Forms of one noun of a file: "singular/plural", "/plural only" or a regular singular.

    Several forms on one side are split by "|". `rule` is `english`, `romance`, `explicit` or
    `arabic`.
    """
    singular, slash, plural = noun.partition("/")
    if rule == "arabic":
        yield from _arabic_forms(singular, plural)
        return
    if not slash and rule == "english":
        plural = _english_plural(singular)
    elif not slash and rule == "romance":
        plural = _romance_plural(singular)
    for form in plural.split("|"):
        if form:
            yield form, "plural"
    for form in singular.split("|"):
        if form:
            yield form, "singular"


def arabic_stems(word: str) -> Iterator[str]:
    """A normalised Arabic form without its proclitics, likeliest first, the bare form left out."""
    bare = [word]
    if word[:1] in "وف":
        bare.append(word[1:])
    for stem in bare:
        if stem is not word:
            yield stem
        if stem.startswith("ال"):
            yield stem[2:]
        if stem.startswith("لل"):
            yield stem[2:]
        if len(stem) > 3 and stem[0] in "بلك":
            yield stem[1:]
            if stem[1:].startswith("ال"):
                yield stem[3:]


def _english_plural(singular: str) -> str:
    if singular.endswith(_SIBILANT):
        return singular + "es"
    if singular.endswith("y") and singular[-2] not in "aeiou":
        return singular[:-1] + "ies"
    return singular + "s"


def _romance_plural(singular: str) -> str:
    if singular.endswith(("s", "x", "z")):
        return singular
    return singular + "s"


def _arabic_forms(singular: str, plural: str) -> Iterator[Form]:
    """All cases of one Arabic noun; of several plurals `+` is the sound masculine.

    The dual in -ين of a noun with the sound masculine plural is written like that plural, so it is
    left to the plural.
    """
    for form in plural.split("|") if plural else ():
        if form == "+":
            for ending in ("ون", "ين", "و", "ي"):
                yield singular + ending, "plural"
            continue
        yield form, "plural"
        if " " not in form and not form.endswith(("ة", "اء", "ى", "ات", "ون", "ين")):
            yield form + "ا", "plural"
    if not singular:
        return
    yield singular, "singular"
    if " " in singular:
        return
    stem = singular[:-1] + "ت" if singular.endswith("ة") else singular
    if not singular.endswith(("ة", "اء", "ى", "ا")):
        yield singular + "ا", "singular"
    if singular.endswith("ى"):
        stem = singular[:-1] + "ي"
    yield stem + "ان", "dual"
    yield stem + "ين", "dual"
    if singular.endswith("ة"):
        yield stem + "ا", "dual"
        yield stem + "ي", "dual"
