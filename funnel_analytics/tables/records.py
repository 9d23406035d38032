"""Tables of what lies behind the numbers: checks, the agreement, the loaded files."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd
from great_tables import GT

from funnel_analytics.agreement import Agreement
from funnel_analytics.tables.frame import framed
from funnel_analytics.wording import Words, is_missing, words_in

__all__ = ["agreement", "checks", "loads"]

_LOAD_COUNTS = (
    "rows_read",
    "rows_loaded",
    "rows_duplicate",
    "rows_quarantined",
    "rows_other",
    "values_quarantined",
)
_EXAMPLES = 3
_MARKS = {"pass": "✓", "review": "?", "fail": "✗"}


class Checked(Protocol):
    """What a table of checks needs to know of a report of checks."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per check: its name, status, counts and examples."""
        ...

    @property
    def agreement(self) -> Agreement:
        """The agreement that the data were loaded with."""
        ...

    @property
    def as_of(self) -> Any:
        """The instant that the data describe."""
        ...


def checks(report: Checked, *, language: str | None = None) -> GT:
    """Which faults do the data have, how many rows does each touch, and what is to be done?"""
    words = words_in(language or report.agreement.language)
    table = report.table
    counts = {str(name): int(count) for name, count in table["status"].value_counts().items()}
    rows = pd.DataFrame(
        [
            [
                words.check_title(str(row["check"])),
                f"{_MARKS[row['status']]} {words.say('status.' + row['status'])}",
                words.whole(row["offending_rows"]),
                words.whole(row["of_rows"]),
                _few(row["examples"]),
                "" if row["status"] == "pass" else words.check_advice(str(row["check"])),
            ]
            for _, row in table.iterrows()
        ],
        columns=["check", "status", "offending_rows", "of_rows", "examples", "advice"],
        dtype=object,
    )
    instant = words.instant(report.as_of, report.agreement.timezone)
    return framed(
        rows,
        headings={name: words.column(name) for name in rows.columns},
        title=words.check_finding(counts),
        subtitle=f"{report.agreement.company} · {words.say('title.checks_subtitle')}",
        notes=[words.say("footer.as_of", instant=instant)],
        texts=("check", "status", "examples", "advice"),
        nowrap=("status",),
        widths={"examples": "28%", "advice": "28%"},
        muted=[number for number, status in enumerate(table["status"]) if status == "pass"],
        strong=[number for number, status in enumerate(table["status"]) if status == "fail"],
    )


def _few(examples: Any) -> str:
    """The first of the examples; all of them are a query away."""
    return "" if is_missing(examples) else ", ".join(str(examples).split(", ")[:_EXAMPLES])


def agreement(agreed: Agreement, *, language: str | None = None) -> GT:
    """What did both departments agree on? Stages, owners, definitions, deadlines, rules."""
    words = words_in(language or agreed.language)
    rows = [
        [
            words.say("agreement.stages"),
            f"{number}. {stage.label.text(words.language)}",
            words.team(agreed, stage.owner),
            stage.definition.text(words.language),
            words.number(stage.expected_days),
        ]
        for number, stage in enumerate(agreed.stages, start=1)
    ]
    rows += [
        [words.say("agreement.deadlines"), term, owner, text, ""]
        for term, owner, text in _deadlines(words, agreed)
    ]
    rows += [
        [words.say("agreement.rules"), term, "", text, ""] for term, text in _rules(words, agreed)
    ]
    frame = pd.DataFrame(
        rows, columns=["group", "term", "owner", "agreed", "expected_days"], dtype=object
    )
    return framed(
        frame,
        headings={
            name: words.column(name) for name in ("term", "owner", "agreed", "expected_days")
        },
        title=words.say("title.agreement", company=agreed.company, day=words.day(agreed.agreed_on)),
        subtitle=words.say("title.agreement_subtitle"),
        texts=("term", "owner", "agreed"),
        group="group",
    )


def _deadlines(words: Words, agreed: Agreement) -> list[tuple[str, str, str]]:
    unit = words.working(agreed)
    found = []
    if agreed.first_contact is not None:
        rule = agreed.first_contact
        texts = [words.say("agreement.within_hours", hours=words.amount(unit, rule.within_hours))]
        for origin, hours in rule.by_origin.items():
            name = words.segment(agreed, "origin", origin)
            within = words.say("agreement.within_hours", hours=words.amount(unit, hours))
            texts.append(words.form("labelled", label=name, text=within))
        if rule.escalate_to:
            texts.append(_escalation(words, agreed, rule.escalate_to))
        found.append((words.say("agreement.first_contact"), "", ", ".join(texts)))
    for kind, handover in agreed.handover.items():
        name = words.say(f"handover_kind.{kind}") if words.has("handover_kind", kind) else kind
        within = words.amount(unit, handover.respond_within_hours)
        texts = [words.say("agreement.respond", hours=within)]
        if handover.required_fields:
            fields = words.list_of(list(handover.required_fields))
            texts.append(words.say("agreement.required_fields", fields=fields))
        if handover.escalate_to:
            texts.append(_escalation(words, agreed, handover.escalate_to))
        found.append((words.say("agreement.handover", name=name), "", "; ".join(texts)))
    return found


def _escalation(words: Words, agreed: Agreement, team: str) -> str:
    return words.say("agreement.escalate", team=words.team(agreed, team))


def _rules(words: Words, agreed: Agreement) -> list[tuple[str, str]]:
    rules = []
    if agreed.qualification is not None:
        needs = agreed.qualification
        text = words.say(
            "agreement.criteria",
            at_least=words.whole(needs.at_least),
            of=words.whole(len(needs.criteria)),
            criteria=words.list_of(list(needs.criteria)),
        )
        if needs.required:
            required = words.list_of(list(needs.required))
            text = words.form(
                "clauses", first=text, second=words.say("agreement.required", criteria=required)
            )
        rules.append((words.say("agreement.qualification", framework=needs.framework), text))
    attribution = words.say(
        "agreement.attribution_rule",
        model=words.model(agreed.attribution.model),
        lookback=words.amount("days", agreed.attribution.lookback_days),
    )
    rules.append((words.say("agreement.attribution"), attribution))
    smallest = words.amount("leads", agreed.minimum_group_size)
    rules.append((words.say("agreement.minimum_group"), smallest))
    rules.append((words.say("agreement.timezone"), agreed.timezone))
    rules.append((words.say("agreement.currency"), agreed.currency))
    return rules


def loads(loaded: pd.DataFrame, *, language: str, timezone: str = "UTC") -> GT:
    """Which files are the numbers made of, and what became of their rows?

    Parameters
    ----------
    loaded
        `warehouse.loads()`: one row per file and table with its counts of rows.
    timezone
        In which `as_of` is shown, where the loads have one.
    """
    words = words_in(language)
    counts = [name for name in _LOAD_COUNTS if name in loaded.columns]
    headings = {"file": words.column("file"), "table_name": words.column("table")}
    headings |= {name: words.column(name) for name in counts}
    cells: dict[str, list[str]] = {
        "file": [str(each) for each in loaded["file"]],
        "table_name": [str(each) for each in loaded["table_name"]],
        **{name: [words.whole(each) for each in loaded[name]] for name in counts},
    }
    if "as_of" in loaded.columns:
        headings["as_of"] = words.column("as_of")
        cells["as_of"] = [
            words.missing if is_missing(each) else words.instant(each, timezone)
            for each in loaded["as_of"]
        ]
    return framed(
        pd.DataFrame(cells, dtype=object),
        headings=headings,
        title=words.say("title.loads"),
        subtitle=words.say("title.loads_subtitle"),
        texts=("file", "table_name"),
    )
