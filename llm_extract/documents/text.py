"""Bytes to the text that is stored: encoding, line ends, NFC; it never guesses in silence."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from charset_normalizer import from_bytes

from llm_extract.errors import DocumentError

SAMPLE_BYTES = 256 * 1024
"""What is looked at to choose the encoding of a stream; our own figure."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_MAGIC = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\xd0\xcf\x11\xe0": "an old office document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
    b"PAR1": "a parquet file",
    b"SQLite format 3\x00": "a database",
    b"{\\rtf": "an RTF document",
}

_CONTROL_SHARE = 0.05
"""More control characters than this are no text; our own figure, stray ones stay below."""

_CONTROLS = "".join(c for c in map(chr, range(32)) if c not in "\t\n\r\v\f")

_LATIN_PAGES = ["cp1252", "cp1250"]
_TURKISH_PAGES = ["cp1254", "cp1252", "cp1250"]
_OTHER_PAGES = ["cp1256", "cp1251", "koi8_r", "cp1253", "cp1255"]
_BEYOND_ASCII = 0.3
"""Share of bytes beyond ASCII below which no text is Chinese, Japanese or Korean: their codecs
would take a stray byte and the letter behind it for one character."""

_TURKISH = re.compile(rb"[\xd0\xdd\xde\xf0\xfd\xfe]")
"""Letters of Turkish in cp1254, which cp1252 gives to Icelandic."""

_ARABIC_WORD = re.compile("[\u0621-\u064a\u067e-\u06d2]+")
_COMMON_ARABIC = "لمنهوي"
"""Two in five letters of Arabic texts are one of these; in cp1256 they lie where KOI8-R has its
capitals, and where cp1251 has small letters that stand among what would be French ones."""

_WORD = re.compile(rb"[A-Za-z\x80-\x9f\xaa\xb5\xba\xbc-\xff]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decoding:
    """The codec that reads some bytes; `guessed` when neither a mark nor UTF-8 decided it."""

    codec: str
    guessed: bool


def stored_text(text: str) -> str:
    """`text` as the package stores it: LF line ends, NFC, no NUL, lone surrogate or BOM in front.

    All control and format characters but NUL stay: a rule looks at text that hides.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", storable(text))


def storable(words: str) -> str:
    """`words` as UTF-8, JSON and every database can hold them.

    NUL and lone surrogates become U+FFFD instead of vanishing, so two numbers never grow into one.
    """
    return _UNSTORABLE.sub("\ufffd", words)


def is_blank(text: str) -> bool:
    """Whether nothing in `text` can be seen: only spaces, controls and format characters."""
    return all(c.isspace() or unicodedata.category(c) in ("Cc", "Cf") for c in text)


def shown(words: str, limit: int = 120) -> str:
    """`words` safe for one line of a message: escaped where it can't be printed, then cut off."""
    line = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in words[: limit + 1]
    )
    return line if len(words) <= limit else line[:limit] + "…"


def choose_decoding(raw: bytes, *, whole: bool, declared: str | None = None) -> Decoding:
    """The codec for `raw`, by byte order mark, UTF-8, `declared` charset, then by its looks.

    `whole` is False for the first part of a stream, whose last character may be cut.
    Raises `DocumentError` with code `binary` or `undecodable`; the message names no place.
    """
    for magic, kind in _MAGIC.items():
        if raw.startswith(magic):
            raise DocumentError(
                f"the bytes are {kind}, not text; give the file its proper name", code="binary"
            )
    for mark, marked in _BOMS:
        if raw.startswith(mark):
            return _checked(raw, Decoding(marked, guessed=False), whole)
    utf16 = _unmarked_utf16(raw, whole)
    if utf16 is not None:
        return _checked(raw, utf16, whole)
    if _decodes(raw, "utf-8", whole):
        return _checked(raw, Decoding("utf-8", guessed=False), whole)
    if is_torn_utf8(raw):
        raise DocumentError("a few bytes break its UTF-8; save the text again", code="undecodable")
    if declared is not None and _decodes(raw, declared, whole):
        return _checked(raw, Decoding(declared, guessed=False), whole)
    if _control_share(raw.decode("latin-1")) > _CONTROL_SHARE:
        raise _not_text()
    codec = _legacy_codec(raw, whole)
    if codec is None:
        raise DocumentError(
            "the encoding is not known and can't be guessed; save the text as UTF-8",
            code="undecodable",
        )
    return Decoding(codec, guessed=True)


def is_torn_utf8(raw: bytes) -> bool:
    """Whether `raw` is UTF-8 but for a few bytes; as a code page all its words would be wrong."""
    text = raw.decode("utf-8", "replace")
    torn = text.count("\ufffd")
    return torn > 0 and sum(c > "\x7f" for c in text) > 3 * torn


def _checked(raw: bytes, decoding: Decoding, whole: bool) -> Decoding:
    try:
        text = codecs.getincrementaldecoder(decoding.codec)().decode(raw, whole)
    except UnicodeError as error:
        raise DocumentError(
            f"the bytes are marked as {decoding.codec} but break it; save the text as UTF-8",
            code="undecodable",
        ) from error
    if _control_share(text) > _CONTROL_SHARE:
        raise _not_text()
    return decoding


def _not_text() -> DocumentError:
    return DocumentError("the bytes are not text; convert the document first", code="binary")


def _control_share(text: str) -> float:
    return sum(map(text.count, _CONTROLS)) / len(text) if text else 0.0


def _decodes(raw: bytes, codec: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(raw, whole)
    except UnicodeError:
        return False
    return True


def _unmarked_utf16(raw: bytes, whole: bool) -> Decoding | None:
    """UTF-16 without a mark: its spaces and line ends leave NULs on one side of the pairs only."""
    left, right = raw[0::2].count(0), raw[1::2].count(0)
    if (left > 0) == (right > 0) or max(left, right) * 20 < len(raw):
        return None
    codec = "utf-16-be" if left else "utf-16-le"
    return Decoding(codec, guessed=True) if _decodes(raw, codec, whole) else None


def _legacy_codec(raw: bytes, whole: bool) -> str | None:
    """The code page of text that is not Unicode.

    Letters beyond ASCII stand among ASCII letters in Latin scripts and among themselves in the
    others; that parts the pages of a short text better than frequencies do. Pages of one script may
    still be taken for each other; their digits are the same.
    """
    words = [w for w in _WORD.findall(raw[:SAMPLE_BYTES]) if not w.isascii()]
    own_script = sum(len(w) > 1 and min(w) > 0x7F for w in words)
    if own_script * 2 > len(words):
        if _is_arabic(raw[:SAMPLE_BYTES]):
            return "cp1256"
        pages = _OTHER_PAGES
    else:
        pages = _TURKISH_PAGES if _TURKISH.search(raw) else _LATIN_PAGES
    mostly_beyond = sum(map(raw.count, range(0x80, 0x100))) > _BEYOND_ASCII * len(raw)
    for isolation in (pages, None) if mostly_beyond else (pages,):
        matches = from_bytes(raw[:SAMPLE_BYTES], cp_isolation=isolation, preemptive_behaviour=False)
        ranked = sorted(
            matches,
            key=lambda m: (
                round(m.chaos, 2),
                -round(m.coherence, 1),
                pages.index(m.encoding) if m.encoding in pages else len(pages),
            ),
        )
        for match in ranked:
            if _decodes(raw, match.encoding, whole):
                return match.encoding
    return None


def _is_arabic(raw: bytes) -> bool:
    """Whether `raw` read as cp1256 has words of Arabic letters, with the common ones among them."""
    words = [w for w in re.findall(r"[^\W\d_]+", raw.decode("cp1256")) if not w.isascii()]
    arabic = "".join(word for word in words if _ARABIC_WORD.fullmatch(word))
    common = sum(map(arabic.count, _COMMON_ARABIC))
    return len(arabic) > 0.9 * len("".join(words)) and common > 0.1 * len(arabic)
