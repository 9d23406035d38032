"""Which touch was credited with how much of which conversion?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.arguments import Wrong
from funnel_analytics.credit.journeys import Bools, Floats
from funnel_analytics.credit.spread import exact_amounts
from funnel_analytics.errors import CallError
from funnel_analytics.metrics.attribution.asked import (
    WON,
    Asked,
    Model,
    asked,
    model_name,
    models_asked,
)
from funnel_analytics.metrics.attribution.modelled import needs_open, settings_of
from funnel_analytics.metrics.attribution.reading import Read, read
from funnel_analytics.metrics.attribution.spreading import Shared, shared
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result, plain
from funnel_analytics.warehouse import WRITTEN_AS, Warehouse, write_rows

__all__ = ["attribution_credits"]

_TABLE = "credits"
_MOST_SHEET_ROWS = 1_048_575
_TOUCH = ["touched_at", "channel", "side", "campaign"]
_COLUMNS = [
    "model",
    "conversion_id",
    "converted_at",
    "place",
    "places",
    *_TOUCH,
    "is_no_known_touch",
    "value",
    "weight",
    "credit",
]


def attribution_credits(
    warehouse: Warehouse,
    *,
    period: Period,
    model: Model | Sequence[Model] | None = None,
    lookback_days: int | None = None,
    conversion: str = WON,
    journeys_of: str | None = None,
    repeats: str | None = None,
    direct: str | None = None,
    pool_below: int | None = None,
    save_to: Path | str | None = None,
) -> Result:
    """Which touch was credited with how much of which conversion?

    Parameters
    ----------
    warehouse, period, model, lookback_days, conversion, journeys_of, repeats, direct, pool_below
        As in `attribute`.
    save_to
        Also write the rows: `.parquet` or `.duckdb` (a table `credits` in a file of its own) by the
        engine, `.csv`, `.xlsx` or `.json` as `Result.save` does.

    Returns
    -------
    Result
        One row per model, conversion and touch, in this order. `conversion_id` is the deal (or the
        lead, where `conversion` is a stage) as the warehouse has it; `place` is that of the touch
        in its journey of `places` touches. `weight` is the share of the conversion that the model
        gives to the touch, `credit` that share of the `value`: the deal's amount, or 1. The credits
        of a conversion sum to its value to the last bit, in any order; where a deal has no amount,
        both are missing. A conversion without a touch in the window is one row,
        `is_no_known_touch`, with all of it. Nothing tells of our people.

        The part `by_channel` compares, per model and channel, the `credit` of the rows with the
        `model_credit` of `attribute`, and `conversions` with `model_conversions`.

        Notes: `totals`, `touches_left_out`, `spread_credit` (models whose rows are spread).

    Raises
    ------
    CallError
        As in `attribute`, a file that cannot be written, or more rows than a sheet holds.
    MissingTableError
        As in `attribute`.

    Notes
    -----
    In every model the credits of a conversion, and of any set of conversions, sum to their value.
    Rules credit touches, and their rows sum to the table of `attribute` in every slice of touches,
    too. So do those of `shapley` and `shapley_ordered` by channel: a journey is divided equally
    among its channels, and a channel's part equally among its touches there. The other fitted
    models (and a function that credits keys) divide the sum of all journeys, not each of them; a
    journey is then spread over its channels in proportion to their shares of the whole (negative
    ones count as 0), so that channels sum to something else than in `attribute`: `by_channel` shows
    both.
    """
    agreed = warehouse.agreement.attribution
    wrong = Wrong()
    if save_to is not None:
        wrong.unless_kind("save_to", save_to, (str, Path), "the path of a file")
    models = models_asked(warehouse, model, wrong)
    question = asked(
        warehouse,
        period=period,
        conversion=conversion,
        by="channel",
        journeys_of=journeys_of,
        lookback_days=lookback_days,
        repeats=repeats,
        direct=direct,
        pool_below=pool_below,
        metric="attribution_credits",
        wrong=wrong,
    )
    found = read(warehouse, question, with_open=needs_open(models))
    base = _Base(warehouse, found)
    settings = settings_of(agreed)
    names = [model_name(each) for each in models]
    given = [shared(found, each, settings) for each in models]
    tables = [base.with_credit(each.weights) for each in given]
    table = pd.concat(tables, ignore_index=True)
    touches = np.bincount(found.converted.codes, minlength=len(found.names))
    is_shown = np.any([touches > 0, *(each.by_model.conversions != 0 for each in given)], axis=0)
    compared = [
        _by_channel(found, name, each, is_shown) for name, each in zip(names, given, strict=True)
    ]
    spread = [name for name, each in zip(names, given, strict=True) if each.is_spread]
    numbers = np.repeat(np.arange(len(names)), [len(each) for each in tables])
    table["model"] = pd.Categorical.from_codes(numbers, pd.Index(names))
    result = warehouse.result(
        "attribution_credits",
        grain=f"one row per model, {'deal' if question.is_deal else 'lead'} and touch",
        units={
            "value": warehouse.agreement.currency if question.is_deal else "conversions",
            "weight": "share of the conversion",
            "credit": warehouse.agreement.currency if question.is_deal else "conversions",
        },
        definition=_definition(question),
        answers=[*found.answers, *base.answers],
        table=table[_COLUMNS],
        parameters={
            **question.parameters,
            "model": tuple(names),
            "half_life_days": agreed.half_life_days,
            "first_share": agreed.first_share,
            "last_share": agreed.last_share,
        },
        parts={"by_channel": pd.concat(compared, ignore_index=True)},
        notes=_notes(found, spread),
    )
    if save_to is not None:
        _save(result, table[_COLUMNS], Path(save_to))
    return result


class _Base:
    """The conversions with their touches: what the rows of every model have in common."""

    def __init__(self, warehouse: Warehouse, found: Read) -> None:
        self.answers, ids = _ids(warehouse, found)
        conversions, journeys = found.conversions, found.converted
        touches = found.touches.head(journeys.touches)
        untouched = np.flatnonzero(~conversions["has_touch"].to_numpy(dtype=bool))
        rows = np.concatenate([np.repeat(found.conversion_rows, journeys.lengths), untouched])
        self._order = np.argsort(rows, kind="stable")
        self._journeys = journeys
        self._values = conversions["value"].to_numpy(dtype=float)
        self._touched, self._untouched = found.conversion_rows, untouched
        common = {
            "conversion_id": pd.Categorical.from_codes(rows, pd.Index(ids)),
            "converted_at": conversions["converted_at"].to_numpy()[rows],
            "place": _filled(touches["place"], len(untouched)),
            "places": np.append(
                np.repeat(journeys.lengths, journeys.lengths), np.zeros(len(untouched), np.int64)
            ),
            **{name: touches[name].array for name in _TOUCH},
            "is_no_known_touch": np.arange(len(rows)) >= journeys.touches,
            "value": self._values[rows],
        }
        if len(untouched):
            common |= {name: _longer(common[name], len(untouched)) for name in _TOUCH}
        self._common = pd.DataFrame(common).take(self._order)

    def with_credit(self, weights: Floats) -> pd.DataFrame:
        """The rows of one model, from the weight of each touch."""
        amounts = exact_amounts(self._journeys, weights, self._values[self._touched])
        weight = np.append(weights, np.ones(len(self._untouched)))
        credit = np.append(amounts, self._values[self._untouched])
        return self._common.assign(weight=weight[self._order], credit=credit[self._order])


def _ids(warehouse: Warehouse, found: Read) -> tuple[list[Any], list[Any]]:
    """The id of each conversion: of its deal, or of its lead."""
    question = found.asked
    if question.is_deal:
        return [], found.conversions["deal"].tolist()
    answer = warehouse.query(
        "metrics/converted_leads",
        period_start=question.start,
        period_end=question.end,
        position=question.position,
    )
    names = answer.table.set_index("lead_no")["lead"]
    return [answer], names.loc[found.conversions["lead_no"]].tolist()


def _filled(places: pd.Series, missing: int) -> Any:
    """Places as whole numbers, and as many missing ones."""
    values = np.append(places.to_numpy(dtype=np.int64), np.zeros(missing, np.int64))
    return pd.arrays.IntegerArray(values, np.arange(len(values)) >= len(places))


def _longer(values: Any, missing: int) -> Any:
    """A column with missing values at its end."""
    return pd.Series(values).reindex(range(len(values) + missing)).array


def _by_channel(found: Read, model: str, given: Shared, is_shown: Bools) -> pd.DataFrame:
    """What the rows of a model give to each channel, and what the model itself does."""
    by_rows, by_model = given.by_rows, given.by_model
    table = pd.DataFrame(
        {
            "model": model,
            "channel": pd.Series(found.names, dtype=object),
            "is_no_known_touch": False,
            "conversions": by_rows.conversions.round(9),
            "model_conversions": by_model.conversions.round(9),
            "credit": by_rows.values.round(6),
            "model_credit": by_model.values.round(6),
        }
    )[is_shown]
    is_untouched = ~found.conversions["has_touch"]
    if is_untouched.any():
        count = float(is_untouched.sum())
        value = round(float(found.conversions.loc[is_untouched, "value"].sum()), 6)
        row = [model, None, True, count, count, value, value]
        table = pd.concat(
            [table, pd.DataFrame([row], columns=table.columns)] if len(table)
            else [pd.DataFrame([row], columns=table.columns)],
            ignore_index=True,
        )  # fmt: skip
    return table.assign(difference=(table["credit"] - table["model_credit"]).round(6))


def _definition(question: Asked) -> str:
    return (
        f"Each conversion with its touches in the {question.lookback_days} days before it; the "
        "credits of a conversion sum to its value in every model. Credit is a rule for sharing, "
        "not a measured effect."
    )


def _notes(found: Read, spread: Sequence[str]) -> list[Note]:
    conversions = found.conversions
    untouched = ~conversions["has_touch"]
    totals = {
        "conversions": len(conversions),
        "revenue": round(float(conversions["value"].sum()), 6),
        "no_known_touch_conversions": int(untouched.sum()),
        "no_known_touch_revenue": round(float(conversions.loc[untouched, "value"].sum()), 6),
        "deals_without_amount": int(conversions["value"].isna().sum()),
    }
    pooled = {"values": found.pooled, "pool_below": found.asked.pool_below}
    return [
        Note("totals", totals),
        *([Note("touches_left_out", dict(found.left_out))] if any(found.left_out.values()) else []),
        *([Note("pooled", pooled)] if found.pooled else []),
        *([Note("spread_credit", {"models": tuple(spread)})] if spread else []),
    ]


def _save(result: Result, rows: pd.DataFrame, file: Path) -> None:
    """Write the rows by their suffix."""
    if file.suffix.lower() in WRITTEN_AS:
        described = {
            "metric": result.metric,
            "definition": result.definition,
            "as_of": str(plain(result.as_of)),
            "parameters": json.dumps(
                {name: plain(value) for name, value in result.parameters.items()}
            ),
        }
        write_rows(file, rows, table=_TABLE, described=described)
        return
    if file.suffix.lower() == ".xlsx" and len(rows) > _MOST_SHEET_ROWS:
        raise CallError(
            f"{len(rows)} rows do not fit into a sheet ({_MOST_SHEET_ROWS}): save them as "
            f"{' or '.join(WRITTEN_AS)}, or ask for one model or a shorter period."
        )
    result.save(file)
