"""Words for the things of the funnel: counts with their nouns, labels, units, dates of results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.periods import Period
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording.numbers import Numbers, is_missing, is_true

__all__ = ["Phrases", "metric_key", "plain_name"]

_KEY = re.compile(r"[a-z]+(_[a-z]+)*")
_ALIASES = {"attribution": "attribute"}


def metric_key(metric: str) -> str:
    """The name under which the texts know a metric."""
    return _ALIASES.get(metric, metric)


@dataclass(frozen=True)
class Phrases(Numbers):
    """Numbers, and the nouns and names that go with them."""

    def say(self, key: str, *, count: Any = None, **values: Any) -> str:
        """The text of a dotted key, its plural chosen by `count` (given to it as `{n}`).

        Raises
        ------
        CallError
            There is no such text.
        """
        found: Any = self.texts
        for part in key.split("."):
            if part not in found:
                raise CallError(
                    f"There is no text '{key}' in {self.language}.{did_you_mean(part, found)}"
                )
            found = found[part]
        if count is not None:
            values["n"] = self.credit(count)
            found = found["other" if is_missing(count) else self._plural(count, found)]
        return str(found.format(**values))

    def has(self, section: str, key: str) -> bool:
        """Is there a text of that name?"""
        return key in self.texts.get(section, {})

    def _plural(self, count: Any, forms: dict[str, str]) -> str:
        if "zero" in forms and float(count) == 0:
            return "zero"
        shown = round(float(count), 1)
        form = self.locale.plural_form(int(shown) if shown.is_integer() else shown)
        return form if form in forms else "other"

    def amount(self, noun: str, count: Any, *, fixed: bool = False) -> str:
        """A count with its noun: `1 Lead`, `1.234 Leads`; what was measured `fixed`: `1,0 Tage`."""
        if is_missing(count):
            return self.missing
        if fixed:
            return str(self.texts["count"][noun]["other"].format(n=self.credit(count, fixed=True)))
        return self.say(f"count.{noun}", count=count)

    def quoted(self, text: str) -> str:
        """A name in quotation marks: `„Gewonnen“`."""
        return self.form("quoted", text=text)

    def stage(self, agreement: Agreement, name: str) -> str:
        """The label of an agreed stage."""
        return agreement.stage(name).label.text(self.language)

    def team(self, agreement: Agreement, name: str) -> str:
        """What a team is called: by the agreement, else by us, else its own name in words."""
        if name in agreement.teams:
            return agreement.team_label(name, self.language)
        return self.say(f"team.{name}") if self.has("team", name) else plain_name(name)

    def attribute_label(self, name: str | Sequence[str]) -> str:
        """What an attribute of leads, or a pair, is called; a free one has its name in words."""
        if not isinstance(name, str):
            return self.list_of([self.attribute_label(each) for each in name])
        return self.say(f"attribute.{name}") if self.has("attribute", name) else self.field(name)

    def field(self, name: str) -> str:
        """What a field of the exports is called; a free attribute has its own name in words."""
        return self.say(f"field.{name}") if self.has("field", name) else plain_name(name)

    def role(self, name: str) -> str:
        """What a role of a contact in a buying group is called."""
        return self.say(f"role.{name}") if self.has("role", name) else plain_name(name)

    def by_attribute(self, name: str | Sequence[str]) -> str:
        """`nach Herkunft`, `by origin`, `by origin and segment`."""
        names = [name] if isinstance(name, str) else list(name)
        labels = [
            _lower_first(self.attribute_label(each))
            if self.language == "en" and (self.has("attribute", each) or self.has("field", each))
            else self.attribute_label(each)
            for each in names
        ]
        return self.say("attribute.by", label=self.list_of(labels))

    def segment(
        self, agreement: Agreement, by: str | None, value: Any, *, is_folded: bool = False
    ) -> str:
        """What a group of leads is called; a missing value is not the value `unknown`."""
        if is_folded:
            return self.say("segment.folded")
        if by is None:
            return self.say("segment.all")
        if is_missing(value):
            return self.say("segment.missing")
        if by == "created_month":
            return self.month(str(value))
        if by == "created_quarter":
            return self.period(str(value))
        if by in ("origin", "priority"):
            return self.say(f"{by}.{value}") if self.has(by, value) else _written(value)
        if by == "channel":
            return self._channel(agreement, str(value))
        return str(value)

    def _channel(self, agreement: Agreement, name: str) -> str:
        label = agreement.channel_label(name, self.language)
        if label == name and self.has("activity_channel", name):
            return self.say(f"activity_channel.{name}")
        return _written(label) if label == name else label

    def group(self, result: Result, row: Any) -> str:
        """What the group of leads in a row of a result is called."""
        by = result.parameters.get("by")
        folded = is_true(row["is_folded"]) if "is_folded" in row else False
        if by is None or isinstance(by, str) or folded:
            name = None if by is None else str(by)
            return self.segment(result.agreement, name, row["segment"], is_folded=folded)
        first, second = (
            self.segment(result.agreement, name, row[column])
            for name, column in zip(by, ("segment", "second_segment"), strict=True)
        )
        return self.say("segment.pair", first=first, second=second)

    def channel(
        self, agreement: Agreement, value: Any, *, by: str = "channel", no_known_touch: bool = False
    ) -> str:
        """What a row of an attribution is called."""
        if no_known_touch:
            return self.say("channel.no_known_touch")
        if is_missing(value):
            return self.say("channel.missing" if by == "channel" else "segment.missing")
        if value == "(pooled)":
            return self.say("channel.pooled")
        if by == "side" and self.has("team", str(value)):
            return self.team(agreement, str(value))
        if by == "origin":
            return self.segment(agreement, by, value)
        return self._channel(agreement, str(value))

    def model(self, name: str, *, within: bool = False, agreement: Agreement | None = None) -> str:
        """What an attribution model is called, on its own or `within` a sentence.

        A rule of the agreement's own has its label there.
        """
        if agreement is not None and name in agreement.attribution.own:
            return agreement.attribution.own[name].label.text(self.language)
        section = "model_within" if within else "model"
        return self.say(f"{section}.{name}") if self.has(section, name) else name

    def measure(self, agreement: Agreement, metric: str) -> str:
        """What a metric of the targets is called: ours, or a stage."""
        if self.has("metric", metric):
            return self.say(f"metric.{metric}")
        return self.stage(agreement, metric) if metric in agreement.stage_names else metric

    def dimension(self, agreement: Agreement, written: Any) -> str:
        """What a part of a target is called: `Herkunft: Inbound` for `origin:inbound`."""
        attribute, colon, value = str(written).partition(":")
        if not colon:
            return str(written)
        return self.form(
            "labelled",
            label=self.attribute_label(attribute),
            text=self.segment(agreement, attribute, value),
        )

    def measure_of(self, agreement: Agreement, row: Any) -> str:
        """What a row of targets is about: its metric and, where it has one, its part."""
        name = self.measure(agreement, str(row["metric"]))
        if is_missing(row["dimension"]):
            return name
        return self.form("with_mark", text=name, mark=self.dimension(agreement, row["dimension"]))

    def measured(
        self, agreement: Agreement, metric: str, value: Any, *, compact: bool = False
    ) -> str:
        """A value of a target metric, with its currency if it is money."""
        if self.is_money(metric):
            return self.money(value, agreement.currency, compact=compact)
        return self.credit(value)

    def is_money(self, metric: str) -> bool:
        """Is the target metric an amount of money?"""
        return metric in {"revenue", "spend"}

    def by_as_of(self, result: Result) -> str:
        """`bis 31. Oktober 2026`: the last day that the result can know."""
        return self.by_day(result.as_of, result.agreement.timezone)

    def by_end(self, period: Period, result: Result) -> str:
        """`bis zum 31. Oktober 2026`: the last day of a period, or of the data."""
        _, end = period.bounds(result.agreement.timezone)
        return self.by_day(min(end, result.as_of), result.agreement.timezone)

    def working(self, agreement: Agreement) -> str:
        """Which hours a wait is counted in: working hours if they were agreed."""
        return "working_hours" if agreement.working_time else "hours"

    def unit(self, name: str) -> str:
        """The name of a unit: `Arbeitsstunden`."""
        return self.say(f"unit.{name}") if self.has("unit", name) else name

    def column(self, name: str) -> str:
        """The heading of a column."""
        return self.say(f"column.{name}")

    def notice(self, missing: Missing) -> str:
        """What a section lacks: a table, a column of it or a part of the agreement."""
        table = missing.table
        if missing.section is not None:
            return self.say("notice.rule", section=missing.section)
        if missing.column is not None:
            return self.say(f"notice.column.{table}_{missing.column}")
        if not self.has("export", table):
            return self.say("notice.other_text", thing=self.thing(table))
        return self.say(
            "notice.text", thing=self.thing(table), export=self.say(f"export.{table}.how")
        )

    def thing(self, table: str) -> str:
        """What the rows of a table are called: `Opportunities`."""
        return self.say(f"export.{table}.thing") if self.has("export", table) else plain_name(table)

    def list_of(self, texts: list[str], *, last: str = "joined") -> str:
        """A list in words: `a, b und c`, or `a, b oder c` with `last="either"`."""
        if len(texts) < 2:
            return "".join(texts)
        return self.form(last, first=", ".join(texts[:-1]), last=texts[-1])


def plain_name(name: str) -> str:
    """A key as words, `Next step` for `next_step`; what is no key stays as it is written."""
    if _KEY.fullmatch(name) is None:
        return name
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _written(value: str) -> str:
    """A value of the exports: a key of several words as words, all else letter by letter."""
    return plain_name(value) if "_" in value else value


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
