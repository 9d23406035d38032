"""The questions of `exploration.py` in plain pandas and numpy, over the same prepared tables.

Each function gets a reader of tables and returns the numbers that ours has to equal. They compute
estimates only: no intervals but those of the change, no notes, no folding of small groups.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
import pandas as pd

Read = Callable[[str], pd.DataFrame]
DAY = 86400
CLOSINGS = ("lost", "rejected", "recycled", "nurture")
JUDGED_FROM = 0.9
SMALLEST = 5


def seconds(since: pd.Series, until: pd.Series) -> np.ndarray:
    return (until - since).dt.total_seconds().clip(lower=0).to_numpy()


def strict(read: Read, stages: int, as_of: pd.Timestamp) -> list[float]:
    stays = read(
        "select stay.lead_no, stay.position, stay.left_to, "
        "greatest(stay.entered_at, leads.created_at) as entered_at "
        "from stage_stays as stay inner join leads using (lead_no) "
        "order by stay.lead_no, stay.stay_no"
    )
    same_lead = stays["lead_no"].eq(stays["lead_no"].shift())
    follows = stays["position"].eq(stays["position"].shift() + 1)
    moved_on = stays["left_to"].shift().eq("moved_on")
    stays["run"] = (~(same_lead & follows & moved_on)).cumsum()
    runs = stays.groupby("run").agg(
        lead_no=("lead_no", "first"), first=("position", "first"), last=("position", "last")
    )
    runs = runs[runs["first"] == 1].reset_index()
    best = runs.sort_values(["lead_no", "last", "run"], ascending=[True, False, True])
    best = best.drop_duplicates("lead_no")
    reached = [float((best["last"] >= k).sum()) for k in range(1, stages + 1)]
    chosen = stays[stays["run"].isin(best["run"])]
    waits = (chosen["entered_at"] - chosen["entered_at"].shift()).dt.floor("s")
    waits = waits[chosen["run"].eq(chosen["run"].shift())].groupby(chosen["position"]).median()
    return reached + [waits[k].total_seconds() / DAY for k in range(2, stages + 1)]


def time_in_stage(read: Read, stages: int, as_of: pd.Timestamp) -> list[float]:
    entries = read(
        "select lead_no, position, entered_at, earliest_at, latest_at, is_added from stage_entries"
    )
    closings = read("select lead_no, closed_at, latest_at from closures")
    ordered = entries.sort_values("entered_at").drop_duplicates(["lead_no", "position"])
    found: list[float] = []
    for k in range(1, stages):
        stay = ordered[ordered["position"] == k].set_index("lead_no")
        stay = stay[["entered_at", "earliest_at", "latest_at"]].add_suffix("_k")
        beside = entries[entries["position"] != k].join(stay, on="lead_no", how="inner")
        on = beside[(beside["position"] > k) & (beside["latest_at"] >= beside["earliest_at_k"])]
        on = on[["entered_at", "entered_at_k"]].max(axis=1).groupby(on["lead_no"]).min()
        back = beside[
            (beside["position"] < k)
            & (beside["earliest_at"] > beside["latest_at_k"])
            & ~beside["is_added"]
        ]
        back = back.groupby("lead_no")["entered_at"].min()
        shut = closings.join(stay, on="lead_no", how="inner")
        shut = shut[shut["latest_at"] >= shut["earliest_at_k"]]
        shut = shut[["closed_at", "entered_at_k"]].max(axis=1).groupby(shut["lead_no"]).min()
        ways = pd.DataFrame({"on": on, "shut": shut, "back": back}, index=stay.index)
        ended = ways.min(axis=1)
        moved = ended.notna() & (ways["on"] == ended)
        closed = ended.notna() & ~moved & (ways["shut"] == ended)
        returned = ended.notna() & ~moved & ~closed
        length = np.floor(seconds(stay["entered_at_k"], ended.fillna(as_of)))
        time, survival = kaplan_meier(length, ended.notna().to_numpy())
        found += [float(each.sum()) for each in (moved, returned, closed, ended.isna())]
        found += [quantile(time, 1 - survival, p) / DAY for p in (0.5, 0.75, 0.9)]
    return found


def counts(times: np.ndarray, *kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray, list]:
    """The distinct times, how many were still there just before, and each kind by time."""
    distinct, place = np.unique(times, return_inverse=True)
    total = np.bincount(place, minlength=len(distinct))
    at_risk = total[::-1].cumsum()[::-1]
    return (
        distinct,
        at_risk,
        [np.bincount(place, weights=k, minlength=len(distinct)) for k in kinds],
    )


def kaplan_meier(times: np.ndarray, is_event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distinct, at_risk, (events,) = counts(times, is_event)
    return distinct, np.cumprod(1 - events / at_risk)


def incidence(times: np.ndarray, is_event: np.ndarray, is_competing: np.ndarray) -> tuple:
    """Aalen and Johansen: times, share with the event by then, share with neither."""
    distinct, at_risk, (events, competing) = counts(times, is_event, is_competing)
    survival = np.cumprod(1 - (events + competing) / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    return distinct, np.cumsum(before * events / at_risk), survival


def quantile(times: np.ndarray, shares: np.ndarray, p: float) -> float:
    reached = np.flatnonzero(shares >= p - 1e-12)
    return float(times[reached[0]]) if len(reached) else float("nan")


def at(times: np.ndarray, values: np.ndarray, when: np.ndarray, before: float) -> np.ndarray:
    return np.concatenate([[before], values])[np.searchsorted(times, when, side="right")]


def progress(read: Read, stages: int, more: str = "") -> pd.DataFrame:
    reached = ", ".join(f"progress.reached_{k}" for k in range(2, stages + 1))
    return read(
        f"select progress.lead_no, progress.created_at, progress.created_on, {reached}, "
        f"progress.entered_1, lead_ends.ended_at {more} from lead_progress as progress "
        "left join lead_ends using (lead_no) left join leads using (lead_no)"
    )


def ways(leads: pd.DataFrame, k: int, since: str, unit: int, as_of: pd.Timestamp) -> tuple:
    """Whole units until a stage, another end or the end of the data; and which of them it was."""
    reached, ended = leads[f"reached_{k}"], leads["ended_at"]
    until = reached.fillna(ended).fillna(as_of)
    is_event = reached.notna().to_numpy()
    competing = ended.notna().to_numpy() & ~is_event
    return np.floor(np.floor(seconds(leads[since], until)) / unit), is_event, competing


def curve(read: Read, stages: int, as_of: pd.Timestamp) -> list[float]:
    return curves(progress(read, stages), stages, as_of)


def curve_by_campaign(read: Read, stages: int, as_of: pd.Timestamp) -> list[float]:
    leads = progress(read, stages, ", leads.campaign")
    return [
        share
        for _, part in leads.groupby("campaign", sort=True)
        for share in curves(part, stages, as_of)
    ]


def curves(leads: pd.DataFrame, stages: int, as_of: pd.Timestamp) -> list[float]:
    found = []
    for k in range(2, stages + 1):
        time, share, _ = incidence(*ways(leads, k, "created_at", DAY, as_of))
        found += [*at(time, share, np.array([30.0, 90.0]), 0.0), share[-1]]
    return [float(each) for each in found]


def cycle(read: Read, stages: int, as_of: pd.Timestamp) -> list[float]:
    leads = progress(read, stages)
    hours, is_event, competing = ways(leads, stages, "entered_1", 3600, as_of)
    time, share, _ = incidence(hours, is_event, competing)
    days = [quantile(time, share / share[-1], p) / 24 for p in (0.5, 0.75, 0.9)]
    return [*days, float(np.median(hours[is_event])) / 24]


def expected(read: Read, stages: int, as_of: pd.Timestamp) -> list[float]:
    leads = progress(read, stages)
    days, is_event, competing = ways(leads, stages, "created_at", DAY, as_of)
    time, share, survival = incidence(days, is_event, competing)
    ages = np.floor(np.floor(seconds(leads["created_at"], pd.Series(as_of, leads.index))) / DAY)
    left = at(time, survival, ages, 1.0)
    chance = np.divide(
        share[-1] - at(time, share, ages, 0.0), left, out=np.zeros(len(left)), where=left > 0
    )
    waiting = ~is_event & ~competing
    final = pd.Series(is_event + np.where(waiting, np.clip(chance, 0, 1), 0.0))
    return final.groupby(months(leads)).sum().tolist()


def months(leads: pd.DataFrame) -> np.ndarray:
    return leads["created_on"].to_numpy().astype("datetime64[M]")


def trend(read: Read, stages: int, as_of: pd.Timestamp) -> list[float]:
    leads = progress(read, stages)
    before, reached = (leads[f"reached_{k}"].notna() for k in (stages - 1, stages))
    table = pd.DataFrame({"n": before, "x": before & reached}).groupby(months(leads)).sum()
    until = leads[f"reached_{stages}"].fillna(as_of)
    days = np.floor(seconds(leads["created_at"], until) / DAY)
    time, survival = kaplan_meier(days, reached.to_numpy())
    ages = seconds(leads["created_at"], pd.Series(as_of, leads.index)) // DAY
    ripe = pd.Series((1 - at(time, survival, ages, 1.0)) / (1 - survival[-1]))
    judged = ripe.groupby(months(leads)).mean().to_numpy() >= JUDGED_FROM
    x, n = table["x"].to_numpy(float), table["n"].to_numpy(float)
    shown = pd.Series(before).groupby(months(leads)).size().to_numpy() >= SMALLEST
    judged &= shown
    centre = x[judged].sum() / n[judged].sum()
    sigma = np.sqrt(centre * (1 - centre) / n[judged])
    z = (x[judged] / n[judged] - centre) / sigma
    width = 3 * sigma * max(1.0, float(np.abs(np.diff(z)).mean()) / 1.128)
    x, n = np.where(shown, x, np.nan), np.where(shown, n, np.nan)
    return [*x, *n, *np.clip(centre - width, 0, 1), *np.clip(centre + width, 0, 1)]


def flows(read: Read, stages: int, as_of: pd.Timestamp) -> list[float]:
    stays = read(
        "select lead_no, stay_no, position, left_to, next_position, entered_at from stage_stays"
    )
    returns = read(
        "select lead_no, stay_no + 1 as stay_no, status from lead_closings where is_last"
    )
    local = stays["entered_at"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    stays["month"] = local.dt.year * 12 + local.dt.month
    stays["left_to"] = stays["left_to"].fillna("still_there")
    by_month = stays.groupby(["month", "position", "left_to"]).size()
    by_stage = by_month.groupby(["position", "left_to"]).sum().unstack(fill_value=0)
    stays = stays.merge(returns, how="left", on=["lead_no", "stay_no"])
    came = stays["status"].fillna(
        pd.Series(np.where(stays["stay_no"] == 1, "created", "stage"), stays.index)
    )
    steps = stays.groupby([came, "position", "left_to", "next_position"], dropna=False).size()
    order = ["moved_on", "moved_back", *CLOSINGS, "still_there"]
    backward = steps.groupby("left_to").sum()["moved_back"]
    entered = steps.groupby(level=0).sum()
    return [
        *by_stage.reindex(columns=order, fill_value=0).to_numpy(float).ravel(),
        float(backward),
        *(float(entered[each]) for each in ("created", *CLOSINGS)),
    ]


def change(
    read: Read, stages: int, as_of: pd.Timestamp, *, sides=("2025-06", "2025-09"), draws=1000
) -> list[float]:
    leads = progress(read, stages, ", leads.origin")
    side = pd.Series(months(leads)).map({np.datetime64(m): n for n, m in enumerate(sides)})
    group, names = pd.factorize(leads["origin"], use_na_sentinel=False)
    cell = np.where(side.notna(), side.fillna(0) * len(names) + group, -1).astype(int)
    shape = (2, len(names), stages - 1)
    previous, entered, share = (np.zeros(shape) for _ in range(3))
    for k in range(2, stages + 1):
        since = leads["created_at"] if k == 2 else leads[f"reached_{k - 1}"]
        there = since.notna().to_numpy()
        reached = leads.loc[there, f"reached_{k}"]
        wait = seconds(since[there], reached.fillna(as_of)) // DAY
        time, survival = kaplan_meier(wait, reached.notna().to_numpy())
        asked = there & (cell >= 0)
        age = np.floor(seconds(since[asked], pd.Series(as_of, leads.index[asked])))
        begun = age / DAY - age // DAY
        by_now = (1 - begun) * at(time, 1 - survival, age // DAY - 1, 0.0)
        by_now = by_now + begun * at(time, 1 - survival, age // DAY, 0.0)
        place, size = cell[asked], 2 * len(names)
        hits = leads.loc[asked, f"reached_{k}"].notna()
        n = np.bincount(place, minlength=size)
        share[:, :, k - 2] = (
            np.bincount(place, by_now / (1 - survival[-1]), size) / np.maximum(n, 1)
        ).reshape(shape[:2])
        previous[:, :, k - 2] = n.reshape(shape[:2])
        entered[:, :, k - 2] = np.bincount(place, hits, size).reshape(shape[:2])
    both = entered.sum(axis=0)
    due = np.maximum((previous * share).sum(axis=0), both)
    usual = (both + (both.sum(axis=0) + 0.5) / (due.sum(axis=0) + 1)) / (due + 1)

    def parts(base, hits, tried):
        rate = np.minimum(1, (hits + (1 - share) * usual) / (tried * share + 1 - share))
        time = (hits / tried / rate).prod(axis=-1)
        total = base.sum(axis=-1, keepdims=True)
        mix = base / total
        factors = [np.broadcast_to(total, base.shape), mix]
        factors += [rate[..., step] for step in range(stages - 1)]
        return shapley(np.stack([*factors, time], axis=-1)).sum(axis=-2)

    rng = np.random.default_rng(1)
    base = previous[:, :, 0]
    drawn_base = rng.gamma(base, size=(draws, *base.shape))
    hits = rng.binomial(previous.astype(int), entered / previous, size=(draws, *shape))
    drawn = parts(drawn_base, hits, previous)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    found = parts(base, entered, previous)
    assert ((low <= found) & (found <= high)).mean() > 0.8
    return [float(each) for each in found]


def shapley(factors: np.ndarray) -> np.ndarray:
    """What each factor (last axis) adds as it goes from before to after (third axis from last)."""
    before, after = np.moveaxis(factors, -3, 0)
    number = factors.shape[-1]
    worth = {}
    for mask in range(2**number):
        taken = np.array([bool(mask >> place & 1) for place in range(number)])
        worth[mask] = np.where(taken, after, before).prod(axis=-1)
    weight = [1 / (number * comb(number - 1, size)) for size in range(number)]
    parts = np.zeros(before.shape)
    for place in range(number):
        for mask in worth:
            if not mask >> place & 1:
                gain = worth[mask | 1 << place] - worth[mask]
                parts[..., place] += weight[mask.bit_count()] * gain
    return parts
