"""What of a page nobody sees: elements that its own styles hide are taken out before it is read.

Styles in the page and in its `style` elements count, with their cascade; those of other files, and
whatever a script would show or hide, are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

Element = Any
"""An element of the tree that trafilatura parses a page into (lxml's, which has no types)."""

Declarations = dict[str, str]

SMALLEST_PIXELS = 3.0
"""Type below this size is legible on no screen; footnotes of real pages have nine and more."""
SMALLEST_SHARE = 0.2
"""The same as a share of the type around it."""
FAR_AWAY = 500.0
"""Pixels out of the page from which a text stands outside every window; our own figure."""
LEAST_OPACITY = 0.05
LEAST_CONTRAST = 24
"""Steps of 256 by which a colour must leave its background in some channel; our own figure, far
below what any guide to legible pages allows."""

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
_COLOURS: Mapping[str, Colour] = {
    "white": WHITE,
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "whitesmoke": (245, 245, 245),
    "black": (0, 0, 0),
}


@dataclass(frozen=True, slots=True)
class _Look:
    """What an element hands down: whether its own words are invisible, its colours."""

    invisible: bool = False
    tiny: bool = False
    colour: Colour | None = None
    background: Colour = WHITE

    @property
    def is_unseen(self) -> bool:
        near = self.colour is not None and all(
            abs(a - b) < LEAST_CONTRAST for a, b in zip(self.colour, self.background, strict=True)
        )
        return self.invisible or self.tiny or near


def take_out_unseen(page: Element) -> list[str]:
    """Take out of `page` what nobody sees; the words that went, in page order, white space folded.

    Scripts and other elements without words for a reader stay and are not listed.
    """
    styles = _styles(page)
    taken: list[str] = []
    waiting: list[tuple[Element, _Look]] = [(page, _Look())]
    while waiting:
        element, look = waiting.pop()
        if not isinstance(element.tag, str) or element.tag in _WORDLESS:
            continue
        style = styles.get(element, {})
        is_whole = element.tag in _WHOLE
        if not is_whole and _hides_all(element, style):
            taken.append(element.text_content())
            element.drop_tree()
            continue
        look = _look(element, style, look)
        if is_whole:
            look = replace(look, invisible=False, tiny=False)
        if look.is_unseen:
            taken.extend(_take_own_words(element))
        waiting.extend((child, look) for child in reversed(element))
    return [words for each in taken if (words := " ".join(each.split()))]


def _take_own_words(element: Element) -> Iterator[str]:
    """Words of the element itself, not of those inside it, which may look otherwise."""
    if element.text:
        yield element.text
        element.text = None
    for child in element:
        if child.tail:
            yield child.tail
            child.tail = None


def _hides_all(element: Element, style: Declarations) -> bool:
    """Whether an element is hidden with all that is inside it."""
    if element.tag in _UNSHOWN:
        return True
    if "hidden" in element.attrib and "block" not in style.get("display", ""):
        return True
    if element.get("aria-hidden", "").lower() == "true":
        return True
    if _READER_ONLY.intersection(element.get("class", "").split()):
        return True
    if style.get("display") == "none" or style.get("content-visibility") == "hidden":
        return True
    if _number(style.get("opacity"), 1.0) < LEAST_OPACITY:
        return True
    if re.search(r"scale[xy]?\(0(?:\.0*)?[,)]", style.get("transform", "")):
        return True
    if _NO_AREA.search(style.get("clip", "")) or _NO_AREA.search(style.get("clip-path", "")):
        return True
    cut_off = style.get("overflow", "") in ("hidden", "clip")
    if cut_off and any(_is_nothing(style.get(side)) for side in ("height", "max-height", "width")):
        return True
    placed = style.get("position") in ("absolute", "fixed", "relative")
    sides = ("left", "top", "right", "bottom") if placed else ()
    return any(_is_far(style.get(side)) for side in (*sides, "text-indent", "margin-left"))


def _look(element: Element, style: Declarations, around: _Look) -> _Look:
    look = around
    if "visibility" in style:
        look = replace(look, invisible=style["visibility"] in ("hidden", "collapse"))
    if "font-size" in style:
        look = replace(look, tiny=_is_tiny(style["font-size"]))
    for name in ("background", "background-color"):
        background = _colour(style.get(name, ""))
        if background is not None:
            look = replace(look, background=background)
        elif "(" in style.get(name, ""):
            # A picture or a gradient: nothing is known of what stands upon it.
            look = replace(look, background=(128, 128, 128))
    background = _colour(element.get("bgcolor", ""))
    if background is not None:
        look = replace(look, background=background)
    written = style.get("color") or (element.get("color", "") if element.tag == "font" else "")
    if written == "transparent" or re.fullmatch(r"(?:rgba|hsla)\(.*[,/]0(?:\.0*)?%?\)", written):
        return replace(look, colour=look.background)
    colour = _colour(written)
    return look if colour is None else replace(look, colour=colour)


# --- style sheets -----------------------------------------------------------------------------


def _styles(page: Element) -> dict[Element, Declarations]:
    """The declarations of every element that has any, by the cascade of the page's own sheets."""
    # A background may stand in another file: then a sheet's colour alone says nothing.
    has_more_sheets = bool(page.xpath("//link[contains(@rel, 'stylesheet')]"))
    rules: list[tuple[int, int, str, Declarations]] = []
    for sheet in page.iter("style"):
        bare = _GROUPS.sub("", re.sub(r"/\*.*?\*/", "", sheet.text or "", flags=re.DOTALL))
        for selectors, block in _RULE.findall(bare):
            declared = _declarations(block)
            if has_more_sheets and not {"background", "background-color"}.intersection(declared):
                declared.pop("color", None)
            for selector in selectors.split(","):
                path = _path(selector.strip())
                if path is not None and _TOLD.intersection(declared):
                    weight = 100 * selector.count("#") + 10 * selector.count(".")
                    rules.append((weight + len(selector.split()), len(rules), path, declared))
    found: dict[Element, Declarations] = {}
    for *_, path, declared in sorted(rules, key=lambda rule: rule[:2]):
        for element in page.xpath(path):
            found.setdefault(element, {}).update(declared)
    for element in page.iter():
        own = element.get("style") if isinstance(element.tag, str) else None
        if own:
            found.setdefault(element, {}).update(_declarations(own))
    return found


def _path(selector: str) -> str | None:
    """A selector of names, classes and ids as a path; None for any other."""
    steps = []
    for step in selector.replace(">", " > ").split():
        if step == ">":
            steps.append("/")
            continue
        match = _SIMPLE.fullmatch(step)
        if match is None:
            return None
        wanted = match[1].lower() or "*"
        for mark, name in re.findall(r"([.#])([\w-]+)", match[2]):
            wanted += (
                f"[@id='{name}']"
                if mark == "#"
                else f"[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"
            )
        steps.append(wanted)
    if not steps or steps[0] == "/" or steps[-1] == "/":
        return None
    return "//" + "//".join(steps).replace("/////", "/")


def _declarations(block: str) -> Declarations:
    declared: Declarations = {}
    for line in block.lower().split(";"):
        name, colon, value = line.partition(":")
        if colon:
            declared[name.strip()] = re.sub(r"\s*(!important)?\s*$", "", value).strip()
    return declared


# --- values -----------------------------------------------------------------------------------


def _number(value: str | None, otherwise: float) -> float:
    match = _NUMBER.match(value or "")
    return float(match[1]) / (100 if match[2] == "%" else 1) if match else otherwise


def _is_tiny(value: str) -> bool:
    match = _NUMBER.match(value)
    if match is None:
        return False
    size, unit = float(match[1]), match[2] or "px"
    if unit in ("px", "pt"):
        return size < SMALLEST_PIXELS
    return size / (100 if unit == "%" else 1) < SMALLEST_SHARE


def _is_nothing(value: str | None) -> bool:
    match = _NUMBER.match(value or "")
    return match is not None and float(match[1]) <= 1 and match[2] in (None, "px", "pt")


def _is_far(value: str | None) -> bool:
    match = _NUMBER.match(value or "")
    if match is None:
        return False
    pixels = float(match[1]) * _PIXELS.get(match[2], 1.0)
    return pixels <= -FAR_AWAY


def _colour(value: str) -> Colour | None:
    value = value.strip().lower()
    if value in _COLOURS:
        return _COLOURS[value]
    digits = re.match(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", value)
    if digits:
        wide = digits[1] if len(digits[1]) == 6 else "".join(c * 2 for c in digits[1])
        return int(wide[:2], 16), int(wide[2:4], 16), int(wide[4:], 16)
    parts = re.match(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)", value)
    if parts:
        return int(parts[1]), int(parts[2]), int(parts[3])
    word = re.match(r"[a-z]+\b", value)
    return _COLOURS.get(word[0]) if word else None


_WORDLESS = frozenset({"script", "style", "head"})
_UNSHOWN = frozenset({"template", "noscript"})
_WHOLE = frozenset({"html", "body"})
"""A page that hides itself whole waits for a script that shows it."""
_READER_ONLY = frozenset({"sr-only", "visually-hidden", "screen-reader-text"})
"""Classes of the common page kits for words that only a screen reader speaks."""
_TOLD = frozenset(
    "display visibility opacity font-size color background background-color clip clip-path "
    "transform height max-height width overflow position left top right bottom text-indent "
    "margin-left content-visibility".split()
)
_GROUPS = re.compile(r"@[\w-]+[^{};]*(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})")
"""Rules for print, small screens and the like, which hold under conditions."""
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"([a-zA-Z][\w-]*|\*?)((?:[.#][\w-]+)*)")
_NO_AREA = re.compile(
    r"rect\(0(?:px)?[\s,]+0(?:px)?[\s,]+0(?:px)?[\s,]+0|rect\(1px[\s,]+1px|inset\((?:50|100)%"
)
_NUMBER = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|vw|vh|ex|ch|cm|mm|in)?")
_PIXELS = {"em": 16.0, "rem": 16.0, "%": 10.0, "vw": 10.0, "vh": 10.0, "cm": 38.0, "in": 96.0}
