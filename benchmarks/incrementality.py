"""Do the intervals of switched_off and spend_response hold what was planted?

    python benchmarks/incrementality.py                 200 invented series of each kind
    python benchmarks/incrementality.py --series 50

Weekly counts are drawn with trend, season, noise that lasts (autocorrelation 0 to 0.4) and the
noise of counts; a switch-off, or spend that lasts and levels off, has a known effect, or none.
README.md says how to read the numbers.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LEVEL = 0.05
Array = np.ndarray


def lasting(draws: np.random.Generator, weeks: int, correlation: float, spread: float) -> Array:
    """Noise of which a part is left in the next week, as factors."""
    noise = np.zeros(weeks)
    noise[0] = draws.normal() * spread
    for week in range(1, weeks):
        step = draws.normal() * spread * np.sqrt(1 - correlation**2)
        noise[week] = correlation * noise[week - 1] + step
    return np.exp(noise - spread**2 / 2)


def waves(weeks: int) -> Array:
    return np.exp(0.2 * np.arange(weeks) / 52 + 0.1 * np.sin(2 * np.pi * np.arange(weeks) / 52.18))


def told(name: str, held: int, seen: int, hac: int | None, series: int, *, effect: bool) -> None:
    from funnel_analytics.estimates import wilson

    low, high = wilson(held, series)
    first, last = wilson(seen, series)
    other = "" if hac is None else f"; Newey-West's would hold it in {hac / series:.1%}"
    print(
        f"{name}: {held / series:.1%} of intervals hold the truth ({low:.1%} to {high:.1%}); "
        f"{'found' if effect else 'found by chance'} in {seen / series:.1%} "
        f"({first:.1%} to {last:.1%}){other}",
        flush=True,
    )


def off_weeks(series: int) -> None:
    """Switched off everywhere: against other weeks."""
    from funnel_analytics.estimates import against_weeks

    for before, off, after, level, effect, correlation in (
        (30, 8, 4, 15, -0.3, 0.0),
        (104, 8, 10, 40, -0.3, 0.4),
        (60, 10, 6, 20, 0.0, 0.0),
        (60, 10, 6, 20, 0.0, 0.4),
        (104, 8, 10, 40, 0.0, 0.4),
    ):
        weeks = before + off + after
        share = np.zeros(weeks)
        share[before : before + off] = 1
        held = seen = hac = 0
        for seed in range(series):
            draws = np.random.default_rng(seed)
            # Less than two years have no season here: it would be taken for the effect.
            usual = level * (waves(weeks) if weeks > 103 else np.ones(weeks))
            expected = usual * np.exp(effect * share)
            counts = draws.poisson(expected * lasting(draws, weeks, correlation, 0.12))
            found = against_weeks(counts, share)
            truth = float((usual - expected).sum())
            held += found.missing.low <= truth <= found.missing.high
            seen += not found.missing.low <= 0 <= found.missing.high
            error = found.fit.hac_errors[-2]
            hac += abs(found.fit.coefficients[-2] - effect) <= 1.96 * error
        name = (
            f"other weeks, {before}+{off}+{after}, {level} a week, effect {effect}, {correlation}"
        )
        told(name, held, seen, hac, series, effect=bool(effect))


def off_groups(series: int) -> None:
    """Switched off somewhere: against other groups."""
    from funnel_analytics.estimates import against_groups

    for before, off, after, ours, rest, effect, correlation in (
        (12, 4, 0, 10, 10, -0.4, 0.0),
        (30, 8, 4, 15, 30, -0.3, 0.4),
        (60, 10, 6, 20, 20, 0.0, 0.0),
        (60, 10, 6, 20, 20, 0.0, 0.4),
    ):
        weeks = before + off + after
        share = np.zeros(weeks)
        share[before : before + off] = 1
        held = seen = apart = 0
        for seed in range(series):
            draws = np.random.default_rng(seed)
            common = waves(weeks) * lasting(draws, weeks, 0.6, 0.2)
            usual = ours * common
            expected = usual * np.exp(effect * share)
            counts = draws.poisson(expected * lasting(draws, weeks, correlation, 0.1))
            others = draws.poisson(rest * common * lasting(draws, weeks, correlation, 0.1))
            found = against_groups(counts, others, share)
            truth = float((usual - expected).sum())
            held += found.missing.low <= truth <= found.missing.high
            seen += not found.missing.low <= 0 <= found.missing.high
            apart += found.before_p_value < LEVEL
        name = f"other groups, {before}+{off}+{after}, {ours} and {rest} a week, effect {effect}"
        told(f"{name}, {correlation}", held, seen, None, series, effect=bool(effect))
        print(f"  drifted apart before, by chance: {apart / series:.1%}", flush=True)


def spent(series: int) -> None:
    """Spend that lasts and levels off, by any decay and power of the grid."""
    from funnel_analytics.estimates import adstocked, fit_spend, season
    from funnel_analytics.estimates.adstock import DECAYS, POWERS

    for weeks, channels, effect in ((60, 1, 0.3), (60, 1, 0.0), (104, 2, 0.3), (104, 2, 0.0)):
        held = seen = shown = found = cells = 0
        ratios = []
        start = time.process_time()
        number = np.arange(weeks)
        for seed in range(series):
            draws = np.random.default_rng(seed)
            spend = draws.gamma(2, 500, (weeks, channels)) * (draws.random((weeks, channels)) < 0.7)
            level = 30 * (1 + 0.15 * number / 52 + 0.1 * np.sin(2 * np.pi * number / 52.18))
            base, truths = level if weeks > 103 else 30 + number / 10, []
            for channel in range(channels):
                stock = adstocked(spend[:, channel], float(draws.choice(DECAYS)))
                part = stock ** float(draws.choice(POWERS))
                part = part / part.mean() * 30 * effect
                base = base + part
                truths.append(float(part.sum()))
            counts = draws.poisson(base * lasting(draws, weeks, 0.3, 0.08))
            columns = [np.ones(weeks), (number - number.mean()) / 52]
            if weeks > 103:
                columns += list(season(number).T)
            fit = fit_spend(counts, spend, np.column_stack(columns), seed=seed)
            low, high = np.percentile(fit.drawn_leads, [2.5, 97.5], axis=0)
            truth = np.array(truths)
            inside, beyond = (low <= truth) & (truth <= high), (low > 0) | (high < 0)
            held += int(inside.sum())
            cells += channels
            seen += int(beyond.sum()) if fit.skill > 0 else 0
            shown += fit.skill > 0
            found += int(inside.sum()) if fit.skill > 0 else 0
            ratios += list(fit.leads / np.maximum(truth, 1e-9)) if effect else []
        name = f"spend, {weeks} weeks, {channels} channels, effect {effect}"
        told(name, held, seen, None, cells, effect=bool(effect))
        middle = f"; the median estimate is {np.median(ratios):.2f} of it" if ratios else ""
        print(
            f"  forecasts are better with spend in {shown / series:.1%}; there "
            f"{found / max(shown * channels, 1):.1%} hold the truth{middle}; "
            f"{(time.process_time() - start) / series:.2f} CPU s each",
            flush=True,
        )


def main() -> int:
    """Print what each kind of series tells."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--only", choices=("weeks", "groups", "spend"))
    given = parser.parse_args()
    kinds = {"weeks": off_weeks, "groups": off_groups, "spend": spent}
    for name, kind in kinds.items():
        if given.only in (None, name):
            kind(given.series)
    return 0


if __name__ == "__main__":
    sys.exit(main())
