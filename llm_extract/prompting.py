"""Prompts: a folder a prompt, a Markdown file a version, read, checked, hashed and rendered."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llm_extract.errors import PromptError

PromptStrategy = Literal["document", "sentence", "mention"]
"""How a report is read."""

PromptUse = PromptStrategy | Literal["repair"]
"""What a prompt is for: a strategy that reads, or a question about a finding."""

_USES = (*get_args(PromptStrategy), "repair")

PROMPTS = Path(__file__).parent / "prompts"
"""The prompts of the package."""

_KEYS = ("strategy", "languages", "description")
_HEADING = re.compile(r"^(?:(#) +(\S.*?)|(##) +(Report|Reply)) *$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_PUBLISHED = re.compile(r"^published: *(\d{4}-\d{2}-\d{2}) *$")
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
)


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: a report of our own invention and the reply that is right for it.

    `published` is the date of the line `published: YYYY-MM-DD` that a report may start with; that
    line is not part of `report`.
    """

    report: str
    reply: dict[str, Any]
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of a prompt. `user` is a Jinja template, `system` is plain text.

    `content_hash` is the SHA-256 hex digest of the file's bytes with line ends as LF.
    """

    name: str
    version: int
    strategy: PromptUse
    languages: tuple[str, ...]
    description: str
    system: str
    user: str
    examples: tuple[Example, ...]
    content_hash: str

    def __hash__(self) -> int:
        return hash((self.name, self.content_hash))

    @property
    def ref(self) -> str:
        """NAME@VERSION."""
        return f"{self.name}@{self.version}"

    def render_user(self, **variables: object) -> str:
        """The user message with the variables put in.

        A variable's value is never read as a template: `{{` and `{%` in a report come out as they
        went in. Raises PromptError when the template asks for a variable that is not given.
        """
        try:
            rendered: str = _template(self.user).render(**variables)
        except UndefinedError as error:
            given = ", ".join(sorted(variables)) or "none"
            raise PromptError(f"prompt {self.ref}: {error.message}; given: {given}") from error
        except TemplateError as error:
            raise PromptError(f"prompt {self.ref}: cannot be rendered: {error.message}") from error
        return rendered


def load_prompt(ref: str, folder: Path | None = None) -> Prompt:
    """The prompt NAME@VERSION, or the newest version of NAME.

    `folder` None is the package's own. Raises PromptError when there is none or when its file is
    malformed, with file and line.
    """
    folder = folder or PROMPTS
    name, at, wanted = ref.partition("@")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) or (at and not wanted.isdecimal()):
        raise PromptError(f"{ref!r} is not a prompt: write NAME or NAME@VERSION, as in mention@1")
    versions = _versions(folder, name)
    if not versions:
        known = ", ".join(_names(folder)) or "none"
        raise PromptError(f"no prompt is named {name!r} in {folder}; known: {known}")
    version = int(wanted) if wanted else max(versions)
    if version not in versions:
        known = ", ".join(str(number) for number in sorted(versions))
        raise PromptError(f"prompt {name!r} has no version {version} in {folder}; it has {known}")
    return _parse(versions[version], name, version)


def list_prompts(folder: Path | None = None) -> list[Prompt]:
    """Every version of every prompt in order. Raises PromptError on a malformed file."""
    folder = folder or PROMPTS
    return [
        _parse(path, name, version)
        for name in _names(folder)
        for version, path in sorted(_versions(folder, name).items())
    ]


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise PromptError(f"the prompts folder {folder} does not exist")
    return sorted(
        path.name for path in folder.iterdir() if path.is_dir() and _versions(folder, path.name)
    )


def _versions(folder: Path, name: str) -> dict[int, Path]:
    files = (folder / name).glob("*.md")
    return {int(path.stem): path for path in files if path.stem.isdecimal()}


@lru_cache(maxsize=64)
def _template(source: str) -> Any:
    return _ENVIRONMENT.from_string(source)


@dataclass(frozen=True, slots=True)
class _Section:
    """The text under one heading; `line` is the 1-based line of the heading in the file."""

    level: int
    title: str
    line: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip("\n")


class _Source:
    """A prompt file while it is read: its lines and the way to complain about one of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            content = path.read_bytes().replace(b"\r\n", b"\n")
            self.lines = content.decode("utf-8").split("\n")
        except OSError as error:
            raise PromptError(f"{path}: cannot be read ({error.strerror or error})") from error
        except UnicodeDecodeError as error:
            raise PromptError(f"{path}: is not UTF-8 at byte {error.start}") from error
        self.content_hash = hashlib.sha256(content).hexdigest()

    def fault(self, line: int, message: str) -> PromptError:
        """The error for that 1-based line."""
        return PromptError(f"{self.path}:{line}: {message}")


def _parse(path: Path, name: str, version: int) -> Prompt:
    source = _Source(path)
    front, body_line = _front_matter(source)
    sections = _sections(source, body_line)
    examples = _examples(source, sections)
    system = _only(source, sections, "System")
    user = _only(source, sections, "User")
    try:
        _template(user.text)
    except TemplateSyntaxError as error:
        raise source.fault(
            user.line + error.lineno + _leading_blank(user), f"template: {error.message}"
        ) from error
    return Prompt(
        name=name,
        version=version,
        strategy=front["strategy"],
        languages=tuple(front["languages"]),
        description=front["description"],
        system=system.text,
        user=user.text,
        examples=examples,
        content_hash=source.content_hash,
    )


def _front_matter(source: _Source) -> tuple[dict[str, Any], int]:
    """The checked front matter and the index of the first line after it."""
    lines = source.lines
    if lines[0].rstrip() != "---":
        raise source.fault(1, "must start with front matter between two lines '---'")
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise source.fault(1, "the front matter has no closing line '---'")
    try:
        front = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise source.fault(line, f"front matter is not YAML: {error.problem}") from error
    if not isinstance(front, dict) or sorted(map(str, front)) != sorted(_KEYS):
        raise source.fault(1, f"front matter must have exactly the keys {', '.join(_KEYS)}")
    at = {key: i + 1 for i, line in enumerate(lines[:end]) for key in _KEYS if line.startswith(key)}
    if front["strategy"] not in _USES:
        known = ", ".join(_USES)
        raise source.fault(at["strategy"], f"strategy must be one of {known}")
    languages = front["languages"]
    if not isinstance(languages, list) or not all(isinstance(code, str) for code in languages):
        raise source.fault(at["languages"], "languages must be a list of codes, as in [en, ar]")
    if not isinstance(front["description"], str) or not front["description"].strip():
        raise source.fault(at["description"], "description must be a line of text")
    return front, end + 1


def _sections(source: _Source, first: int) -> list[_Section]:
    """The sections of the body: every `# TITLE`, and `## Report` and `## Reply` inside an example.

    Other headings, and all that stand inside code fences, are text.
    """
    marks: list[tuple[int, int, str]] = []
    fence = ""
    in_example = False
    for index, line in enumerate(source.lines[first:], first):
        if opened := _FENCE.match(line):
            if not fence:
                fence = opened[1]
            elif opened[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif not fence and (heading := _HEADING.match(line)) and (heading[1] or in_example):
            title = heading[2] or heading[4]
            in_example = in_example if heading[3] else title == "Example"
            marks.append((index, 2 if heading[3] else 1, title))
        elif not marks and line.strip():
            raise source.fault(index + 1, "text before the first heading '# System'")
    if fence:
        raise source.fault(len(source.lines), f"a code block is not closed by {fence}")
    ends = [index for index, _, _ in marks[1:]] + [len(source.lines)]
    return [
        _Section(level, title, index + 1, tuple(source.lines[index + 1 : end]))
        for (index, level, title), end in zip(marks, ends, strict=True)
    ]


def _only(source: _Source, sections: list[_Section], title: str) -> _Section:
    """The one section of that title, whose text is not empty."""
    found = [section for section in sections if section.level == 1 and section.title == title]
    if len(found) != 1:
        line = found[1].line if found else len(source.lines)
        raise source.fault(line, f"must have exactly one section '# {title}', has {len(found)}")
    if not found[0].text.strip():
        raise source.fault(found[0].line, f"section '# {title}' is empty")
    return found[0]


def _examples(source: _Source, sections: list[_Section]) -> tuple[Example, ...]:
    examples: list[Example] = []
    rest = iter(sections)
    for section in rest:
        if section.level == 1 and section.title in {"System", "User"}:
            continue
        if section.level != 1 or section.title != "Example":
            raise source.fault(section.line, f"unknown section {section.title!r} here")
        if section.text.strip():
            raise source.fault(section.line, "text between '# Example' and '## Report'")
        report, reply = next(rest, None), next(rest, None)
        if report is None or (report.level, report.title) != (2, "Report"):
            raise source.fault(section.line, "'# Example' must go on with '## Report'")
        if reply is None or (reply.level, reply.title) != (2, "Reply"):
            raise source.fault(report.line, "'## Report' must be followed by '## Reply'")
        examples.append(_example(source, report, reply))
    return tuple(examples)


def _example(source: _Source, report: _Section, reply: _Section) -> Example:
    text = report.text
    first, _, rest = text.partition("\n")
    published: date | None = None
    if match := _PUBLISHED.match(first):
        try:
            published = date.fromisoformat(match[1])
        except ValueError as error:
            raise source.fault(report.line + 1, f"published: {error}") from error
        text = rest.strip("\n")
    if not text.strip():
        raise source.fault(report.line, "'## Report' is empty")
    return Example(report=text, reply=_reply(source, reply), published=published)


def _reply(source: _Source, section: _Section) -> dict[str, Any]:
    """The JSON object of the one code block of the section."""
    body = re.fullmatch(
        r"\s*(`{3,})(?:json)? *\n(.*)\n\1 *\s*", "\n".join(section.lines), re.DOTALL
    )
    if body is None:
        raise source.fault(section.line, "'## Reply' must hold one ```json block and nothing else")
    try:
        reply = json.loads(body[2])
    except json.JSONDecodeError as error:
        above = "\n".join(section.lines)[: body.start(2)].count("\n")
        line = section.line + above + error.lineno
        raise source.fault(line, f"the reply is not JSON: {error.msg}") from error
    if not isinstance(reply, dict):
        raise source.fault(section.line, "the reply must be a JSON object")
    return reply


def _leading_blank(section: _Section) -> int:
    """Blank lines between the heading and the first line of its text."""
    return next((i for i, line in enumerate(section.lines) if line.strip()), 0)
