"""How many groups a figure draws: the largest, as many as a reader can tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from funnel_analytics.plots.rows import group_columns
from funnel_analytics.wording import Words, is_missing, is_true

__all__ = ["MOST_LINES", "MOST_ROWS", "Groups", "count_groups", "largest_groups", "not_drawn"]

MOST_LINES = 5
"""Lines or panels: as many as the palette tells apart."""

MOST_ROWS = 30
"""Rows of one figure, whatever they are of."""


@dataclass(frozen=True)
class Groups:
    """The groups that a figure draws: `heads` is the first row of each, the largest first.

    `count` is how many groups the table has.
    """

    heads: pd.DataFrame
    count: int

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of a table that are about these groups, in their own order."""
        drawn = set(_keys(self.heads))
        return table[[key in drawn for key in _keys(table)]]

    def remarks(self, words: Words) -> list[str]:
        """Says how many groups are not drawn; nothing where all are."""
        return not_drawn(words, shown=len(self.heads), of=self.count)


def largest_groups(table: pd.DataFrame, *, size: str, most: int, rows_each: int = 1) -> Groups:
    """The largest groups of a table; those whose size is hidden come last.

    Parameters
    ----------
    table
        One row or several per group.
    size
        The column that is added up over the rows of a group.
    most
        How many lines or rows the figure has room for.
    rows_each
        How many of them a group takes.
    """
    keys = pd.Series(_keys(table), index=table.index, dtype=object)
    codes, _ = pd.factorize(keys)
    sizes = table[size].astype("Float64").astype("float64").groupby(codes).sum(min_count=1)
    ranked = sizes.sort_values(ascending=False, kind="stable", na_position="last").index
    heads = table[~pd.Series(codes, index=table.index).duplicated()]
    return Groups(heads.iloc[list(ranked)[: max(most // rows_each, 1)]], len(heads))


def count_groups(table: pd.DataFrame) -> int:
    """How many groups a table has."""
    return len(set(_keys(table)))


def not_drawn(words: Words, *, shown: int, of: int) -> list[str]:
    """Says how many groups a figure leaves to the table; nothing where it draws all."""
    if shown == of:
        return []
    counts = {"shown": words.whole(shown), "groups": words.whole(of)}
    return [words.say("legend.segments_hidden", count=of - shown, **counts)]


def _keys(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The group of each row: a missing value is one of its own, and so are the folded groups."""
    names = group_columns(table)
    folded = table["is_folded"] if "is_folded" in table.columns else [False] * len(table)
    values = zip(*(table[name] for name in names), strict=True) if names else [()] * len(table)
    return [
        (is_true(fold), *(None if is_missing(each) else each for each in key))
        for fold, key in zip(folded, values, strict=True)
    ]
