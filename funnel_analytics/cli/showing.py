"""The metrics of `funnel show`: what each answers and which options it takes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import funnel_analytics as fa
from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.results import Result

__all__ = ["HELP", "METRICS", "Metric", "metric_named"]

_WIDTH = 78
_COUNTING = ("mode", "within_days", "optional", "passes")


@dataclass(frozen=True)
class Metric:
    """A metric by its name on the command line.

    Parameters
    ----------
    name
        Its public function in Python.
    question
        What it answers.
    span
        Whether it is asked for a `cohort`, for a `period`, or for neither.
    takes
        Its further options.
    """

    name: str
    question: str
    span: str = ""
    takes: frozenset[str] = frozenset()

    @property
    def function(self) -> Callable[..., Result]:
        """The function itself, imported when it is asked for."""
        function: Callable[..., Result] = getattr(fa, self.name)
        return function


def _metric(name: str, question: str, span: str = "", *takes: str) -> Metric:
    return Metric(name, question, span, frozenset(takes))


METRICS: Mapping[str, Metric] = {
    "conversion": _metric(
        "stage_conversion",
        "How many leads of a cohort reached each stage?",
        "cohort", "by", *_COUNTING,
    ),
    "trend": _metric(
        "conversion_trend",
        "How did one conversion rate change, and which week, month or quarter was unusual?",
        "cohort", "by", "stage", "previous", "every", *_COUNTING,
    ),
    "throughput": _metric(
        "stage_throughput", "How many leads entered each stage in each month?", "period", "by"
    ),
    "time_in_stage": _metric(
        "time_in_stage", "How long did the leads of a cohort stay in each stage?", "cohort", "by"
    ),
    "curve": _metric(
        "conversion_curve",
        "Which share of the leads had reached a stage by which age?",
        "cohort", "by", "stage", "method",
    ),
    "expected": _metric(
        "expected_conversion",
        "How many leads of each cohort will have reached a stage in the end?",
        "cohort", "by", "stage", "every",
    ),
    "cycle": _metric(
        "sales_cycle",
        "How many days did leads take from one stage to another, of those that get there?",
        "cohort", "by", "start", "end",
    ),
    "stuck": _metric(
        "stuck_leads",
        "Which open leads have been in their stage for longer than agreed?",
        "", "by",
    ),
    "breaches": _metric(
        "breaches",
        "Which leads and deals need somebody to act on them now?",
        "", "by", "lists",
    ),
    "drop_offs": _metric(
        "drop_off_segments",
        "Where to look first: which groups convert otherwise than the rest, and by how many deals?",
        "cohort", "stage", "attributes", "pairs", "minimum_leads", "false_discovery_rate",
    ),
    "change": _metric(
        "explain_change",
        "What are the parts of a change between two cohorts, or between a month and its target?",
        "", "before", "after", "measure", "by",
    ),
    "flows": _metric(
        "stage_flows", "What became of the leads that entered each stage?", "period", "by", "kind"
    ),
    "reasons": _metric(
        "loss_reasons",
        "Why were leads lost, rejected, recycled or put into nurture?",
        "period", "by",
    ),
    "closed_later": _metric(
        "closed_leads_later",
        "What became of the leads that were lost, rejected, recycled or put into nurture?",
        "period", "by",
    ),
    "quality": _metric(
        "lead_quality",
        "Are the leads of a group weaker, or did fewer of them get on than of comparable leads?",
        "cohort", "by", "attributes",
    ),
    "time_to_contact": _metric(
        "time_to_contact",
        "How long did the leads of a cohort wait for a first contact?",
        "cohort", "by",
    ),
    "attempts": _metric(
        "contact_attempts",
        "How many attempts did it take until one connected?",
        "cohort", "by",
    ),
    "speed": _metric(
        "speed_effect",
        "Do leads that are contacted sooner reach a stage more often than comparable ones?",
        "cohort", "stage",
    ),
    "qualification": _metric(
        "qualification",
        "How completely were leads qualified, and what do the answers say about winning them?",
        "cohort", "by", "stage",
    ),
    "score": _metric(
        "lead_score",
        "Does the automatic score of the leads say what the team that gets them says?",
        "cohort", "by",
    ),
    "what_if": _metric(
        "what_if_rule",
        "Had another rule of qualification been asked of past leads, whom would it have let "
        "through?",
        "cohort", "by", "stage", "required", "at_least",
    ),
    "buying_groups": _metric(
        "buying_groups",
        "How many people are on the buying side of won, lost and open deals, and in which roles?",
        "period", "by",
    ),
    "origins": _metric(
        "origin_mix",
        "Which share of the leads, the won deals and the revenue comes from which origin?",
        "period",
    ),
    "entry_points": _metric(
        "entry_points",
        "At which stage did leads begin, and how often were they won from there?",
        "cohort", "by",
    ),
    "activities": _metric(
        "activity_levels",
        "How many own activities do leads see in a stage, by what became of them there?",
        "cohort",
    ),
    "campaigns": _metric(
        "campaign_runs", "What have short and long campaigns brought so far?", "cohort"
    ),
    "handovers": _metric(
        "handovers",
        "What became of the leads that one team handed over to the next?",
        "period", "by",
    ),
    "attribution": _metric(
        "attribute",
        "Which channels are credited with the conversions of a period?",
        "period", "by", "model", "lookback_days", "conversion", "journeys_of", "repeats", "direct",
        "pool_below",
    ),
    "certainty": _metric(
        "attribution_certainty",
        "How sure are the shares of channels, and how far do models lie apart?",
        "period", "model", "lookback_days", "conversion", "journeys_of", "repeats", "direct",
        "pool_below", "draws", "truth",
    ),
    "credits": _metric(
        "attribution_credits",
        "Which touch was credited with how much of which conversion?",
        "period", "model", "lookback_days", "conversion", "journeys_of", "repeats", "direct",
        "pool_below",
    ),
    "journeys": _metric(
        "journey_paths",
        "Which ways did the journeys of a period take, and what does each channel do in them?",
        "period", "by", "lookback_days", "conversion", "journeys_of", "repeats", "direct",
        "pool_below",
    ),
    "sourced": _metric(
        "marketing_sourced",
        "How much was sourced by marketing, by three definitions of it?",
        "period", "conversion", "journeys_of", "lookback_days",
    ),
    "costs": _metric(
        "channel_costs",
        "What did each channel cost, and what was credited for it?",
        "period", "by", "basis", "model", "lookback_days", "journeys_of", "repeats", "direct",
    ),
    "switched_off": _metric(
        "switched_off",
        "How many leads were missing while a channel or a campaign was switched off?",
        "period", "by", "channel", "campaign", "off", "groups", "outcome", "within_days",
    ),
    "spend_response": _metric(
        "spend_response",
        "How many leads go with the spend on each channel, and do they at all?",
        "period", "by", "names", "outcome", "within_days",
    ),
    "targets": _metric("actual_vs_target", "How far are we from what was agreed?", "period"),
    "loads": _metric("load_log", "What became of the rows of every file?"),
    "quarantine": _metric(
        "quarantined", "Which records and values of the exports could not be read, and why?"
    ),
    "columns": _metric("column_forms", "How was each column of each file read?"),
    "identity": _metric(
        "identity_yield",
        "How many records of people and companies did each rule join, and where did it join "
        "nothing?",
    ),
}  # fmt: skip
"""Every metric, in the order in which the help lists them."""


def _listed() -> str:
    """The metrics with their questions, in lines that a terminal holds."""
    width = max(map(len, METRICS)) + 2
    return "\n".join(
        textwrap.fill(each.question, _WIDTH, initial_indent=name.ljust(width),
                      subsequent_indent=" " * width)
        for name, each in METRICS.items()
    )  # fmt: skip


HELP = f"""Print one metric.

\b
{_listed()}

Below a table stand what was counted beside it and the names of its further parts, which --part
prints. The JSON has all parts and notes, the queries and what was loaded.
"""
"""The help of `funnel show`; the mark `\\b` keeps the lines of a paragraph as they are."""


def metric_named(name: str) -> Metric:
    """The metric of that name.

    Raises
    ------
    CallError
        There is none.
    """
    if name not in METRICS:
        raise CallError(
            f"There is no metric '{name}'.{did_you_mean(name, METRICS)} "
            f"Metrics: {', '.join(METRICS)}."
        )
    return METRICS[name]
