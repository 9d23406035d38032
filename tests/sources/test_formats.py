"""The same company as German CSV, US CSV, Excel workbook and Parquet gives the same numbers.

The exports are the sample company's; each is written again in another form by this file, which
shares nothing with the loader but the preset's names of columns.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import xlsxwriter

import funnel_analytics as fa
from funnel_analytics.agreement import load_agreement
from funnel_analytics.samples import write_sample
from funnel_analytics.schema import TABLES
from funnel_analytics.sources.preset import FileRule, load_preset
from funnel_analytics.warehouse import connect

Cell = str | float | date | datetime | None
GERMAN = {"%d.%m.%Y %H:%M:%S": "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y": "%m/%d/%Y"}
AS_OF = date(2026, 11, 1)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    write_sample(folder, leads=250, seed=3)
    return folder


def typed(text: str, kind: str, rule: FileRule) -> Cell:
    """A German cell as a value."""
    if text == "":
        return None
    if kind in ("number", "integer") and rule.decimal == ",":
        return float(text.replace(".", "").replace(",", "."))
    if kind in ("number", "integer"):
        return float(text)
    if kind in ("timestamp", "date"):
        for form in rule.date_format:
            try:
                value = datetime.strptime(text, form)
            except ValueError:
                continue
            return value if "%H" in form else value.date()
    return text


def exports(folder: Path) -> dict[str, tuple[FileRule, list[str], list[list[Cell]]]]:
    """Every file as values: its rule, header and rows."""
    found = {}
    for rule in load_preset("sample").files:
        (pattern,) = rule.patterns
        columns = TABLES[rule.table].columns
        kinds = {
            name: column.kind
            for column in columns
            if column.name in rule.columns
            for name in rule.columns[column.name].one or ()
        }
        with (folder / pattern).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, delimiter=rule.delimiter[0])
        found[pattern] = (
            rule,
            header,
            [
                [
                    typed(text, kinds.get(name, "text"), rule)
                    for name, text in zip(header, row, strict=True)
                ]
                for row in rows
            ],
        )
    return found


def write_us(path: Path, rule: FileRule, header: list[str], rows: list[list[Cell]]) -> None:
    def shown(value: Cell) -> str:
        if isinstance(value, datetime):
            return value.strftime("%m/%d/%Y %I:%M:%S %p")
        if isinstance(value, date):
            return value.strftime("%m/%d/%Y")
        if isinstance(value, float):
            text = f"{value:,.2f}" if value % 1 else f"{value:,.0f}"
            return text if rule.decimal == "," else text.replace(",", "")
        return value or ""

    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([shown(value) for value in row] for row in rows)


def write_xlsx(path: Path, rule: FileRule, header: list[str], rows: list[list[Cell]]) -> None:
    with xlsxwriter.Workbook(str(path.with_suffix(".xlsx"))) as book:
        sheet = book.add_worksheet("Export")
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        instant = book.add_format({"num_format": "dd.mm.yyyy hh:mm:ss"})
        for place, name in enumerate(header):
            sheet.write_string(0, place, name)
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(number, place, value, instant)
                elif isinstance(value, date):
                    sheet.write_datetime(number, place, value, day)
                elif isinstance(value, float):
                    sheet.write_number(number, place, value)
                elif value:
                    sheet.write_string(number, place, value)


def write_parquet(path: Path, rule: FileRule, header: list[str], rows: list[list[Cell]]) -> None:
    frame = pd.DataFrame(rows, columns=header, dtype=object)
    kinds = []
    for name in header:
        values = [value for value in frame[name] if value is not None]
        kind = "varchar"
        if any(isinstance(value, datetime) for value in values):
            kind = "timestamp"
        elif any(isinstance(value, date) for value in values):
            kind = "date"
        elif any(isinstance(value, float) for value in values):
            kind = "double"
        quoted = name.replace('"', '""')
        kinds.append(f'cast("{quoted}" as {kind}) as "{quoted}"')
        frame[name] = [None if value is None else str(value) for value in frame[name]]
    with duckdb.connect() as connection:
        connection.register("given", frame)
        target = str(path.with_suffix(".parquet")).replace("'", "''")
        connection.execute(f"copy (select {', '.join(kinds)} from given) to '{target}'")


def preset_for(kind: str) -> str:
    """The sample's preset for the other form: only what a form changes."""
    text = load_preset("sample").text
    ending = {"us": "csv", "xlsx": "xlsx", "parquet": "parquet"}[kind]
    text = re.sub(r'pattern = "(\w+)\.csv"', rf'pattern = "\1.{ending}"', text)
    if kind == "us":
        text = text.replace('delimiter = ";"', 'delimiter = ","')
        text = text.replace('decimal = ","\nthousands = "."', 'decimal = "."\nthousands = ","')
        for german, american in GERMAN.items():
            text = text.replace(f'"{german}"', f'"{american}"')
    return text


WRITERS: Mapping[str, Callable[..., None]] = {
    "us": write_us,
    "xlsx": write_xlsx,
    "parquet": write_parquet,
}


def tables(database: Path) -> dict[str, pd.DataFrame]:
    """Every canonical table, without the places its rows were read from."""
    with connect(database, read_only=True) as connection:
        return {
            name: connection.execute(
                f"select * exclude (load_no, source_row) from {name} order by all"
            ).df()
            for name in TABLES
        }


def answers(database: Path) -> dict[str, Any]:
    """Numbers that readers see."""
    with fa.open_warehouse(database) as warehouse:
        return {
            "funnel": fa.stage_conversion(warehouse, by="origin", mode="ordered").to_dict(),
            "wait": fa.time_to_contact(warehouse).to_dict(),
            "credit": fa.attribute(warehouse, period=fa.year("2026")).to_dict(),
        }


@pytest.fixture(scope="module")
def german(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("german") / "w.duckdb"
    agreement = load_agreement(company / "agreement.toml")
    fa.load([company], preset="sample", database=database, agreement=agreement, as_of=AS_OF)
    return database


@pytest.mark.parametrize("kind", list(WRITERS))
def test_another_form_gives_the_same_company(
    kind: str, company: Path, german: Path, tmp_path: Path
) -> None:
    folder = tmp_path / kind
    folder.mkdir()
    for name, (rule, header, rows) in exports(company).items():
        WRITERS[kind](folder / name, rule, header, rows)
    preset = tmp_path / f"{kind}.toml"
    preset.write_text(preset_for(kind), encoding="utf-8")
    agreement = load_agreement(company / "agreement.toml")
    database = tmp_path / "w.duckdb"
    fa.load([folder], preset=preset, database=database, agreement=agreement, as_of=AS_OF)
    expected, found = tables(german), tables(database)
    for name, table in expected.items():
        pd.testing.assert_frame_equal(found[name], table, obj=f"{kind}: {name}")
    assert len(expected["lead"]) >= 250
    assert expected["deal"]["amount"].gt(0).sum() > 10
    assert answers(database) == answers(german)
