"""What models of attribution credit, against what each channel truly brought."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from funnel_analytics.arguments import is_number
from funnel_analytics.errors import CallError
from funnel_analytics.metrics.attribution.ranges import row_keys
from funnel_analytics.periods import Period

__all__ = ["Truth", "errors_of", "true_conversions", "with_truth"]

Truth = Mapping[str | None, float] | Path | str
"""Conversions that would be missing without each channel, or a file that has them."""

_MISSING = "(missing)"
_WON = "won"
_TRUTH = [
    "model",
    "channel",
    "is_no_known_touch",
    "true_conversions",
    "true_share",
    "credited_conversions",
    "credited_share",
    "error",
]
_ERRORS = ["model", "place", "wrong_share", "most_above", "above", "most_below", "below"]


def true_conversions(truth: Truth, *, period: Period, conversion: str) -> dict[str | None, float]:
    """The true incremental conversions of each channel; `None` is what nobody knows the channel of.

    Raises
    ------
    CallError
        The file has none, it counts something else than what is asked, or a number is none.
    """
    given = truth if isinstance(truth, Mapping) else _of_file(Path(truth), period, conversion)
    found: dict[str | None, float] = {}
    for channel, number in given.items():
        if not is_number(number):
            raise CallError(f"The truth about '{channel}' is a number, not {number!r}.")
        if not math.isfinite(number) or number < 0:
            raise CallError(f"The truth about '{channel}' is a count of conversions, not {number}.")
        found[None if channel == _MISSING else channel] = float(number)
    if math.fsum(found.values()) <= 0:
        raise CallError(
            f"By the truth that was given no channel brought anything in {period.label}: there are "
            "no shares to compare with."
        )
    return found


def _of_file(path: Path, period: Period, conversion: str) -> Mapping[str | None, float]:
    """The won deals that the months of a period have by channel in a `truth.json`."""
    if conversion != _WON:
        raise CallError(
            f"{path.name} counts won deals; for '{conversion}' give the truth by channel."
        )
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CallError(f"The truth cannot be read: {error}.") from error
    except ValueError as error:
        raise CallError(f"{path} is no JSON file: {error}.") from error
    try:
        by_month = told["attribution"]["by_month_closed"]
    except (KeyError, TypeError) as error:
        raise CallError(
            f"{path} says nothing of what channels brought: it needs attribution.by_month_closed, "
            "as in the truth.json of `funnel sample`."
        ) from error
    months = period.months()
    if (months[0].start, months[-1].end) != (period.start, period.end):
        raise CallError(f"{path.name} counts whole months; {period.label} is none of them.")
    found: dict[str | None, float] = {}
    for month in months:
        for channel, counts in by_month.get(month.label, {}).items():
            found[channel] = found.get(channel, 0.0) + counts["won_deals"]
    return found


def with_truth(table: pd.DataFrame, truth: Mapping[str | None, float]) -> pd.DataFrame:
    """One row per model and channel: its share of the credit beside its share of the truth.

    A channel that either side lacks has 0 there; what has no known touch is true of no channel.
    """
    total = math.fsum(truth.values())
    rows: list[dict[str, Any]] = []
    for model, mine in table.groupby("model", sort=False):
        credited = dict(
            zip(
                row_keys(mine),
                zip(mine["conversions"], mine["conversions_share"], strict=True),
                strict=True,
            )
        )
        others = [(False, channel) for channel in truth if (False, channel) not in credited]
        for key in [*credited, *others]:
            unknown, channel = key
            conversions, share = credited.get(key, (0.0, 0.0))
            true = 0.0 if unknown else truth.get(channel, 0.0)
            rows.append(
                {
                    "model": model,
                    "channel": channel,
                    "is_no_known_touch": unknown,
                    "true_conversions": true,
                    "true_share": true / total,
                    "credited_conversions": conversions,
                    "credited_share": share,
                    "error": share - true / total,
                }
            )
    found = pd.DataFrame(rows, columns=_TRUTH)
    found["channel"] = found["channel"].astype(object).where(found["channel"].notna(), None)
    return found


def errors_of(compared: pd.DataFrame) -> pd.DataFrame:
    """One row per model, the nearest to the truth first.

    `wrong_share` is the share of all conversions that would have to be credited to another channel
    for the shares to be true: half the sum of the absolute errors. `most_above` is the channel that
    is credited too much by the largest share `above`, `most_below` too little by `below`; missing
    where there is none. What has no known touch is not named, but counts.
    """
    rows = []
    for model, mine in compared.groupby("model", sort=False):
        named = mine[~mine["is_no_known_touch"].astype(bool)]
        off = named["error"].to_numpy(dtype=float)
        high, low = int(off.argmax()), int(off.argmin())
        above, below = float(off[high]), -float(off[low])
        rows.append(
            {
                "model": model,
                "wrong_share": float(mine["error"].abs().sum() / 2),
                "most_above": named["channel"].iloc[high] if above > 0 else None,
                "above": above if above > 0 else math.nan,
                "most_below": named["channel"].iloc[low] if below > 0 else None,
                "below": below if below > 0 else math.nan,
            }
        )
    found = pd.DataFrame(rows, columns=[name for name in _ERRORS if name != "place"])
    found = found.sort_values("wrong_share", kind="stable", ignore_index=True)
    found.insert(1, "place", found["wrong_share"].rank(method="min").astype("int64"))
    return found
