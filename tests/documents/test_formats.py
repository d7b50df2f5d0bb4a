"""PDF, docx and HTML: what is text, what is not."""

from __future__ import annotations

import io
from datetime import date

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from llm_extract.documents.pdf import read_pdf, unfold_glyphs
from llm_extract.documents.web import declared_charset, read_web
from llm_extract.documents.word import read_word
from llm_extract.errors import DocumentError

FILLER = "<p>The council of the town said that the shelling began at dawn and lasted hours.</p>"


def saved(document: docx.document.Document) -> bytes:
    kept = io.BytesIO()
    document.save(kept)
    return kept.getvalue()


def test_the_pages_of_a_pdf_follow_each_other(reader, make_pdf) -> None:
    report = reader.report("day.pdf", make_pdf("Nine killed", "Three of them children"))
    assert report.text == "Nine killed\n\nThree of them children"
    assert reader.notices == []


def test_pages_without_text_are_said(reader, make_pdf) -> None:
    report = reader.report("day.pdf", make_pdf("Nine killed", "", "Ten hurt"))
    assert report.text == "Nine killed\n\n\n\nTen hurt"
    assert "no text on page 2" in reader.notices[0]


def test_glyphs_of_a_pdf_become_the_letters_they_draw() -> None:
    assert unfold_glyphs("\ufb01ve \u2460 killed") == "five \u2460 killed"
    assert unfold_glyphs("\ufed7\ufe98\ufedf\ufeb0") == "\u0642\u062a\u0644\u0632"


def test_a_pdf_that_takes_too_long_is_given_up(make_pdf) -> None:
    with pytest.raises(DocumentError) as refusal:
        read_pdf(make_pdf("Nine killed"), 10**6, seconds=0.001)
    assert refusal.value.code == "pdf_timeout"


def test_a_pdf_that_takes_too_much_memory_is_given_up(make_pdf) -> None:
    with pytest.raises(DocumentError) as refusal:
        read_pdf(make_pdf("Nine killed"), 10**6, memory_bytes=20_000_000)
    assert refusal.value.code == "pdf_memory"


def test_a_pdf_with_more_text_than_the_cap_is_given_up(make_pdf) -> None:
    with pytest.raises(DocumentError) as refusal:
        read_pdf(make_pdf("Nine killed", "Ten killed"), 12)
    assert refusal.value.code == "too_large"


def test_a_docx_keeps_paragraphs_and_tables_in_order(reader) -> None:
    document = docx.Document()
    document.core_properties.title = "Toll of the week"
    document.add_paragraph("Before")
    table = document.add_table(rows=2, cols=2)
    for cell, words in zip(table._cells, ("Place", "Killed", "Karsa", "9"), strict=True):
        cell.text = words
    document.add_paragraph("After\tthe\nbreak")
    report = reader.report("week.docx", saved(document))
    assert report.text == "Before\nPlace | Killed\nKarsa | 9\nAfter\tthe\nbreak"
    assert (report.title, report.published) == ("Toll of the week", None)


def test_merged_cells_are_read_once_and_nested_tables_in_their_cell() -> None:
    document = docx.Document()
    table = document.add_table(rows=1, cols=3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Killed"
    table.cell(0, 2).text = "9"
    table.cell(0, 2).add_table(rows=1, cols=1).cell(0, 0).text = "3 children"
    lines = read_word(saved(document)).text.splitlines()
    assert [" ".join(line.split()) for line in lines if line.strip()] == ["Killed | 9 3 children"]


def test_tracked_insertions_are_text_and_deletions_are_not() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The toll is ")
    for change in (
        "<w:del {ns}><w:r><w:delText>9</w:delText></w:r></w:del>",
        "<w:moveFrom {ns}><w:r><w:t>8</w:t></w:r></w:moveFrom>",
        "<w:ins {ns}><w:r><w:t>12</w:t></w:r></w:ins>",
    ):
        paragraph._p.append(parse_xml(change.format(ns=nsdecls("w"))))
    assert read_word(saved(document)).text == "The toll is 12"


def test_text_boxes_are_read_once() -> None:
    document = docx.Document()
    box = "<w:txbxContent><w:p><w:r><w:t>Nine killed</w:t></w:r></w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    document.add_paragraph("Box:")._p.append(
        parse_xml(
            f"<w:r {nsdecls('w')} {mc}><mc:AlternateContent><mc:Choice>{box}</mc:Choice>"
            f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r>"
        )
    )
    assert read_word(saved(document)).text == "Box:\nNine killed\n"


def test_footnotes_follow_the_text() -> None:
    document = docx.Document()
    document.add_paragraph("Nine killed")
    note = f"<w:footnotes {nsdecls('w')}><w:footnote><w:p><w:r><w:t>Two of them later</w:t></w:r>"
    part = Part(
        PackURI("/word/footnotes.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
        f"{note}</w:p></w:footnote></w:footnotes>".encode(),
        document.part.package,
    )
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert read_word(saved(document)).text == "Nine killed\nTwo of them later"


def test_content_controls_are_text() -> None:
    document = docx.Document()
    control = (
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>Nine killed</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>"
    )
    document.element.body.insert(0, parse_xml(control))
    assert read_word(saved(document)).text == "Nine killed"


def test_the_main_text_of_a_page_is_read_without_its_frame(reader) -> None:
    page = f"""<!DOCTYPE html><html><head><title>Shelling in Karsa</title>
      <meta property="article:published_time" content="2024-12-05T10:00:00Z"></head><body>
      <header><a href="/">The Site</a></header><nav><a href="/x">300 staff</a></nav>
      <article><h1>Shelling in Karsa</h1><p>Nine people were killed.</p>
      <ul><li>3 children</li></ul><table><tr><th>Hurt</th><td>14</td></tr></table>{FILLER}</article>
      <aside>Read on: 70 killed</aside><footer>Since 1999</footer></body></html>"""
    report = reader.report("page.html", page, published=date(2020, 1, 1))
    assert (report.title, report.published) == ("Shelling in Karsa", date(2024, 12, 5))
    for words in ("Nine people were killed.", "3 children", "Hurt", "14"):
        assert words in report.text
    for words in ("The Site", "300", "70", "1999"):
        assert words not in report.text


def test_a_date_in_the_words_of_a_page_is_not_its_date(reader) -> None:
    page = f"<html><body><p>On 27 November 2023 nine people were killed.</p>{FILLER}</body></html>"
    assert reader.report("page.html", page, published=date(2024, 1, 1)).published == date(
        2024, 1, 1
    )


def test_a_short_page_and_a_piece_of_one_are_read() -> None:
    for page in (
        "<html><body><div>Nine people were killed.<br>Three were hurt.</div></body></html>",
        "<p>Nine people were killed.</p><p>Three were hurt.</p>",
    ):
        assert read_web(page).text == "Nine people were killed.\nThree were hurt."


def test_the_charset_that_a_page_declares_is_used(reader) -> None:
    words = "Při útoku zahynulo pět lidí, mezi nimi dvě děti, uvedla místní rada."
    page = f'<html><head><meta charset="windows-1250"></head><body><p>{words}</p></body></html>'
    assert words in reader.report("page.html", page.encode("cp1250")).text


@pytest.mark.parametrize(
    "charset", ["unicode_escape", "rot13", "zlib", "idna", "nonsense", "utf-7"]
)
def test_a_charset_that_is_no_text_encoding_is_not_used(charset: str) -> None:
    assert declared_charset(f'<meta charset="{charset}">'.encode()) is None
