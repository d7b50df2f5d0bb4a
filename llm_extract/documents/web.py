"""The main text of an HTML page with its title and date; menus, footers and comments stay out."""

from __future__ import annotations

import codecs
import logging
import re
from dataclasses import dataclass
from datetime import date

from llm_extract.documents.unseen import Element, take_out_unseen
from llm_extract.errors import DocumentError

for _name in ("trafilatura", "htmldate"):
    # They log pieces of the page, and the text of a report never becomes a log line.
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_CHARSET_LOOK = 4096
"""Browsers look for the charset in the first 1024 bytes; pages are less exact than the rule."""

_CHARSETS = ("cp", "iso8859", "koi8", "gb", "big5", "shift_jis", "euc", "mac-", "utf-8", "utf-16")

_BESIDE_THE_TEXT = [
    "//nav",
    "//footer",
    "//aside",
    "//form",
    "//header[not(.//h1)]",
    "//*[@role='navigation' or @role='contentinfo' or @role='banner' or @role='search']",
]
"""Left out before the extraction: of a short page it would keep them as text."""


@dataclass(frozen=True, slots=True)
class WebText:
    """Main text of a page and what its metadata says."""

    text: str
    title: str | None
    published: date | None
    unseen: tuple[str, ...] = ()
    """Passages that the page hides from its readers; they are no part of `text`."""


def declared_charset(raw: bytes) -> str | None:
    """The codec that the page names, as browsers take it (latin-1 is cp1252), or None."""
    found = _CHARSET.search(raw[:_CHARSET_LOOK])
    if found is None:
        return None
    try:
        codec = codecs.lookup(found[1].decode("ascii", "replace")).name
    except LookupError:
        return None
    if not codec.startswith(_CHARSETS):
        return None
    return "cp1252" if codec == "iso8859-1" else codec


def read_web(page: str) -> WebText:
    """The main text of `page` as its readers see it, its title, its date if the metadata has one.

    Raises `DocumentError` with code `no_main_text` or `broken_html`.
    """
    import trafilatura  # takes most of a second to load; few runs hold a page

    if "<html" not in page[:_CHARSET_LOOK].lower():
        page = f"<html><body>{page}</body></html>"
    try:
        tree = trafilatura.load_html(page)
        unseen = _take_out(tree) if tree is not None else []
        found = trafilatura.bare_extraction(
            tree,
            with_metadata=True,
            include_comments=False,
            favor_recall=True,
            date_extraction_params={"extensive_search": False, "original_date": True},
        )
    except Exception as error:
        # Hostile markup breaks the parsers below in ways of their own; all mean the same here.
        raise DocumentError(
            f"the page can't be parsed ({type(error).__name__}); save its text as txt",
            code="broken_html",
        ) from error
    if found is None or isinstance(found, dict) or not found.text:
        raise DocumentError(
            "the page holds no main text; save the text of the report as txt", code="no_main_text"
        )
    return WebText(found.text, found.title or None, _day(found.date), tuple(unseen))


def _take_out(tree: Element) -> list[str]:
    """What nobody sees of the page, its menus and other things beside the text left aside."""
    for path in _BESIDE_THE_TEXT:
        for element in tree.xpath(path):
            if element.getparent() is not None:
                element.drop_tree()
    return take_out_unseen(tree)


def _day(words: str | None) -> date | None:
    try:
        return date.fromisoformat(words) if words else None
    except ValueError:
        return None
