"""Shows scores: rich tables for people, plain values for JSON. Report text is never markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

from pydantic import BaseModel
from rich.table import Table
from rich.text import Text

from llm_extract.evals.gold_reports import GoldReport
from llm_extract.evals.matching import figures, match_claims, subgroup_figures
from llm_extract.evals.outside import LabelledOutcome
from llm_extract.evals.scores import Rate, ReportScore, Summary, Tally
from llm_extract.evals.tolls import TollLabel, TollScore
from llm_extract.schema import CasualtyReport, Claim

TollScores = Mapping[str, Mapping[LabelledOutcome, TollScore]]
"""Scores by language and outcome."""

UNDEFINED = "-"


def as_plain(value: object) -> object:
    """The value as JSON can hold it; rates and tallies carry their shares, undefined ones null."""
    match value:
        case Rate():
            return {"hits": value.hits, "of": value.of, "value": value.value}
        case Tally():
            counts = {"hits": value.hits, "gold": value.gold, "predicted": value.predicted}
            return counts | {
                "precision": value.precision,
                "recall": value.recall,
                "f1": value.f1,
            }
        case BaseModel():
            return value.model_dump(mode="json")
        case Mapping():
            return {str(key): as_plain(item) for key, item in value.items()}
        case str():
            return value
        case Sequence():
            return [as_plain(item) for item in value]
    if is_dataclass(value):
        return {part.name: as_plain(getattr(value, part.name)) for part in fields(value)}
    return value


def toll_table(scores: TollScores, title: str) -> Table:
    """A row a language and outcome: how many tolls agree with their label."""
    table = Table("language", "outcome", "right", "of", "share", title=Text(title))
    for language, outcomes in scores.items():
        for outcome, score in outcomes.items():
            table.add_row(
                language,
                outcome,
                str(score.rate.hits),
                str(score.rate.of),
                _share(score.rate.value),
            )
    return table


def toll_misses(scores: TollScores, texts: Mapping[str, str], *, width: int = 300) -> Table:
    """A row a wrong toll, with the first `width` characters of its report."""
    table = Table("report", "outcome", "label", "found", "text", title="misses", show_lines=True)
    for outcomes in scores.values():
        for outcome, score in outcomes.items():
            for miss in score.misses:
                found = UNDEFINED if miss.toll is None else str(miss.toll)
                text = Text(texts[miss.id][:width])
                table.add_row(Text(miss.id), outcome, _label(miss.label), found, text)
    return table


def report_table(scores: Mapping[str, ReportScore], total: Summary) -> Table:
    """A row a gold report, and one for all."""
    table = Table(
        "report",
        *("claim F1", "figure F1", "claims", "added", "omitted", "invented", "facilities", ""),
        title="gold reports",
    )
    for name, score in scores.items():
        state = "failed" if score.failed else "exact" if score.exact else ""
        table.add_row(Text(name), *_row(score), state or ("silent" if score.silent else "flagged"))
    table.add_section()
    table.add_row(f"{total.reports} reports", *_row(total), "")
    return table


def summary_table(total: Summary) -> Table:
    """What is measured over all reports: reports exact, silent errors, subgroups, attributes."""
    table = Table("score", "share", "of", title="over all reports")
    bound = total.silent
    interval = "" if bound.low is None else f" ({bound.low:.2f} to {bound.high:.2f})"
    rows: dict[str, Rate] = {
        "report exact": total.exact,
        f"silent error rate{interval}": bound.rate,
        "failed": Rate(total.failed, total.reports),
        "invented": total.invented,
        "omitted": total.omitted,
    }
    for name, rate in rows.items():
        table.add_row(name, _share(rate.value), f"{rate.hits} of {rate.of}")
    table.add_row("subgroup F1", _share(total.subgroups.f1), _tally(total.subgroups))
    table.add_row("facility F1", _share(total.facilities.f1), _tally(total.facilities))
    table.add_section()
    for attribute, rate in total.attributes.items():
        table.add_row(attribute, _share(rate.value), f"{rate.hits} of {rate.of} right pairs")
    return table


def claim_misses(report: GoldReport, predicted: CasualtyReport | None) -> Table:
    """Wrong pairs, gold claims that were not read, and predicted ones that no gold claim is for."""
    table = Table("", "gold", "predicted", "quote", title=Text(report.id), show_lines=True)
    gold = report.gold.claims
    found = predicted.claims if predicted is not None else []
    pairs = match_claims(gold, found)
    for pair in pairs:
        if not pair.right:
            ours, theirs = gold[pair.gold], found[pair.predicted]
            table.add_row("wrong", _claim(ours), _claim(theirs), Text(theirs.evidence[0]))
    paired = {pair.gold for pair in pairs}
    for index, claim in enumerate(gold):
        if index not in paired:
            table.add_row("omitted", _claim(claim), "", Text(claim.evidence[0]))
    paired = {pair.predicted for pair in pairs}
    for index, claim in enumerate(found):
        if index not in paired:
            table.add_row("added", "", _claim(claim), Text(claim.evidence[0]))
    return table


def _row(score: ReportScore | Summary) -> list[str]:
    return [
        _share(score.claims.f1),
        _share(score.figures.f1),
        f"{score.claims.hits}/{score.claims.gold}",
        str(score.claims.predicted - score.claims.hits),
        f"{score.omitted.hits}/{score.omitted.of}",
        UNDEFINED if score.invented is None else f"{score.invented.hits}/{score.invented.of}",
        f"{score.facilities.hits}/{score.facilities.gold}",
    ]


def _claim(claim: Claim) -> Text:
    numbers = [*figures(claim).items(), *subgroup_figures(claim)]
    shown = [
        f"{name} {'vague' if figure.value is None else figure.value}"
        + (f" to {figure.upper}" if figure.upper is not None else "")
        for name, figure in numbers
    ]
    return Text(f"{claim.outcome}: " + (", ".join(shown) or "no figure"))


def _label(label: TollLabel) -> str:
    if label.high == label.low:
        return str(label.low)
    return f"{label.low} or more" if label.high is None else f"{label.low} to {label.high}"


def _share(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.3f}"


def _tally(tally: Tally) -> str:
    return f"{tally.hits} of {tally.gold} gold, {tally.predicted} predicted"
