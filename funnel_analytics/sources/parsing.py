"""Writes the expressions that turn an export's text into canonical columns.

Values reach the engine as parameters; only identifiers that this package made itself (`f0`, `c0`,
`v0`, canonical column names) become part of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from funnel_analytics.errors import did_you_mean
from funnel_analytics.schema import Column, Kind, Table
from funnel_analytics.sources.preset import FileRule

__all__ = ["Parsed", "Parser", "match_header"]


@dataclass(frozen=True)
class Parsed:
    """One canonical column of one file: where its text is, what it becomes, why it may fail."""

    number: int
    column: Column
    header: str
    clean: str
    value: str
    is_day: str | None
    reason: str


def match_header(
    rule: FileRule, table: Table, header: list[str]
) -> tuple[dict[str, str], list[str]]:
    """Which header feeds which canonical column, and every mapped column that was not found."""
    found: dict[str, str] = {}
    problems = []
    for column, alternatives in rule.columns.items():
        names = [name for name in alternatives if name in header]
        if names:
            found[column] = names[0]
        elif column not in rule.optional:
            wanted = " or ".join(f"'{name}'" for name in alternatives)
            problems.append(
                f"column {wanted} (for {table.name}.{column}) is not in the file."
                f"{did_you_mean(alternatives[0], header)}"
            )
    for attribute, name in rule.attributes.items():
        if name not in header:
            problems.append(
                f"column '{name}' (for the attribute {attribute}) is not in the file."
                f"{did_you_mean(name, header)}"
            )
    for name in rule.where:
        if name not in header:
            problems.append(
                f"column '{name}' (a condition) is not in the file.{did_you_mean(name, header)}"
            )
    return found, problems


@dataclass
class Parser:
    """Collects the expressions of one file and the parameters they need."""

    rule: FileRule
    system: str
    zone: str
    date_formats: tuple[str, ...]
    header: list[str]
    parameters: dict[str, Any] = field(default_factory=dict)

    def clean(self, header: str) -> str:
        """A field's text without blanks; missing where the preset says so."""
        field_name = f"f{self.header.index(header)}"
        return f"clean_text({field_name}, {self._given('missing', list(self.rule.missing))})"

    def constant(self, column: Column) -> str:
        """The clean text of a column that the preset fixes."""
        return self._given(f"constant_{column.name}", self.rule.constants[column.name])

    def mapped(self, name: str, clean: str) -> str:
        """The text after the preset's value map; values without an entry stay."""
        values = self.rule.values.get(name)
        if not values:
            return clean
        number = list(self.rule.values).index(name)
        raw = self._given(f"from_{number}", list(values))
        new = self._given(f"to_{number}", list(values.values()))
        return f"coalesce(list_extract({new}, list_position({raw}, {clean})), {clean})"

    def value(self, kind: Kind, clean: str) -> tuple[str, str | None, str]:
        """The typed expression of clean text, its day-precision flag, and how it may fail."""
        if kind == "id":
            return f"{self._given('prefix', self.system + ':')} || {clean}", None, ""
        if kind == "text":
            return clean, None, ""
        if kind == "boolean":
            return f"read_boolean({clean})", None, "is neither true nor false"
        if kind in ("number", "integer"):
            number = (
                f"read_number({clean}, {self._given('decimal', self.rule.decimal)}, "
                f"{self._given('thousands', self.rule.thousands)})"
            )
            reason = f"is no number with decimal '{self.rule.decimal}'"
            if kind == "number":
                return number, None, reason
            whole = f"case when {number} = trunc({number}) then try_cast({number} as bigint) end"
            return whole, None, "is no whole number"
        instant, is_day, reason = self._instant(clean)
        if kind == "date":
            local = f"timezone({self._given('zone', self.zone)}, timezone('UTC', {instant}))"
            return f"cast({local} as date)", None, reason
        return instant, is_day, reason

    def _instant(self, clean: str) -> tuple[str, str, str]:
        zone = self._given("zone", self.zone)
        if not self.date_formats:
            is_day = f"regexp_full_match({clean}, '\\d{{4}}-\\d{{2}}-\\d{{2}}')"
            return f"read_iso({clean}, {zone})", is_day, "is no ISO 8601 date or time"
        tries = []
        precise = []
        for number, text in enumerate(self.date_formats):
            parsed = f"read_formatted({clean}, {self._given(f'format_{number}', text)}, {zone})"
            tries.append(parsed)
            if re.search("%-?[HI]", text):
                precise.append(parsed)
        exact = f"coalesce({', '.join(precise)})" if precise else "null"
        return (
            f"coalesce({', '.join(tries)})",
            f"({exact} is null)",
            f"is no date of the form {' or '.join(self.date_formats)}",
        )

    def condition(self, header: str) -> str:
        """Whether a field has one of the values that the preset keeps."""
        wanted = list(self.rule.where[header])
        name = f"where_{list(self.rule.where).index(header)}"
        return f"coalesce(list_contains({self._given(name, wanted)}, {self.clean(header)}), false)"

    def _given(self, name: str, value: Any) -> str:
        self.parameters[name] = value
        return f"${name}"

    def used(self, text: str) -> dict[str, Any]:
        """The parameters that a statement names."""
        named = set(re.findall(r"\$([a-z_0-9]+)", text))
        return {name: value for name, value in self.parameters.items() if name in named}
