"""How far models of attribution lie apart, channel by channel."""

from __future__ import annotations

import pandas as pd

__all__ = ["MEASURES", "ranges", "row_keys"]

MEASURES = ("revenue", "conversions")
"""What shares are of, the one that the agreed figure shows first."""

_DECIMALS = 12  # what differs by less is the same share
_NAMES = ["channel", "side", "is_no_known_touch"]
_RANGE = [
    "measure",
    *_NAMES,
    "agreed_share",
    "agreed_low",
    "agreed_high",
    "lowest_share",
    "lowest_model",
    "highest_share",
    "highest_model",
    "spread",
    "best_place",
    "worst_place",
    "models",
]


def row_keys(table: pd.DataFrame) -> list[tuple[bool, str | None]]:
    """What a row of credit is about: a channel, the touches without one, or no known touch."""
    return [
        (bool(unknown), channel if isinstance(channel, str) else None)
        for unknown, channel in zip(table["is_no_known_touch"], table["channel"], strict=True)
    ]


def ranges(table: pd.DataFrame, *, measures: tuple[str, ...], agreed: str) -> pd.DataFrame:
    """One row per measure and channel: the lowest and the highest share that any model credits.

    `best_place` and `worst_place` are the channel's places among the known channels (1: credited
    with most; equal shares have the better place). Where models say the same, the one asked for
    first is named. Sorted by the share of the agreed model, or of the first model without it; what
    has no known touch comes last.
    """
    models = list(dict.fromkeys(table["model"]))
    if not models:
        return pd.DataFrame(columns=_RANGE)
    told = agreed if agreed in models else models[0]
    parts = [_of_measure(table, measure, models, told, agreed) for measure in measures]
    return pd.concat(parts, ignore_index=True)[_RANGE]


def _of_measure(
    table: pd.DataFrame, measure: str, models: list[str], told: str, agreed: str
) -> pd.DataFrame:
    keys = pd.Series(row_keys(table), index=table.index, dtype=object)
    codes, heads = pd.factorize(keys)
    numbers = pd.Series(codes, index=table.index)
    share = f"{measure}_share"
    wide = (
        table.assign(_row=numbers)
        .pivot(index="_row", columns="model", values=share)
        .reindex(index=range(len(heads)), columns=models)
        .round(_DECIMALS)
    )
    known = pd.Series([not unknown for unknown, _ in heads], index=wide.index)
    places = wide[known].rank(ascending=False, method="min").reindex(wide.index)
    first = table.assign(_row=numbers).groupby("_row", sort=True)[_NAMES].head(1)
    found = first.reset_index(drop=True)
    found["channel"] = found["channel"].astype(object).where(found["channel"].notna(), None)
    found["side"] = found["side"].astype(object).where(found["side"].notna(), None)
    mine = table.assign(_row=numbers)[table["model"] == agreed].set_index("_row")
    for name, column in (("share", share), ("low", f"{share}_low"), ("high", f"{share}_high")):
        found[f"agreed_{name}"] = mine[column].reindex(wide.index).astype("float64")
    judged = wide.notna().any(axis=1)
    found["lowest_share"], found["highest_share"] = wide.min(axis=1), wide.max(axis=1)
    for end in ("lowest", "highest"):
        pick = wide[judged].idxmin(axis=1) if end == "lowest" else wide[judged].idxmax(axis=1)
        found[f"{end}_model"] = pick.reindex(wide.index).astype(object)
    found["spread"] = found["highest_share"] - found["lowest_share"]
    found["best_place"] = places.min(axis=1).astype("Int64")
    found["worst_place"] = places.max(axis=1).astype("Int64")
    found["models"] = wide.notna().sum(axis=1).astype("int64")
    found.insert(0, "measure", measure)
    order = pd.DataFrame({"unknown": ~known, "share": -wide[told], "name": found["channel"]})
    order["name"] = order["name"].fillna("").astype(str)
    return found.loc[order.sort_values(["unknown", "share", "name"], kind="stable").index]
