"""Sentences of a report with their spans: prose, bullets, headings, fact lines and table rows.

A line break ends a sentence only where the layout means it: hard-wrapped lines are joined, bullets,
headings, `label: value` lines and table rows stand for themselves. No word is read here but a few
abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

SentenceKind = Literal["prose", "bullet", "heading", "fact", "row"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table row; `end` excluded. An empty one keeps its column and has no width."""

    start: int
    end: int
    text: str


@dataclass(slots=True, unsafe_hash=True)
class Sentence:
    """One sentence of a report, never changed; freezing it would make it five times as dear.

    `paragraph` counts the blocks between empty lines; `lead` is the index of the heading or lead-in
    ("Casualties by district:") that a bullet, fact or row stands under, column titles and drawn
    rules excepted. `cells` and `header` are set in tables only, `header` being the column titles:
    as many as there are cells, or one less where the first column has no title, or none where it
    cannot be told which title a cell stands under.
    """

    index: int
    start: int
    end: int
    kind: SentenceKind
    paragraph: int
    lead: int | None
    cells: tuple[Cell, ...] = ()
    header: tuple[Cell, ...] = ()

    def text(self, report: str) -> str:
        """The words of this sentence."""
        return report[self.start : self.end]


_BULLET = re.compile(r"\s*(?:[-*•–—▪◦·●■➢►✓]|\(?\d{1,2}[.)](?=\s)|\(?[a-z][.)](?=\s))\s*")
_FACT = re.compile(r"[\s_*#-]*[^\W\d][^.:\n؟?!،,]{1,40}:\s*\S")
_WORDS = re.compile(r"[^\W_]")
_DRAWN_CELL = re.compile(r"\S+(?: \S+)*")
"""A cell of a table drawn with spaces: two of them end it."""
_NUMERIC = re.compile(r"[~≥+]?\s*[\d٠-٩.,٬\u00a0\u202f ]+\+?%?|[-–—]|n/?a", re.IGNORECASE)
_TERMINAL = ".!?؟۔:؛;…"
_ABBREVIATIONS = frozenset(
    "dr mr mrs ms gen lt col maj sgt capt st no nos vs approx dept gov sen rep prof fr br sr jr "
    "est jan feb mar apr jun jul aug sep sept oct nov dec mt ft inc ltd co u.n u.s u.k a.m p.m "
    "e.g i.e al etc fig art para d".split()
)
_LONG_ABBREVIATIONS = [word for word in sorted(_ABBREVIATIONS) if len(word) > 3]
_LONG_WORD = r"(?<=[\w.]{4}.)" + "".join(rf"(?<!(?i:{word}).)" for word in _LONG_ABBREVIATIONS)
_STOP, _DOT = (
    re.compile(rf"{first}(?:{_LONG_WORD}|())[.!?؟۔…]*[\"'”’»)\]]*(\s+)")
    for first in (r"[.!?؟۔…]", r"\.")
)
"""A stop and the space behind it. The first group is there if an abbreviation may stand before it.
The engine finds a single sign much faster than one of several.
"""
_LINE_END = re.compile(r"[^\S\n]*(?:\n|\Z)")
_DIGIT = re.compile(r"\d")
_WRAP_WIDTH = 110
"""Lines of a hard-wrapped text are shorter than this; longer ones are whole paragraphs."""
_WRAP_FILL = 0.6
"""A line filled to this share of the widest one may have been broken by the wrap."""


class _Line(NamedTuple):
    """A line without the white space round it; `margin` is how wide that before it is."""

    start: int
    end: int
    text: str
    margin: int

    @property
    def rule(self) -> bool:
        """Whether it is drawn and not written, as `-----` and `|---|---|` are."""
        return _WORDS.search(self.text) is None


_Cells = tuple[Cell, ...]
_Row = tuple[_Cells, _Cells]
"""The cells of a line and the column titles over them; the line of titles has them twice."""
_Unit = tuple[SentenceKind, int, int, _Cells, _Cells]
"""What a sentence is made of: its kind, span, cells and column titles."""


def split_sentences(text: str) -> list[Sentence]:
    """Sentences of a report in order; every character but white space lies in one of them."""
    sentences: list[Sentence] = []
    lead: int | None = None
    stop = _STOP if any(sign in text for sign in "!?؟۔…") else _DOT
    for paragraph, block in enumerate(_blocks(text)):
        for kind, start, end, cells, header in _units(text, block):
            spans = _stops(text, start, end, stop) if kind == "prose" else [(start, end)]
            for first, last in spans:
                index = len(sentences)
                if kind == "prose" and text[last - 1] in ".!?" and text[first] != "#":
                    # Most are these; they are no headings and nothing stands under them.
                    sentences.append(Sentence(index, first, last, kind, paragraph, None))
                    lead = None
                    continue
                named = "heading" if kind == "prose" and _is_heading(text, first, last) else kind
                under = None if named == "prose" or named == "heading" else lead
                sentences.append(
                    Sentence(index, first, last, named, paragraph, under, cells, header)
                )
                if named == "prose":
                    lead = index if _leads_in(text, first, last) else None
                elif named == "heading" and not cells and _WORDS.search(text, first, last):
                    lead = index
    return sentences


def _blocks(text: str) -> Iterator[list[_Line]]:
    block: list[_Line] = []
    start = 0
    for raw in text.splitlines(keepends=True):
        words = raw.strip()
        if words:
            margin = raw.find(words)
            first = start + margin
            block.append(_Line(first, first + len(words), words, margin))
        elif block:
            yield block
            block = []
        start += len(raw)
    if block:
        yield block


def _units(text: str, block: list[_Line]) -> Iterator[_Unit]:
    """Runs of lines that belong together, trimmed of white space; a heading may still be prose."""
    rows = _table_rows(text, block)
    widest = max([line.end - line.start for line in block])
    position = 0
    while position < len(block):
        line = block[position]
        if position in rows:
            cells, header = rows[position]
            kind: SentenceKind = "row" if header is not cells else "heading"
            yield kind, line.start, line.end, cells, header
            position += 1
            continue
        kind = _kind(block, position)
        end = line.end
        position += 1
        while (
            position < len(block)
            and kind != "heading"
            and position not in rows
            and _continues(block[position - 1].text, block[position], widest)
        ):
            end = block[position].end
            position += 1
        yield kind, line.start, end, (), ()


def _kind(block: list[_Line], position: int) -> SentenceKind:
    """What a line is that stands in no table; prose may be found to be a heading when it is cut."""
    line = block[position]
    words = line.text
    is_short = len(words) <= _WRAP_WIDTH
    if words[0].isupper() and not is_short:
        return "prose"  # as nearly all are, without a look for bullets and labels
    if line.rule:
        return "heading"
    bullet = _BULLET.match(words)
    if bullet:
        return "fact" if is_short and _FACT.match(words[bullet.end() :]) else "bullet"
    if is_short and _FACT.match(words):
        beside = block[max(0, position - 1) : position] + block[position + 1 : position + 2]
        if any(_FACT.match(other.text) for other in beside):
            return "fact"
    return "prose"


def _continues(above: str, below: _Line, widest: int) -> bool:
    """Whether a line goes on in the next one."""
    if above[-1] in _TERMINAL or _BULLET.match(below.text) or below.rule:
        return False
    if below.text[0].islower() or above[-1] in ",،(-":
        return True
    if _FACT.match(above) and _FACT.match(below.text):
        return False
    return widest <= _WRAP_WIDTH and len(above) >= _WRAP_FILL * widest and len(above) >= 30


def _leads_in(text: str, start: int, end: int) -> bool:
    """Whether a colon ends the words, marks of emphasis aside."""
    return text[end - 1] in ":*_ " and text[start:end].rstrip("*_ ").endswith(":")


def _is_heading(text: str, start: int, end: int) -> bool:
    looks_so = text[start] == "#" or _leads_in(text, start, end)
    if not looks_so and end - start <= 60 and text[end - 1] not in ".!?؟":
        looks_so = not _DIGIT.search(text, start, end)
    return looks_so and _stands_alone(text, start, end)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether nothing else is written on the line, or lines, of a span."""
    while start > 0 and text[start - 1] != "\n" and text[start - 1].isspace():
        start -= 1
    return (start == 0 or text[start - 1] == "\n") and _LINE_END.match(text, end) is not None


def _stops(text: str, start: int, end: int, stop: re.Pattern[str]) -> list[tuple[int, int]]:
    """Splits prose at sentence ends; abbreviations, initials and decimals do not end one."""
    spans: list[tuple[int, int]] = []
    for match in stop.finditer(text, start, end):
        last, following = match.span(2)
        if text[match.start()] != "." or not (
            text[following].islower() or (match[1] is not None and _abbreviated(match, start))
        ):
            spans.append((start, last))
            start = following
    spans.append((start, end))
    return spans


def _abbreviated(stop: re.Match[str], start: int) -> bool:
    """Whether an abbreviation or a single letter stands between `start` and a stop."""
    before = _last_word(stop.string, start, stop.start()).casefold()
    return before in _ABBREVIATIONS or (len(before) == 1 and before.isalpha())


def _last_word(text: str, start: int, end: int) -> str:
    """The letters, digits and dots right before `end`; one line break between is overlooked."""
    if end > start and text[end - 1] == "\n":
        end -= 1
    first = end
    while first > start and (text[first - 1].isalnum() or text[first - 1] in "._"):
        first -= 1
    return text[first:end]


def _table_rows(text: str, block: list[_Line]) -> dict[int, _Row]:
    """Rows of the tables by line number: lines of cells of which the first has no numbers."""
    if len(block) == 1:
        return {}
    split = [_cells(text, line) if _may_be_row(line) else () for line in block]
    if not any(split):
        return {}
    rows: dict[int, _Row] = {}
    position = 0
    while position < len(block):
        if not _is_row(block[position], split[position]):
            position += 1
            continue
        last = position
        while last + 1 < len(block) and (
            block[last + 1].rule or _is_row(block[last + 1], split[last + 1])
        ):
            last += 1
        top, *below = (n for n in range(position, last + 1) if not block[n].rule)
        if not _has_number(split[top]) and any(_has_number(split[n]) for n in below):
            titles = split[top]
            rows[top] = (titles, titles)
            for n in below:
                rows[n] = _under_titles(block[n], split[n], block[top], titles)
        position = last + 1
    return rows


def _may_be_row(line: _Line) -> bool:
    """Whether anything but single spaces parts the words of a line."""
    words = line.text
    if words.isprintable() and "  " not in words and "|" not in words:  # of spaces, one prints
        return False
    return "|" in words or " ".join(words.split()) != words


def _is_row(line: _Line, cells: _Cells) -> bool:
    return not line.rule and len(cells if "|" in line.text else _written(cells)) > 1


def _cells(text: str, line: _Line) -> _Cells:
    """Cells between pipes or between tabs, empty ones too; else what two spaces part."""
    if "|" in line.text:
        inner = line.text.removeprefix("|")
        return _between("|", inner.removesuffix("|"), line.end - len(inner))
    if "\t" in line.text:
        begin = line.start - line.margin
        return _between("\t", text[begin : line.end], begin)
    return tuple(
        Cell(line.start + match.start(), line.start + match.end(), match.group())
        for match in _DRAWN_CELL.finditer(line.text)
    )


def _between(border: str, row: str, start: int) -> _Cells:
    cells: list[Cell] = []
    for padded in row.split(border):
        words = padded.strip()
        first = start + len(padded) - len(padded.lstrip())
        cells.append(Cell(first, first + len(words), words))
        start += len(padded) + 1
    return tuple(cells)


def _under_titles(line: _Line, cells: _Cells, top: _Line, titles: _Cells) -> _Row:
    """A row's cells and the titles over them; no titles where it can't be told which is which."""
    if "|" not in top.text and "\t" not in top.text:
        return _by_place(line, cells, top, titles)
    if "|" not in top.text:
        # Tabs side by side leave a cell empty or are drawn for the eye: as the two lines agree.
        readings = [(cells, titles), (_written(cells), _written(titles))]
        if not all(title.text for title in titles[1:]):
            readings.reverse()
        for row, over in readings:
            if len(row) == len(over):
                return row, over
    missing = len(titles) - len(cells)
    if missing > 0:
        return cells + (_empty(cells[-1].end),) * missing, titles
    return cells, titles if _same_count(cells, titles) else ()


def _by_place(line: _Line, cells: _Cells, top: _Line, titles: _Cells) -> _Row:
    """A row of a table drawn with spaces: a cell left out shows in where the others stand."""
    shift = line.start - line.margin - top.start + top.margin
    named = int(cells[0].end <= titles[0].start + shift)
    counted = cells[named:]
    if len(counted) >= len(titles):
        return cells, titles if _same_count(cells, titles) else ()
    places: dict[int, Cell] = {}
    for cell in counted:
        over = [
            n
            for n, title in enumerate(titles)
            if title.start + shift < cell.end and cell.start < title.end + shift
        ]
        if len(over) != 1 or over[0] in places:
            return cells, ()
        places[over[0]] = cell
    row = list(cells[:named])
    for n in range(len(titles)):
        row.append(places.get(n) or _empty(row[-1].end if row else line.start))
    return tuple(row), titles


def _same_count(cells: _Cells, titles: _Cells) -> bool:
    """Whether each cell has its title, or each but the first, a place of which numbers are told."""
    untitled = len(cells) == len(titles) + 1 and _numeric(cells[-1].text)
    return untitled or len(cells) == len(titles)


def _has_number(cells: _Cells) -> bool:
    return any(_numeric(cell.text) for cell in cells[1:])


def _numeric(words: str) -> bool:
    return _NUMERIC.fullmatch(words) is not None


def _written(cells: _Cells) -> _Cells:
    return tuple(cell for cell in cells if cell.text)


def _empty(offset: int) -> Cell:
    return Cell(offset, offset, "")
