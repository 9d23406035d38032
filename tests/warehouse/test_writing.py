"""Rows to files of their own."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from funnel_analytics.errors import CallError
from funnel_analytics.warehouse import connect, write_rows

ROWS = pd.DataFrame({"channel": pd.Categorical(["a", None, "b"]), "credit": [1.5, 2.0, None]})
ABOUT = {"metric": "credits", "definition": "it's a rule"}


def test_a_table_of_a_duckdb_file_is_replaced_and_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "own.duckdb"
    with connect(str(file), read_only=False) as connection:
        connection.execute("create table kept as select 1 as one")
    for rows in (ROWS, ROWS.head(2)):
        assert write_rows(file, rows, table="credits", described=ABOUT) == file
    with connect(str(file), read_only=True) as connection:
        assert connection.execute("select channel, credit from credits").fetchall() == [
            ("a", 1.5), (None, 2.0),
        ]  # fmt: skip
        assert connection.execute("select one from kept").fetchall() == [(1,)]
        assert dict(connection.execute("from credits_described").fetchall()) == ABOUT
        kinds = connection.execute("describe credits").fetchall()
    assert [kind for _, kind, *_ in kinds] == ["VARCHAR", "DOUBLE"]


def test_a_parquet_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_text("what was there")
    write_rows(file, ROWS, table="credits", described=ABOUT)
    with connect(":memory:", read_only=False) as connection:
        back = connection.execute("from read_parquet($file)", {"file": str(file)}).fetchall()
    assert back == [("a", 1.5), (None, 2.0), ("b", None)]
    assert [each.name for each in tmp_path.iterdir()] == ["rows.parquet"]


def test_what_cannot_be_written_is_said(tmp_path: Path, sample_database: Path) -> None:
    with pytest.raises(CallError, match=r"'rows\.csv' has \.csv"):
        write_rows(tmp_path / "rows.csv", ROWS, table="credits", described=ABOUT)
    before = sample_database.read_bytes()
    with pytest.raises(CallError, match="is a warehouse"):
        write_rows(sample_database, ROWS, table="credits", described=ABOUT)
    assert sample_database.read_bytes() == before
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(CallError, match="cannot be written"):
        write_rows(tmp_path / "folder.parquet", ROWS, table="credits", described=ABOUT)
