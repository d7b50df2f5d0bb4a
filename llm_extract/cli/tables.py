"""A record as terminal tables of 80 to 120 columns: claims as a tree, then what the rules found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich import box
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from llm_extract.cli.console import plain
from llm_extract.record import Finding, Record, RecordClaim, RecordCount, RecordFacility
from llm_extract.schema import Period

STYLES = {
    "clean": "green",
    "flagged": "yellow",
    "failed": "bold red",
    "error": "bold red",
    "warning": "yellow",
}

_SIGNS = {"at_least": "≥", "more_than": ">", "at_most": "≤", "fewer_than": "<", "about": "~"}

_COLUMNS = ("claim", "number", "of whom", "according to", "held responsible", "where and when")
_CLAIM, _NUMBER = 0, 1

Item = TypeVar("Item", RecordClaim, RecordFacility)


def record_view(record: Record, *, with_evidence: bool = False) -> RenderableType:
    """Head, claims and findings of a record; with `with_evidence` its quotes too."""
    parts: list[RenderableType] = [_head(record)]
    if record.failure:
        parts.append(_indented(plain(record.failure.message, STYLES["failed"])))
    elif not record.claims and not record.facilities:
        parts.append(_indented(plain("no figure of people or places found", "dim")))
    else:
        parts.append(_indented(_claims(record)))
    if with_evidence and (record.claims or record.facilities):
        parts.append(_indented(_evidence(record)))
    if record.findings:
        parts.append(_indented(_findings(record.findings)))
    return Lines(*parts, Text())


def count_words(count: RecordCount) -> str:
    """The count as it is shown: `149`, `≥62`, `15–17`, the words of a vague one, `94 (summed)`."""
    if count.value is None:
        return count.as_written
    if count.qualifier == "range" and count.upper is not None:
        return f"{count.value:,}–{count.upper:,}"
    number = f"{_SIGNS.get(count.qualifier, '')}{count.value:,}"
    return f"{number} (summed)" if count.basis == "derived" else number


def period_words(period: Period) -> str:
    """The period in ISO dates, or in the report's words where it has none."""
    match period.start, period.end:
        case None, None:
            return period.as_written
        case start, None:
            return f"since {start}"
        case None, end:
            return f"until {end}"
        case start, end:
            return str(start) if start == end else f"{start} – {end}"


def _head(record: Record) -> Text:
    report = record.report
    source = report.source if record.failure else None
    known = (report.title, str(report.published or ""), report.language, source)
    line = plain(report.id, "bold")
    line.append("  ").append(record.disposition, STYLES[record.disposition])
    for words in (*known, _followed_up(record)):
        if words:
            line.append(" · ", "dim").append(plain(words, "dim"))
    return line


def _followed_up(record: Record) -> str:
    """How findings were followed up, where that gave other readings."""
    made = record.provenance
    if made is None or not made.readings:
        return ""
    number = len(made.readings)
    return f"repair {made.repair}: {number} other reading{'' if number == 1 else 's'}"


def _claims(record: Record) -> Table:
    claims = [_claim_cells(claim, depth) for claim, depth in _tree(record.claims)]
    facilities = [_facility_cells(item, depth) for item, depth in _tree(record.facilities)]
    rows = claims + facilities
    kept = [index for index in range(len(_COLUMNS)) if any(row[index] for row in rows)]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for index in kept:
        table.add_column(
            _COLUMNS[index],
            justify="right" if index == _NUMBER else "left",
            no_wrap=index in (_CLAIM, _NUMBER),
        )
    for number, row in enumerate(rows, start=1):
        table.add_row(*(row[index] for index in kept), end_section=number == len(claims))
    return table


def _tree(items: Sequence[Item]) -> Iterator[tuple[Item, int]]:
    """Every item once with its depth, parts after their whole; a circle is cut open anywhere."""
    seen: set[int] = set()

    def below(index: int, depth: int) -> Iterator[tuple[Item, int]]:
        if index in seen:
            return
        seen.add(index)
        yield items[index], depth
        for part, item in enumerate(items):
            if item.part_of == index:
                yield from below(part, depth + 1)

    wholes: list[int] = [index for index, item in enumerate(items) if item.part_of is None]
    for index in (*wholes, *range(len(items))):
        yield from below(index, 0)


def _claim_cells(claim: RecordClaim, depth: int) -> list[Text]:
    victims = "" if claim.victims == "unspecified" else claim.victims
    return [
        _label(claim.id, claim.outcome, victims, depth),
        plain(count_words(claim.total) if claim.total else ""),
        _stack(_part_words(claim)),
        *_circumstances(claim),
    ]


def _facility_cells(facility: RecordFacility, depth: int) -> list[Text]:
    kinds = facility.kinds[0].replace("_", " ")
    if len(facility.kinds) > 1:
        kinds += f" + {len(facility.kinds) - 1}"
    return [
        _label(facility.id, facility.effect, kinds, depth),
        plain(count_words(facility.count) if facility.count else ""),
        Text(),
        *_circumstances(facility),
    ]


def _label(identity: str, what: str, detail: str, depth: int) -> Text:
    indent = "  " * (depth - 1) + "└ " if depth else ""
    label = Text(indent, "dim").append(plain(identity, "bold")).append(f" {what}")
    if detail:
        label.append("\n" + " " * (len(indent) + len(identity) + 1)).append(plain(detail, "dim"))
    return label


def _part_words(claim: RecordClaim) -> Iterator[str]:
    for slot in ("children", "women", "men"):
        count: RecordCount | None = getattr(claim, slot)
        if count is not None:
            yield f"{count_words(count)} {slot}"
    for part in claim.subgroups:
        yield f"{count_words(part.count)} {part.label or part.group.replace('_', ' ')}"


def _circumstances(item: RecordClaim | RecordFacility) -> list[Text]:
    held = "; ".join(item.perpetrators)
    if held and item.attribution in ("alleged", "claimed"):
        held += f" ({item.attribution})"
    when = period_words(item.period) if item.period else ""
    if item.scope in ("cumulative", "snapshot"):
        when = f"{item.scope}, {when}" if when else item.scope
    places = ", ".join(item.places)
    return [plain(item.claimant or ""), plain(held), _stack(filter(None, (places, when)))]


def _evidence(record: Record) -> Table:
    table = Table.grid(padding=(0, 1))
    items: list[RecordClaim | RecordFacility] = [*record.claims, *record.facilities]
    for item in items:
        for evidence in item.evidence:
            lost = evidence.start is None
            table.add_row(
                plain(item.id, "bold"),
                plain(f"“{evidence.quote}”", STYLES["error"] if lost else "dim"),
            )
    return table


def _findings(findings: Iterable[Finding]) -> Table:
    table = Table.grid(padding=(0, 1))
    for finding in findings:
        table.add_row(*finding_row(finding, " "))
    return table


def finding_row(finding: Finding, between: str) -> tuple[Text, Text, Text, Text]:
    """Severity, rule, claims and message with its suggestions; `between` stands between claims."""
    message = plain(finding.message)
    for suggestion in finding.suggestions:
        message.append("\n→ ").append(plain(suggestion.message))
    return (
        Text(finding.severity, STYLES[finding.severity]),
        plain(finding.rule, "bold"),
        plain(between.join(finding.claims)),
        message,
    )


def _stack(lines: Iterable[str]) -> Text:
    return Text("\n").join(plain(line) for line in lines)


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, 2))
