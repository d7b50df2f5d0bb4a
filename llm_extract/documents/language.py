"""The language of a text as an ISO 639-1 code; it says nothing where a text has no letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache, lru_cache

from py3langid.langid import (  # type: ignore[import-untyped]
    MODEL_FILE,
    LanguageIdentifier,
)

_SAMPLE = 4000
"""Characters that are looked at: enough for a safe answer, and the time stays the same."""

_ARABIC_SCRIPT = ("ar", "fa", "ur", "ps")
_NOT_ARABIC = frozenset("پچژگکیںےٹڈڑہھټډړښڼۍې")
"""Letters of Persian, Urdu and Pashto that Arabic does not write."""

_LANGUAGES = (
    *_ARABIC_SCRIPT,
    *("am", "bg", "bn", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hr", "hu"),
    *("hy", "id", "it", "ja", "ka", "kk", "km", "ko", "ku", "ms", "ne", "no", "nl", "pl", "pt"),
    *("ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "th", "tl", "tr", "uk", "vi", "zh"),
)
"""Languages that news and monitoring reports are written in; rarer ones of the identifier's list
would only take short texts away from these (it reads "Two dead." as Galician)."""

_ALPHABETS = ("LATIN", "CYRILLIC", "ARABIC")
"""Scripts in which one language is told from another by words alone."""

_LEAST_CONFIDENCE = 0.25
"""Below this the identifier guesses; single words of Latin script mostly stay under it."""


def detect_language(text: str) -> str | None:
    """The language of `text` (ISO 639-1), or None where it is too short to tell.

    The script of most letters decides first, and what stands in another one is not looked at: a
    paragraph in a foreign tongue must not have the rest read as if it were in that. A short text in
    Arabic script without foreign letters is Arabic.
    """
    sample = text[:_SAMPLE]
    letters = {c: number for c, number in Counter(sample).items() if c.isalpha()}
    if not letters:
        return None
    scripts: Counter[str] = Counter()
    for letter, number in letters.items():
        scripts[_script(letter)] += number
    count = scripts.total()
    if scripts["ARABIC"] * 2 > count:
        if _NOT_ARABIC.isdisjoint(letters):
            return "ar"
        return _classified(sample, _ARABIC_SCRIPT)
    for script in _ALPHABETS:
        if count > scripts[script] > count / 2:
            foreign = {letter for letter in letters if _script(letter) != script}
            sample = "".join(c for c in sample if c not in foreign)
    return _classified(sample, _LANGUAGES)


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _classified(sample: str, languages: tuple[str, ...]) -> str | None:
    language, confidence = _identifier(languages).classify(sample)
    return str(language) if confidence >= _LEAST_CONFIDENCE else None


@cache
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(languages)
    return identifier
