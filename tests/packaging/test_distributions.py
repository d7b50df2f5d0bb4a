"""The wheel and the sdist hold what they should, and the wheel works far from the source tree."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

LINKED = ("validators", "evals", "prompts")


@pytest.fixture(scope="module")
def built(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist of the source tree and a wheel built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def in_sdist(built: Path) -> set[str]:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        members = archive.getmembers()
    assert all(member.isfile() for member in members), "a link or device in the sdist"
    return {str(PurePosixPath(*PurePosixPath(member.name).parts[1:])) for member in members}


def tracked(project: Path, folder: str) -> set[str]:
    """Source files under `folder` that the wheel must hold, relative to the project."""
    return {
        path.relative_to(project).as_posix()
        for path in (project / folder).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.relative_to(project).as_posix().startswith("evals/gold/")
    }


@pytest.mark.parametrize("folder", LINKED)
def test_a_linked_folder_is_a_real_part_of_the_package(
    folder: str, project: Path, in_wheel: set[str]
) -> None:
    inside = {name for name in in_wheel if name.startswith(f"llm_extract/{folder}/")}
    assert inside == {f"llm_extract/{name}" for name in tracked(project, folder)}
    assert inside, f"nothing in {folder}"


def test_every_file_of_the_package_is_in_the_wheel(project: Path, in_wheel: set[str]) -> None:
    package = {
        path.relative_to(project).as_posix()
        for path in (project / "llm_extract").rglob("*")
        if path.is_file()
        and path.resolve().is_relative_to(project / "llm_extract")
        and "__pycache__" not in path.parts
    }
    assert package <= in_wheel


@pytest.mark.parametrize("name", ["py.typed", "models/models.toml", "store/migrations/env.py"])
def test_files_that_nothing_imports_are_in_the_wheel(name: str, in_wheel: set[str]) -> None:
    assert f"llm_extract/{name}" in in_wheel


def test_the_wheel_installs_nothing_beside_the_package(in_wheel: set[str]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in in_wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"llm_extract"}


def test_gold_reports_stay_with_the_source(in_wheel: set[str], in_sdist: set[str]) -> None:
    assert not [name for name in in_wheel if "/gold/" in name]
    assert [name for name in in_sdist if name.startswith("evals/gold/")]


def test_neither_holds_results_models_or_caches(in_wheel: set[str], in_sdist: set[str]) -> None:
    names = in_wheel | in_sdist - {".gitignore"}
    assert not [name for name in names if name.startswith((".", "results/"))]
    assert not [name for name in names if name.endswith((".gguf", ".pyc", ".sqlite"))]


def test_the_sdist_can_be_worked_on(in_sdist: set[str]) -> None:
    assert {
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "hatch_build.py",
        "pyproject.toml",
        "requirements/run.lock",
        "requirements/dev.lock",
        "tests/packaging/test_distributions.py",
    } <= in_sdist


@pytest.fixture(scope="module")
def elsewhere(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs Python code in an empty environment that has the installed wheel.

    Only the dependencies are borrowed from here: no path leads to the source tree.
    """
    home = tmp_path_factory.mktemp("elsewhere")
    venv.create(home / "empty", with_pip=False, symlinks=True)
    installed = home / "installed"
    install = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(installed), str(wheel)], check=True)
    borrowed = sysconfig.get_path("purelib")

    def run(code: str) -> subprocess.CompletedProcess[str]:
        start = f"import sys\nsys.path[:0] = [{str(installed)!r}]\nsys.path.append({borrowed!r})\n"
        command = [str(home / "empty" / "bin" / "python"), "-I", "-c", start + code]
        return subprocess.run(command, capture_output=True, text=True, cwd=home, check=False)

    return run


def test_every_module_of_the_installed_wheel_imports(
    elsewhere: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    done = elsewhere("""
import importlib, pathlib
package = pathlib.Path(sys.path[0], "llm_extract")
names = []
for path in sorted(package.rglob("*.py")):
    parts = path.relative_to(package.parent).with_suffix("").parts
    if "migrations" in parts or parts[-1] in ("__main__", "langextract_child"):
        continue  # run by alembic, the interpreter, and an environment of its own, not imported
    names.append(".".join(part for part in parts if part != "__init__"))
for name in names:
    assert pathlib.Path(importlib.import_module(name).__file__).is_relative_to(package), name
print(*names)
""")
    assert done.returncode == 0, done.stderr
    assert {"llm_extract.validators.arithmetic", "llm_extract.evals.scores"} <= {
        *done.stdout.split()
    }


def test_the_installed_wheel_reads_its_prompts(
    elsewhere: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    done = elsewhere("""
from llm_extract.prompting import list_prompts
print(*{prompt.strategy for prompt in list_prompts()})
""")
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) >= {"sentence", "mention"}


def test_the_installed_wheel_answers_on_the_command_line(
    elsewhere: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    done = elsewhere("""
from llm_extract.cli import main
sys.argv = ["llm-extract", "--help"]
main()
""")
    assert done.returncode == 0, done.stderr
    assert "models" in done.stdout
