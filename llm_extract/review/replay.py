"""Replay: all decided cases as an eval set, so that a new prompt is measured on what went wrong."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, or_, select

from llm_extract.errors import ReviewError
from llm_extract.evals.gold_reports import GoldReport
from llm_extract.export import written_whole
from llm_extract.review.cases import Case, Cases
from llm_extract.review.content import Content
from llm_extract.review.gold import Made, gold_of, report_of, write_report
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_cases, review_decisions

README = """# Decided cases of a review

Reports whose records people approved or corrected, or rejected since they count nobody, in the
format of gold reports. **They are no gold**: most have been looked at by one person, who saw what
the model had read and may have let it stand. `annotators` is empty there, and holds the labels of
both where two decided. Their records were chosen since rules found faults in them, or were drawn:
scores on them compare prompts and models with each other, and are no estimate for all reports.

    llm-extract eval --set THIS_FOLDER --out results/eval

The texts are those of the reports: keep them where those may be kept.
"""


def write_replay(engine: Engine, folder: Path) -> Made:
    """Write every decided case as an eval set, with a README that says what it is.

    Raises ReviewError (replay) when the folder holds files already, RecordsError when it cannot be
    written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ReviewError(f"{folder} is not empty: name a new folder", code="replay")
    files: list[Path] = []
    refusals: list[str] = []
    for pk in _decided(engine):
        case = Cases(engine).get(pk)
        try:
            files.append(write_report(folder, replay_of(case), f"case {pk}"))
        except ReviewError as error:
            refusals.append(str(error))
    if not files:
        raise ReviewError("no case is decided yet: there is nothing to replay", code="replay")
    with written_whole(folder / "README.md") as file:
        file.write(README)
    return Made(tuple(files), tuple(refusals))


def replay_of(case: Case) -> GoldReport:
    """What was decided about a case; its annotators are empty where one person decided."""
    if case.state == "rejected":
        return report_of(case, Content(claims=[], facilities=[], aside=[]), {}, [])
    if len({one.who for one in case.round}) > 1:
        return gold_of(case)
    return report_of(case, case.content, {}, [])


def _decided(engine: Engine) -> list[int]:
    """Cases whose decision says what the report counts."""
    final = select(review_decisions.c.case_pk).where(
        review_decisions.c.final, review_decisions.c.reason == "not_a_casualty_report"
    )
    query = select(review_cases.c.pk).where(
        or_(
            review_cases.c.state.in_(("approved", "corrected")),
            (review_cases.c.state == "rejected") & review_cases.c.pk.in_(final),
        )
    )
    with transaction(engine) as connection:
        return list(connection.execute(query.order_by(review_cases.c.pk)).scalars())
