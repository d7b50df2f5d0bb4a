"""A desk to build records on: claims over a text of one's own, with a small ledger of that text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from llm_extract.intervals import bounds
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.record import (
    Evidence,
    Finding,
    Provenance,
    Record,
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
    ReportHead,
    Tokens,
)
from llm_extract.schema import Period
from llm_extract.validators.catalogue import check

WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "eight": 8, "nine": 9, "no": 0}
NUMBER = re.compile(
    r"\b(?P<range>\d+ to \d+)\b|\b(?P<digits>\d+)\b|\b(?P<word>two|three|four|five|eight|nine)\b"
    r"|\b(?P<vague>dozens)\b|\b(?P<one>a (?:woman|man|child|medic|doctor|soldier))\b"
)
QUALIFIERS = {
    "at least": "at_least",
    "more than": "more_than",
    "at most": "at_most",
    "fewer than": "fewer_than",
    "about": "about",
}
QUALIFIED = re.compile(rf"(?:({'|'.join(QUALIFIERS)}) )?(.+)")
QUALIFIER_BEFORE = re.compile(rf"\b({'|'.join(QUALIFIERS)})\s$".replace(" ", r"\s+"), re.IGNORECASE)
NOTHING = Tokens(prompt=0, cached=0, completion=0)


def read(text: str) -> Ledger:
    """The numbers of a test's own text; the package's ledger has tests of its own."""
    mentions = []
    for found in NUMBER.finditer(text):
        value, upper = value_of(found)
        before = QUALIFIER_BEFORE.search(text, 0, found.start())
        qualifier = QUALIFIERS[" ".join(before[1].casefold().split())] if before else "exact"
        mentions.append(
            Mention(
                start=found.start(),
                end=found.end(),
                text=found.group(),
                kind="vague" if found["vague"] else "count",
                value=value,
                upper=upper,
                qualifier="vague" if found["vague"] else "range" if found["range"] else qualifier,
                qualifier_start=before.start(1) if before else None,
                qualifier_end=before.end(1) if before else None,
                basis="counted" if found["one"] else "printed",
                language="en",
            )
        )
    return Ledger(text, tuple(mentions))


def value_of(found: re.Match[str]) -> tuple[int | None, int | None]:
    if found["range"]:
        low, high = found["range"].split(" to ")
        return int(low), int(high)
    if found["digits"]:
        return int(found["digits"]), None
    if found["word"]:
        return WORDS[found["word"]], None
    return (1, None) if found["one"] else (None, None)


class Desk:
    """Claims over one text. Counts are given as written, with their qualifier: "at least 35"."""

    def __init__(self, text: str, language: str | None = "en") -> None:
        self.text = text
        self.language = language
        self.ledger = read(text)

    def count(self, words: str, quote: str | None = None, **changes: Any) -> RecordCount:
        """The count of some words, located at their first place in the quote or the text."""
        split = QUALIFIED.fullmatch(words)
        assert split is not None
        number = split[2]
        found = NUMBER.match(number)
        value, upper = value_of(found) if found else (WORDS.get(number), None)
        qualifier = QUALIFIERS.get(split[1] or "", "exact")
        if upper is not None:
            qualifier = "range"
        if value is None:
            qualifier = "vague"
        offset = max(0, self.text.find(quote)) if quote is not None else 0
        start = re.compile(rf"\b{re.escape(number)}\b").search(self.text, offset)
        fields = {
            "value": value,
            "upper": upper,
            "qualifier": qualifier,
            "basis": "counted" if found and found["one"] else "printed",
            "as_written": number,
            "start": start.start() if start else None,
            "end": start.end() if start else None,
        } | changes
        low, high = bounds(SimpleNamespace(**fields))
        return RecordCount(**({"low": low, "high": high} | fields))

    def evidence(self, quote: str) -> Evidence:
        start = self.text.find(quote)
        if start < 0:
            return Evidence(quote=quote, start=None, end=None)
        return Evidence(quote=quote, start=start, end=start + len(quote))

    def claim(self, id: str = "c1", *, quote: str | None = None, **fields: Any) -> RecordClaim:
        """A claim; counts as words or as `RecordCount`, subgroups as a dict of group to words."""
        quotes = fields.pop("quotes", [self.text if quote is None else quote])
        near = quotes[0] if len(quotes) == 1 else None
        for slot in ("total", "children", "women", "men"):
            words = fields.get(slot)
            fields[slot] = self.count(words, near) if isinstance(words, str) else words
        period = fields.pop("period", None)
        return RecordClaim(
            **{
                "id": id,
                "outcome": "killed",
                "victims": "unspecified",
                "subgroups": [
                    RecordSubgroup(
                        group=group,
                        label=None,
                        count=self.count(words, near) if isinstance(words, str) else words,
                    )
                    for group, words in fields.pop("subgroups", {}).items()
                ],
                "period": days(*period) if period else None,
                "evidence": [self.evidence(words) for words in quotes],
                **SHARED,
                **fields,
            }
        )

    def facility(
        self, id: str = "f1", *, quote: str | None = None, **fields: Any
    ) -> RecordFacility:
        words = fields.pop("count", None)
        return RecordFacility(
            **{
                "id": id,
                "kinds": ["school"],
                "effect": "attacked",
                "count": self.count(words, quote) if isinstance(words, str) else words,
                "evidence": [self.evidence(self.text if quote is None else quote)],
                "period": None,
                **SHARED,
                **fields,
            }
        )

    def record(
        self,
        *claims: RecordClaim,
        facilities: Iterable[RecordFacility] = (),
        unread: Iterable[str] = (),
    ) -> Record:
        return Record(
            report=ReportHead(
                id="r1",
                title=None,
                source="test",
                sha256="",
                characters=len(self.text),
                published=date(2024, 12, 5),
                language=self.language,
            ),
            claims=list(claims),
            facilities=list(facilities),
            findings=[],
            disposition="clean",
            failure=None,
            provenance=Provenance(
                model="none",
                prompt="none@1",
                prompt_hash="",
                strategy="sentence",
                package_version="0",
                schema_version="1",
                seconds=0.0,
                tokens=NOTHING,
                calls=0,
                unread_mentions=list(unread),
                attempts=[],
            ),
        )

    def check(self, *claims: RecordClaim, **others: Any) -> list[Finding]:
        """All findings about a record of these claims."""
        return check(self.record(*claims, **others), self.text, self.ledger)

    def found(self, rule: str, *claims: RecordClaim, **others: Any) -> list[Finding]:
        """The findings of one rule."""
        return [finding for finding in self.check(*claims, **others) if finding.rule == rule]

    def read(self, rule: str, *claims: RecordClaim, **others: Any) -> list[Finding]:
        """The findings of one rule, by the ledger of the package."""
        ledger = read_ledger(self.text, self.language)
        findings = check(self.record(*claims, **others), self.text, ledger)
        return [finding for finding in findings if finding.rule == rule]


SHARED: dict[str, Any] = {
    "claimant": None,
    "perpetrators": [],
    "attribution": None,
    "weapons": [],
    "places": [],
    "scope": "incident",
    "part_of": None,
    "part_of_id": None,
}


def days(start: str | None, end: str | None) -> Period:
    return Period(
        start=date.fromisoformat(start) if start else None,
        end=date.fromisoformat(end) if end else None,
        as_written="then",
    )


@pytest.fixture(scope="session")
def desk() -> Callable[..., Desk]:
    """Makes a desk for a text."""
    return Desk
