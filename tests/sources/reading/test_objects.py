"""JSON: lines, arrays, arrays in objects; nested records; damage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading import TYPED, HeaderError, Rejected, objects
from tests.sources.reading.conftest import Reading, Wanted, zipped

ITEMS: list[dict[str, Any]] = [{"Id": "a", "Note": "x"}, {"Note": "ü", "Id": "b", "Amount": 1.5}]
ROWS = [["a", "x", ""], ["b", "ü", f"{TYPED}1.5"]]


@pytest.mark.parametrize(
    ("name", "text", "lines", "layout"),
    [
        ("a.jsonl", "\n".join(map(json.dumps, ITEMS)), [1, 2], {}),
        ("a.json", "\n\n".join(map(json.dumps, ITEMS)) + "\n", [1, 3], {}),
        ("a.json", json.dumps(ITEMS), [1, 2], {}),
        ("a.json", json.dumps(ITEMS, indent=2), [1, 2], {}),
        ("a.json", json.dumps({"n": 12, "records": ITEMS, "z": 1}), [1, 2], {}),
        ("a.json", json.dumps({"a": {"data": [3]}, "data": ITEMS}, indent=1), [1, 2], {}),
        ("a.json", json.dumps({"results": [], "x": {"y": ITEMS}}), [1, 2], {"records": "x.y"}),
        ("a.json", json.dumps({"rows": ITEMS}), [1, 2], {"records": "rows"}),
    ],
)
def test_records_wherever_they_stand(
    reading: Reading, name: str, text: str, lines: list[int], layout: dict[str, str]
) -> None:
    for place, content in ((name, text.encode()), (f"{name}.gz", zipped(text))):
        copy = reading(place, content, **layout)
        assert (copy.kind, copy.records, copy.encoding) == ("json", 2, "utf-8")
        assert copy.every_column == ["Id", "Note", "Amount"]
        assert [row[1:] for row in reading.rows] == ROWS
        assert [int(row[0]) for row in reading.rows] == lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1", f"{TYPED}1"),
        ("12345678901234567890.10", f"{TYPED}12345678901234567890.10"),
        ("1e3", f"{TYPED}1000"),
        ("1.0", f"{TYPED}1"),
        ("-10.00", f"{TYPED}-10"),
        ("1.0e1", f"{TYPED}10"),
        ("-2.5E-3", f"{TYPED}-0.0025"),
        ("1e400", "1e400"),
        ("NaN", "NaN"),
        ('"007"', "007"),
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
        ("[]", ""),
        ('["a", 1, 2.5, {"b": null}]', '["a", 1, 2.5, {"b": null}]'),
    ],
)
def test_values_keep_their_exact_text(reading: Reading, value: str, text: str) -> None:
    reading("a.json", f'{{"Id": "x", "Note": {value}}}\n{{"Id": "y"}}')
    assert reading.rows[0] == ["1", "x", text]


def test_nested_records_are_flattened(reading: Reading) -> None:
    event = {
        "Id": 1,
        "geo": {"city": "Berlin", "at": {"lat": 52.5}},
        "params": [
            {"key": "page", "value": {"string_value": "/x", "int_value": None}},
            {"key": "ga_session_id", "value": {"string_value": None, "int_value": "77"}},
            {"key": "page", "value": {"string_value": "second"}},
            {"key": "none", "value": {"string_value": None}},
            {"key": "plain", "value": 5},
        ],
    }
    wants = Wanted("geo.at.lat", "params.ga_session_id", more=("params.page", "params.plain"))
    copy = reading("a.json", json.dumps(event), wants=wants)
    assert copy.every_column == [
        "Id", "geo.city", "geo.at.lat", "params.page", "params.ga_session_id", "params.none",
        "params.plain",
    ]  # fmt: skip
    assert reading.rows == [["1", f"{TYPED}52.5", "/x", "77", f"{TYPED}5"]]


def test_lines_that_are_no_objects_are_rejected(reading: Reading) -> None:
    text = '{"Id": 1}\n{"Id": 2\n[3]\n\n{"Id": "\\u00024"}\n{"Id": "5\\u0000"}\n{"Id": 6}\n'
    copy = reading("a.jsonl", text)
    assert copy.rejected == [
        Rejected(2, "is no JSON object"),
        Rejected(3, "is no JSON object"),
        Rejected(5, "a control character in a field"),
        Rejected(6, "a control character in a field"),
    ]
    assert reading.rows == [["1", f"{TYPED}1"], ["7", f"{TYPED}6"]]
    assert reading("a.json", '[{"Id": 1}, 2, null]').rejected == [
        Rejected(2, "is no JSON object"),
        Rejected(3, "is no JSON object"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"Id": 1}, {"Id"', "is no whole JSON document"),
        ('[{"Id": 1}', "is no whole JSON document"),
        ('[{"Id": 1} {"Id": 2}]', "a comma or the end of the list is missing"),
        ('{"records": [{"Id": 1}', "is no whole JSON document"),
        ('{\n"a": {"b": 1},\n"c": 2\n}', "one JSON object without a list of records"),
        ("[]", "holds no records"),
        ('{"records": []}', "holds no records"),
    ],
)
def test_documents_that_are_not_whole_are_refused(reading: Reading, text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        reading("a.json", text)


def test_an_error_message_in_json_is_no_table(reading: Reading) -> None:
    with pytest.raises(HeaderError, match="message, errorCode"):
        reading("a.json", '[{"message": "expired", "errorCode": "INVALID_SESSION_ID"}]')


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_documents_are_read_in_pieces(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(objects, "_PIECE", size)
    items = [{"Id": n * 1111, "Note": "ä" * n} for n in range(60)]
    reading("a.json", json.dumps({"n": 123456, "data": items, "z": [1]}, ensure_ascii=False))
    assert reading.rows == [[str(n + 1), f"{TYPED}{n * 1111}", "ä" * n] for n in range(60)]


def test_a_record_that_has_a_key_twice_is_rejected(reading: Reading) -> None:
    records = ['{"Id": 1, "Id": 2}', '{"Id": 3, "Note": {"a": 1, "b": 1, "b": 2}}', '{"Id": 4}']
    for name, text in (("a.jsonl", "\n".join(records)), ("a.json", f"[{','.join(records)}]")):
        copy = reading(name, text)
        assert copy.rejected == [
            Rejected(1, "the key 'Id' stands twice"),
            Rejected(2, "the key 'b' stands twice"),
        ]
        assert reading.rows == [["3", f"{TYPED}4"]]


def test_an_object_in_place_of_a_value_is_not_nothing(reading: Reading) -> None:
    reading("a.jsonl", '{"Id": 1, "Note": "x"}\n{"Id": 2, "Note": {"a": 1}}\n{"Id": 3}')
    assert [row[2] for row in reading.rows] == ["x", "{…}", ""]
