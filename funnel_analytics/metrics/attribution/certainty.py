"""How sure are the shares that channels are credited with?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.arguments import Wrong
from funnel_analytics.credit.journeys import Floats
from funnel_analytics.credit.models import Credit
from funnel_analytics.credit.resample import FEWEST_DRAWS
from funnel_analytics.metrics.attribution.asked import (
    WON,
    Asked,
    Model,
    asked,
    model_name,
    models_asked,
)
from funnel_analytics.metrics.attribution.chosen import doubtful, foretelling
from funnel_analytics.metrics.attribution.modelled import credited, settings_of
from funnel_analytics.metrics.attribution.ranges import MEASURES, ranges
from funnel_analytics.metrics.attribution.reading import Read, read
from funnel_analytics.metrics.attribution.redrawn import Limits, Redrawn, redrawn
from funnel_analytics.metrics.attribution.truth import (
    Truth,
    errors_of,
    true_conversions,
    with_truth,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["attribution_certainty"]

_USUAL = (
    "first",
    "last",
    "linear",
    "position_based",
    "w_shaped",
    "time_decay",
    "markov",
    "shapley",
)
_ENDS = ("", "_low", "_high")


def attribution_certainty(
    warehouse: Warehouse,
    *,
    period: Period,
    model: Model | Sequence[Model] | None = None,
    draws: int = 200,
    seed: int = 1,
    truth: Truth | None = None,
    conversion: str = WON,
    lookback_days: int | None = None,
    journeys_of: str | None = None,
    repeats: str | None = None,
    direct: str | None = None,
    pool_below: int | None = None,
) -> Result:
    """How sure are the shares of channels, and how far do models lie apart?

    Every model shares conversions by a rule; none has measured what a channel does. Intervals say
    how much the chance of the journeys matters, ranges over models how much the rule matters.
    Neither says whether a model is right: all may be wrong together. `truth` shows by how much,
    where it is known.

    Parameters
    ----------
    period, conversion, lookback_days, journeys_of, repeats, direct, pool_below
        As in `attribute`.
    model
        The models to compare; if none are given the agreement's and `"first"`, `"last"`,
        `"linear"`, `"position_based"`, `"w_shaped"`, `"time_decay"`, `"markov"`, `"shapley"`.
    draws, seed
        How often the journeys are drawn anew for the intervals, and from which seed.
    truth
        The conversions that would be missing without each channel (a channel that is not named: 0),
        or the path of a `truth.json` as `write_sample` writes it.

    Returns
    -------
    Result
        One row per model and channel, as in `attribute`: `conversions` and `revenue` credited, and
        `conversions_share` and `revenue_share` of all conversions of the period and of their value,
        each with its 95 % interval from `…_low` to `…_high`. `is_no_known_touch` marks conversions
        without a touch. Shares of the value are missing where there is none.

        `part("range")`: one row per measure (`revenue`, `conversions`; only the latter where a
        conversion is a stage) and channel: the lowest and highest share over the models, which
        model says so, `spread` between them, the best and the worst place among the channels, and
        the share of the agreed model with its interval (missing if it was not asked for).

        `part("choice")`: one row per model that foretells journeys, of journeys held out: the mean
        `log_likelihood` of a whole journey (Markov chains only), how far it is `behind` the best
        chain's with the standard error of the difference, `log_loss` and the area under the curve
        `auc` of which journeys convert. `is_chosen` is the lowest order within one standard error
        of the best. Rules foretell nothing and are not in it; empty without a conversion or with
        fewer than five journeys.

        `part("doubts")`: one row per reason why the journeys cannot tell (`doubt`):
        `few_conversions` (below 50), `no_nulls` (no journey without a conversion was read),
        `in_all_conversions`, `few_journeys` (below 10) or `never_apart`, with the `channel`, the
        `other_channel` and the `journeys` it is about. Each kind is a note, too.

        Only with a truth, `part("truth")`: one row per model and channel with the true and the
        credited conversions and shares and the `error` between the shares; `part("errors")`: one
        row per model, the nearest first, with `wrong_share`, half the sum of the absolute errors:
        the share of the conversions that is with the wrong channel.

    Raises
    ------
    CallError
        As `attribute`; fewer than 10 draws; a truth that cannot be read, or without any conversion.
    MissingTableError
        No touches, or no deals, were loaded.

    Notes
    -----
    Intervals: percentiles of a bootstrap in which each account (or lead) is drawn a Poisson(1)
    number of times with all its journeys (Hanley & MacGibbon 2006, Comput. Methods Programs Biomed.
    83, 57-62; Efron & Tibshirani 1993, An Introduction to the Bootstrap, 13.3). Conversions without
    a touch are drawn for themselves. Choice: see `funnel_analytics.credit.choice`.
    """
    agreed = warehouse.agreement.attribution
    usual = tuple(dict.fromkeys((agreed.model, *_USUAL)))
    wrong = Wrong()
    wrong.unless_whole("draws", draws, least=FEWEST_DRAWS)
    wrong.unless_whole("seed", seed, least=0)
    if truth is not None:
        what = "a number of conversions by channel, or the path of a truth.json"
        wrong.unless_kind("truth", truth, (Mapping, str, Path), what)
    models = models_asked(warehouse, usual if model is None else model, wrong)
    question = asked(
        warehouse,
        period=period,
        conversion=conversion,
        journeys_of=journeys_of,
        lookback_days=lookback_days,
        repeats=repeats,
        direct=direct,
        pool_below=pool_below,
        metric="attribution_certainty",
        wrong=wrong,
    )
    draws, seed = int(draws), int(seed)
    true = None if truth is None else true_conversions(truth, period=period, conversion=conversion)
    found = read(warehouse, question, with_open=True)
    settings = settings_of(agreed)
    credits = {model_name(each): credited(found, each, settings) for each in models}
    again = redrawn(found, models, settings, draws=draws, seed=seed)
    totals = _totals(found)
    table = _table(found, credits, again)
    measures = MEASURES if question.is_deal else MEASURES[1:]
    tested, told = foretelling(found, seed=seed)
    unsure, warnings = doubtful(found)
    further = {
        "range": ranges(table, measures=measures, agreed=agreed.model),
        "choice": tested,
        "doubts": unsure,
    }
    notes = [Note("totals", totals), *warnings, told]
    if any(found.left_out.values()):
        notes.append(Note("touches_left_out", dict(found.left_out)))
    if true is not None:
        further["truth"] = with_truth(table, true)
        further["errors"] = errors_of(further["truth"])
        notes.append(_nearest(further["errors"]))
    return warehouse.result(
        "attribution_certainty",
        grain="one row per model and channel",
        units=_units(question, warehouse.agreement.currency),
        definition=_definition(question, draws),
        answers=found.answers,
        table=table,
        parameters={
            **question.parameters,
            "model": tuple(model_name(each) for each in models),
            "half_life_days": agreed.half_life_days,
            "first_share": agreed.first_share,
            "last_share": agreed.last_share,
            "draws": draws,
            "seed": seed,
        },
        parts=further,
        notes=notes,
    )


def _totals(found: Read) -> dict[str, Any]:
    table = found.conversions
    values, touched = table["value"].fillna(0.0), table["has_touch"].astype(bool)
    return {
        "conversions": len(table),
        "revenue": round(math.fsum(values), 6),
        "no_known_touch_conversions": int((~touched).sum()),
        "no_known_touch_revenue": round(math.fsum(values[~touched]), 6),
        "deals_without_amount": int(table["value"].isna().sum()),
    }


def _table(found: Read, credits: dict[str, Credit], again: Redrawn) -> pd.DataFrame:
    """One row per model and channel, largest share of the value first, no known touch last."""
    keys = len(found.names)
    shown = np.bincount(found.converted.codes, minlength=keys) > 0
    for each in credits.values():
        shown |= each.conversions != 0
    unknown = found.conversions[~found.conversions["has_touch"].to_numpy(dtype=bool)]
    codes = [*np.flatnonzero(shown), *([keys] if len(unknown) else [])]
    count, worth = float(len(unknown)), math.fsum(unknown["value"].fillna(0.0))
    parts = []
    for model, credit in credits.items():
        part = pd.DataFrame(
            {
                "model": model,
                "channel": pd.Series([*found.names, None], dtype=object),
                "side": pd.Series([*found.sides, None], dtype=object),
                "is_no_known_touch": np.arange(keys + 1) == keys,
                **_measured("conversions", credit.conversions, count, again.conversions[model]),
                **_measured("revenue", credit.values, worth, again.values[model]),
            }
        ).iloc[codes]
        name = part["channel"].fillna("").astype(str)
        order = pd.DataFrame(
            {
                "unknown": part["is_no_known_touch"],
                "revenue": -part["revenue"],
                "conversions": -part["conversions"],
                "name": name,
            }
        ).sort_values(["unknown", "revenue", "conversions", "name"], kind="stable")
        parts.append(part.loc[order.index])
    table = pd.concat(parts, ignore_index=True)
    for column in ("channel", "side"):
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    return table


def _measured(measure: str, credits: Floats, unknown: float, limits: Limits) -> dict[str, Floats]:
    """A credit and its share of all, with their intervals; the last row is no known touch."""
    every = np.append(credits, unknown)
    total = every.sum()
    return {
        measure: every,
        f"{measure}_low": limits.low,
        f"{measure}_high": limits.high,
        f"{measure}_share": every / total if total else np.full(len(every), np.nan),
        f"{measure}_share_low": limits.share_low,
        f"{measure}_share_high": limits.share_high,
    }


def _units(question: Asked, currency: str) -> dict[str, str]:
    units = {"conversions": "deals" if question.is_deal else "leads"}
    units["revenue"] = currency if question.is_deal else "conversions"
    shares = {f"{name}_share": f"share of all {name}" for name in units}
    return {f"{name}{end}": unit for name, unit in (units | shares).items() for end in _ENDS}


def _definition(question: Asked, draws: int) -> str:
    what = {"won": "Won deals", "pipeline": "Deals created"}.get(
        question.conversion, f"First entries into '{question.conversion}'"
    )
    return (
        f"{what} in the period, shared by several models among the touches in the "
        f"{question.lookback_days} days before. Every model is a rule for sharing; none has "
        "measured what a channel does, and all may be wrong where they agree. Intervals (95 %): "
        f"journeys drawn anew {draws} times, those of an account together; they tell of chance, "
        "not of whether a model is right."
    )


def _nearest(errors: pd.DataFrame) -> Note:
    first, last = errors.iloc[0], errors.iloc[-1]
    return Note(
        "certainty_nearest",
        {
            "nearest": first["model"],
            "nearest_wrong": float(first["wrong_share"]),
            "farthest": last["model"],
            "farthest_wrong": float(last["wrong_share"]),
        },
    )
