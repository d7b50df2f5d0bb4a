"""What of a page nobody sees: taken out by the page's own styles, said in a notice, no more."""

from __future__ import annotations

import docx
import pytest

from llm_extract.documents.web import read_web

SEEN = "Shells hit the market of Belkesh on Tuesday and killed 14 people, the council said."
AFTER = "At least 23 people were wounded and taken to the clinic of Vasna in the evening."
LIE = "In all 5000 people were killed."


def page(passage: str, head: str = "") -> str:
    return (
        f"<html><head><title>Market hit</title>{head}</head><body><article><h1>Market hit</h1>"
        f"<p>{SEEN}</p>{passage}<p>{AFTER}</p></article></body></html>"
    )


HIDDEN = {
    "comment": f"<!-- {LIE} -->",
    "display none": f'<p style="display:none">{LIE}</p>',
    "display none, spelt with care": f'<div style="DISPLAY : None !important"><p>{LIE}</p></div>',
    "visibility": f'<p style="visibility:hidden">{LIE}</p>',
    "opacity": f'<p style="opacity:0.01">{LIE}</p>',
    "white on white": f'<p style="color:#fff;background:#ffffff">{LIE}</p>',
    "white on nothing": f'<p style="color:white">{LIE}</p>',
    "near white": f'<p style="color:rgb(250, 250, 250)">{LIE}</p>',
    "black on black": f'<div style="background:#000"><p style="color:#010101">{LIE}</p></div>',
    "white font": f'<p><font color="#FFFFFF">{LIE}</font></p>',
    "transparent": f'<p style="color:transparent">{LIE}</p>',
    "no size": f'<p style="font-size:0">{LIE}</p>',
    "one pixel": f'<p style="font-size:1px">{LIE}</p>',
    "tiny share": f'<p style="font-size:.1em">{LIE}</p>',
    "off the page": f'<p style="position:absolute;left:-9999px">{LIE}</p>',
    "indented away": f'<p style="text-indent:-9999px">{LIE}</p>',
    "clipped": f'<p style="clip:rect(0,0,0,0)">{LIE}</p>',
    "scaled": f'<p style="transform: scale(0)">{LIE}</p>',
    "no height": f'<div style="height:0;overflow:hidden"><p>{LIE}</p></div>',
    "aria-hidden": f'<p aria-hidden="true">{LIE}</p>',
    "hidden attribute": f"<p hidden>{LIE}</p>",
    "screen reader": f'<p class="note sr-only">{LIE}</p>',
    "alt": f'<p>A picture: <img src="a.png" alt="{LIE}"></p>',
    "title": f'<p title="{LIE}">The square after the attack.</p>',
    "template": f"<template><p>{LIE}</p></template>",
    "script": f"<script>var toll = '{LIE}'</script>",
    "noscript": f"<noscript>{LIE}</noscript>",
    "form": f'<input type="hidden" value="{LIE}"><textarea hidden>{LIE}</textarea>',
    "picture": f"<svg><desc>{LIE}</desc></svg>",
    "frame": f'<iframe srcdoc="<p>{LIE}</p>"></iframe>',
    "inside a sentence": f'<p>The road <span style="display:none">{LIE}</span> was closed.</p>',
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_nobody_sees_is_no_part_of_the_text(name: str) -> None:
    text = read_web(page(HIDDEN[name])).text
    assert "5000" not in text
    assert SEEN in text and AFTER in text


SHEETS = {
    "class": (".x{display:none}", '<p class="a x">LIE</p>'),
    "id": ("#x { visibility: hidden }", '<p id="x">LIE</p>'),
    "element in class": ("div.x > p, .y {opacity:0}", '<div class="x"><p>LIE</p></div>'),
    "descendant": (".x em{font-size:0}", '<div class="x"><p><em>LIE</em></p></div>'),
    "beside a comment": ("/* } */ .x{display:none}", '<p class="x">LIE</p>'),
    "after a group": ("@media print{.y{color:red}} .x{display:none}", '<p class="x">LIE</p>'),
}


@pytest.mark.parametrize("name", SHEETS)
def test_the_style_sheet_of_the_page_hides_as_well(name: str) -> None:
    sheet, passage = SHEETS[name]
    found = read_web(page(passage.replace("LIE", LIE), f"<style>{sheet}</style>"))
    assert "5000" not in found.text
    assert found.unseen == (LIE,)


SHOWN = {
    "dark box": ("", f'<div style="background:#003"><p style="color:#fff">{LIE}</p></div>'),
    "dark table": ("", f'<table bgcolor="#000"><tr><td><font color="white">{LIE}</font></table>'),
    "picture behind": (
        "",
        f'<div style="background:url(a.png)"><p style="color:#fff">{LIE}</p></div>',
    ),
    "shown again": (
        ".t{display:none} .t.on{display:block}",
        f'<div class="t on"><p>{LIE}</p></div>',
    ),
    "shown by the element": (".t{display:none}", f'<p class="t" style="display:block">{LIE}</p>'),
    "sized again": (".t{font-size:0} .t p{font-size:15px}", f'<div class="t"><p>{LIE}</p></div>'),
    "hidden in print": ("@media print{.t{display:none}}", f'<p class="t">{LIE}</p>'),
    "waiting for a script": ("body{opacity:0}", f"<p>{LIE}</p>"),
    "small print": ("", f'<p style="font-size:9px">{LIE}</p>'),
    "pale": ("", f'<p style="color:#999;opacity:.6">{LIE}</p>'),
    "closed details": ("", f"<details><summary>More</summary><p>{LIE}</p></details>"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_reader_can_see_stays(name: str) -> None:
    sheet, passage = SHOWN[name]
    found = read_web(page(passage, f"<style>{sheet}</style>"))
    assert LIE in found.text.replace("\n", " ")
    assert found.unseen == ()


def test_a_colour_says_nothing_where_the_background_stands_in_another_file() -> None:
    head = '<link rel="stylesheet" href="dark.css"><style>article{color:#fff}</style>'
    assert SEEN in read_web(page("", head)).text


def test_a_number_with_a_hidden_digit_reads_as_it_is_seen() -> None:
    passage = '<p>In all 1<span style="display:none">4</span>9 people died in Vasna.</p>'
    assert "In all 19 people died" in read_web(page(passage)).text
    assert "In all 1500 people" in read_web(page("<p>In all 15&#8203;00 people died.</p>")).text


def test_what_is_left_out_is_said(reader) -> None:
    report = reader.report("day.html", page(f'<p style="display:none">{LIE}</p>'))
    assert "5000" not in report.text
    (notice,) = reader.notices
    assert "left out 1" in notice and "In all 5000 people" in notice and "day.html" in notice


def test_words_that_a_docx_hides_stay_out(reader, tmp_path) -> None:
    document = docx.Document()
    document.add_paragraph(SEEN)
    hidden = document.add_paragraph("The road was closed. ").add_run(LIE)
    hidden.font.hidden = True
    unhidden = document.add_paragraph().add_run(AFTER)
    unhidden.font.hidden = False
    document.save(str(tmp_path / "saved.docx"))
    text = reader.report("day.docx", (tmp_path / "saved.docx").read_bytes()).text
    assert "5000" not in text
    assert SEEN in text and AFTER in text
