"""Sentences of a report with their spans: prose, bullets, headings, fact lines and table rows.

A line break ends a sentence only where the layout means it: hard-wrapped lines are joined, bullets,
headings, `label: value` lines and table rows stand for themselves. No word is read here but a few
abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

SentenceKind = Literal["prose", "bullet", "heading", "fact", "row"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table row; `end` excluded."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a report.

    `paragraph` counts the blocks between empty lines; `lead` is the index of the heading or lead-in
    ("Casualties by district:") that a bullet or row stands under; `cells` and `header` are set for
    table rows only, `header` being the cells of the column titles.
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
_CELL_GAP = re.compile(r"\s*\|\s*|\t+| {2,}")
_TERMINAL = ".!?؟۔:؛;…"
_ABBREVIATIONS = frozenset(
    "dr mr mrs ms gen lt col maj sgt capt st no nos vs approx dept gov sen rep prof fr br sr jr est "
    "jan feb mar apr jun jul aug sep sept oct nov dec mt ft inc ltd co u.n u.s u.k a.m p.m e.g i.e "
    "al etc fig art para d".split()
)
_STOP = re.compile(r"[.!?؟۔…]+[\"'”’»)\]]*(?=\s+|$)")
_WRAP_WIDTH = 110
"""Lines of a hard-wrapped text are shorter than this; longer ones are whole paragraphs."""
_WRAP_FILL = 0.6
"""A line filled to this share of the widest one may have been broken by the wrap."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without the white space round it."""

    start: int
    end: int
    text: str

    @property
    def blank(self) -> bool:
        return not self.text.strip()


def split_sentences(text: str) -> list[Sentence]:
    """Sentences of a report in order; every character that is not white space lies in one of them."""
    sentences: list[Sentence] = []
    lead: int | None = None
    for paragraph, block in enumerate(_blocks(text)):
        rows = _table_rows(block)
        for kind, start, end, cells, header in _units(block, rows):
            for first, last in _stops(text, start, end) if kind == "prose" else [(start, end)]:
                index = len(sentences)
                named = kind
                if kind == "prose" and _is_heading(text, first, last):
                    named = "heading"
                under = lead if named in ("bullet", "row", "fact") else None
                sentences.append(
                    Sentence(index, first, last, named, paragraph, under, cells, header)
                )
                if named == "heading":
                    lead = index
                elif named == "prose":
                    lead = index if text[first:last].rstrip("*_ ").endswith(":") else None
    return sentences


def _blocks(text: str) -> Iterator[list[_Line]]:
    block: list[_Line] = []
    start = 0
    for raw in text.splitlines(keepends=True):
        words = raw.strip()
        first = start + len(raw) - len(raw.lstrip())
        line = _Line(first, first + len(words), words)
        start += len(raw)
        if line.blank:
            if block:
                yield block
            block = []
        else:
            block.append(line)
    if block:
        yield block


def _units(
    block: list[_Line], rows: dict[int, tuple[tuple[Cell, ...], tuple[Cell, ...]]]
) -> Iterator[tuple[SentenceKind, int, int, tuple[Cell, ...], tuple[Cell, ...]]]:
    """Runs of lines that belong together, trimmed of white space."""
    widest = max(len(line.text) for line in block)
    position = 0
    while position < len(block):
        line = block[position]
        start, end = line.start, line.end
        if position in rows:
            cells, header = rows[position]
            yield ("row" if header is not cells else "heading"), start, end, cells, header
            position += 1
            continue
        bullet = _BULLET.match(line.text)
        kind: SentenceKind = "bullet" if bullet else "prose"
        if kind == "prose" and _FACT.match(line.text) and len(line.text) <= _WRAP_WIDTH:
            following = block[position + 1].text if position + 1 < len(block) else ""
            previous = block[position - 1].text if position else ""
            if _FACT.match(following) or _FACT.match(previous):
                kind = "fact"
        elif kind == "bullet" and bullet and _FACT.match(line.text[bullet.end() :]):
            if len(line.text) <= _WRAP_WIDTH:
                kind = "fact"
        position += 1
        while (
            position < len(block)
            and position not in rows
            and _continues(block[position - 1].text, block[position].text, widest)
        ):
            end = block[position].end
            position += 1
        yield kind, start, end, (), ()


def _continues(above: str, below: str, widest: int) -> bool:
    """Whether a line goes on in the next one."""
    if above[-1:] in _TERMINAL or _BULLET.match(below):
        return False
    if below[:1].islower() or above[-1:] in ",،(-":
        return True
    if _FACT.match(above) and _FACT.match(below):
        return False
    return widest <= _WRAP_WIDTH and len(above) >= _WRAP_FILL * widest and len(above) >= 30


def _is_heading(text: str, start: int, end: int) -> bool:
    words = text[start:end]
    alone = not text[:start].rpartition("\n")[2].strip() and not text[end:].partition("\n")[0].strip()
    return alone and (
        words.startswith("#")
        or words.rstrip("*_ ").endswith(":")
        or (len(words) <= 60 and words[-1:] not in ".!?؟" and not re.search(r"\d", words))
    )


def _stops(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Splits prose at sentence ends; abbreviations, initials and decimals do not end one."""
    first = start
    for match in _STOP.finditer(text, start, end):
        if match.end() >= end:
            break
        word = re.search(r"[\w.]*$", text[first : match.start()])
        before = word.group().casefold() if word else ""
        follower = text[match.end() :].lstrip()[:1]
        if match.group()[0] == "." and (
            before in _ABBREVIATIONS
            or (len(before) == 1 and before.isalpha())
            or follower.islower()
        ):
            continue
        yield first, match.end()
        first = _trimmed(text, match.end(), end)[0]
    if first < end:
        yield first, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))


def _table_rows(
    block: list[_Line],
) -> dict[int, tuple[tuple[Cell, ...], tuple[Cell, ...]]]:
    """Line number in the block → (its cells, the header's cells); the header maps to itself twice."""
    split = [_cells(line) for line in block]
    rows: dict[int, tuple[tuple[Cell, ...], tuple[Cell, ...]]] = {}
    position = 0
    while position < len(block):
        if len(split[position]) < 2:
            position += 1
            continue
        last = position
        while last + 1 < len(block) and len(split[last + 1]) >= 2:
            last += 1
        run = [n for n in range(position, last + 1) if any(c.text.strip("-: ") for c in split[n])]
        filled = [n for n in run if any(_numeric(c.text) for c in split[n][1:])]
        header = run[0] if run and run[0] not in filled else None
        if header is not None and len(filled) >= 1:
            titles = split[header]
            rows[header] = (titles, titles)
            for n in run[1:]:
                rows[n] = (split[n], titles)
        position = last + 1
    return rows


def _cells(line: _Line) -> tuple[Cell, ...]:
    found: list[Cell] = []
    raw = line.text
    offset = line.start
    start = 0
    for gap in [*_CELL_GAP.finditer(raw), None]:
        stop = gap.start() if gap else len(raw)
        if raw[start:stop].strip():
            found.append(Cell(offset + start, offset + stop, raw[start:stop]))
        start = gap.end() if gap else stop
    return tuple(found)


def _numeric(cell: str) -> bool:
    return bool(re.fullmatch(r"[~≥+]?\s*[\d٠-٩.,٬\u00a0\u202f ]+\+?%?|[-–—]|n/?a", cell.strip(), re.I))
