"""Parquet: typed and nested columns, read as the texts that every other form gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading import TYPED, literal_path, members
from tests.sources.reading.conftest import Reading, Wanted, archived, zipped


def written(reading: Reading, name: str, query: str) -> Path:
    place = reading.folder / "made.parquet"
    reading.connection.execute(f"copy ({query}) to '{place}' (format parquet)")
    return place.rename(reading.folder / name)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("42", f"{TYPED}42"),
        ("cast('12345678901234567.89' as decimal(20, 2))", f"{TYPED}12345678901234567.89"),
        ("cast(1234.5 as double)", f"{TYPED}1234.5"),
        ("cast(1e20 as double)", f"{TYPED}100000000000000000000"),
        ("cast('nan' as double)", "NaN"),
        ("cast('inf' as double)", "Infinity"),
        ("date '2026-10-01'", f"{TYPED}2026-10-01"),
        ("timestamp '2026-10-01 08:00:00'", f"{TYPED}2026-10-01 08:00:00"),
        ("timestamp '2026-10-01 08:00:00.25'", f"{TYPED}2026-10-01 08:00:00.25"),
        ("timestamp_ns '2026-10-01 08:00:00.123456789'", f"{TYPED}2026-10-01 08:00:00.123456"),
        ("timestamptz '2026-10-01 08:00:00+02'", f"{TYPED}2026-10-01 06:00:00+00:00"),
        ("date 'infinity'", "infinity"),
        ("true", "true"),
        ("'0042'", "0042"),
        ("cast(null as integer)", ""),
        ("[1, 2]", "[1, 2]"),
        ("time '08:00:00'", "08:00:00"),
    ],
)
def test_values_become_text_that_says_what_they_were(
    reading: Reading, value: str, text: str
) -> None:
    written(reading, "a.parquet", f"select 'x' as Id, {value} as Note")
    copy = reading("a.parquet")
    assert (copy.kind, copy.records) == ("parquet", 1)
    assert reading.rows == [["1", "x", text]]


def test_nested_columns_are_flattened(reading: Reading) -> None:
    written(
        reading,
        "events.parquet",
        """
        select
            i as Id,
            {'city': 'Berlin', 'seen': {'at': timestamp '2026-10-01 08:00:00'}} as geo,
            [
                {'key': 'page', 'value': {'string_value': '/x', 'int_value': null}},
                {'key': 'ga_session_id', 'value': {'string_value': null, 'int_value': 7 + i}},
                {'key': 'only_' || i, 'value': {'string_value': 'y', 'int_value': null}}
            ] as event_params,
            map {'a': i} as tags
        from range(2) as numbers (i)
        """,
    )
    wants = Wanted(
        "geo.seen.at", "event_params.ga_session_id", more=("event_params.only_1", "tags.a")
    )
    copy = reading("events.parquet", wants=wants)
    assert copy.every_column == [
        "Id", "geo.city", "geo.seen.at", "event_params.page", "event_params.ga_session_id",
        "event_params.only_0", "tags.a", "event_params.only_1",
    ]  # fmt: skip
    assert copy.header == ["geo.seen.at", "event_params.ga_session_id", "tags.a",
                           "event_params.only_1"]  # fmt: skip
    at = f"{TYPED}2026-10-01 08:00:00"
    assert reading.rows == [
        ["1", at, f"{TYPED}7", f"{TYPED}0", ""],
        ["2", at, f"{TYPED}8", f"{TYPED}1", "y"],
    ]


def test_records_keep_their_order_over_many_batches(reading: Reading) -> None:
    written(reading, "a.parquet", "select i as Id, 'n' || i as Note from range(30_000) as r (i)")
    assert reading("a.parquet").records == 30_000
    assert reading.rows == [[str(n + 1), f"{TYPED}{n}", f"n{n}"] for n in range(30_000)]


def test_no_other_file_is_read_and_no_column_is_made_of_a_folder(reading: Reading) -> None:
    folder = reading.folder / "Note=wrong"
    folder.mkdir()
    (reading.folder / "x[1]").mkdir()
    for place, value in (("Note=wrong/a[1].parquet", 1), ("Note=wrong/a1.parquet", 2)):
        written(reading, place, f"select {value} as Id")
    assert reading("Note=wrong/a[1].parquet").every_column == ["Id"]
    assert reading.rows == [["1", f"{TYPED}1"]]
    written(reading, "x[1]/b*?.parquet", "select 3 as Id")
    assert reading("x[1]/b*?.parquet").records == 1
    assert literal_path(Path("/a[1]/b*?.csv")) == "/a[[]1]/b[*][?].csv"


def test_parquet_in_gzip_and_zip(reading: Reading) -> None:
    content = written(reading, "a.parquet", "select 1 as Id").read_bytes()
    assert reading("b.parquet.gz", zipped(content)).records == 1
    (member,) = members(reading.write("e.zip", archived(("x/a.parquet", content))))
    assert reading.member(member).records == 1
    assert not list(reading.folder.glob("*.unpacked"))


def test_a_damaged_file_is_refused(reading: Reading) -> None:
    content = written(reading, "a.parquet", "select 1 as Id").read_bytes()
    with pytest.raises(SourceError, match=r"b\.parquet cannot be read as Parquet"):
        reading("b.parquet", content[:-20])


def test_a_text_that_would_pass_for_a_typed_value_is_rejected(reading: Reading) -> None:
    written(reading, "a.parquet", "select 'x' as Id, chr(2) || '5' as Note")
    assert reading("a.parquet").rejected[0].reason == "a control character in a field"
