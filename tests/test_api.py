"""The library as a newcomer uses it, on a scripted server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from scripted_server import Request, ScriptedServer, reply

import llm_extract
from llm_extract import CasualtyReport, Extractor, LlmExtractError, Record, check, extract
from llm_extract import record as envelope
from llm_extract.documents import report_from_text
from llm_extract.errors import DocumentError, ModelError, PromptError, RecordsError
from llm_extract.record import RecordSubgroup
from llm_extract.validators.profiles import read_profiles

TEXT = (
    "The Karsa Rights Group said shells killed 31 people in Belkesh on Tuesday, including nine "
    "children. At least 40 were wounded."
)
CLAIMS = {
    "claims": [
        {
            "outcome": "killed",
            "total": 31,
            "children": 9,
            "women": None,
            "men": None,
            "claimant": "Karsa Rights Group",
            "perpetrators": [],
            "places": ["Belkesh"],
            "part_of": None,
        },
        {
            "outcome": "injured",
            "total": 40,
            "children": None,
            "women": None,
            "men": None,
            "claimant": None,
            "perpetrators": [],
            "places": [],
            "part_of": None,
        },
    ]
}


@pytest.fixture
def server(desk: Callable[..., ScriptedServer]) -> ScriptedServer:
    return desk([reply(CLAIMS)])


@pytest.fixture
def extractor(server: ScriptedServer) -> Iterator[Extractor]:
    with Extractor("desk", strategy="document") as opened:
        yield opened


def numbers(record: envelope.Record) -> list[tuple[str, int | None]]:
    return [(claim.outcome, claim.total.value if claim.total else None) for claim in record.claims]


# --- what is read ------------------------------------------------------------------------------


def test_a_text_becomes_a_record(extractor: Extractor) -> None:
    record = extractor.extract(TEXT, published="2026-03-05")
    assert isinstance(record, Record)
    assert numbers(record) == [("killed", 31), ("injured", 40)]
    assert record.report.published == date(2026, 3, 5)
    assert record.provenance is not None and record.provenance.tokens.prompt == 100


def test_a_path_is_read_as_a_file_and_so_is_the_name_of_one(
    extractor: Extractor, tmp_path: Path
) -> None:
    file = tmp_path / "belkesh.txt"
    file.write_text(TEXT, encoding="utf-8")
    for source in (file, str(file)):
        record = extractor.extract(source)
        assert record.report.id == "belkesh"
        assert numbers(record) == [("killed", 31), ("injured", 40)]


def test_a_report_that_was_read_before_is_taken_as_it_is(extractor: Extractor) -> None:
    report = report_from_text(TEXT, id="mine", published=date(2026, 1, 1))
    record = extractor.extract(report, published=date(2026, 2, 2))
    assert (record.report.id, record.report.published) == ("mine", date(2026, 1, 1))


@pytest.mark.parametrize("source", ["no/such/report.txt", Path("no-such-report"), "May.PDF"])
def test_a_missing_file_is_never_read_as_a_text(
    extractor: Extractor, source: str | Path, server: ScriptedServer
) -> None:
    with pytest.raises(DocumentError, match="no such file") as caught:
        extractor.extract(source)
    assert caught.value.code == "missing"
    assert not server.chats


def test_an_unreadable_file_raises_its_reason(extractor: Extractor, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    with pytest.raises(DocumentError, match="is empty"):
        extractor.extract(empty)


def test_a_table_of_reports_is_not_one_report(extractor: Extractor, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("id,text\n1,Two guards were killed.\n2,One guard was killed.\n")
    with pytest.raises(DocumentError, match="more than one report"):
        extractor.extract(rows)


def test_a_day_that_is_none_is_refused(extractor: Extractor) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        extractor.extract(TEXT, published="5 March")


# --- how long the model is kept ----------------------------------------------------------------


def test_the_model_is_opened_once_for_many_calls(
    extractor: Extractor, server: ScriptedServer
) -> None:
    for _ in range(3):
        extractor.extract(TEXT)
    assert [r.path for r in server.requests].count("/v1/models") == 1
    assert len(server.chats) == 3


def test_without_with_it_starts_by_itself_and_starts_again_after_close(
    server: ScriptedServer,
) -> None:
    extractor = Extractor("desk", strategy="document")
    assert not server.requests and "closed" in repr(extractor)
    extractor.extract(TEXT)
    assert "open" in repr(extractor)
    extractor.close()
    extractor.close()
    extractor.extract(TEXT)
    extractor.close()
    assert [r.path for r in server.requests].count("/v1/models") == 2


def test_closing_leaves_no_thread(server: ScriptedServer) -> None:
    with Extractor("desk", strategy="document") as extractor:
        extractor.extract(TEXT)
    assert "llm-extract" not in {thread.name for thread in threading.enumerate()}


def test_a_program_that_never_closes_ends_quietly(server: ScriptedServer) -> None:
    program = (
        "from llm_extract import Extractor\n"
        f"print(len(Extractor('desk', strategy='document').extract({TEXT!r}).claims))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_the_function_opens_and_closes_the_model_for_one_report(server: ScriptedServer) -> None:
    record = extract(TEXT, "2026-03-05", model="desk", strategy="document")
    assert numbers(record) == [("killed", 31), ("injured", 40)]
    assert "llm-extract" not in {thread.name for thread in threading.enumerate()}


def test_what_does_not_exist_is_said_at_once() -> None:
    with pytest.raises(ModelError, match="no model is named 'nowhere'"):
        Extractor("nowhere")
    with pytest.raises(PromptError, match="no prompt is named 'mine'"):
        Extractor(prompt="mine@1")


def test_a_server_that_is_gone_is_said_before_any_report_is_lost(
    desk: Callable[..., ScriptedServer],
) -> None:
    server = desk([])
    server.models_status = 503
    extractor = Extractor("desk")
    with pytest.raises(LlmExtractError, match="HTTP 503"):
        extractor.extract(TEXT)
    assert "llm-extract" not in {thread.name for thread in threading.enumerate()}


# --- sync and async ----------------------------------------------------------------------------


def test_async_gives_the_same_record(server: ScriptedServer) -> None:
    async def work() -> Record:
        async with Extractor("desk", strategy="document") as extractor:
            return await extractor.extract_async(TEXT)

    assert numbers(asyncio.run(work())) == [("killed", 31), ("injured", 40)]


def test_calls_run_side_by_side_and_the_loop_goes_on(desk: Callable[..., ScriptedServer]) -> None:
    together = threading.Barrier(3, timeout=20)

    def answer(_: Request) -> object:
        together.wait()
        return reply(CLAIMS)

    desk(answer)

    async def work() -> list[Record]:
        async with Extractor("desk", strategy="document") as extractor:
            return await asyncio.gather(*(extractor.extract_async(TEXT) for _ in range(3)))

    assert len(asyncio.run(work())) == 3


def test_one_extractor_serves_sync_calls_and_several_loops(extractor: Extractor) -> None:
    first = asyncio.run(extractor.extract_async(TEXT))
    second = extractor.extract(TEXT)
    third = asyncio.run(extractor.extract_async(TEXT))
    assert numbers(first) == numbers(second) == numbers(third)


def test_a_cancelled_call_gives_way_to_the_next(desk: Callable[..., ScriptedServer]) -> None:
    def answer(request: Request) -> object:
        return reply(CLAIMS, delay_seconds=5.0 if "slow" in request.prompt else 0.0)

    desk(answer)

    async def work() -> Record:
        extractor = Extractor("desk", strategy="document")
        try:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(extractor.extract_async(f"{TEXT} A slow road."), 0.5)
            return await asyncio.wait_for(extractor.extract_async(TEXT), 3)
        finally:
            await asyncio.to_thread(extractor.close)

    assert len(asyncio.run(work()).claims) == 2


# --- what comes out ----------------------------------------------------------------------------


def test_a_record_prints_as_a_few_lines(extractor: Extractor) -> None:
    record = extractor.extract(report_from_text(TEXT, id="belkesh"))
    lines = str(record).splitlines()
    assert repr(record) == str(record)
    assert lines[0].startswith(f"<Record belkesh: {record.disposition}, 2 claims, ")
    assert lines[1] == "  c1 killed 31 (children 9), according to Karsa Rights Group"
    assert lines[2].startswith("  c2 injured at least 40")
    assert len(lines) == 3 + len(record.findings)


def test_a_failed_record_prints_its_reason(desk: Callable[..., ScriptedServer]) -> None:
    desk(lambda _: reply({}, status=400))
    with Extractor("desk", strategy="document") as extractor:
        record = extractor.extract(TEXT)
    assert record.disposition == "failed" and record.failure is not None
    assert "failed" in str(record) and record.failure.message in str(record)


def test_report_text_cannot_steer_a_terminal_through_a_printed_record(
    desk: Callable[..., ScriptedServer],
) -> None:
    claims = [{**CLAIMS["claims"][0], "claimant": "Karsa \x1b[2J Group"}]
    desk([reply({"claims": claims})])
    with Extractor("desk", strategy="document") as extractor:
        record = extractor.extract(TEXT.replace("Karsa Rights", "Karsa \x1b[2J"))
    assert "\x1b" not in str(record)


def test_a_record_becomes_a_table(extractor: Extractor) -> None:
    frame = extractor.extract(TEXT).to_frame()
    assert isinstance(frame, pl.DataFrame)
    assert frame.select("outcome", "total_value", "children_value").rows() == [
        ("killed", 31, 9),
        ("injured", 40, None),
    ]


def test_a_line_of_records_jsonl_is_a_record_again(extractor: Extractor) -> None:
    record = extractor.extract(TEXT)
    assert Record.model_validate_json(record.model_dump_json()) == record


def test_check_finds_what_a_hand_has_broken(extractor: Extractor) -> None:
    record = extractor.extract(TEXT)
    assert check(record, TEXT) == record.findings
    claim = record.claims[0]
    assert claim.total is not None
    wrong = claim.total.model_copy(update={"value": 8, "low": 8, "high": 8})
    broken = record.model_copy(
        update={"claims": [claim.model_copy(update={"total": wrong}), *record.claims[1:]]}
    )
    assert {"G02", "A01"} <= {finding.rule for finding in check(broken, TEXT)}


def test_check_wants_the_text_of_the_record(extractor: Extractor) -> None:
    record = extractor.extract(TEXT)
    with pytest.raises(RecordsError, match="is not the one"):
        check(record, TEXT.replace("31", "13"))


def test_check_takes_profiles_of_claimants(
    desk: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    text = "Karsa Rights Group said 12 people were killed: 7 children (3 girls) and 8 women."
    said = {"total": 12, "children": 7, "women": 8, "claimant": "Karsa Rights Group"}
    desk([reply({"claims": [{**CLAIMS["claims"][0], **said}]})])
    record = extract(text, model="desk", strategy="document")
    [claim] = record.claims
    assert claim.children is not None
    at = text.index("3 girls")
    three = {"value": 3, "low": 3, "high": 3, "as_written": "3", "start": at, "end": at + 1}
    girls = RecordSubgroup(group="girls", label=None, count=claim.children.model_copy(update=three))
    typed = record.model_copy(update={"claims": [claim.model_copy(update={"subgroups": [girls]})]})
    file = tmp_path / "profiles.toml"
    file.write_text(
        '[[profiles]]\nnames = ["Karsa Rights Group"]\nwomen = "all_females"\n'
        'source = "their yearly report"\n',
        encoding="utf-8",
    )
    assert "A02" in {finding.rule for finding in check(typed, text)}
    assert "A02" not in {finding.rule for finding in check(typed, text, read_profiles(file))}


def test_repair_is_part_of_how_a_record_came_about(server: ScriptedServer) -> None:
    record = extract(TEXT, model="desk", strategy="document", repair="ask")
    assert record.provenance is not None
    assert record.provenance.repair == "ask"


# --- the package -------------------------------------------------------------------------------


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = "import llm_extract, sys; print(len(sys.modules), 'pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split()[1] == "False"


def test_every_public_name_is_there_and_no_other() -> None:
    assert set(llm_extract.__all__) <= set(dir(llm_extract))
    assert all(getattr(llm_extract, name) for name in llm_extract.__all__)
    assert CasualtyReport.__module__ == "llm_extract.schema"
    with pytest.raises(AttributeError, match="no attribute 'Extracter'"):
        _ = llm_extract.Extracter
