"""A small export folder and its preset, to be spoiled in one place per test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import THREE_STAGES

PRESET = """
name = "small"
system = "crm"
timezone = "Europe/Berlin"

[[files]]
pattern = "leads.csv"
table = "lead"
delimiter = ";"
[files.columns]
lead = "Id"
created_at = "Created"
origin = "Origin"
[files.attributes]
product = "Product"
[files.values.product]
GTXPro = "GTX Pro"

[[files]]
pattern = "history.csv"
table = "stage_event"
[files.columns]
lead = "lead"
stage = "stage"
entered_at = "at"

[[files]]
pattern = "deals.csv"
table = "deal"
delimiter = ";"
decimal = ","
thousands = "."
date_format = ["%d.%m.%Y %H:%M", "%d.%m.%Y"]
[files.columns]
deal = "Id"
amount = "Betrag"
closed_at = "Schlusstermin"
is_won = "Gewonnen"
[files.constants]
currency = "EUR"
"""

LEADS = """Id;Created;Origin;Product
L1;2026-09-01T08:00:00Z;inbound;GTXPro
L2;2026-09-02;;GTX Pro
L3;2026-09-03 10:30;unknown;
"""
HISTORY = """lead,stage,at
L1,opportunity,2026-09-05T08:00:00Z
L1,won,2026-09-20T08:00:00Z
L2,opportunity,2026-09-08
"""
DEALS = """Id;Betrag;Schlusstermin;Gewonnen
D1;1.234,50;20.09.2026 10:00;ja
D2;99;21.09.2026;nein
"""


class Exports:
    """A folder with exports, a preset and an agreement."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "exports"
        self.folder.mkdir()
        self.preset = folder / "small.toml"
        self.preset.write_text(PRESET, encoding="utf-8")
        self.agreement = folder / "agreement.toml"
        self.agreement.write_text(THREE_STAGES, encoding="utf-8")
        self.database = folder / "w.duckdb"
        self.write("leads.csv", LEADS)
        self.write("history.csv", HISTORY)
        self.write("deals.csv", DEALS)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def change_preset(self, old: str, new: str) -> None:
        text = self.preset.read_text(encoding="utf-8")
        assert old in text
        self.preset.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)
