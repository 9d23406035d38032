"""Was a deal sourced by marketing? Three definitions, each with a reason for its verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["DEFINITIONS", "verdicts"]

DEFINITIONS = ("first_touch", "lead_created", "any_touch")
"""The three definitions, in the order in which they are shown."""

_MARKETING = "marketing"
_SIDE_OF_ORIGIN = {
    "inbound": _MARKETING,
    "outbound": "sales",
    "network": "sales",
    "partner": "partner",
}


def verdicts(deals: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    """Each deal with its three verdicts.

    Parameters
    ----------
    deals
        One row per deal, as `metrics/marketing_sourced` has them, with `value`.
    touches
        One row per deal and touch before its conversion, in the order of the journey: `deal_row`
        (the place of the deal in `deals`), `touched_at`, `channel`, `side`.

    Returns
    -------
    DataFrame
        The deals with, for each definition, the verdict (missing: cannot be judged), `…_why`, the
        `…_channel` behind it and `…_at` when it was; and `has_side_conflict`.
    """
    table = deals.reset_index(drop=True)
    early = _before_opportunity(table, touches)
    first = early.drop_duplicates("deal_row").set_index("deal_row").reindex(table.index)
    is_marketing = early["side"].astype(object) == _MARKETING
    any_of_ours = early[is_marketing].drop_duplicates("deal_row")
    any_of_ours = any_of_ours.set_index("deal_row").reindex(table.index)
    known_from = table[["created_at", "lead_created_at"]].min(axis=1)
    is_cut = (known_from < table["touches_from"]).to_numpy(dtype=bool)
    table = _by_first_touch(table, first, is_cut)
    table = _by_lead(table)
    return _by_any_touch(table, first, any_of_ours, early, is_cut)


def _before_opportunity(deals: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    """The touches up to the creation of the opportunity; all of them where that is not known."""
    by_at = deals["created_by_at"].to_numpy()[touches["deal_row"].to_numpy()]
    return touches[np.isnat(by_at) | (touches["touched_at"].to_numpy() <= by_at)]


def _judged(
    table: pd.DataFrame,
    name: str,
    *,
    is_sourced: pd.Series,
    why: pd.Series,
    unknown: list[tuple[str, pd.Series]],
    channel: pd.Series,
    at: pd.Series,
) -> pd.DataFrame:
    """A verdict with its reason; the first of `unknown` that holds takes the verdict away."""
    verdict = is_sourced.astype("boolean")
    reason = why.astype(object)
    for code, holds in reversed(unknown):
        verdict = verdict.mask(holds)
        reason = reason.mask(holds, code)
    channel = channel.astype(object)
    return table.assign(
        **{
            name: verdict,
            f"{name}_why": reason,
            f"{name}_channel": channel.where(channel.notna(), None),
            f"{name}_at": at,
        }
    )


def _by_first_touch(table: pd.DataFrame, first: pd.DataFrame, is_cut: object) -> pd.DataFrame:
    cut = pd.Series(is_cut, table.index)
    side = first["side"].astype(object)
    return _judged(
        table,
        "first_touch",
        is_sourced=side == _MARKETING,
        why=pd.Series("touch", table.index),
        unknown=[
            ("no_touch", first["touched_at"].isna()),
            ("before_records", cut),
            ("no_side", side.isna()),
        ],
        channel=first["channel"],
        at=first["touched_at"],
    )


def _by_lead(table: pd.DataFrame) -> pd.DataFrame:
    """Where the deal's lead came from: its channel, else its origin."""
    by_channel = table["channel_side"].astype(object)
    origin = table["origin"].astype(object)
    by_origin = table["origin_side"].astype(object)
    by_origin = by_origin.where(by_origin.notna(), origin.map(_SIDE_OF_ORIGIN))
    side = by_channel.where(by_channel.notna(), by_origin)
    is_late = (table["lead_created_at"] > table["created_by_at"]).fillna(False)
    judged = _judged(
        table,
        "lead_created",
        is_sourced=side == _MARKETING,
        why=pd.Series(np.where(by_channel.notna(), "channel", "origin"), table.index),
        unknown=[
            ("no_lead", table["lead"].isna()),
            ("lead_after_opportunity", is_late.astype(bool)),
            ("no_source", side.isna()),
        ],
        channel=table["lead_channel"].astype(object).where(by_channel.notna(), origin),
        at=table["lead_created_at"],
    )
    both = by_channel.notna() & by_origin.notna()
    differ = (by_channel == _MARKETING) != (by_origin == _MARKETING)
    return judged.assign(has_side_conflict=both & differ)


def _by_any_touch(
    table: pd.DataFrame,
    first: pd.DataFrame,
    ours: pd.DataFrame,
    early: pd.DataFrame,
    is_cut: object,
) -> pd.DataFrame:
    """A touch of marketing is a yes whatever else is not known; its lack has to be known."""
    has_one = ours["touched_at"].notna()
    sideless = set(early.loc[early["side"].isna(), "deal_row"])
    has_sideless = pd.Series([row in sideless for row in table.index], table.index, dtype=bool)
    cut = pd.Series(is_cut, table.index)
    return _judged(
        table,
        "any_touch",
        is_sourced=has_one,
        why=pd.Series("touch", table.index),
        unknown=[
            ("no_touch", first["touched_at"].isna()),
            ("no_opportunity_date", has_one & table["created_by_at"].isna()),
            ("before_records", ~has_one & cut),
            ("no_side", ~has_one & has_sideless),
        ],
        channel=ours["channel"].astype(object).where(has_one, first["channel"].astype(object)),
        at=ours["touched_at"].where(has_one, first["touched_at"]),
    )
