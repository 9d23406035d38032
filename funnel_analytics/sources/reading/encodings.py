"""Finds out how the text of an export is encoded: by its mark, or by decoding all of it."""

from __future__ import annotations

import codecs
import io

from funnel_analytics.errors import CallError, SourceError
from funnel_analytics.sources.reading.containers import open_member, start_of
from funnel_analytics.sources.reading.model import Member

__all__ = ["codec_of", "undecodable"]

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BUFFER = 1024 * 1024


def codec_of(member: Member, encodings: tuple[str, ...]) -> str:
    """The encoding of a member: that of its byte order mark, else the first that decodes it all.

    One encoding is taken as stated; a byte that it does not know shows when the file is read.

    Raises
    ------
    CallError
        There is no encoding of that name.
    SourceError
        None of the encodings fits, or the text is UTF-16 without a mark and nobody said so.
    """
    start = start_of(member)
    for mark, codec in _MARKS:
        if start.startswith(mark):
            return codec
    wanted = [_known(member, encoding) for encoding in encodings]
    order = _byte_order(start)
    if order:
        if not {"utf-16", order} & set(wanted):
            raise SourceError(
                f"{member.name} is UTF-16 without a byte order mark: every other byte is NUL. "
                f'Set encoding = "{order}" for this file in the preset, or export as UTF-8.'
            )
        return order
    if "utf-16" in wanted:
        wanted.remove("utf-16")
        if not wanted:
            raise SourceError(
                f"{member.name} has no byte order mark. Set encoding to utf-16-le or utf-16-be."
            )
    return wanted[0] if len(wanted) == 1 else _first_that_fits(member, wanted)


def undecodable(member: Member, encoding: str, error: UnicodeDecodeError) -> str:
    """Name the line and the byte that an encoding does not know."""
    bad = error.object[error.start : error.start + 1]
    place = "a place across lines"
    with io.BufferedReader(open_member(member, lines=True), _BUFFER) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as fault:
                bad = line[fault.start : fault.start + 1]
                place = f"line {number}, byte {fault.start + 1}"
                break
    advice = "cp1252" if encoding.startswith("utf-8") else "utf-8"
    return (
        f"{member.name}: {place} (0x{bad.hex()}) is not {encoding}. "
        f'Set encoding = "{advice}" for this file in the preset, or export as UTF-8.'
    )


def _first_that_fits(member: Member, encodings: list[str]) -> str:
    """Decode the whole member strictly, in bounded memory, by each encoding still in question."""
    decoders = {each: codecs.getincrementaldecoder(each)("strict") for each in encodings}
    faults: dict[str, UnicodeDecodeError] = {}
    with open_member(member, lines=True) as stream:
        is_last = False
        while not is_last and len(faults) < len(decoders):
            data = stream.read(_BUFFER) or b""
            is_last = not data
            for encoding, decoder in decoders.items():
                if encoding in faults:
                    continue
                try:
                    decoder.decode(data, is_last)
                except UnicodeDecodeError as error:
                    faults[encoding] = error
    for encoding in encodings:
        if encoding not in faults:
            return encoding
    raise SourceError(
        f"{member.name} is in none of the encodings {', '.join(encodings)}: "
        + undecodable(member, encodings[0], faults[encodings[0]]).removeprefix(f"{member.name}: ")
    )


def _known(member: Member, encoding: str) -> str:
    try:
        "".encode(encoding)
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise CallError(f"{member.name}: there is no encoding '{encoding}'.") from error
    return name if name.startswith("utf-16") else encoding


def _byte_order(start: bytes) -> str:
    """UTF-16 by the NULs of its letters: every second byte, on one side only."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    pairs = len(start) // 2
    if pairs < 2 or max(even, odd) < 0.4 * pairs or min(even, odd) > 0.05 * pairs:
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"
