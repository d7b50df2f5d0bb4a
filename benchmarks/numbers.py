"""Measures how fast the number ledger reads, and checks that what it reads is right.

Run with `python -m benchmarks.numbers`. Prints MB of UTF-8 text a second on one core for English
and Arabic, best of three, and fails when a number was read wrong or a language is below the bar.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

from llm_extract.numbers import read_ledger

BAR = 1.0
"""MB of text a second that issue 2 asks for."""

MEGABYTES = 2.0
REPEATS = 3
SEED = 7

ENGLISH_FILLER = (
    "Witnesses from the valley described how shells fell near the river after dusk, and how"
    " neighbours carried the injured through orchards towards the northern road. ",
    "The administration of the district has not commented, although its office promised an inquiry"
    " into the events that residents reported to the monitoring network. ",
    "Rain delayed the search through the rubble of the collapsed workshop. ",
)
ARABIC_FILLER = (
    "وصف شهود من الوادي كيف سقطت القذائف قرب النهر بعد الغروب وكيف حمل الجيران المصابين عبر"
    " البساتين نحو الطريق الشمالي. ",
    "لم تعلق إدارة المنطقة على الأمر رغم أن مكتبها وعد بفتح تحقيق في"
    " الأحداث التي أبلغ عنها السكان. ",
    "أخر المطر البحث تحت أنقاض الورشة المنهارة. ",
)


def english_sentence(rng: random.Random) -> tuple[str, list[int]]:
    """A sentence with counts of people, and these counts."""
    killed, children = rng.randint(2, 1800), rng.randint(2, 90)
    text = (
        f"At least {killed:,} villagers, including {children} children, were killed on"
        f" {rng.randint(1, 28)} March 2021 in the eastern district. "
    )
    return text, [killed, children]


def arabic_sentence(rng: random.Random) -> tuple[str, list[int]]:
    """The same in Arabic."""
    killed, children = rng.randint(11, 1800), rng.randint(11, 90)
    text = (
        f"قتل ما لا يقل عن {killed} مدنياً بينهم {children} طفلاً في {rng.randint(1, 28)} آذار 2021"
        " شرقي المنطقة. "
    )
    return text, [killed, children]


def compose(
    filler: tuple[str, ...], sentence: Callable[[random.Random], tuple[str, list[int]]]
) -> tuple[str, list[int]]:
    """About `MEGABYTES` of text, every third sentence with numbers, and all its counts in order."""
    rng = random.Random(SEED)
    parts: list[str] = []
    counts: list[int] = []
    size = 0.0
    while size < MEGABYTES * 1e6:
        text, stated = sentence(rng)
        block = "".join([rng.choice(filler), rng.choice(filler), text])
        parts.append(block)
        counts.extend(stated)
        size += len(block.encode())
    return "".join(parts), counts


def measure(text: str) -> tuple[float, list[int]]:
    """MB a second of the best of `REPEATS` readings, and the printed counts that were read."""
    best, ledger = float("inf"), read_ledger("")
    for _ in range(REPEATS):
        begun = time.process_time()
        ledger = read_ledger(text)
        best = min(best, time.process_time() - begun)
    read = [
        m.value
        for m in ledger.mentions
        if m.kind == "count" and m.basis == "printed" and m.value is not None
    ]
    return len(text.encode()) / 1e6 / best, read


def main() -> int:
    """Prints a line a language; 1 when a reading is wrong or too slow."""
    failed = False
    for name, filler, sentence in (
        ("English", ENGLISH_FILLER, english_sentence),
        ("Arabic", ARABIC_FILLER, arabic_sentence),
    ):
        text, counts = compose(filler, sentence)
        speed, read = measure(text)
        right = read == counts
        failed = failed or not right or speed < BAR
        print(
            f"{name}: {speed:.2f} MB/s, {len(counts)} counts, {'all' if right else 'NOT all'} right"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
