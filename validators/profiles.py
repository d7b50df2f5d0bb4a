"""Organisation profiles: how a claimant counts, where that decides whether numbers fit together.

Profiles stand in TOML files: those of the package in `profiles.toml`, a user's own on top of them.
A claimant without a profile counts in the usual way, which is `USUAL`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_extract.errors import RecordsError
from llm_extract.validators.terms import same_name

USUAL_TOLERANCE = 1.0
"""Points by which a printed percentage may miss its ratio: rounding to whole points is at most half
a point off, and a chain of rounded figures twice that."""


class Profile(BaseModel):
    """How one organisation counts."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    names: list[str] = Field(min_length=1, description="the claimant as reports write it")
    women: Literal["adult", "all_females"] = Field(
        default="adult", description="whether girls, who are children, stand among the women too"
    )
    older_people: Literal["inside", "outside"] = Field(
        default="inside", description="whether older people are a class beside men and women"
    )
    percent_tolerance: float = Field(
        default=USUAL_TOLERANCE,
        ge=0,
        le=100,
        description="points by which a printed percentage may miss its ratio",
    )
    source: str = Field(min_length=1, description="where the convention can be seen")


USUAL = Profile(names=["every other claimant"], source="rules A02, A03 and A08")


class _ProfileFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    profiles: list[Profile]


@dataclass(frozen=True)
class Profiles:
    """Profiles by the names of their organisations, compared as `same_name` compares."""

    by_name: Mapping[tuple[str, ...], Profile]

    def of(self, claimant: str | None) -> Profile:
        """The profile of a claimant as a record writes it; the usual one where none is known."""
        return self.by_name.get(same_name(claimant), USUAL) if claimant else USUAL


@cache
def packaged_profiles() -> Profiles:
    """The profiles that come with the package."""
    text = files("llm_extract.validators").joinpath("profiles.toml").read_text(encoding="utf-8")
    return Profiles(_parsed(text, "profiles.toml of the package"))


def read_profiles(path: Path) -> Profiles:
    """The profiles of the package with those of a user's file on top.

    Raises RecordsError, one line, when the file can't be read, is no TOML, has a key or value that
    a profile has not, or names one organisation twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RecordsError(f"{path}: the profiles can't be read: {why}") from error
    return Profiles({**packaged_profiles().by_name, **_parsed(text, str(path))})


def _parsed(text: str, where: str) -> dict[tuple[str, ...], Profile]:
    try:
        profiles = _ProfileFile.model_validate(tomllib.loads(text)).profiles
    except tomllib.TOMLDecodeError as error:
        raise RecordsError(f"{where} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecordsError(f"{where}: {first['msg']} at {place}") from error
    found: dict[tuple[str, ...], Profile] = {}
    for profile in profiles:
        for name in profile.names:
            words = same_name(name)
            if not words:
                raise RecordsError(f"{where}: a profile has a name without a letter: {name!r}")
            if words in found:
                raise RecordsError(f"{where}: {name!r} is named by two entries; keep one of them")
            found[words] = profile
    return found
