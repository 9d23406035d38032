"""Which channels are credited with conversions?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.arguments import Wrong
from funnel_analytics.credit.journeys import Bools, Floats
from funnel_analytics.credit.models import Credit
from funnel_analytics.errors import DataError
from funnel_analytics.metrics.attribution.asked import (
    WON,
    Asked,
    Model,
    asked,
    model_name,
    models_asked,
)
from funnel_analytics.metrics.attribution.keys import campaign_names
from funnel_analytics.metrics.attribution.modelled import (
    credited,
    is_data_driven,
    needs_open,
    settings_of,
)
from funnel_analytics.metrics.attribution.reading import Read, read
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["attribute"]

_DECIMALS = {"conversions": 9, "value": 6}


def attribute(
    warehouse: Warehouse,
    *,
    period: Period,
    model: Model | Sequence[Model] | None = None,
    lookback_days: int | None = None,
    conversion: str = WON,
    by: str = "channel",
    journeys_of: str | None = None,
    repeats: str | None = None,
    direct: str | None = None,
    pool_below: int | None = None,
) -> Result:
    """Which channels are credited with the conversions of a period?

    Parameters
    ----------
    period
        The deals won or created, or the first entries into a stage, in this period.
    model
        One model or several; the agreement's if none is given. Rules: `"first"`, `"last"`,
        `"last_non_direct"`, `"linear"`, `"position_based"`, `"time_decay"`, `"w_shaped"`,
        `"full_path"`, or a rule of the agreement's own. Fitted to the data: `"markov"`,
        `"markov_2"` to `"markov_4"`, `"markov_without_nulls"`, `"shapley"`, `"shapley_ordered"`,
        `"shapley_rate"`. Or a function of journeys that returns the weight of each touch, or the
        credit of each key. Shares, half-life and what is direct are the agreement's.
    lookback_days
        How far before a conversion a touch may lie (both ends belong to the window).
    conversion
        `"won"` for deals won, `"pipeline"` for deals created, whatever became of them, each worth
        its amount (without deals and people that only deleted or test leads bring in); or a stage
        for the first recorded entry of each lead, each worth 1. Leads that got past a stage without
        a recorded entry into it are no conversions: nothing says when they were in it.
    by
        What is credited: `"channel"`, `"campaign"`, `"side"`, `"origin"` (of the lead), `"source"`,
        `"medium"`, `"source_medium"` or `"content"`.
    journeys_of
        `"lead"`: the touches of all people on the deal, or of the lead's person. `"account"`: those
        of everybody at its account, and those that name only the account.
    repeats
        `"kept"`, or `"collapsed"`: of consecutive touches in one channel the first stays.
    direct
        What becomes of touches in direct channels: `"kept"`; left out `"unless_alone"` in their
        journey; or `"dropped"`.
    pool_below
        Values of `by` with touches in fewer converting journeys than this are one row, `(pooled)`.

    All of these are the agreement's if they are not given.

    Returns
    -------
    Result
        One row per model and value of `by`, which stands in the column `channel` whatever `by`
        is; missing where a touch has none; by campaign, `name` is what it is called.
        `is_no_known_touch` marks the row of the conversions that had no touch in the window.
        `conversions` and `revenue` are credited (revenue is the count of conversions where
        `conversion` is a stage; a deal without an amount counts 0);
        for every model they sum to the conversions of the period and to their value.
        Every model has a row for whatever one of the models credits.
        `conversions_share` and `revenue_share` are of all conversions and of their value; missing
        where there is none. Where no deal has an amount, figures, tables and sentences go by
        `conversions`. `touches` are those of the journeys, once for every conversion they precede.
        `side` is missing where the touches of a row are of both. Of the models, only `shapley_rate`
        (and a function that credits keys) can credit less than 0.

        The part `journeys` has one row per number of touches: `touches`, `conversions`, `revenue`.
        Note `totals`: what the credit sums to. Note `touches_left_out`: touches of these people
        after their conversion, touches in or before the period that name no person, activities that
        a touch of sales tells of already, and what the rules for direct traffic and repeats left
        out. Note `pooled`: what stands together as one row. Note `credited_by_channel`: models that
        are fitted on channels, whose credit was shared within them (`by` other than channel). Note
        `negative_credit`: how many rows each model credits with less than 0.

    Raises
    ------
    CallError
        Unknown model, stage or choice, a window shorter than a day, or a period after the data end;
        a function of one's own that fails, or returns no weights or credits.
    DataError
        Amounts too far apart to add up.
    MissingTableError
        No touches, or no deals, were loaded.

    Notes
    -----
    The models are documented in `funnel_analytics.credit` and in `docs/methods.md`. Activities of
    our people are touches of sales in the channels that the agreement names. Touches of one instant
    are ordered: marketing, sales, others, then by id. Credits are rounded to 1e-9 conversions and
    1e-6 of the currency; what rounding leaves goes to the largest credit, so that sums are exact.
    """
    agreed = warehouse.agreement.attribution
    wrong = Wrong()
    models = models_asked(warehouse, model, wrong)
    question = asked(
        warehouse,
        period=period,
        conversion=conversion,
        by=by,
        journeys_of=journeys_of,
        lookback_days=lookback_days,
        repeats=repeats,
        direct=direct,
        pool_below=pool_below,
        wrong=wrong,
    )
    found = read(warehouse, question, with_open=needs_open(models))
    lengths = _lengths(found)
    totals = _totals(found, lengths)
    settings = settings_of(agreed)
    credits = [credited(found, each, settings) for each in models]
    rows = _rows(found, credits, totals)
    table = pd.concat([_credited(rows, each, totals) for each in credits], ignore_index=True)
    answers = list(found.answers)
    if question.by == "campaign":
        answers.append(warehouse.query("metrics/campaigns_listed"))
        table.insert(2, "name", campaign_names(answers[-1].table, table["channel"]))
    return warehouse.result(
        "attribute",
        grain=f"one row per model and {by}",
        units={
            "conversions": "deals" if question.is_deal else "leads",
            "conversions_share": "share of all conversions",
            "revenue": warehouse.agreement.currency if question.is_deal else "conversions",
            "revenue_share": "share of all revenue",
            "touches": "touches",
        },
        definition=_definition(question),
        answers=answers,
        table=table,
        parameters={
            **question.parameters,
            "model": tuple(model_name(each) for each in models),
            "half_life_days": agreed.half_life_days,
            "first_share": agreed.first_share,
            "last_share": agreed.last_share,
        },
        parts={"journeys": lengths},
        notes=[Note("totals", totals), *_notes(found, models, table)],
    )


def _notes(found: Read, models: Sequence[Model], table: pd.DataFrame) -> list[Note]:
    notes = []
    if any(found.left_out.values()):
        notes.append(Note("touches_left_out", dict(found.left_out)))
    if found.pooled:
        notes.append(Note("pooled", {"values": found.pooled, "pool_below": found.asked.pool_below}))
    fitted = tuple(str(each) for each in models if is_data_driven(each))
    if fitted and found.asked.by != "channel":
        notes.append(Note("credited_by_channel", {"models": fitted}))
    negative = table.loc[table["conversions"] < 0, "model"].value_counts(sort=False)
    if len(negative):
        notes.append(Note("negative_credit", {str(name): int(n) for name, n in negative.items()}))
    return notes


def _definition(question: Asked) -> str:
    whose = "everybody at the account" if question.of_account else "all people on them"
    what = {
        "won": f"Won deals of the period with the touches of {whose}",
        "pipeline": f"Deals created in the period with the touches of {whose}",
    }.get(
        question.conversion,
        f"First entries into '{question.conversion}' in the period with the touches of "
        f"{'everybody at the account' if question.of_account else 'the person'}",
    )
    return (
        f"{what}, in the {question.lookback_days} days before; each model shares the value of a "
        "conversion among its touches. Credit is a rule for sharing, not a measured effect."
    )


def _lengths(found: Read) -> pd.DataFrame:
    """One row per number of touches: the conversions that had so many, and their value."""
    journeys = found.converted
    touches = np.zeros(len(found.conversions), dtype=np.int64)
    touches[found.conversion_rows] = journeys.lengths
    values = found.conversions["value"].fillna(0.0).to_numpy(dtype=float)
    sizes, places, counts = np.unique(touches, return_inverse=True, return_counts=True)
    sums = np.bincount(places, values, len(sizes)) if len(sizes) else np.zeros(0)
    return pd.DataFrame(
        {
            "touches": sizes,
            "conversions": counts.astype(np.int64),
            "revenue": sums.round(_DECIMALS["value"]),
        }
    )


def _totals(found: Read, lengths: pd.DataFrame) -> dict[str, Any]:
    untouched = lengths[lengths["touches"] == 0]
    return {
        "conversions": int(lengths["conversions"].sum()),
        "revenue": _sum(lengths["revenue"], "value"),
        "no_known_touch_conversions": int(untouched["conversions"].sum()),
        "no_known_touch_revenue": _sum(untouched["revenue"], "value"),
        "deals_without_amount": int(found.conversions["value"].isna().sum()),
    }


def _rows(found: Read, credits: Sequence[Credit], totals: dict[str, Any]) -> pd.DataFrame:
    """One row per key with a touch before a conversion, or credit of any model, and the row of no
    known touch.
    """
    touches = np.bincount(found.converted.codes, minlength=len(found.names))
    rows = pd.DataFrame(
        {
            "channel": pd.Series(found.names, dtype=object),
            "side": pd.Series(found.sides, dtype=object),
            "is_no_known_touch": False,
            "touches": touches.astype(np.int64),
            "code": np.arange(len(found.names)),
        }
    )
    is_credited = np.any([each.conversions != 0 for each in credits], axis=0)
    rows = rows[(touches > 0) | is_credited]
    if totals["no_known_touch_conversions"]:
        nobody = pd.DataFrame(
            {"channel": [None], "side": [None], "is_no_known_touch": True, "touches": 0, "code": -1}
        )
        rows = pd.concat([rows, nobody], ignore_index=True) if len(rows) else nobody
    return rows


def _credited(rows: pd.DataFrame, credit: Credit, totals: dict[str, Any]) -> pd.DataFrame:
    """The table of one model, largest credit first and what has no touch last."""
    total = float(totals["revenue"])
    known = ~rows["is_no_known_touch"].to_numpy(dtype=bool)
    nobodys = {
        "conversions": float(totals["no_known_touch_conversions"]),
        "value": float(totals["no_known_touch_revenue"]),
    }
    given = {
        kind: np.append(credits, nobodys[kind])[rows["code"].to_numpy(dtype=np.int64)]
        for kind, credits in (("conversions", credit.conversions), ("value", credit.values))
    }
    revenue = _exact(given["value"], total, "value", touched=known)
    conversions = _exact(given["conversions"], totals["conversions"], "conversions", touched=known)
    table = pd.DataFrame(
        {
            "model": credit.model,
            "channel": rows["channel"].astype(object).where(rows["channel"].notna(), None),
            "side": rows["side"].astype(object).where(rows["side"].notna(), None),
            "is_no_known_touch": ~known,
            "conversions": conversions,
            "conversions_share": (
                conversions / totals["conversions"] if totals["conversions"] else math.nan
            ),
            "revenue": revenue,
            "revenue_share": revenue / total if total else math.nan,
            "touches": rows["touches"].astype("int64"),
        }
    )
    order = table.assign(
        minus_revenue=-table["revenue"],
        minus_conversions=-table["conversions"],
        is_missing=table["channel"].isna(),
        name=table["channel"].fillna("").astype(str),
    ).sort_values(["is_no_known_touch", "minus_revenue", "minus_conversions", "is_missing", "name"])
    return table.loc[order.index]


def _sum(values: pd.Series, kind: str) -> float:
    return round(math.fsum(values), _DECIMALS[kind])


def _exact(credits: Floats, total: float, kind: str, *, touched: Bools) -> Floats:
    """Credits rounded, the largest credit of touches so that all sum to the total.

    Raises
    ------
    DataError
        More is missing than rounding explains.
    """
    rounded = credits.round(_DECIMALS[kind])
    left = total - math.fsum(rounded)
    allowed = 1e-9 * math.fsum(np.abs(rounded)) + (len(rounded) + 1) * 10.0 ** -_DECIMALS[kind]
    if abs(left) > allowed:
        raise DataError(
            f"Credits sum to {math.fsum(rounded):.9g}, not to the {total:.9g} that was there to "
            "share: the amounts of the deals are too far apart to be added up."
        )
    if touched.any():
        largest = np.where(touched, np.abs(rounded), -1.0).argmax()
        rounded[largest] = round(rounded[largest] + left, _DECIMALS[kind])
    return rounded
