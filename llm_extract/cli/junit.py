"""JUnit XML, the form in which CI systems show tests; written as it comes, nothing kept in memory.

A testsuite holds testcases; a testcase passed unless something is written into it. What the words
mean is said by those who write: `check_junit` for checked records, `eval_junit` for eval runs.
"""

from __future__ import annotations

import re
from io import TextIOBase
from types import TracebackType
from typing import Self, TextIO, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from llm_extract.cli.console import visible

_NOT_XML = re.compile("[\ufffe\uffff]")


class JUnitXml:
    """Context manager: testsuites of the name `name`, written to `file`."""

    def __init__(self, file: TextIO, name: str) -> None:
        # Only its type is narrower than what it takes: any stream of text.
        self._xml = XMLGenerator(cast(TextIOBase, file), "utf-8", short_empty_elements=True)
        self._name = name

    def __enter__(self) -> Self:
        self._xml.startDocument()
        self.open("testsuites", name=self._name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close("testsuites")
        self._xml.endDocument()

    def suite(self, name: str, tests: int, *, failures: int = 0, errors: int = 0) -> None:
        """Opens a testsuite, which its writer closes."""
        counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": 0}
        self.open("testsuite", name=name, **{key: str(n) for key, n in counts.items()})

    def open(self, tag: str, **attributes: str) -> None:
        """Opens an element; characters that XML cannot hold are replaced."""
        clean = {key: _clean(words) for key, words in attributes.items()}
        self._xml.startElement(tag, AttributesImpl(clean))

    def text(self, tag: str, lines: str, **attributes: str) -> None:
        """An element with text."""
        self.open(tag, **attributes)
        self._xml.characters("\n".join(map(_clean, lines.split("\n"))))
        self.close(tag)

    def close(self, tag: str) -> None:
        """Closes an element."""
        self._xml.endElement(tag)
        self._xml.ignorableWhitespace("\n")


def _clean(words: str) -> str:
    """The words without characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", visible(words))
