"""What a walk among many states collects until it ends, by iteration."""

from __future__ import annotations

import numpy as np

from funnel_analytics.credit.journeys import Floats, Ints, summed
from funnel_analytics.errors import DataError

__all__ = ["EXACT", "eventually"]

_SPACE = 30
_MOST_CYCLES = 2000
EXACT = 1e-15
"""The error of a result that is as exact as rounding lets it be, as a share."""

_ROUNDING = 4e-16


def eventually(
    sources: Ints,
    targets: Ints,
    moved: Floats,
    reward: Floats,
    visits: Floats,
    *,
    tolerance: float = EXACT,
) -> Floats:
    """What does a walk that stands in a state collect from there on?

    Parameters
    ----------
    sources, targets, moved
        The steps, and how probable each is from its source; what is left over ends the walk.
    reward
        What is collected when a state is visited, on average; not negative.
    visits
        How often a walk from the start visits each state, at most.
    tolerance
        The error, as a share of what a walk from the start collects on average.

    Notes
    -----
    x = r + Q x by restarted GMRES (Saad & Schultz 1986, SIAM J. Sci. Stat. Comput. 7, 856-869).
    What a walk from the start collects is wrong by the visits times the residuals at most, so that
    it is known how far off the result is.
    """
    size = len(reward)

    def on(values: Floats) -> Floats:
        return summed(sources, moved * values[targets], size)

    found = reward.astype(float)
    scale = float(visits @ reward)
    for _ in range(_MOST_CYCLES):
        rest = reward + on(found) - found
        rounding = _ROUNDING * float(visits @ found)
        if float(visits @ np.abs(rest)) <= tolerance * scale + rounding:
            return found
        length = float(np.linalg.norm(rest))
        space = np.zeros((_SPACE + 1, size))
        upper = np.zeros((_SPACE + 1, _SPACE))
        space[0] = rest / length
        used = 0
        for used in range(1, _SPACE + 1):
            new = space[used - 1] - on(space[used - 1])
            for _ in range(2):
                parts = space[:used] @ new
                upper[:used, used - 1] += parts
                new -= parts @ space[:used]
            upper[used, used - 1] = left = float(np.linalg.norm(new))
            if left <= 1e-14:
                break
            space[used] = new / left
        aim = np.zeros(used + 1)
        aim[0] = length
        steps = np.linalg.lstsq(upper[: used + 1, :used], aim, rcond=None)[0]
        found = found + steps @ space[:used]
        found = reward + on(np.maximum(found, 0.0))
    raise DataError(
        f"The chain of {size} states did not converge: journeys go round in circles that hardly"
        " ever end. Collapse repeats, or choose a lower order."
    )
