"""How much was sourced by marketing, by three definitions of it?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.arguments import Wrong, is_one_of, shown
from funnel_analytics.estimates import wilson
from funnel_analytics.metrics.attribution.asked import PIPELINE, WON, asked
from funnel_analytics.metrics.attribution.reading import Read, read
from funnel_analytics.metrics.attribution.verdicts import DEFINITIONS, verdicts
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["marketing_sourced"]

_EVER_DAYS = 36_500
_DEFINITION = (
    "A deal is sourced by marketing if (1) the first touch recorded before the opportunity was "
    "created is of marketing; (2) the lead it belongs to was created by a channel, else an origin, "
    "of marketing; (3) any touch before the opportunity was created is of marketing. Shares are of "
    "the deals that can be judged. Sourced is not caused: no effect of marketing was measured."
)


def marketing_sourced(
    warehouse: Warehouse,
    *,
    period: Period,
    conversion: str = WON,
    journeys_of: str | None = None,
    lookback_days: int | None = None,
) -> Result:
    """How much was sourced by marketing, by three definitions of it?

    Parameters
    ----------
    period
        The deals won, or created, in this period.
    conversion
        `"won"` for deals won, `"pipeline"` for deals created (won, lost or open).
    journeys_of
        Whose touches count: of the people on the deal (`"lead"`) or of everybody at its
        `"account"`; as agreed if none is given.
    lookback_days
        How far before the conversion a touch may lie. Without it every recorded touch counts,
        whatever the agreed window is: the question is where a deal began.

    Returns
    -------
    Result
        One row per definition: `deals`; `sourced_deals` of the `judged_deals`, `sourced_share` with
        its 95 % interval (Wilson); `not_judged_deals`; and the same of the `value` (deals without
        an amount count in no value).

        - `first_touch`: the first touch before the opportunity was created is of marketing;
        - `lead_created`: the lead that the deal belongs to (the one converted into it, else that of
          its primary contact, as in `origin_mix`) was created by a channel that the agreement puts
          on marketing's side; where it has none of an agreed side, by an origin that is such a
          channel or is `inbound` (`outbound`, `network` and `partner` are not marketing's);
        - `any_touch`: at least one touch before the opportunity was created is of marketing.

        A touch in the instant of the opportunity's creation, or on its day where only that is
        known, came before. A deal that cannot be judged counts in no share, and never as a no.

        Parts:

        - `overlap`: one row per combination of the three verdicts, of the deals that all three
          judge, and one (verdicts missing) for the others;
        - `deals`: the deals on which the definitions differ, highest value first: `deal`, `value`,
          each verdict and why: `…_why` a word (`channel`, `origin`, `touch`, or why it cannot be
          judged), `…_channel` the channel (or origin) behind it, `…_at` when it was;
        - `not_judged`: per definition and reason, how many deals cannot be judged: `no_touch`
          before the opportunity, `before_records` (the lead or the opportunity is older than the
          first recorded touch), `no_side` of a touch, `no_opportunity_date`, `no_lead`,
          `lead_after_opportunity`, `no_source` of the lead.

        Notes: `sourced_deals` (all of them, and how many differ), `deals_without_amount`,
        `side_conflicts` (leads whose channel and origin point to different sides),
        `only_marketing` (all touches before these deals are of marketing, so that by touches no
        deal can have the answer no).

    Raises
    ------
    CallError
        Another conversion, an unknown choice, or a period after the data end.
    MissingTableError
        No deals were loaded. Without touches, `lead_created` alone is judged.

    Notes
    -----
    Of "lead created by marketing" other readings were left aside: the team of the lead's first
    owner (who works a lead did not create it, and names people), the owner of the stage it began in
    (stages say who answers for a step), the last touch before its creation (a reading of touches,
    as the other two are), and the earliest lead of anybody on the deal (a contact who joined late
    may have been a lead years before).
    """
    wrong = Wrong()
    is_deal = is_one_of(conversion, (WON, PIPELINE))
    if not is_deal:
        wrong.say(f"Deals are sourced, not {shown(conversion)}: conversion is {WON} or {PIPELINE}.")
    question = asked(
        warehouse,
        period=period,
        conversion=conversion if is_deal else WON,
        by="channel",
        journeys_of=journeys_of,
        lookback_days=_EVER_DAYS if lookback_days is None else lookback_days,
        repeats="kept",
        direct="kept",
        pool_below=0,
        metric="marketing_sourced",
        needs_touches=False,
        wrong=wrong,
    )
    found = read(warehouse, question)
    leads = warehouse.query(
        "metrics/marketing_sourced",
        period_start=question.start,
        period_end=question.end,
        is_created=question.is_pipeline,
        timezone=warehouse.timezone,
    )
    touches = _touches(found)
    judged = verdicts(_deals(found, leads.table), touches)
    return warehouse.result(
        "marketing_sourced",
        grain="one row per definition",
        units={
            "deals": "deals",
            "sourced_share": "share of judged deals",
            "value": warehouse.agreement.currency,
            "sourced_value_share": "share of the value of judged deals",
        },
        definition=_DEFINITION,
        answers=[*found.answers, leads],
        table=_table(judged),
        parameters={
            "period": period.label,
            "period_start": period.start,
            "period_end": period.end,
            "conversion": conversion,
            "journeys_of": question.journeys_of,
            "lookback_days": None if lookback_days is None else question.lookback_days,
        },
        parts={
            "overlap": _overlap(judged),
            "deals": _differing(judged),
            "not_judged": _not_judged(judged),
        },
        notes=_notes(judged, touches),
    )


def _deals(found: Read, leads: pd.DataFrame) -> pd.DataFrame:
    """One row per deal: its value, and where its lead came from."""
    deals = found.conversions[["deal", "value"]].merge(
        leads, on="deal", how="left", validate="one_to_one"
    )
    return deals.assign(value=deals["value"].astype("float64"))


def _touches(found: Read) -> pd.DataFrame:
    """One row per deal and touch, in the order of the journey: the deal's row, when, where."""
    touches = found.touches
    rows = found.conversion_rows[touches["journey_no"].to_numpy()]
    return touches.assign(deal_row=rows)[["deal_row", "touched_at", "channel", "side"]]


def _table(judged: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name in DEFINITIONS:
        verdict = judged[name]
        is_judged, is_sourced = verdict.notna(), verdict.fillna(False).astype(bool)
        counts = {
            "deals": len(judged),
            "judged_deals": int(is_judged.sum()),
            "sourced_deals": int(is_sourced.sum()),
            "not_judged_deals": int((~is_judged).sum()),
        }
        low, high = wilson(counts["sourced_deals"], counts["judged_deals"])
        values = {
            "value": _sum(judged["value"]),
            "judged_value": _sum(judged.loc[is_judged, "value"]),
            "sourced_value": _sum(judged.loc[is_sourced, "value"]),
            "not_judged_value": _sum(judged.loc[~is_judged, "value"]),
        }
        rows.append(
            {
                "definition": name,
                **counts,
                "sourced_share": _share(counts["sourced_deals"], counts["judged_deals"]),
                "sourced_low": float(low),
                "sourced_high": float(high),
                **values,
                "sourced_value_share": _share(values["sourced_value"], values["judged_value"]),
            }
        )
    return pd.DataFrame(rows)


def _overlap(judged: pd.DataFrame) -> pd.DataFrame:
    """One row per combination of verdicts, those not judged by all three last."""
    by_all = judged[list(DEFINITIONS)].notna().all(axis=1)
    rows: list[dict[str, Any]] = []
    for number in range(8):
        verdict = [not number & bit for bit in (4, 2, 1)]
        same = by_all.copy()
        for name, value in zip(DEFINITIONS, verdict, strict=True):
            same &= judged[name].fillna(not value).astype(bool) == value
        rows.append(dict(zip(DEFINITIONS, verdict, strict=True)) | _counted(judged[same]))
    rows.append(dict.fromkeys(DEFINITIONS) | _counted(judged[~by_all]))
    return pd.DataFrame(rows).astype(dict.fromkeys(DEFINITIONS, "boolean"))


def _differing(judged: pd.DataFrame) -> pd.DataFrame:
    """The deals of which one definition says yes and another no."""
    says = judged[list(DEFINITIONS)]
    differ = says.fillna(False).any(axis=1) & ~says.fillna(True).all(axis=1)
    columns = ["deal", "value"]
    for name in DEFINITIONS:
        columns += [name, *(f"{name}_{what}" for what in ("why", "channel", "at"))]
    chosen = judged.loc[differ, columns]
    return chosen.sort_values(
        ["value", "deal"], ascending=[False, True], na_position="last"
    ).reset_index(drop=True)


def _not_judged(judged: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name in DEFINITIONS:
        open_deals = judged[judged[name].isna()]
        for reason, group in open_deals.groupby(f"{name}_why", sort=True):
            rows.append({"definition": name, "reason": reason, **_counted(group)})
    return pd.DataFrame(rows, columns=["definition", "reason", "deals", "value"])


def _counted(deals: pd.DataFrame) -> dict[str, Any]:
    return {"deals": len(deals), "value": _sum(deals["value"])}


def _sum(values: pd.Series) -> float:
    return round(math.fsum(values.dropna()), 6)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else np.nan


def _notes(judged: pd.DataFrame, touches: pd.DataFrame) -> list[Note]:
    without = int(judged["value"].isna().sum())
    conflicts = int(judged["has_side_conflict"].sum())
    is_one_sided = len(touches) > 0 and bool((touches["side"].astype(object) == "marketing").all())
    return [
        Note("sourced_deals", {"deals": len(judged), "differing": len(_differing(judged))}),
        *([Note("deals_without_amount", {"deals": without})] if without else []),
        *([Note("side_conflicts", {"leads": conflicts})] if conflicts else []),
        *([Note("only_marketing", {"touches": len(touches)})] if is_one_sided else []),
    ]
