"""Which models foretell journeys that were held out, and where journeys cannot tell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnel_analytics.credit.choice import BASE_RATE, Predicted, compare
from funnel_analytics.credit.doubts import (
    FEW_CONVERSIONS,
    FEW_JOURNEYS,
    IN_ALL_CONVERSIONS,
    NEVER_APART,
    NO_NULLS,
    doubts,
)
from funnel_analytics.metrics.attribution.reading import Read
from funnel_analytics.results import Note

__all__ = ["FEWEST_CONVERSIONS", "FEWEST_JOURNEYS", "doubtful", "foretelling"]

FEWEST_CONVERSIONS, FEWEST_JOURNEYS = 50, 10
"""Conversions in all, and journeys with a channel, below which shares say little."""


def foretelling(found: Read, *, seed: int) -> tuple[pd.DataFrame, Note]:
    """One row per model that foretells journeys, and what is to be said of them.

    The orders of Markov chains are compared by their log likelihood; the lowest within one standard
    error of the best one's is chosen. None is without a conversion, or with fewer journeys than
    there are parts of them to hold out.
    """
    choice = compare(found.journeys, seed=seed)
    table = pd.DataFrame(choice.rows, columns=Predicted._fields)
    if choice.order is None or not choice.conversions or choice.journeys < choice.folds:
        table["is_chosen"] = False
        return table.iloc[:0], Note("certainty_not_chosen", {"journeys": int(choice.journeys)})
    name = "markov" if choice.order == 1 else f"markov_{choice.order}"
    table["is_chosen"] = table["model"] == name
    row = table[table["is_chosen"]].iloc[0]
    chains = table.loc[table["model"] != BASE_RATE].reset_index(drop=True)
    best = chains["model"].iloc[int(np.nanargmin(chains["behind"].to_numpy(dtype=float)))]
    values = {
        "chosen": name,
        "best": best,
        "auc": float(row["auc"]),
        "journeys": int(choice.journeys),
        "conversions": int(choice.conversions),
    }
    return table, Note("certainty_chosen", values)


def doubtful(found: Read) -> tuple[pd.DataFrame, list[Note]]:
    """One row per reason why the journeys cannot tell, and a note for each kind of reason."""
    names = dict(zip(found.journeys.keys, found.names, strict=True))
    told = doubts(
        found.journeys, fewest_conversions=FEWEST_CONVERSIONS, fewest_journeys=FEWEST_JOURNEYS
    )
    rows = []
    by_kind: dict[str, list[tuple[str | None, ...]]] = {}
    for each in told:
        keys = tuple(names[key] for key in each.keys)
        first, second = (*keys, None, None)[:2]
        rows.append((each.kind, first, second, int(each.number)))
        by_kind.setdefault(each.kind, []).append(keys)
    table = pd.DataFrame(rows, columns=["doubt", "channel", "other_channel", "journeys"])
    for column in ("channel", "other_channel"):
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    notes = []
    if FEW_CONVERSIONS in by_kind:
        count = int(table.loc[table["doubt"] == FEW_CONVERSIONS, "journeys"].iloc[0])
        values = {"conversions": count, "least": FEWEST_CONVERSIONS}
        notes.append(Note("certainty_few_conversions", values))
    if NO_NULLS in by_kind:
        notes.append(Note("certainty_no_nulls", {}))
    for kind in (IN_ALL_CONVERSIONS, FEW_JOURNEYS):
        if kind in by_kind:
            channels = tuple(each[0] for each in by_kind[kind])
            notes.append(Note(f"certainty_{kind}", {"channels": channels}))
    if NEVER_APART in by_kind:
        notes.append(Note("certainty_never_apart", {"pairs": tuple(by_kind[NEVER_APART])}))
    return table, notes
