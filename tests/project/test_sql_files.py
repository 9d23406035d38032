"""Every query says what one row is and which values it takes."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from funnel_analytics.warehouse.dialect import DuckDBDialect
from tests.project.tree import PACKAGE, project_files, shown

QUERIES = [path for path in project_files() if path.suffix == ".sql"]
FRAGMENTS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (PACKAGE / "sql" / "fragments").glob("*.cte")
}
LONGEST_LINE = 100
CALL = re.compile(r"\{\{ (\w+)\(\) \}\}")

_COMMENT = re.compile(r"--[^\n]*")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NOT_PORTABLE = re.compile(
    r"\b(strftime|strptime|dayofweek|isodow|weekday|date_trunc|date_diff|datediff|quantile_cont"
    r"|median|list|array_agg|ilike|qualify|asof|pivot|unpivot)\b|::"
)


def faults(text: str) -> list[str]:
    """What is wrong with the header or the length of lines."""
    header = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        header.append(line)
    found = []
    if not header or not header[0].startswith("-- One row"):
        found.append("does not begin with '-- One row …'")
    places = [no for no, line in enumerate(header) if line.startswith("-- params:")]
    if len(places) != 1:
        return [*found, "has no single line '-- params: …' in its header"]
    stated = header[places[0]].removeprefix("-- params:")
    for line in header[places[0] + 1 :]:  # a list goes on after a comma
        if stated.rstrip().endswith(","):
            stated += line.removeprefix("--")
    listed = re.sub(r"(and )?those of the expressions", "", stated).replace(",", " ").split()
    named = set() if listed == ["none"] else set(listed)
    used = set(re.findall(r"\$([a-z_][a-z0-9_]*)", _COMMENT.sub("", with_fragments(text))))
    if named != used:
        found.append(f"lists {sorted(named)}, uses {sorted(used)}")
    found += [
        f"line {number} is longer than {LONGEST_LINE}"
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ]
    return found


def with_fragments(text: str) -> str:
    """The text with the steps that it shares with other queries, and the ends of days."""
    shared, before = text, ""
    while shared != before:  # a fragment may hold others
        before = shared
        shared = CALL.sub(lambda call: FRAGMENTS.get(call[1], call[0]), before)
    return re.sub(
        r"\{\{ end_of_day\('(.*?)'\) \}\}",
        lambda call: DuckDBDialect().end_of_day(call[1]),
        shared,
    )


def not_portable(text: str) -> list[str]:
    """The words outside the portable vocabulary."""
    bare = _TEXT.sub("''", _JINJA.sub("", _COMMENT.sub("", with_fragments(text))))
    return sorted({match[0] for match in _NOT_PORTABLE.finditer(bare.lower())})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("select 1", "begin"),
        ("-- One row.\nselect 1", "params"),
        ("-- One row.\n-- params: by\nselect 1", "lists ['by'], uses []"),
        ("-- One row.\n-- params: none\nselect $by", "lists [], uses ['by']"),
        ("-- One row.\n-- params: none\nselect '" + "x" * 100 + "'", "line 3"),
    ],
)
def test_the_rules_find_what_they_forbid(text: str, fault: str):
    assert any(fault in each for each in faults(text))


def test_the_rules_allow_the_example_of_the_style():
    text = "-- One row per channel: its spend.\n-- params: first, last\nselect $first, $last\n"
    assert faults(text) == []
    assert not_portable("select {{ quantile('x', 0.5) }} -- median") == []
    assert not_portable("select median(x), y::double") == ["::", "median"]


def test_a_fragment_is_what_several_queries_share():
    texts = [path.read_text(encoding="utf-8") for path in QUERIES] + list(FRAGMENTS.values())
    uses = Counter(name for text in texts for name in set(CALL.findall(text)))
    assert {name: uses[name] for name in FRAGMENTS if uses[name] < 2} == {}


@pytest.mark.parametrize("name", FRAGMENTS)
def test_fragment_keeps_its_lines_short(name: str):
    lines = FRAGMENTS[name].splitlines()
    assert lines[0].startswith("-- ")
    assert [line for line in lines if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("path", QUERIES, ids=shown)
def test_query_has_its_header(path: Path):
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [p for p in QUERIES if p.parent.name == "metrics"], ids=shown)
def test_metric_keeps_to_the_portable_vocabulary(path: Path):
    assert not_portable(path.read_text(encoding="utf-8")) == []
