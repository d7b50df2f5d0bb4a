"""Organisation profiles: the file of the package, a user's own on top, and what is no profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_extract.errors import RecordsError
from llm_extract.validators.profiles import USUAL, packaged_profiles, read_profiles

OWN = """
[[profiles]]
names = ["Northam Monitor", "NM"]
women = "all_females"
percent_tolerance = 2.5
source = "its handbook, page 4"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "profiles.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_packaged_profile_says_where_its_convention_can_be_seen_and_differs() -> None:
    for profile in packaged_profiles().by_name.values():
        assert len(profile.source) > 20
        assert (profile.women, profile.older_people, profile.percent_tolerance) != (
            USUAL.women,
            USUAL.older_people,
            USUAL.percent_tolerance,
        )


def test_an_organisation_is_known_by_each_of_its_names_however_written() -> None:
    known = packaged_profiles()
    assert known.of("the Gaza  health ministry").older_people == "outside"
    assert known.of("وزارة الصحة في غزة") is known.of("Ministry of Health in Gaza")


@pytest.mark.parametrize("claimant", [None, "", "--", "Ministry of Health"])
def test_anyone_else_counts_in_the_usual_way(claimant: str | None) -> None:
    assert packaged_profiles().of(claimant) is USUAL
    assert (USUAL.women, USUAL.older_people, USUAL.percent_tolerance) == ("adult", "inside", 1.0)


def test_a_users_file_is_read_on_top_of_the_package(tmp_path: Path) -> None:
    both = read_profiles(written(tmp_path, OWN))
    assert both.of("NM") is both.of("The Northam Monitor")
    assert (both.of("NM").women, both.of("NM").percent_tolerance) == ("all_females", 2.5)
    assert both.of("Gaza Health Ministry").older_people == "outside"


def test_a_users_entry_goes_before_the_packages(tmp_path: Path) -> None:
    own = OWN.replace("NM", "Gaza Health Ministry")
    both = read_profiles(written(tmp_path, own))
    assert both.of("Gaza Health Ministry").older_people == "inside"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[profiles", "is no TOML"),
        (OWN.replace("all_females", "some"), "at profiles.0.women"),
        (OWN.replace("2.5", "-1"), "at profiles.0.percent_tolerance"),
        (OWN.replace("source", "sauce"), "at profiles.0.source"),
        (OWN.replace("women", "females"), "at profiles.0.females"),
        (OWN.replace("profiles", "organisations"), "at profiles"),
        (OWN.replace('"NM"', '"--"'), "a name without a letter"),
        (OWN + OWN, "'Northam Monitor' is named by two entries"),
    ],
)
def test_what_is_no_profile_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(RecordsError) as raised:
        read_profiles(path)
    assert says in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_or_no_text_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="No such file"):
        read_profiles(tmp_path / "none.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordsError, match="not UTF-8"):
        read_profiles(binary)
