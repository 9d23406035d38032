"""Which channels are credited with what was won?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.agreement import ATTRIBUTION_MODELS
from funnel_analytics.errors import CallError, DataError, did_you_mean
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["attribute"]

_KEYS = ("channel", "campaign", "side")
_WON_DEALS = "won"
_DECIMALS = {"conversions": 9, "value": 6}
_COLUMNS = (
    "model",
    "channel",
    "side",
    "is_no_known_touch",
    "conversions",
    "revenue",
    "revenue_share",
    "touches",
)


def attribute(
    warehouse: Warehouse,
    *,
    period: Period,
    model: str | Sequence[str] | None = None,
    lookback_days: int | None = None,
    conversion: str = _WON_DEALS,
    by: str = "channel",
) -> Result:
    """Which channels are credited with the conversions of a period?

    Parameters
    ----------
    period
        The deals won, or the first entries into a stage, in this period.
    model
        `"first"`, `"last"`, `"linear"`, `"position_based"` or `"time_decay"`, or several of them;
        the agreement's if none is given. Its shares and half-life are the agreement's.
    lookback_days
        How far before a conversion a touch may lie (both ends belong to the window); the
        agreement's if none is given.
    conversion
        `"won"` for won deals with the touches of all people on the deal (without deals and people
        that only deleted or test leads bring in), or a stage for the first recorded entry of each
        lead with the touches of its person, each worth 1. Leads that got past a stage without a
        recorded entry into it are no conversions: nothing says when they were in it.
    by
        What is credited: `"channel"`, `"campaign"` or `"side"`.

    Returns
    -------
    Result
        One row per model and value of `by`, which stands in the column `channel` whatever `by`
        is; missing where a touch has none. `is_no_known_touch` marks the row of the conversions
        that had no touch in the window. `conversions` and `revenue` are credited (revenue is the
        count of conversions where `conversion` is a stage; a deal without an amount counts 0);
        for every model they sum to the conversions of the period and to their value.
        `revenue_share` is missing where the value of all conversions is 0. `touches` are those in
        the window, once for every conversion they precede. `side` is missing where the touches of
        a row are of both.

        The part `journeys` has one row per number of touches: `touches`, `conversions`, `revenue`.
        Note `totals`: what the credit sums to. Note `touches_left_out`: touches of these people
        after their conversion, and touches in or before the period that name no person.

    Raises
    ------
    CallError
        Unknown model, stage or `by`, a window shorter than a day, or a period after the data end.
    MissingTableError
        No touches, or no deals, were loaded.

    Notes
    -----
    Weights of touch k of n: first and last 1; linear 1/n; position-based f, l and the rest shared
    equally by the touches between, f/(f+l) and l/(f+l) of two touches, 1 of one; time decay
    2^(-age / half-life), divided by the sum of the journey (Adobe Analytics, "Attribution models":
    two-touch rule and half-life). Credits are rounded to 1e-9 conversions and 1e-6 of the currency;
    what rounding leaves goes to the largest credit, so that sums are exact.
    """
    agreement = warehouse.agreement
    models = _models(agreement.attribution.model if model is None else model)
    days = _lookback(
        agreement.attribution.lookback_days if lookback_days is None else lookback_days
    )
    if by not in _KEYS:
        raise CallError(
            f"Credit cannot go by '{by}', only by {', '.join(_KEYS)}.{did_you_mean(by, _KEYS)}"
        )
    is_deal = conversion == _WON_DEALS
    position = 0 if is_deal else agreement.position(conversion)
    warehouse.require("touch", *(["deal"] if is_deal else ["lead"]), metric="attribute")
    start, end = warehouse.bounds(period)
    answer = warehouse.query(
        "metrics/attribution",
        period_start=start,
        period_end=end,
        position=position,
        lookback_days=days,
        half_life_days=float(agreement.attribution.half_life_days),
        first_share=float(agreement.attribution.first_share),
        last_share=float(agreement.attribution.last_share),
        by=by,
    )
    credit = answer.table
    journeys = _journeys(credit)
    untouched = journeys[journeys["touches"] == 0]
    totals = {
        "conversions": int(journeys["conversions"].sum()),
        "revenue": _sum(journeys["revenue"], "value"),
        "no_known_touch_conversions": int(untouched["conversions"].sum()),
        "no_known_touch_revenue": _sum(untouched["revenue"], "value"),
        "deals_without_amount": int(credit["conversions_without_value"].sum()),
    }
    rows = _rows(credit)
    table = pd.concat([_credited(rows, each, totals) for each in models], ignore_index=True)
    unit = agreement.currency if is_deal else "conversions"
    left_out = {
        name: int(credit[f"touches_{name}"].max()) if len(credit) else 0
        for name in ("after_conversion", "without_person")
    }
    return warehouse.result(
        "attribute",
        grain=f"one row per model and {by}",
        units={
            "conversions": "deals" if is_deal else "leads",
            "revenue": unit,
            "revenue_share": "share of all revenue",
            "touches": "touches",
        },
        definition=_definition(conversion, is_deal, days),
        answers=[answer],
        table=table,
        parameters={
            "period": period.label,
            "period_start": period.start,
            "period_end": period.end,
            "model": models,
            "lookback_days": days,
            "half_life_days": agreement.attribution.half_life_days,
            "first_share": agreement.attribution.first_share,
            "last_share": agreement.attribution.last_share,
            "conversion": conversion,
            "by": by,
        },
        parts={"journeys": journeys},
        notes=[
            Note("totals", totals),
            *([Note("touches_left_out", left_out)] if any(left_out.values()) else []),
        ],
    )


def _models(model: str | Sequence[str]) -> tuple[str, ...]:
    asked = (model,) if isinstance(model, str) else tuple(dict.fromkeys(model))
    problems = [
        f"Unknown attribution model '{name}'.{did_you_mean(name, ATTRIBUTION_MODELS)}"
        for name in asked
        if name not in ATTRIBUTION_MODELS
    ]
    if not asked:
        problems = ["No attribution model was asked for."]
    if problems:
        raise CallError(f"{' '.join(problems)} Known: {', '.join(ATTRIBUTION_MODELS)}.")
    return asked


def _lookback(days: object) -> int:
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise CallError(f"lookback_days is a whole number of days from 1 on, not {days!r}.")
    return days


def _definition(conversion: str, is_deal: bool, days: int) -> str:
    what = (
        "Won deals of the period with the touches of all people on them"
        if is_deal
        else f"First entries into '{conversion}' in the period with the touches of the person"
    )
    return (
        f"{what}, in the {days} days before; each model shares the value of a conversion among "
        "its touches. Credit is a rule for sharing, not a measured effect."
    )


def _journeys(credit: pd.DataFrame) -> pd.DataFrame:
    """One row per number of touches: the conversions that had so many, and their value."""
    lengths = credit.groupby("places", as_index=False)[["first_conversions", "first_value"]].sum()
    return pd.DataFrame(
        {
            "touches": lengths["places"].astype("int64"),
            "conversions": lengths["first_conversions"].astype("int64"),
            "revenue": lengths["first_value"].astype("float64").round(_DECIMALS["value"]),
        }
    )


def _rows(credit: pd.DataFrame) -> pd.DataFrame:
    """The credit of every model, one row per key: over all lengths of journey."""
    rows: list[dict[str, Any]] = []
    figures = [
        "touches",
        *[f"{model}_{kind}" for model in ATTRIBUTION_MODELS for kind in _DECIMALS],
    ]
    keyed = credit.assign(is_no_known_touch=credit["places"] == 0)
    for (label, is_no_known_touch), group in keyed.groupby(
        ["label", "is_no_known_touch"], dropna=False
    ):
        sides = group["side"].unique()
        rows.append(
            {
                "channel": label if isinstance(label, str) else None,
                "side": sides[0] if len(sides) == 1 and isinstance(sides[0], str) else None,
                "is_no_known_touch": bool(is_no_known_touch),
                **{name: math.fsum(group[name]) for name in figures},
            }
        )
    return pd.DataFrame(rows, columns=["channel", "side", "is_no_known_touch", *figures])


def _credited(rows: pd.DataFrame, model: str, totals: dict[str, Any]) -> pd.DataFrame:
    """The table of one model, largest credit first and what has no touch last."""
    total = float(totals["revenue"])
    known = ~rows["is_no_known_touch"].astype(bool)
    revenue = _exact(rows[f"{model}_value"], total, "value", touched=known)
    conversions = _exact(
        rows[f"{model}_conversions"], totals["conversions"], "conversions", touched=known
    )
    table = pd.DataFrame(
        {
            "model": model,
            "channel": rows["channel"].astype(object).where(rows["channel"].notna(), None),
            "side": rows["side"].astype(object).where(rows["side"].notna(), None),
            "is_no_known_touch": ~known,
            "conversions": conversions,
            "revenue": revenue,
            "revenue_share": revenue / total if total else math.nan,
            "touches": rows["touches"].astype("int64"),
        },
        columns=list(_COLUMNS),
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


def _exact(credits: pd.Series, total: float, kind: str, *, touched: pd.Series) -> pd.Series:
    """Credits rounded, the largest credit of touches so that all sum to the total.

    Raises
    ------
    DataError
        More is missing than rounding explains.
    """
    rounded = credits.to_numpy(dtype=float).round(_DECIMALS[kind])
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
    return pd.Series(rounded, index=credits.index, dtype="float64")
