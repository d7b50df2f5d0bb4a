"""A newcomer's way in: the commands that the README promises, the locks that they install from."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from llm_extract.cli import app

LOCKS = ("run.lock", "dev.lock")


def pins(lock: str) -> dict[str, set[str]]:
    """Names of a lock file with their pinned versions (several where markers tell them apart)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", lock, re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def locked(project: Path, lock: str) -> dict[str, set[str]]:
    return pins((project / "requirements" / lock).read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_carries_hashes(project: Path, lock: str) -> None:
    text = (project / "requirements" / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 50
    assert not [entry for entry in entries if "--hash=sha256:" not in entry]


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_address_and_no_folder(project: Path, lock: str) -> None:
    text = (project / "requirements" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^--|find-links|index-url| @ |\s/\w", text, re.MULTILINE)


@pytest.mark.parametrize(("lock", "extra"), [("run.lock", None), ("dev.lock", "dev")])
def test_locks_satisfy_what_the_package_declares(
    project: Path, lock: str, extra: str | None
) -> None:
    declared = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = declared["optional-dependencies"]
    wanted = [Requirement(line) for line in [*declared["dependencies"], *extras.get(extra, [])]]
    versions = locked(project, lock)
    for requirement in wanted:
        if requirement.name == declared["name"]:
            wanted += [Requirement(line) for name in requirement.extras for line in extras[name]]
            continue
        pinned = versions.get(canonicalize_name(requirement.name), set())
        assert pinned, f"{requirement} is not in {lock}: run make lock"
        assert all(requirement.specifier.contains(version) for version in pinned), requirement


def test_tests_run_on_the_versions_that_users_get(project: Path) -> None:
    run, dev = locked(project, "run.lock"), locked(project, "dev.lock")
    assert {name: dev.get(name) for name in run} == run


def test_the_readme_opens_with_commands_that_the_makefile_has(project: Path) -> None:
    readme = (project / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    promised = re.findall(r"^make (\w+)", blocks[0], re.MULTILINE)
    assert promised == ["run", "test"]
    for target in re.findall(r"`make (\w+)`|^make (\w+)", readme, re.MULTILINE):
        name = target[0] or target[1]
        done = subprocess.run(
            ["make", "--dry-run", name], cwd=project, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_program_accepts_every_line_that_the_readme_shows(project: Path) -> None:
    readme = (project / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\.venv/bin/llm-extract (.+)$", readme, re.MULTILINE)
    assert len(lines) >= 4
    program = typer.main.get_group(app)
    context = typer.Context(program)
    for line in lines:
        name, *arguments = shlex.split(line, comments=True)
        command = program.get_command(context, name)
        assert command is not None, name
        command.make_context(name, arguments)


def test_make_refuses_an_old_python_in_one_clear_line(project: Path, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.10"\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}", "run"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "llm-extract needs Python 3.11 or newer, not Python 3.8.10" in done.stderr


def test_ci_runs_what_the_readme_promises(project: Path) -> None:
    script = (project / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in script
    assert script.rstrip().endswith("make test")


def test_there_are_five_sample_reports_one_of_them_arabic(project: Path) -> None:
    reports = sorted((project / "examples").glob("*.txt"))
    assert len(reports) == 5
    arabic = [p for p in reports if re.search(r"[\u0621-\u064a]", p.read_text(encoding="utf-8"))]
    assert len(arabic) == 1
