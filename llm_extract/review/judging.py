"""What the rules say about a content under review, and what their findings turned out to be."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from llm_extract.numbers.mention import Ledger
from llm_extract.record import Finding, Record
from llm_extract.review.content import Content, Standing, content_of, with_content
from llm_extract.validators.catalogue import check
from llm_extract.validators.culprits import UNTOUCHED, Key, examine, finding_key

Ruling = Literal["fixed", "source", "false_alarm", "ignored"]
"""A finding that a correction closed; that the source itself prints; that was no fault; that nobody
said anything about."""

RULING_OF: dict[Standing, Ruling] = {"source_says_so": "source", "false_alarm": "false_alarm"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, what makes it the same one after other edits, and whether it may stand."""

    finding: Finding
    key: str
    standing: Standing | None


def key_of(finding: Finding) -> str:
    """A short name of a finding that edits elsewhere do not change: its rule, claims, slots, the
    places of numbers that no claim holds, and what it says.

    The words belong to it, since what may stand are the numbers and names that were looked at: an
    error of the same rule about others in the same slots is open again.
    """
    rule, severity, claims, fields, loose = finding_key(finding)
    parts = (rule, severity, _sorted(claims), _sorted(fields), loose, finding.message)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def judge(
    record: Record, content: Content, text: str, ledger: Ledger, *, suggest: bool = False
) -> list[Judged]:
    """The findings of a content in catalogue order, each with the standing it was given.

    With `suggest` they bear the smallest changes that close them, which takes many times longer;
    a content that is as predicted has the prediction's findings, suggestions included.
    """
    if _says_as_predicted(record, content):
        findings: Sequence[Finding] = record.findings
    else:
        changed = with_content(record, content).model_copy(update={"findings": []})
        findings = (examine if suggest else check)(changed, text, ledger)
    standing: dict[str, Standing] = {each.key: each.standing for each in content.accepted}
    return [Judged(each, key := key_of(each), standing.get(key)) for each in findings]


def open_errors(judged: Sequence[Judged]) -> list[Judged]:
    """The errors that nobody let stand."""
    return [each for each in judged if each.finding.severity == "error" and each.standing is None]


def rulings(record: Record, final: Content, text: str, ledger: Ledger) -> list[tuple[str, Ruling]]:
    """What each finding of a prediction turned out to be, by the content that was decided on.

    A finding that a correction closed was right, also when somebody had let it stand before.
    """
    judged = judge(record, final, text, ledger)
    left: dict[Key, Standing | None] = {finding_key(j.finding): j.standing for j in judged}
    said: dict[str, Standing] = {each.key: each.standing for each in final.accepted}
    found: list[tuple[str, Ruling]] = []
    for finding in record.findings:
        same = finding_key(finding)
        standing = said.get(key_of(finding)) or left.get(same)
        if same not in left and finding.rule not in UNTOUCHED:
            found.append((finding.rule, "fixed"))
        else:
            found.append((finding.rule, RULING_OF[standing] if standing else "ignored"))
    return found


def _says_as_predicted(record: Record, content: Content) -> bool:
    predicted = content_of(record)
    return (content.claims, content.facilities, content.aside) == (
        predicted.claims,
        predicted.facilities,
        predicted.aside,
    )


def _sorted(words: object) -> list[str]:
    assert isinstance(words, frozenset)
    return sorted(words)
