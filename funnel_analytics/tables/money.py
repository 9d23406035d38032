"""Tables of money: what was credited to which channel, what was reached of the targets."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    by_what_is_known,
    credited_name,
    credits_money,
    is_missing,
    is_true,
    notice,
    shown_models,
    words_for,
)

__all__ = ["attribution", "compared_cells", "running_month", "targets", "telling_targets"]


def attribution(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What was credited to which channel?

    One row per channel, what has no known touch last. One model: conversions, revenue and share.
    Several models: a column of shares for each, so that they can be compared; of more than eight,
    the agreed one and the first others.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    result = by_what_is_known(result)
    words = words_for(result, language=language)
    by = str(result.parameters.get("by") or "channel")
    agreed = result.agreement.attribution.model
    every, models = result.table["model"].nunique(), shown_models(result)
    rows = _ranked(result.table, agreed if agreed in models else next(iter(models), agreed))
    cells: dict[str, Cell] = {
        "channel": lambda row: credited_name(words, result, row),
        "side": lambda row: (
            "" if is_missing(row["side"]) else words.team(result.agreement, str(row["side"]))
        ),
        **counted(words, "touches"),
    }
    known = words.has("column", by)
    headings = {"channel": words.column(by) if known else words.attribute_label(by)}
    if len(models) > 1:
        for model in models:
            cells[f"share_{model}"] = _share(words, result.table, model)
            name = words.model(model, agreement=result.agreement)
            headings[f"share_{model}"] = (
                words.say("mark.agreed_model", model=name) if model == agreed else name
            )
    else:
        cells["conversions"] = lambda row: words.credit(row["conversions"], fixed=True)
        if credits_money(result):
            cells["revenue"] = lambda row: words.money(row["revenue"], result.agreement.currency)
        cells["revenue_share"] = lambda row: words.percent(row["revenue_share"])
        if result.parameters.get("conversion") == "pipeline":
            headings["revenue"] = words.column("created_value")
    if by == "side":
        cells.pop("side")
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("channel", "side"),
        muted=[number for number, each in enumerate(rows["is_no_known_touch"]) if is_true(each)],
        headings=headings,
        remarks=(
            [words.say("mark.models_not_listed", count=every - len(models))]
            if every > len(models)
            else []
        ),
    )


def _ranked(table: pd.DataFrame, model: str) -> pd.DataFrame:
    """One row per channel of any model: largest credit of `model` first, no known touch last."""
    order = pd.DataFrame(
        {
            "unknown": table["is_no_known_touch"].map(is_true).astype(bool),
            "other": table["model"] != model,
            "credit": table["revenue"] * -1.0,
        },
        index=table.index,
    )
    ranked = table.loc[order.sort_values(["unknown", "other", "credit"], kind="stable").index]
    return ranked.drop_duplicates(["channel", "is_no_known_touch"]).reset_index(drop=True)


def _share(words: Words, table: pd.DataFrame, model: str) -> Cell:
    """The share that a model credits to the channel of a row."""
    mine = table[table["model"] == model]
    shares = dict(zip(_keys(mine), mine["revenue_share"], strict=True))
    return lambda row: words.percent(shares.get(_key(row)))


def _keys(rows: pd.DataFrame) -> list[tuple[bool, str | None]]:
    return [_key(row) for _, row in rows.iterrows()]


def _key(row: pd.Series) -> tuple[bool, str | None]:
    channel = None if is_missing(row["channel"]) else str(row["channel"])
    return is_true(row["is_no_known_touch"]), channel


def targets(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How far was each metric from its target?

    One month: a row per metric and dimension. Several: a row per month below each of them. The
    first and the last stage are left out where new leads and won deals say the same.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    agreement = result.agreement
    table = telling_targets(result).reset_index(drop=True)

    def month(row: pd.Series) -> str:
        text = words.month(row["month"])
        if is_true(row["is_complete"]):
            return text
        return words.form("with_mark", text=text, mark=words.say("mark.incomplete"))

    def name(row: pd.Series) -> str:
        return words.measure_of(agreement, row)

    several = table["month"].nunique() > 1
    cells: dict[str, Cell] = {
        **({"month": month} if several else {"metric": name}),
        **compared_cells(words, agreement.currency),
    }
    return table_of(
        words,
        result,
        cells,
        rows=table,
        texts=("month", "metric"),
        group=name if several else None,
        muted=[
            number
            for number, each in enumerate(table["dimension"])
            if not is_missing(each) and not several
        ],
        remarks=[] if several else running_month(words, table),
    )


def running_month(words: Words, rows: pd.DataFrame) -> Sequence[str]:
    """Says of a month that is not over that it is not."""
    return [
        words.say("legend.month_open", month=words.month(month))
        for month in rows.loc[~rows["is_complete"].map(is_true).astype(bool), "month"].unique()
    ]


def telling_targets(result: Result) -> pd.DataFrame:
    """The rows of targets, without stages that repeat new leads or won deals."""
    table = result.table
    stages, metrics = result.agreement.stage_names, set(table["metric"])
    for stage, metric in ((stages[0], "leads"), (stages[-1], "won_deals")):
        mine = table["metric"] == stage
        if metric in metrics and table.loc[mine, "target"].isna().all():
            table = table[~mine]
    return table


def compared_cells(words: Words, currency: str) -> dict[str, Cell]:
    """Actual, target and their difference, each in the unit of its metric."""

    def value(name: str) -> Cell:
        return lambda row: (
            words.money(row[name], currency)
            if words.is_money(str(row["metric"]))
            else words.credit(row[name])
        )

    return {
        "actual": value("actual"),
        "target": value("target"),
        "variance": lambda row: (
            words.money(row["variance"], currency, sign=True)
            if words.is_money(str(row["metric"]))
            else words.signed(row["variance"], digits=1, fixed=False)
        ),
        "variance_share": lambda row: words.percent(row["variance_share"], sign=True),
    }
