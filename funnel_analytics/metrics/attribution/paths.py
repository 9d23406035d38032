"""Which ways did journeys take, how long were they, and what does each channel do in them?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.credit.described import (
    first_to_last,
    length_bands,
    paths,
    roles,
    steps,
    times,
    transitions,
)
from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.estimates import normal_quantile, wilson
from funnel_analytics.metrics.attribution.asked import WON, Asked, asked
from funnel_analytics.metrics.attribution.keys import campaign_names
from funnel_analytics.metrics.attribution.reading import Read, read
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["journey_paths"]

_CONFIDENCE = 0.95
_MOST_KEYS, _MOST_PLACES = 6, 4
_COLUMNS = [
    "path",
    "is_folded",
    "touches",
    "conversions",
    "conversions_share",
    "value",
    "value_share",
    "journeys",
    "conversion_rate",
    "conversion_low",
    "conversion_high",
]


def journey_paths(
    warehouse: Warehouse,
    *,
    period: Period,
    conversion: str = WON,
    by: str = "channel",
    journeys_of: str | None = None,
    lookback_days: int | None = None,
    repeats: str | None = None,
    direct: str | None = None,
    pool_below: int | None = None,
) -> Result:
    """Which ways did the journeys of a period take, and what does each channel do in them?

    Parameters
    ----------
    warehouse, period, conversion, journeys_of, lookback_days, repeats, direct, pool_below
        As in `attribute`.
    by
        What a path is of: `"channel"`, `"side"`, `"campaign"` or another key of `attribute`.

    Returns
    -------
    Result
        One row per path, that is per order of channels with repeats collapsed, most conversions
        first. `journeys` are those with the path, whether they converted in the period or not;
        `conversion_rate` is the share that did, with its 95 % interval (Wilson). Journeys without
        a conversion are those of leads (or accounts) with a touch in the period, none of whose
        conversions came before its end. `conversions_share` and `value_share` are of all
        conversions with a known touch; a deal without an amount counts 0. Paths of fewer journeys
        than `minimum_group_size` are one row, `is_folded`, which is last and names no path.

        Parts:

        - `lengths`: touches per journey, in bands `touches_from` to `touches_to` of at least
          `minimum_group_size` conversions each;
        - `times`: days from the first touch in the window to the conversion, for all (bounds
          missing) and for each band: quartiles and the 95 % limits of the median. Where only the
          day of a conversion is known, days count to its end, while the lookback counts from its
          beginning: then a journey can be up to a day longer than the lookback;
        - `roles`: per key, of the touches in journeys that converted, how many opened one, closed
          one, stood between or were alone; they sum to `touches`. `assisted` are conversions whose
          journey has the key but ends in another one, `last` those that end in it, and
          `assisted_per_last` their ratio (missing without a last);
        - `transitions`: how often one state followed another, from "(start)" to "(conversion)" or
          "(no conversion)"; `share` is of all steps from a state;
        - `steps`: the same by place in the collapsed path, for the figure: the keys with the most
          touches, the others as one, and what comes after the last place told apart as
          "(further touches)";
        - `first_to_last`: which key opened the journeys that which key closed; pairs of fewer
          conversions than `minimum_group_size` are one row, `is_folded`;
        - `campaigns` (by campaign): the `name` of each `campaign` of journeys that converted.

        Notes: `journeys` (conversions, of which without a known touch, and journeys without a
        conversion), `folded_paths`, `touches_left_out`.

    Raises
    ------
    CallError, MissingTableError
        As in `attribute`.

    Notes
    -----
    A path says what came before a conversion, not what led to it.
    """
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
        metric="journey_paths",
    )
    found = read(warehouse, question, with_open=True)
    smallest = warehouse.agreement.minimum_group_size
    ways, folded = paths(found.journeys, smallest=smallest)
    answers, parts = list(found.answers), _parts(found, smallest)
    if by == "campaign":
        answers.append(warehouse.query("metrics/campaigns_listed"))
        parts["campaigns"] = _campaigns(answers[-1].table, parts["roles"]["key"])
    unit = warehouse.agreement.currency if question.is_deal else "conversions"
    return warehouse.result(
        "journey_paths",
        grain=f"one row per path of {by}s",
        units={
            "touches": "touches",
            "conversions": "deals" if question.is_deal else "leads",
            "conversions_share": "share of conversions with a known touch",
            "value": unit,
            "value_share": "share of their value",
            "journeys": "journeys",
            "conversion_rate": "share of journeys",
        },
        definition=_definition(question),
        answers=answers,
        table=_rated(ways),
        parameters=question.parameters,
        parts=parts,
        notes=_notes(found, folded),
    )


def _campaigns(listed: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    """One row per campaign of the journeys that is listed: what it is called."""
    campaign = keys[keys.isin(listed["campaign"])].astype(object).reset_index(drop=True)
    return pd.DataFrame({"campaign": campaign, "name": campaign_names(listed, campaign)})


def _definition(question: Asked) -> str:
    what = "won deals" if question.conversion == WON else f"'{question.conversion}'"
    return (
        f"The order of the touches in the {question.lookback_days} days before {what}, repeats "
        "collapsed; beside them journeys with a touch in the period and no conversion before its "
        "end. What came before is not what led to it."
    )


def _rated(ways: pd.DataFrame) -> pd.DataFrame:
    """Paths with their shares and rates."""
    table = ways.copy()
    for name in ("conversions", "value"):
        total = float(table[name].sum())
        table[f"{name}_share"] = table[name] / total if total else np.nan
    table["conversion_rate"] = table["conversions"] / table["journeys"]
    low, high = wilson(table["conversions"], table["journeys"], confidence=_CONFIDENCE)
    table["conversion_low"], table["conversion_high"] = low, high
    table["path"] = table["path"].astype(object).where(table["path"].notna(), None)
    return table[_COLUMNS]


def _parts(found: Read, smallest: int) -> dict[str, pd.DataFrame]:
    journeys = found.journeys
    bands = length_bands(journeys, smallest=smallest)
    ends, _ = first_to_last(journeys, smallest=smallest)
    for name in ("first", "last"):
        ends[name] = ends[name].astype(object).where(ends[name].notna(), None)
    follow = transitions(journeys)
    follow["share"] = follow["steps"] / follow.groupby("from_state")["steps"].transform("sum")
    return {
        "lengths": _shared(bands),
        "times": times(journeys, bands, z=normal_quantile(_CONFIDENCE)),
        "roles": _roles(found, journeys),
        "transitions": follow,
        "steps": steps(journeys, most_keys=_MOST_KEYS, most_places=_MOST_PLACES),
        "first_to_last": ends,
    }


def _shared(bands: pd.DataFrame) -> pd.DataFrame:
    total = float(bands["conversions"].sum())
    share = bands["conversions"] / total if total else np.nan
    return bands.assign(conversions_share=share)


def _roles(found: Read, journeys: Journeys) -> pd.DataFrame:
    """What each key does, with its side."""
    table = roles(journeys)
    places = [journeys.keys.index(key) for key in table["key"]]
    last = table["last"].where(table["last"] > 0)
    side = pd.Series([found.sides[place] for place in places], table.index, dtype=object)
    table.insert(1, "side", side)
    return table.assign(assisted_per_last=table["assisted"] / last)


def _notes(found: Read, folded: int) -> list[Note]:
    open_journeys = len(found.journeys) - found.converting
    counts: dict[str, Any] = {
        "conversions": len(found.conversions),
        "without_touch": int((~found.conversions["has_touch"]).sum()),
        "without_conversion": open_journeys,
    }
    pooled = {"values": found.pooled, "pool_below": found.asked.pool_below}
    return [
        Note("journeys", counts),
        *([Note("folded_paths", {"paths": folded})] if folded else []),
        *([Note("touches_left_out", dict(found.left_out))] if any(found.left_out.values()) else []),
        *([Note("pooled", pooled)] if found.pooled else []),
    ]
