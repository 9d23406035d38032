"""Encodings: marks, alternatives tried over the whole file, and what is no text at all."""

from __future__ import annotations

import codecs

import pytest

from funnel_analytics.errors import CallError, SourceError
from tests.sources.reading.conftest import Reading, zipped

TEXT = "Id,Note\nMüller,„10 €“\n"
ROWS = [["2", "Müller", "„10 €“"]]
MANY = "Id,Note\n" + "".join(f"{n},plain\n" for n in range(200_000))  # more than one piece


@pytest.mark.parametrize(
    ("mark", "codec", "shown"),
    [
        (b"", "utf-8", "utf-8"),
        (b"", "utf-8-sig", "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    ],
)
def test_a_byte_order_mark_wins(reading: Reading, mark: bytes, codec: str, shown: str) -> None:
    copy = reading("a.csv", mark + TEXT.encode(codec), encodings=("utf-8", "cp1252"))
    assert (copy.encoding, reading.rows) == (shown, ROWS)


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_refused_or_read_as_stated(reading: Reading, order: str) -> None:
    with pytest.raises(SourceError, match=rf'UTF-16 without .* encoding = "{order}"'):
        reading("a.csv", TEXT.encode(order), encodings=("utf-8", "cp1252"))
    for stated in (order, order.upper(), "utf-16"):
        assert reading("a.csv", TEXT.encode(order), encodings=(stated,)).encoding == order
        assert reading.rows == ROWS


def test_stated_utf16_without_mark_or_pattern_is_refused(reading: Reading) -> None:
    with pytest.raises(SourceError, match="has no byte order mark"):
        reading("a.csv", TEXT, encodings=("utf-16",))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_the_first_encoding_that_decodes_everything_is_taken(reading: Reading, name: str) -> None:
    def stored(text: str, codec: str) -> bytes:
        content = text.encode(codec)
        return zipped(content) if name.endswith("gz") else content

    both = ("utf-8", "cp1252")
    assert reading(name, stored(TEXT, "utf-8"), encodings=both).encoding == "utf-8"
    assert reading(name, stored(TEXT, "cp1252"), encodings=both).encoding == "cp1252"
    assert reading.rows == ROWS
    late = MANY + "Müller,x\n"
    assert reading(name, stored(late, "cp1252"), encodings=both).encoding == "cp1252"
    assert reading.rows[-1] == ["200002", "Müller", "x"]


def test_a_letter_across_two_pieces_is_one(reading: Reading) -> None:
    # 1 MB is decoded at a time: the two bytes of ü stand on both sides of that border.
    filler = "Id,Note\n" + "a,b\n" * ((1024**2 - 12) // 4)
    text = filler + "xyzü,last\n"
    assert text.encode().index("ü".encode()) == 1024**2 - 1
    reading("a.csv", text, encodings=("utf-8", "cp1252"))
    assert reading.rows[-1][1] == "xyzü"


def test_no_encoding_that_fits_is_named_with_line_and_byte(reading: Reading) -> None:
    content = TEXT.encode() + b"a\xffb,\x81\n"
    said = r"a\.csv is in none of the encodings utf-8, cp1252: line 3, byte 2 \(0xff\) is not utf-8"
    with pytest.raises(SourceError, match=said):
        reading("a.csv", content, encodings=("utf-8", "cp1252"))


def test_the_one_encoding_stated_is_not_changed(reading: Reading) -> None:
    with pytest.raises(SourceError, match=r"line 2, byte 2 \(0xfc\) is not utf-8.*cp1252"):
        reading("a.csv", TEXT.encode("cp1252"))
    with pytest.raises(SourceError, match=r"line 200002, byte 2 \(0xfc\) is not utf-8"):
        reading("a.csv", (MANY + "Müller,x\n").encode("cp1252"))
    with pytest.raises(SourceError, match=r"line 1, byte 9 \(0xfc\) is not utf-8"):
        reading("a.csv", "Id,Name ü\na,b\n".encode("cp1252"))


def test_an_encoding_nobody_knows_is_a_wrong_call(reading: Reading) -> None:
    for wrong in ("klingon", "rot13"):
        with pytest.raises(CallError, match=f"there is no encoding '{wrong}'"):
            reading("a.csv", TEXT, encodings=("utf-8", wrong))
