"""Several presets at once: which of them takes which file."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from funnel_analytics.errors import CallError, SourceError
from funnel_analytics.sources.exported import day_in_name
from funnel_analytics.sources.matching import match_files
from funnel_analytics.sources.preset import Preset, parse_preset
from tests.sources.drawn import Drawn

PRESET = """
name = "{name}"
system = "{name}"
timezone = "UTC"

[[files]]
pattern = "{pattern}"
table = "lead"
delimiter = "{delimiter}"
[files.columns]
lead = "{id}"
created_at = "Created"
"""


def preset(name: str, *, id: str, pattern: str = "leads*.csv", delimiter: str = ",") -> Preset:
    text = PRESET.format(name=name, id=id, pattern=pattern, delimiter=delimiter)
    return parse_preset(text, name=name)


ONE = preset("one", id="One Id")
TWO = preset("two", id="Two Id", delimiter=";")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    (made / "leads_a.csv").write_text("One Id,Created\n1,2026-08-01\n", encoding="utf-8")
    (made / "leads_b.csv").write_text("Two Id;Created\n1;2026-08-01\n", encoding="utf-8")
    return made


def taken(folder: Path, *presets: Preset) -> dict[str, str]:
    found = match_files([folder], presets, scratch=folder / "scratch")
    return {match.member.name: match.preset.name for match in found.matches}


def test_a_file_that_two_presets_could_take_goes_where_its_header_fits(folder: Path) -> None:
    assert taken(folder, ONE, TWO) == {"leads_a.csv": "one", "leads_b.csv": "two"}


def test_a_header_that_fits_no_preset_is_refused(folder: Path) -> None:
    (folder / "leads_c.csv").write_text("Three Id,Created\n1,2026-08-01\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"leads_c\.csv: its name fits the presets one and two, "
                       r"but its header fits neither"):  # fmt: skip
        taken(folder, ONE, TWO)


def test_a_header_that_fits_two_presets_is_refused(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"leads_a\.csv: its name and its header fit the presets "
                       r"one and again"):  # fmt: skip
        taken(folder, ONE, preset("again", id="One Id"))


# "Deal - ID" and "dealId" are one header to a load; who spells it as the file does is meant.
def test_the_preset_that_spells_the_header_exactly_comes_before_one_that_does_not(
    folder: Path,
) -> None:
    squashed = preset("squashed", id="oneId")
    assert taken(folder, squashed, ONE, TWO)["leads_a.csv"] == "one"
    assert taken(folder, ONE, squashed, TWO)["leads_a.csv"] == "one"


def test_a_name_that_one_preset_knows_needs_no_header(folder: Path) -> None:
    assert taken(folder, ONE, preset("else", id="One Id", pattern="deals*.csv")) == {
        "leads_a.csv": "one",
        "leads_b.csv": "one",  # which reading refuses, naming what is missing
    }


def test_files_inside_an_archive_are_taken_by_their_own_names(folder: Path) -> None:
    with zipfile.ZipFile(folder / "export_2026-10-31.zip", "w") as archive:
        archive.write(folder / "leads_a.csv", "deep/leads_z.csv")
        archive.writestr("readme.txt", "nothing")
    (folder / "leads_a.csv").unlink()
    found = match_files([folder], [ONE, TWO], scratch=folder / "scratch")
    names = {match.member.name: match.preset.name for match in found.matches}
    assert names == {"export_2026-10-31.zip/deep/leads_z.csv": "one", "leads_b.csv": "two"}
    assert found.ignored == ("export_2026-10-31.zip/readme.txt",)


def test_a_file_named_by_its_path_has_to_match_something(folder: Path) -> None:
    (folder / "other.csv").write_text("x\n1\n", encoding="utf-8")
    with pytest.raises(CallError, match=r"other\.csv matches no pattern of the presets one, two"):
        match_files([folder / "other.csv"], [ONE, TWO], scratch=folder / "scratch")


def test_presets_of_two_systems_fill_one_warehouse(tmp_path: Path, folder: Path) -> None:
    drawn = Drawn(tmp_path / "both")
    paths = []
    for each in (ONE, TWO):
        path = tmp_path / f"{each.name}.toml"
        path.write_text(each.text, encoding="utf-8")
        paths.append(path)
    report = drawn.load_paths([folder], preset=paths)
    assert drawn.rows("select lead from lead order by lead") == [("one:1",), ("two:1",)]
    assert report.log["preset"].tolist() == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("leads_2026-10-31.csv", date(2026, 10, 31)),
        ("leads20261031.csv.gz", date(2026, 10, 31)),
        ("2026_10_31 leads.xlsx", date(2026, 10, 31)),
        ("costs 2026-10-01-2026-10-31.csv", date(2026, 10, 31)),
        ("costs_20261001-20261031.csv", date(2026, 10, 31)),
        ("export_2026-10-31.zip/leads.csv", date(2026, 10, 31)),
        ("export_2026-10-31.zip/leads_2026-09-30.csv", date(2026, 9, 30)),
        ("leads.csv", None),
        ("leads_2026-10.csv", None),
        ("leads_2026-06-31.csv", None),  # no such day
        ("leads_31.10.2026.csv", None),  # not ISO; others would read month and day another way
        ("leads_2026-1031.csv", None),
        ("leads_120261031.csv", None),  # a number
    ],
)
def test_the_day_in_a_name(name: str, day: date | None) -> None:
    assert day_in_name(name) == day
