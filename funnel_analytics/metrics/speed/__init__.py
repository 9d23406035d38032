"""Do leads that are contacted sooner come further?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.metrics.speed.bands import (
    Bands,
    band_counts,
    bands_of,
    decile_curve,
    edges_of,
    with_rates,
)
from funnel_analytics.metrics.speed.leads import (
    FATES,
    compared_leads,
    follow_up,
    population,
    stages_asked,
)
from funnel_analytics.metrics.speed.levels import ATTRIBUTES, balance, levels_of
from funnel_analytics.metrics.speed.models import Fitted, comparable, fit, odds_ratio, terms
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import excluded_leads, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["FATES", "Cluster", "speed_effect"]

Cluster = Literal["day", "owner"]

_FEW_CLUSTERS = 30
_MANY_REACHED_BEFORE = 0.05
_MOST_REACHED_BEFORE = 0.2
_ADJUSTED = ("adjusted_rate", "adjusted_low", "adjusted_high")
_RATIOS = ("odds_ratio", "odds_ratio_low", "odds_ratio_high")
_UNITS = {
    "from_hours": "working hours",
    "to_hours": "working hours",
    "leads": "leads",
    "reached_leads": "leads",
    "reached_rate": "share of leads",
    "reached_low": "share of leads, lower end of the 95 % interval",
    "reached_high": "share of leads, upper end of the 95 % interval",
    "adjusted_rate": "share of leads",
    "adjusted_low": "share of leads, lower end of the 95 % interval",
    "adjusted_high": "share of leads, upper end of the 95 % interval",
    "odds_ratio": "ratio of odds",
    "odds_ratio_low": "ratio of odds, lower end of the 95 % interval",
    "odds_ratio_high": "ratio of odds, upper end of the 95 % interval",
}


def speed_effect(
    warehouse: Warehouse,
    *,
    cohort: Period | None = None,
    stage: str | None = None,
    among: str | None = None,
    follow_up_days: float | None = None,
    bands: Sequence[float] | None = None,
    cluster: Cluster = "day",
) -> Result:
    """Do leads that are contacted sooner reach a stage more often than comparable ones?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The leads created in this period; all leads if none is given.
    stage
        The stage to reach. If none is given: the one after the stage in which leads are another
        team's for the first time, that is, after the hand-over has been accepted; the last stage
        where none comes after that.
    among
        Only leads that had reached this stage, too, are compared; if none is given, the one before
        `stage`, but at most that in which the hand-over has been accepted.
    follow_up_days
        For how many days each lead is followed. If none are given: those within which 98 % of all
        entries into `stage` come, at most half of the time that the data tell of.
    bands
        The edges between the bands of waits, in working hours; 1, 4, 8 and 16 if none are given,
        of which the agreed deadline takes the place of the nearest.
    cluster
        Leads of one `"day"` (that on which their wait began) or of one `"owner"` may be more alike
        than others; who the owners are is in no part of the answer.

    Returns
    -------
    Result
        One row per band of waits, from the shortest. The wait is that of `time_to_contact`: from
        the first hand-over (or the creation) to the first contact, in agreed working hours, above
        `from_hours` and up to `to_hours` (missing: any longer one). `is_within_deadline` is missing
        where no deadline is agreed. Of `leads` that waited so long, `reached_leads` were in the
        stage, or a later one, within `parameters["follow_up_days"]`; `reached_rate` is their share
        with Wilson's 95 % interval. `adjusted_rate` is the share of all compared leads that would
        have reached it, if each had waited so long and the model held; `odds_ratio` compares the
        odds with the band that ends at the deadline (`is_reference`; without an agreed deadline,
        the band with the most leads). Both are missing where the leads are too few for a model.

        The days run from the first contact, or from the entry into `among`, if that came later, so
        that each lead has as many; leads that have not had them yet are left out, as are leads
        that nobody contacted, that were in the stage or closed before their contact, or whose wait
        is unknown: `part("population")` counts all of them by `fate`.

        `part("overall")` is one row: `leads`, `reached_leads`, `clusters` (days or owners),
        `parameters` (coefficients), `statistic` and `p_value` of the test that no band differs (F
        with `degrees` and `clusters` - 1), `doubling_odds_ratio` (the odds, when the wait doubles;
        waits below 5 minutes count as such) with its interval and `doubling_p_value`,
        `difference` (adjusted rate within the deadline less that beyond it) with its interval,
        `pseudo_r2` (McFadden) and `auc` (in how many of 100 pairs of one lead that reached the
        stage and one that did not the model gives the first the higher chance, as a share).
        `part("sides")` has the columns of the table for the waits within and beyond the deadline.
        `part("curve")` is the share by tenths of the leads, from the shortest wait on.
        `part("balance")` has per attribute and value the shares of the leads within and beyond the
        deadline (of the reference band and longer, where none is agreed), and their standardised
        difference; `is_flagged` above 0.1. `part("terms")` are all coefficients.

        Notes: `excluded`, `speed_population` (the compared leads), `speed_too_few` (why there is
        no model: `leads`, `one_side`, `few_clusters`, `separated`, or `reached_before`: more than
        20 % were in the stage before their contact), `speed_few_clusters` (fewer than 30),
        `speed_unadjusted` (attributes that there are too few leads for), `speed_unbalanced`
        (attributes in which slow and fast leads differ), `speed_reached_before` (leads in the
        stage before their contact, where they are more than 5 %).

    Raises
    ------
    MissingTableError
        No activities or no stage history were loaded.
    CallError
        The cohort begins after `as_of`; an unknown stage or cluster, days or edges not above 0.

    Notes
    -----
    A logit model of the stage on the band of the wait, and on what was known when the wait began:
    origin, score (in fifths), segment, priority, quarter of creation, weekday and hour. Cluster
    covariance: Liang & Zeger (1986), Biometrika 73, 13-22. Adjusted rates: marginal
    standardisation, Muller & MacLehose (2014), Int. J. Epidemiol. 43, 962-970. What nobody recorded
    can still make fast and slow leads differ: this is an association.
    """
    warehouse.require("lead", "activity", "stage_event", metric="speed_effect")
    if cluster not in get_args(Cluster):
        raise CallError(
            f"Unknown cluster '{cluster}'; known are {', '.join(get_args(Cluster))}."
            f"{did_you_mean(str(cluster), get_args(Cluster))}"
        )
    selection = select_leads(warehouse, period=cohort, by=None)
    agreement, smallest = warehouse.agreement, selection.minimum_group_size
    asked = stages_asked(agreement, stage, among)
    rule = agreement.first_contact
    deadline = float(rule.within_hours) if rule else None
    edges = edges_of(deadline, bands)
    answer = warehouse.query(
        "metrics/speed_effect",
        cohort_start=selection.start,
        cohort_end=selection.end,
        among=agreement.position(asked.among),
        finish=agreement.position(asked.stage),
        by_owner=cluster == "owner",
        as_of=warehouse.as_of,
        with_handovers=warehouse.has("handover"),
    )
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    rows = answer.table
    seconds = ["working_seconds", "reached_seconds", "followed_seconds"]
    rows[seconds] = rows[seconds].astype("float64")
    is_compared = rows["fate"] == "compared"
    window = follow_up(rows[is_compared], follow_up_days)
    ours = rows[rows["is_asked"]]
    leads = compared_leads(ours[ours["fate"] == "compared"], window, warehouse.timezone)
    found, is_enough = bands_of(leads, edges, deadline=deadline, minimum_group_size=smallest)
    asked_by = ATTRIBUTES if len(leads) else ()
    levels = [levels_of(leads, each, minimum_group_size=smallest) for each in asked_by]
    levels = [each for each in levels if len(each.values) > 1]
    kept = comparable(leads, levels, found.count)
    fates = population(ours, window, compared=leads, minimum_group_size=smallest)
    answered = (
        _too_few(leads, found, is_enough)
        or _too_late(fates)
        or fit(leads, kept, found, _clusters(leads, cluster))
    )
    reason = answered if isinstance(answered, str) else None
    fitted = None if isinstance(answered, str) else answered
    counts = band_counts(leads, found)
    is_beyond = found.codes(leads["hours"]) >= (found.within or found.reference + 1)
    compared = balance(leads, levels if reason != "leads" else [], is_beyond)
    return warehouse.result(
        "speed_effect",
        grain="one row per band of waits",
        units=_UNITS,
        definition=(
            "Leads by the working hours up to their first contact, and how many of them were in "
            "the stage within so many days after it; adjusted for what was known of them before."
        ),
        answers=[answer, excluded],
        table=_hidden(_bands_table(counts, found, fitted), smallest),
        parameters={
            **selection.parameters("cohort"),
            "stage": asked.stage,
            "among": asked.among,
            "within_hours": deadline,
            "follow_up_days": window.days,
            "followed_share": window.share,
            "cluster": cluster,
            "adjusted_for": [each.attribute for each in kept] if fitted else [],
        },
        parts={
            "overall": _overall(leads, found, fitted),
            "sides": _hidden(_sides(leads, found, fitted), smallest),
            "population": fates,
            "curve": _hidden(decile_curve(leads, minimum_group_size=smallest), smallest),
            "balance": compared,
            "terms": terms(fitted, found, counts),
        },
        notes=[
            note,
            Note("speed_population", {"leads": round(leads["leads"].sum())}),
            *_notes(fitted, reason, fates),
            *_unadjusted(levels, kept, fitted),
            *_unbalanced(compared),
        ],
    )


def _reached_before(fates: pd.DataFrame) -> tuple[int, int]:
    """How many leads were in the stage before their contact, of those otherwise comparable?"""
    leads = fates.set_index("fate")["leads"]
    before = int(leads["reached_before"])
    return before, before + int(leads["compared"])


def _too_late(fates: pd.DataFrame) -> str | None:
    """Why waits are not compared: most slow leads that would get there already had."""
    before, of = _reached_before(fates)
    return "reached_before" if before > _MOST_REACHED_BEFORE * of else None


def _too_few(leads: pd.DataFrame, bands: Bands, is_enough: bool) -> str | None:
    """Why the waits cannot be compared: too few leads, or nearly all in one band."""
    if is_enough:
        return None
    reached = leads["reached_leads"].sum()
    rarer = min(reached, leads["leads"].sum() - reached)
    return "leads" if rarer < 20 or bands.count < 2 else "one_side"


def _clusters(leads: pd.DataFrame, cluster: Cluster) -> np.ndarray:
    """A number per day, or per owner; leads without an owner stand by themselves."""
    if cluster == "day":
        return leads["day"].to_numpy()
    owner = leads["owner_no"].to_numpy()
    return np.where(np.isnan(owner), -1.0 - np.arange(len(owner)), owner)


def _bands_table(counts: pd.DataFrame, bands: Bands, fitted: Fitted | None) -> pd.DataFrame:
    table = counts.copy()
    for name in (*_ADJUSTED, *_RATIOS):
        table[name] = np.nan
    if fitted is None:
        return table
    for band in range(bands.count):
        found = fitted.adjusted(np.eye(bands.count)[band])
        table.loc[band, list(_ADJUSTED)] = [found.value, found.low, found.high]
        column = fitted.band_column(bands, band)
        if column is None:
            table.loc[band, "odds_ratio"] = 1.0
        else:
            found = odds_ratio(fitted.model, column)
            table.loc[band, list(_RATIOS)] = [found.value, found.low, found.high]
    return table


def _sides(leads: pd.DataFrame, bands: Bands, fitted: Fitted | None) -> pd.DataFrame:
    """Waits within and beyond the deadline; nothing where there is none, or only one side."""
    columns = ["leads", "reached_leads", "reached_rate", "reached_low", "reached_high", *_ADJUSTED]
    if bands.within is None or bands.within == bands.count:
        return pd.DataFrame(columns=["side", *columns])
    codes = (bands.codes(leads["hours"]) >= bands.within).astype(np.intp)
    table = with_rates(pd.DataFrame({"side": ["within", "beyond"]}), codes, leads)
    for name in _ADJUSTED:
        table[name] = np.nan
    if fitted is not None:
        for number, weights in enumerate(_side_weights(leads, bands)):
            found = fitted.adjusted(weights)
            table.loc[number, list(_ADJUSTED)] = [found.value, found.low, found.high]
    return table


def _side_weights(leads: pd.DataFrame, bands: Bands) -> tuple[np.ndarray, np.ndarray]:
    """The shares of the bands in the leads within, and in those beyond the deadline."""
    size = np.bincount(bands.codes(leads["hours"]), weights=leads["leads"], minlength=bands.count)
    is_within = np.arange(bands.count) < (bands.within or 0)
    within, beyond = size * is_within, size * ~is_within
    return within / within.sum(), beyond / beyond.sum()


def _overall(leads: pd.DataFrame, bands: Bands, fitted: Fitted | None) -> pd.DataFrame:
    """One row of what the model says at large; missing where there is none."""
    row: dict[str, Any] = {
        "leads": round(leads["leads"].sum()),
        "reached_leads": round(leads["reached_leads"].sum()),
        **dict.fromkeys(["clusters", "parameters"]),
        **dict.fromkeys(["statistic", "degrees", "p_value"]),
        **dict.fromkeys([f"doubling_odds_ratio{each}" for each in ("", "_low", "_high")]),
        "doubling_p_value": None,
        **dict.fromkeys(["difference", "difference_low", "difference_high"]),
        **dict.fromkeys(["pseudo_r2", "auc"]),
    }
    if fitted is not None:
        model = fitted.model
        statistic, degrees, p_value = model.joint_test(fitted.columns)
        row |= {"clusters": model.clusters, "parameters": model.parameters}
        row |= {"statistic": statistic, "degrees": degrees, "p_value": p_value}
        ratio = fitted.doubling
        row |= {
            "doubling_odds_ratio": ratio.value,
            "doubling_odds_ratio_low": ratio.low,
            "doubling_odds_ratio_high": ratio.high,
            "doubling_p_value": fitted.doubling_p,
        }
        if bands.within is not None and bands.within < bands.count:
            within, beyond = _side_weights(leads, bands)
            found = fitted.difference(within - beyond)
            row |= {
                "difference": found.value,
                "difference_low": found.low,
                "difference_high": found.high,
            }
        row |= {"pseudo_r2": model.pseudo_r2, "auc": fitted.agreement}
    table = pd.DataFrame([row])
    counts = ["leads", "reached_leads", "clusters", "parameters", "degrees"]
    kinds = {name: "Int64" if name in counts else "float64" for name in table.columns}
    return table.astype(kinds)


def _hidden(table: pd.DataFrame, minimum_group_size: int) -> pd.DataFrame:
    """A table in which rows of fewer leads than may be shown say nothing."""
    hidden = table["leads"] < minimum_group_size
    for name in table.columns[list(table.columns).index("leads") :]:
        is_count = name in ("leads", "reached_leads")
        values = table[name].astype("Int64") if is_count else table[name].astype("float64")
        table[name] = values.mask(hidden)
    return table


def _notes(fitted: Fitted | None, reason: str | None, fates: pd.DataFrame) -> list[Note]:
    notes = []
    if reason is not None:
        notes.append(Note("speed_too_few", {"reason": reason}))
    if fitted is not None and fitted.model.clusters < _FEW_CLUSTERS:
        notes.append(Note("speed_few_clusters", {"clusters": fitted.model.clusters}))
    before, of = _reached_before(fates)
    if before > _MANY_REACHED_BEFORE * of:
        notes.append(Note("speed_reached_before", {"leads": before, "of": of}))
    return notes


def _unadjusted(levels: list[Any], kept: list[Any], fitted: Fitted | None) -> list[Note]:
    """The attributes that the model has no place for."""
    if fitted is None:
        return []
    names = [each.attribute for each in levels if each not in kept]
    return [Note("speed_unadjusted", {"attributes": names})] if names else []


def _unbalanced(table: pd.DataFrame) -> list[Note]:
    """The attributes in which leads contacted late and in time differ."""
    names = list(dict.fromkeys(table.loc[table["is_flagged"].astype(bool), "attribute"]))
    return [Note("speed_unbalanced", {"attributes": names})] if names else []
