"""Rule S01: words that read like an instruction, signs of markup and characters nobody sees.

A report is material to read. Whatever speaks to a machine or a clerk in it, hides or is encoded
goes to a person, whether a model followed it or not.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote

from llm_extract.record import Finding
from llm_extract.validators.binding import read_operand
from llm_extract.validators.rule import Rule
from llm_extract.validators.rule_input import Held, RuleInput, folded
from llm_extract.validators.wording import found, listed

SHOWN: Final = 120
"""Characters of the report that a message quotes."""
MOST_OPERANDS: Final = 5
LOOKED_BACK: Final = 120
"""Characters before a word that decide whether it opens an order."""
LONG_TOKEN: Final = 24
"""Letters and digits in a row from which they may be encoded words: 24 of base64 hold 18 bytes, the
shortest order that was written for the tests; place names and hashtags are shorter."""
SECRET_RUN: Final = 4
"""Unseen characters in a row that no typesetting needs and that can carry words."""

Span = tuple[int, int]


def report_is_plain(given: RuleInput) -> Iterator[Finding]:
    """S01: the report gives no orders, and nothing in it is hidden.

    Yields at most one finding for each of orders, signs of markup, encoded words and unseen
    characters; each names the claims whose quotes share a sentence with what was found.
    """
    text = given.text
    raw = text.encode("utf-8", "surrogatepass")
    beyond = raw.translate(None, _PLAIN).decode("utf-8", "surrogatepass")
    if beyond and _SPECIAL.search(beyond):
        yield from _unseen_finding(given)
        text = text.translate(_style_table())
        raw = text.encode("utf-8", "surrogatepass")
    orders = sorted(_orders(text, raw, beyond))
    if orders:
        shown = _quoted(given.text, orders)
        yield _finding(
            given, orders, f"the report holds words that read like an order to its reader: {shown}"
        )
    signs = list(_signs(text, raw))
    if signs:
        shown = _quoted(given.text, signs)
        yield _finding(
            given, signs, f"the report holds signs of markup, a template or a prompt: {shown}"
        )
    encoded = list(_encoded(text, raw))
    if encoded:
        (start, end), words = encoded[0]
        message = f'the report holds encoded words: "{spelled(text[start:end], 40)}" says '
        yield _finding(given, [span for span, _ in encoded], f'{message}"{spelled(words, SHOWN)}"')


def _unseen_finding(given: RuleInput) -> Iterator[Finding]:
    spans = list(_unseen(given.text))
    if spans:
        yield _finding(given, spans, _unseen_message(given.text, spans))


def spelled(words: str, longest: int) -> str:
    """Words of a report on one line, cut; what nobody sees stands as its code: "1[U+200B]49"."""
    line = _UNSEEN_RUN.sub(_run_in_words, folded(words))
    line = "".join(c if c.isprintable() else f"[U+{ord(c):04X}]" for c in line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _run_in_words(run: re.Match[str]) -> str:
    chars = run.group()
    if len(chars) >= SECRET_RUN:
        return f"[{len(chars)} unseen characters]"
    return "".join(f"[U+{ord(c):04X}]" for c in chars)


def _finding(given: RuleInput, spans: Sequence[Span], message: str) -> Finding:
    """A warning about some spans, with the numbers of their sentences and the claims upon these."""
    touched = {n for start, end in spans for n in given.sentences_between(start, end)}
    sentences = [given.sentences[n] for n in sorted(touched)]
    inside = [m for s in sentences for m in given.mentions_between(s.start, s.end)]
    return found(
        "S01",
        "warning",
        "plausibility",
        message,
        claims=[held for held in given.held if _rests_on(given, held, touched)],
        operands=[read_operand(mention) for mention in inside[:MOST_OPERANDS]],
    )


def _rests_on(given: RuleInput, held: Held, sentences: set[int]) -> bool:
    return any(
        not sentences.isdisjoint(given.sentences_between(quote.start, quote.end))
        for quote in held.evidence
        if quote.start is not None and quote.end is not None
    )


def _quoted(text: str, spans: Sequence[Span]) -> str:
    start, end = spans[0]
    line = max(text.rfind("\n", 0, start), text.rfind(". ", 0, start)) + 1
    begin = line if start - line < SHOWN // 2 else start
    words = f'"{spelled(text[begin : max(end, begin + SHOWN + 1)], SHOWN)}"'
    return words if len(spans) == 1 else f"{words} and {len(spans) - 1} more"


# --- orders -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """Words that may begin an order; what must stand right before and after them."""

    opening: bool
    openers: re.Pattern[str]
    before: re.Pattern[str] | None
    then: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Orders:
    """All entries: by word with the ASCII piece that opens the gate, and by stem."""

    pieces: frozenset[bytes]
    words: dict[bytes, list[tuple[str, _Entry]]]
    stems: list[tuple[str, str, _Entry]]
    scripts: list[tuple[re.Pattern[str], re.Pattern[str]]]
    marks: re.Pattern[str]


def _orders(text: str, raw: bytes, beyond: str) -> Iterator[Span]:
    """Spans that read like an order, each word's in text order."""
    table = _order_table()
    pieces = raw.translate(_LETTERS).split()
    opened: list[tuple[str, _Entry]] = []
    if not table.pieces.isdisjoint(pieces):
        for piece in table.pieces.intersection(pieces):
            opened += table.words[piece]
    low = beyond.lower()
    if any(script.search(low) and stems.search(low) for script, stems in table.scripts):
        opened += [(stem, entry) for gate, stem, entry in table.stems if gate in low]
    if not opened:
        return
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    for word, entry in opened:
        at = low.find(word)
        while at >= 0:
            after = _order_at(text, low, at, word, entry)
            if after is not None:
                yield at, after
            at = low.find(word, at + 1)


def _order_at(text: str, low: str, at: int, word: str, entry: _Entry) -> int | None:
    """Where the order ends that a word at this place begins; None when it begins none."""
    end = at + len(word)
    if word.isalpha() and word.isascii() and (_is_letter(low, at - 1) or _is_letter(low, end)):
        return None
    if entry.opening or entry.before is not None:
        begin = max(0, at - LOOKED_BACK)
        # A letter in front, so that a pattern takes only the true beginning for one.
        prefix = text[begin:at] if begin == 0 else "x" + text[begin:at]
        if entry.opening and not _opens(prefix, text[at], entry.openers):
            return None
        if entry.before is not None and not entry.before.search(prefix):
            return None
    match = entry.then.match(text, end)
    return match.end() if match else None


def _is_letter(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] == "_")


def _opens(prefix: str, first: str, openers: re.Pattern[str]) -> bool:
    """Whether an order can begin after this prefix; broken lines of prose begin none."""
    if first.isupper() and re.search(r"\n\s*$", prefix):
        return True
    return openers.search(prefix) is not None


# --- signs and codes --------------------------------------------------------------------------


def _signs(text: str, raw: bytes) -> Iterator[Span]:
    """Spans of markup, templates, formulas and replies."""
    if _may_hold_signs(raw):
        for sign in _order_table().marks.finditer(text):
            yield sign.span()


def _may_hold_signs(raw: bytes) -> bool:
    signs = raw.translate(None, _NO_SIGNS)
    if not signs:
        return False
    if any(sign in signs for sign in (b"<", b"{", b"`", b"=")):
        return True
    return any(sign in raw for first, sign in _RARE_SIGNS if first in signs)


def _encoded(text: str, raw: bytes) -> Iterator[tuple[Span, str]]:
    """Spans of encoded words with what they say; long names and addresses say nothing."""
    if b"x" * LONG_TOKEN in raw.translate(_TOKENS):
        for token in _TOKEN.finditer(text):
            words = _decoded(token.group())
            if words is not None:
                yield token.span(), words
    for sign, pattern, decode in _ESCAPES:
        if sign in raw:
            for code in pattern.finditer(text):
                yield code.span(), decode(code.group())


def _decoded(token: str) -> str | None:
    """What a token says in base64 or hexadecimal digits; None when it says nothing legible."""
    for decode in (binascii.unhexlify, _from_base64):
        try:
            words = decode(token).decode("utf-8")
        except ValueError:
            continue
        if sum(c.isalpha() or c == " " for c in words) > 0.7 * len(words) and words.isprintable():
            return words
    return None


def _from_base64(token: str) -> bytes:
    bare = token.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_" if "-" in bare else None)


def _backslashed(words: str) -> str:
    return re.sub(
        r"\\(?:u\{?|x)([0-9a-fA-F]{2,6})\}?", lambda m: chr(int(m[1], 16) % 0x110000), words
    )


# --- what nobody sees -------------------------------------------------------------------------


def _unseen(text: str) -> Iterator[Span]:
    """Runs of unseen characters that hide something; joiners of a script and emoji hide nothing."""
    has_right_to_left = _RIGHT_TO_LEFT.search(text) is not None
    for run in _UNSEEN_RUN.finditer(text):
        before = text[run.start() - 1] if run.start() else " "
        after = text[run.end()] if run.end() < len(text) else " "
        if _hides(run.group(), before, after, has_right_to_left):
            yield run.span()


def _hides(run: str, before: str, after: str, has_right_to_left: bool) -> bool:
    if any(_ALWAYS_HIDES.match(c) for c in run):
        return not (before == _BLACK_FLAG and _FLAG_TAGS.fullmatch(run))
    if before.isdigit() and after.isdigit():
        return True
    if all(c in _DIRECTIONS for c in run):
        return not has_right_to_left and any(c in _RIGHT_WARD for c in run)
    if len(run) >= SECRET_RUN:
        return True
    if all(c in _HYPHENS for c in run) or all("\ufe00" <= c <= "\ufe0f" for c in run):
        return len(run) > 1
    return _is_plain_letter(before) and _is_plain_letter(after)


def _is_plain_letter(char: str) -> bool:
    """A letter or digit of a script that is written without joiners and with spaces."""
    return char.isdigit() or (
        char.isalpha() and unicodedata.name(char, "").startswith(("LATIN", "CYRILLIC", "GREEK"))
    )


def _unseen_message(text: str, spans: Sequence[Span]) -> str:
    chars = "".join(text[start:end] for start, end in spans)
    kinds = [f"{count} {name}" for name, kind in _KINDS if (count := sum(c in kind for c in chars))]
    rest = len(chars) - sum(any(c in kind for _, kind in _KINDS) for c in chars)
    if rest:
        kinds.append(f"{rest} other")
    start, end = spans[0]
    around = spelled(text[max(0, start - 12) : end + 12], SHOWN)
    says = _in_tags(chars) or _in_variations(chars)
    spelling = f', which spell "{spelled(says, SHOWN)}"' if says else ""
    return f'the report hides characters ({listed(kinds)}{spelling}), first in "{around}"'


def _in_tags(chars: str) -> str:
    """What tag characters spell, one for each of ASCII."""
    return "".join(chr(ord(c) - 0xE0000) for c in chars if "\U000e0020" <= c <= "\U000e007e")


def _in_variations(chars: str) -> str:
    """What variation selectors spell, one for each byte of UTF-8; nothing when they spell none."""
    codes = [ord(c) for c in chars]
    spelt = bytes(
        code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16
        for code in codes
        if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    )
    return spelt.decode("utf-8", "ignore") if len(spelt) >= SECRET_RUN else ""


_ALWAYS_HIDES = re.compile("[\x00-\x08\x0e-\x1f\x7f\u202d\u202e\ufff9-\ufffb\U000e0000-\U000e01ef]")
_FLAG_TAGS = re.compile("[\U000e0030-\U000e007a]{2,8}\U000e007f")
_BLACK_FLAG: Final = "\U0001f3f4"
_DIRECTIONS: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
_RIGHT_WARD: Final = "\u202b\u2067"
_HYPHENS: Final = "\u00ad"
_UNSEEN_SET: Final = (
    "\x00-\x08\x0e-\x1f\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef"
)
_UNSEEN = re.compile(f"[{_UNSEEN_SET}]")
_SPECIAL = re.compile(f"[{_UNSEEN_SET}\uff01-\uff5e\U0001d400-\U0001d7ff]")
"""What nobody sees, and letters that only look like Latin ones."""
_UNSEEN_RUN = re.compile(f"[{_UNSEEN_SET}]+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_KINDS: Final = (
    ("zero-width", "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\u034f"),
    ("direction", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    ("tag", frozenset(map(chr, range(0xE0000, 0xE0080)))),
    (
        "variation",
        frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])),
    ),
    ("soft hyphen", "\u00ad"),
    ("control", frozenset(map(chr, [*range(32), 127]))),
)

# --- tables -----------------------------------------------------------------------------------

_PLAIN: Final = bytes([9, 10, 11, 12, 13, *range(32, 127)])
"""Bytes of ASCII text; what a report holds beyond them is little in Latin script."""
_LETTERS: Final = bytes(
    c | 32 if 65 <= c <= 90 else c if 97 <= c <= 122 else 32 for c in range(256)
)
_NO_SIGNS: Final = bytes(c for c in range(256) if c not in b'<{`=]#@"')
_RARE_SIGNS: Final = (
    (b"]", b"]("),
    (b"]", b"]:"),
    (b"#", b"##"),
    (b"#", b"# "),
    (b"@", b"@SUM"),
    (b'"', b'":'),
)
"""Signs whose first byte is common in prose, each with that byte."""
_TOKENS: Final = bytes(
    ord("x") if chr(c).isascii() and (chr(c).isalnum() or chr(c) in "+/=_-") else 32
    for c in range(256)
)
_TOKEN = re.compile(rf"[A-Za-z0-9+/_-]{{{LONG_TOKEN},}}={{0,2}}")
_ESCAPES: Final = (
    (b"%", re.compile(r"(?:%[0-9a-fA-F]{2}[\w.,+-]{0,12}){5,}"), unquote),
    (b"&#", re.compile(r"(?:&#x?[0-9a-fA-F]{2,6};\s?){4,}"), html.unescape),
    (
        b"\\",
        re.compile(r"(?:\\(?:u\{?[0-9a-fA-F]{4,6}\}?|x[0-9a-fA-F]{2})\s?){4,}"),
        _backslashed,
    ),
)
_SCRIPTS: Final = tuple(map(re.compile, ("[\u0400-\u052f]", "[\u0600-\u06ff]", "[\u4e00-\u9fff]")))
_GAPS = re.compile(r"(\[[^\]]*\]|\\.)| (\??)")
_OPENING = (
    r"(?:^|[.!?:;؟،。！？，]\s*|[(\[{<\"“”«'‘]\s*|\n\s*\n\s*|(?:^|\s)[*#>|&=/–—-]+\s*|\b%s\s*)$"
)


@cache
def _style_table() -> dict[int, str]:
    """Full-width and mathematical letters as the plain ones that they look like."""
    return {
        code: plain
        for code in [*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800)]
        if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1
    }


@cache
def _order_table() -> _Orders:
    """The phrases of `injection.toml`, compiled."""
    source = files("llm_extract.validators").joinpath("injection.toml")
    tables: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
    shared = tables.pop("shared")
    words: dict[bytes, list[tuple[str, _Entry]]] = {}
    stems: list[tuple[str, str, _Entry]] = []
    for table in tables.values():
        names = {"num": shared["num"], "made": table["made"], "figure": table["figure"]}
        openers = _compiled([_OPENING % table["openers"]], names)
        for given in table["entry"]:
            before = [f"(?:{pattern})$" for pattern in given.get("before", [])]
            entry = _Entry(
                opening=given.get("opening", False),
                openers=openers,
                before=_compiled(before, names) if before else None,
                then=_compiled(given["then"], names),
            )
            for word in given.get("words", []):
                pieces = word.encode().translate(_LETTERS).split()
                words.setdefault(max(pieces, key=len), []).append((word, entry))
            for stem in given.get("stems", []):
                stems.append(("".join(c for c in stem if not c.isascii()), stem, entry))
    marks = re.compile("|".join(shared["marks"]), re.IGNORECASE | re.MULTILINE)
    scripts = []
    for letters in _SCRIPTS:
        own = {gate for gate, _, _ in stems if letters.match(gate)}
        scripts.append((letters, _any_of(own)))
    return _Orders(frozenset(words), words, stems, scripts, marks)


def _any_of(words: set[str]) -> re.Pattern[str]:
    """Any of some words; grouped by first letter, which the search can leap to."""
    tails: dict[str, list[str]] = {}
    for word in sorted(words):
        tails.setdefault(word[0], []).append(re.escape(word[1:]))
    return re.compile("|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in tails.items()))


def _compiled(patterns: Sequence[str], names: dict[str, str]) -> re.Pattern[str]:
    """Patterns as one, names filled in; a line may break wherever a pattern has a space."""
    whole = "|".join(f"(?:{pattern})" for pattern in patterns)
    for name, pattern in names.items():
        whole = whole.replace(f"%{name}%", pattern)
    broken = _GAPS.sub(lambda gap: gap.group(1) or (r"\s*" if gap.group(2) else r"\s+"), whole)
    return re.compile(broken, re.IGNORECASE)


RULES = (
    Rule(
        "S01",
        "instruction-like or hidden text in the report",
        "warning",
        "plausibility: the words stand there and are no part of a report",
        "Joiners that a script or an emoji needs, hyphens of typesetting, marks of direction in "
        "text from right to left, words of people to people.",
        report_is_plain,
    ),
)
