"""Results in words: the one way from a number to a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from funnel_analytics.agreement import Agreement
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording.checks import (
    CheckedData,
    check_counted,
    check_counts,
    check_examples,
    check_lines,
    check_meaning,
)
from funnel_analytics.wording.counts import SUMMARISED, counted
from funnel_analytics.wording.findings import finding_of
from funnel_analytics.wording.findings_attribution import credited_total, journeys_way
from funnel_analytics.wording.findings_change import against_target, measure_label, sides_of
from funnel_analytics.wording.findings_trend import trend_head
from funnel_analytics.wording.notes import notes_of
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases, metric_key
from funnel_analytics.wording.ways import counted_noun, ways_of

__all__ = ["Words", "summary_sentences", "words_for", "words_in"]


@dataclass(frozen=True)
class Words(Phrases):
    """One language's words for results.

    >>> Words("de").percent(-0.098)
    '−9,8\\u202f%'
    >>> Words("en").amount("leads", 1)
    '1 lead'
    """

    def finding(self, result: Result, **choice: Any) -> str:
        """What did the result find? One sentence with its count and date, without full stop.

        `choice` narrows it: `stage=` of a conversion, `metric=` and `dimension=` of targets,
        `by_month=True` of leads needed.
        """
        return finding_of(self, result, **choice)

    def table_name(self, result: Result) -> str:
        """What a table of a result lists, in few words: the figure beside it has the finding."""
        return self.say(f"table.{self._key(result)}")

    def _key(self, result: Result) -> str:
        """The name of a result in the texts: a change against target has its own."""
        key = metric_key(result.metric)
        return f"{key}_target" if key == "explain_change" and against_target(result) else key

    def subtitle(self, result: Result) -> str:
        """Who, what, in which unit, when: the line below a finding."""
        return " · ".join([result.agreement.company, self._what(result), *self._by(result)])

    def _by(self, result: Result) -> list[str]:
        by = result.parameters.get("by")
        implied = by == "channel" and "lookback_days" in result.parameters
        return [] if by is None or implied else [self.by_attribute(by)]

    def _what(self, result: Result) -> str:
        key, given = metric_key(result.metric), result.parameters
        values = {"unit": self.unit(self.working(result.agreement))}
        if "cohort" in given:
            period = self.period(str(given["cohort"]))
            passes = "_passes" if counted_noun(result) == "passes" else ""
            values["cohort"] = self.say(f"what.cohort{passes}", period=period)
        if "period" in given:
            values["in_period"] = self.in_period(str(given["period"]))
        for name in ("stage", "predicts"):
            if given.get(name) in result.agreement.stage_names:
                values[name] = self.quoted(self.stage(result.agreement, str(given[name])))
        if "lookback_days" in given:
            values["conversion"] = self._conversion(result)
            days = given.get("lookback_days")
            if is_missing(days):
                days = result.agreement.attribution.lookback_days
            values["lookback"] = self.amount("days", days)
        if key == "stage_flows" and given.get("kind") == "created":
            period = self.period(str(given["period"]))
            values["cohort"] = self.say("what.cohort", period=period)
            key = "stage_flows_created"
        if key == "conversion_trend":
            values |= trend_head(self, result)
            values["every"] = self.say(f"what.every_{given['every']}")
            key = key if "previous" in values else f"{key}_overall"
        if key == "explain_change":
            values["measure"] = measure_label(self, result)
            values["in_period"] = self.in_period(str(given["after"]))
            values |= {side: self.period(str(given[side])) for side in sides_of(result)}
            key = self._key(result)
        if key == "leads_needed":
            values["revenue"] = self.money(
                given["revenue"], result.agreement.currency, compact=True
            )
        return self.say(f"what.{key}", **values)

    def _conversion(self, result: Result) -> str:
        conversion = str(result.parameters.get("conversion", "won"))
        if self.has("what", f"conversion_{conversion}"):
            return self.say(f"what.conversion_{conversion}")
        stage = self.stage(result.agreement, conversion)
        return self.say("what.conversion_stage", stage=self.quoted(stage))

    def footer(self, result: Result) -> str:
        """How many, as of when, defined how: the line under a figure or table."""
        parts = [
            self._n(result),
            self.as_of(result),
            " ".join(
                [
                    self.definition(
                        result.metric, mode=self._mode(result), noun=counted_noun(result)
                    ),
                    *ways_of(self, result),
                    *journeys_way(self, result.parameters),
                ]
            ),
        ]
        return " · ".join(part for part in parts if part)

    def _mode(self, result: Result) -> str:
        """In which of its ways a metric was asked for."""
        given = result.parameters
        return str(given.get("mode") or given.get("method") or given.get("basis") or "")

    def as_of(self, result: Result) -> str:
        """`Stand: 31. Oktober 2026`."""
        instant = self.instant(result.as_of, result.agreement.timezone)
        return self.say("footer.as_of", instant=instant)

    def _n(self, result: Result) -> str:
        found = counted(result)
        return self.say("footer.n", amount=self.amount(*found)) if found else ""

    def definition(self, metric: str, *, mode: str = "", noun: str = "leads") -> str:
        """How a metric is defined, in this language; `noun` is what it counts."""
        key = metric_key(metric)
        worded = f"{key}_{mode}"
        defined = worded if self.has("definition", worded) else key
        return self.say(f"definition.{defined}", of_units=self.say(f"of_units.{noun}"))

    def notes(self, result: Result, *, without: Collection[str] = ()) -> tuple[str, ...]:
        """What was counted beside the table, one sentence each; nothing counted, nothing said."""
        return notes_of(self, result, without=without)

    def total(self, result: Result) -> str:
        """What the credit of an attribution adds up to."""
        return credited_total(self, result)

    def check_title(self, name: str) -> str:
        """What a check looks for; its own name if we have no words for it."""
        return self.say(f"check.{name}.title") if self.has("check", name) else name

    def check_advice(self, name: str) -> str:
        """What to do when a check finds something."""
        return self.say(f"check.{name}.advice") if self.has("check", name) else ""

    def check_finding(self, counts: Mapping[str, int]) -> str:
        """How many checks passed, want a look or failed."""
        if not counts.get("fail") and not counts.get("review"):
            return self.say("finding.checks.all_pass", count=counts.get("pass", 0))
        shown = {key: self.whole(counts.get(key, 0)) for key in ("review", "pass")}
        return self.say("finding.checks.some", count=counts.get("fail", 0), **shown)

    def check_counted(self, row: Mapping[Any, Any]) -> str:
        """How much a check found, of how much: `3 von 20 (15 %)`."""
        return check_counted(self, row)

    def check_examples(self, agreement: Agreement, row: Mapping[Any, Any], *, most: int = 5) -> str:
        """What a check found, by example."""
        return check_examples(self, agreement, row, most=most)

    def check_meaning(self, row: Mapping[Any, Any]) -> str:
        """What a fault means, and which metrics it distorts."""
        return check_meaning(self, row)

    def check_lines(self, report: CheckedData) -> tuple[str, ...]:
        """A report of checks for a terminal: what was found, what it means, what to do."""
        return check_lines(self, report, finding=self.check_finding(check_counts(report)))


@cache
def words_in(language: str) -> Words:
    """The words of a language, `"de"` or `"en"`."""
    return Words(language)


def words_for(result: Result | Missing, *, language: str | None = None) -> Words:
    """The words of a language, by default the agreement's."""
    return words_in(language or result.agreement.language)


def summary_sentences(*results: Result | Missing, language: str | None = None) -> tuple[str, ...]:
    """What are the most important findings? One sentence for each result that has one here.

    In the order of `SUMMARISED`; a `Missing` says nothing.
    """
    known = {
        metric_key(each.metric): each for each in reversed(results) if isinstance(each, Result)
    }
    return tuple(
        words_for(known[metric], language=language).finding(known[metric]) + "."
        for metric in SUMMARISED
        if metric in known
    )
