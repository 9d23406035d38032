"""Writes proposed rules as the text of a preset, with the evidence beside every line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from funnel_analytics.schema import TABLES
from funnel_analytics.sources.proposing.rules import TO_FILL_IN, Draft, Line, StateWords
from funnel_analytics.sources.proposing.words import unexplained

__all__ = ["FileDraft", "Reading", "preset_text", "quoted"]

_WIDTH = 46


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: what its rules say beside their columns."""

    pattern: str
    delimiter: str = ""
    encoding: str = ""
    header_within: int = 1
    decimal: str = ""
    thousands: str = ""
    date_format: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    is_doubtful_date: bool = False


@dataclass(frozen=True)
class FileDraft:
    """The rules proposed for one file, and its columns that no rule takes, each with its reason."""

    name: str
    reading: Reading
    drafts: tuple[Draft, ...]
    left: tuple[tuple[str, str], ...]
    states: tuple[StateWords, ...] = ()


def preset_text(
    files: Sequence[FileDraft],
    *,
    name: str,
    timezone: str,
    questions: Sequence[str],
    known: Sequence[str] = (),
    unread: Sequence[str] = (),
) -> str:
    """The whole preset; it can be loaded as it stands where no question is left."""
    lines = [
        *(_wrapped(_flat(each)) for each in known),
        _wrapped(
            f"Proposed from {', '.join(_flat(file.name) for file in files)}. Check every line: "
            "what stands behind it is the evidence in the first records, with letters as a and "
            'digits as 9. A comment with a "?" is not sure; take the "#" away where it is right.'
        ),
        *(_wrapped(f"TO FILL IN: {_flat(each)}") for each in questions),
        *(_wrapped(f"Not read: {_flat(each)}") for each in unread),
        "",
        f"name = {quoted(name)}",
        f"system = {quoted(name)}",
        _beside(f"timezone = {quoted(timezone)}", "of times without an offset: is it right?"),
    ]
    for file in files:
        lines += ["", "", f"# ── {_flat(file.name)}"]
        if not file.drafts:
            lines.append("# No table fits its columns; nothing of it is loaded.")
        for draft in file.drafts:
            lines += ["", *_rule(draft, file.reading)]
        lines += _left(file)
    return "\n".join([*lines, *_states(files)]) + "\n"


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _flat(text: str) -> str:
    """A text that stands in a comment: on one line, without control characters."""
    return "".join(each if each.isprintable() else " " for each in text)


def _wrapped(text: str) -> str:
    """A comment over as many lines as it takes."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) > 96:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(f"# {line}" for line in lines)


def _beside(text: str, comment: str) -> str:
    return f"{text.ljust(_WIDTH)} # {_flat(comment)}" if comment else text


def _array(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def _key(text: str) -> str:
    """A key of a table; only plain letters, digits, dashes and underscores go without quotes."""
    plain = text.isascii() and text.replace("_", "a").replace("-", "a").isalnum()
    return text if plain else quoted(text)


def _rule(draft: Draft, reading: Reading) -> list[str]:
    """One `[[files]]`; every line is a comment where the rule as a whole is in doubt."""
    grain = TABLES[draft.table].grain
    lines = ["[[files]]", f"pattern = {quoted(reading.pattern)}"]
    lines.append(_beside(f"table = {quoted(draft.table)}", grain))
    lines += _layout(reading, draft)
    lines += ["", "[files.columns]"]
    for line in draft.lines:
        text = f"{line.name} = {_feed(line)}"
        if line.doubt:
            lines.append(_beside(f"# {text}", f"? {line.doubt}; {line.evidence}"))
        else:
            lines.append(_beside(text, line.evidence))
    lines += _section("constants", draft.constants)
    if draft.table in ("deal", "spend") and "currency" not in draft.mapped:
        if not draft.constants:
            lines += ["", "[files.constants]"]
        lines.append(_beside('# currency = "EUR"', "? without it, the agreement's is meant"))
    for column, words in draft.values.items():
        lines += _section(f"values.{column}", words)
    if draft.scale:
        lines += ["", "[files.scale]", *(f"{each} = {by}" for each, by in draft.scale.items())]
    for column, (header, among) in draft.only_if.items():
        lines += ["", f"[files.only_if.{column}]", f"column = {quoted(header)}"]
        lines.append(f"in = {_array(among)}")
    for name, conditions in (("where", draft.where), ("where_not", draft.where_not)):
        if conditions:
            lines += ["", f"[files.{name}]"]
            lines += [f"{_key(header)} = {_array(among)}" for header, among in conditions.items()]
    title = f"# {TABLES[draft.table].name}: {_flat(draft.reason)}."
    if not draft.in_doubt:
        return [title, *lines]
    doubt = f"# ? In doubt: {_flat(draft.in_doubt)}."
    return [title, doubt, *(f"# {line}".rstrip() for line in lines)]


def _feed(line: Line) -> str:
    """Where the text of a column comes from, as TOML writes it."""
    if line.way == "split":
        return f'{{ split = {_array([line.header])}, at = ";" }}'
    if not line.way:
        return quoted(line.header)
    parts = ", ".join(_array([header]) for header in (line.header, *line.others))
    return f"{{ {line.way} = [{parts}]" + (', with = " / " }' if line.way == "join" else " }")


def _layout(reading: Reading, draft: Draft) -> list[str]:
    """How the file is read, as far as it matters to the columns of the rule."""
    kinds = {column.kind for column in TABLES[draft.table].columns if column.name in draft.mapped}
    lines = []
    if reading.delimiter and reading.delimiter != ",":
        lines.append(f"delimiter = {quoted(reading.delimiter)}")
    if reading.encoding and reading.encoding != "utf-8":
        lines.append(f"encoding = {quoted(reading.encoding)}")
    if reading.header_within > 1:
        lines.append(_beside(f"header_within = {reading.header_within}", "lines above the header"))
    if reading.decimal and kinds & {"number", "integer"}:
        lines.append(f"decimal = {quoted(reading.decimal)}")
    if reading.thousands and kinds & {"number", "integer"}:
        lines.append(f"thousands = {quoted(reading.thousands)}")
    if reading.date_format and kinds & {"date", "timestamp"}:
        lines.append(f"date_format = {_array(reading.date_format)}")
    if reading.is_doubtful_date and kinds & {"date", "timestamp"}:
        lines.append(f'# date_format = "{TO_FILL_IN}"  # ? day or month first')
    if reading.missing:
        lines.append(_beside(f"missing = {_array(('', *reading.missing))}", "spellings of nothing"))
    if draft.plans:
        lines.append(_beside("plans = true", "entries after the export are plans"))
    if draft.where_present:
        comment = "records without it are no such rows; they are counted"
        lines.append(_beside(f"where_present = {_array(draft.where_present)}", comment))
    return lines


def _section(name: str, entries: Mapping[str, str]) -> list[str]:
    if not entries:
        return []
    lines = [f"{_key(key)} = {quoted(value)}" for key, value in entries.items()]
    return ["", f"[files.{name}]", *lines]


def _left(file: FileDraft) -> list[str]:
    """The columns that nothing takes, as comments."""
    if not file.left:
        return []
    lines = ["", f"# Not loaded from {_flat(file.name)}:"]
    return lines + [f"#   {quoted(_flat(header))}: {_flat(why)}" for header, why in file.left]


def _states(files: Sequence[FileDraft]) -> list[str]:
    """The words that nobody explained, ready to be sorted into the agreement."""
    lines: list[str] = []
    for file in files:
        for words in file.states:
            if not words.unknown:
                continue
            lines += ["", _wrapped(f"{_flat(file.name)}, {quoted(_flat(words.header))}:")]
            if words.is_unread:
                lines.append(f"#   {unexplained(words)}")
            else:
                lines += [
                    f"#   includes = {_array([_flat(word)])}"
                    + (f"  # perhaps {words.near[word]}" if word in words.near else "")
                    for word in words.unknown
                ]
    if not lines:
        return []
    head = _wrapped(
        "Words for a state that nobody explained. Put each under the stage or status of the "
        "agreement that it means (`includes` of [[stages]], or a list under [statuses]), then take "
        'the "#" away from the lines above that wait for it:'
    )
    return ["", "", head, *lines]
