"""Laws of reading delimited text, against a second reader that shares no code with the package."""

from __future__ import annotations

import csv
import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnel_analytics.sources.reading import header_of
from funnel_analytics.sources.reading.model import Layout, Member
from tests.sources.reading.conftest import Reading, Wanted

TEXTS = st.text(st.sampled_from('ab ü€"\n\r;'), max_size=6)
TABLES = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=40)
SAME = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
WANTS = Wanted("Id", more=("Note",))


def as_csv(table: list[tuple[str, ...]]) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
    writer.writerow(["Id", "Amount", "Note"])
    writer.writerows(table)
    return sink.getvalue()


@SAME
@given(TABLES)
def test_what_was_written_is_read_with_the_lines_it_stands_on(
    reading: Reading, table: list[tuple[str, ...]]
) -> None:
    text = as_csv(table)
    copy = reading("a.csv", text, wants=WANTS)
    assert [row[1:] for row in reading.rows] == [[first, third] for first, _, third in table]
    # Each record is counted from the line ends before it: \\r\\n, \\n and \\r are one each.
    line = 2
    for row, record in zip(reading.rows, table, strict=True):
        assert row[0] == str(line)
        line += 1 + len("\0".join(record).replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1
    assert copy.read == len(table)


@SAME
@given(
    TABLES,
    st.lists(
        st.tuples(st.integers(0, 40), TEXTS.filter(lambda t: not set(t) & set('"\r\n'))), max_size=4
    ),
)
def test_every_record_is_copied_or_rejected_or_a_total(
    reading: Reading, table: list[tuple[str, ...]], ragged: list[tuple[int, str]]
) -> None:
    plain = [tuple(text.translate({10: 32, 13: 32}) for text in record) for record in table]
    lines = as_csv(plain).splitlines()
    for place, text in ragged:
        lines.insert(1 + min(place, len(lines) - 1), f"Total {text}" if place % 2 else f"z{text}")
    copy = reading("a.csv", "\n".join(lines) + "\n", wants=WANTS, totals=("Total",))
    assert len(copy.totals) == sum(place % 2 for place, _ in ragged)
    assert len(copy.rejected) == sum(1 - place % 2 for place, _ in ragged)
    assert copy.records == len(plain) == len(reading.rows)
    assert copy.read == len(lines) - 1


def test_the_header_alone_can_be_asked_for(reading: Reading) -> None:
    path = reading.write("a.csv", "Title\nId;Note;x\n1;2;3\n")
    scratch = reading.folder / "scratch"

    def header(wants: Wanted) -> list[str] | None:
        layout = Layout(delimiters=(",", ";"), header_within=3)
        return header_of(
            Member(path), scratch, layout=layout, wants=wants, connection=reading.connection
        )

    assert header(WANTS) == ["Id", "Note"]
    assert header(Wanted("Nr")) is None
