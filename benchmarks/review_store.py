"""A store of many settled records of invented reports, for `benchmarks.review`."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from review_builders import ARABIC, LARGE, PLAIN, SUMS, read_by_rule, report_of
from sqlalchemy import Engine, insert

from llm_extract.store.engine import transaction
from llm_extract.store.tables import records, reports, run_items, runs

MODELS = ("tern-4b", "heron-12b", "skua-30b")
PROMPTS = ("figures@3", "figures@4", "claims@1")
_FIRST, _LAST = date(2025, 1, 1), date(2026, 9, 30)
_ROWS = 2000
_SEED = 20261125

_STARTS, _MIDDLES, _ENDS = "bdfghklmnprstvz", "aeiou", "lmnrsd"

STORIES: tuple[tuple[str, str, int], ...] = (
    (SUMS, "en", 3),
    (PLAIN, "en", 6),
    (LARGE, "en", 2),
    (ARABIC, "ar", 2),
    (
        "The Meridan Observatory said 31 people were killed in Halden in May, among them 12 "
        "children. Rebel shelling killed 9 of them, and air strikes killed 25.",
        "en",
        2,
    ),
    ("La Red Meridan informó de 17 civiles muertos y 40 heridos en Halden el lunes.", "es", 2),
)
"""Text, language, weight; names in them are exchanged for others of the same length."""


def fill(engine: Engine, count: int) -> None:
    """So many settled records of a job that is done."""
    with transaction(engine) as connection:
        connection.execute(insert(runs), {"id": 1, **_job(count)})
    every = _rows(count)
    while rows := list(islice(every, _ROWS)):
        with transaction(engine) as connection:
            for place, table in enumerate((reports, records, run_items)):
                connection.execute(insert(table), [row[place] for row in rows])


def _job(count: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "started": now,
        "finished": now,
        "settings": {},
        "version": "0.1.0",
        "state": "done",
        "read": count,
        "flagged": count,
    }


def _rows(count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    drawn = random.Random(_SEED)
    places, claimants = _names(drawn, 6, 3000), _names(drawn, 7, 400)
    ready = []
    for text, language, _ in STORIES:
        record = read_by_rule(report_of("r", text, language))
        assert record.provenance is not None
        told = f'"prompt":"{record.provenance.prompt}"'
        ready.append((text, language, record.disposition, record.model_dump_json(), told))
    weights = [weight for *_, weight in STORIES]
    for number in range(1, count + 1):
        text, language, disposition, json, told = drawn.choices(ready, weights)[0]
        place = places[int(len(places) * drawn.random() ** 3)]
        claimant = claimants[int(len(claimants) * drawn.random() ** 3)]
        text = f"{_renamed(text, place, claimant)} ({number})"
        json = _renamed(json, place, claimant)
        prompt = drawn.choice(PROMPTS)
        json = json.replace(told, f'"prompt":"{prompt}"')
        published = (_FIRST + timedelta(days=drawn.randrange((_LAST - _FIRST).days))).isoformat()
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        yield (
            {
                "pk": number,
                "sha256": sha256,
                "id": f"report-{number}",
                "source": f"reports/{number % 97}/report-{number}.txt",
                "published": published,
                "title": f"{place}: notes of the day",
                "language": language,
                "text": text,
            },
            {
                "pk": number,
                "report_sha256": sha256,
                "published": published,
                "prompt_hash": prompt,
                "model": drawn.choice(MODELS),
                "strategy": "mention",
                "package_version": "0.1.0",
                "disposition": disposition,
                "json": json,
            },
            {
                "run_id": 1,
                "position": number - 1,
                "report_id": f"report-{number}",
                "report_pk": number,
                "record_pk": number,
                "from_cache": False,
                "characters": len(text),
            },
        )


def _names(drawn: random.Random, length: int, count: int) -> list[str]:
    """Invented names of one length, which can stand for each other without moving a quote."""
    made: set[str] = set()
    while len(made) < count:
        letters = [drawn.choice((_STARTS, _MIDDLES)[place % 2]) for place in range(length - 1)]
        made.add("".join(letters).title() + drawn.choice(_ENDS))
    return sorted(made)


def _renamed(words: str, place: str, claimant: str) -> str:
    return words.replace("Halden", place).replace("Meridan", claimant)
