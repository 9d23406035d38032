"""Lists to act on in a terminal: the first of each, and how many more there are."""

from __future__ import annotations

import pandas as pd

from funnel_analytics.escaping import one_line
from funnel_analytics.results import Result

__all__ = ["listed"]

_MOST = 8
_LEFT_OUT = ["list", "since_at", "value", "value_basis", "link"]
_DIGITS = {"over_hours": 1, "over_days": 1, "chance_to_win": 3, "expected_value": 0}


def listed(result: Result) -> str:
    """Each list under its name: those with the highest expected value, as many as one can read."""
    table = result.table
    blocks = [
        f"{result.metric}: {result.grain}, as of {result.as_of:%Y-%m-%d %H:%M} UTC; "
        f"expected_value in {result.agreement.currency}"
    ]
    for _, row in result.part("lists").iterrows():
        if not row["is_made"]:
            continue
        rows = table[table["list"] == row["list"]]
        lines = [f"{row['list']}: {len(rows)}"]
        if len(rows):
            lines.append(_first(rows))
        if len(rows) > _MOST:
            lines.append(f"… and {len(rows) - _MOST} more; --save FILE.xlsx writes all")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _first(rows: pd.DataFrame) -> str:
    """The first rows as text; columns that say nothing of this list are left out."""
    shown = rows.head(_MOST).drop(columns=_LEFT_OUT)
    shown = shown.loc[:, shown.notna().any()]
    for name in shown.columns:
        digits = _DIGITS.get(name)
        shown[name] = ["–" if pd.isna(value) else _written(value, digits) for value in shown[name]]
    return str(shown.to_string(index=False, max_colwidth=40))


def _written(value: object, digits: int | None) -> str:
    if digits is not None:
        return f"{value:.{digits}f}"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    return one_line(str(value))
