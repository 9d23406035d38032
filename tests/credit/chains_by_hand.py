"""Second implementations of the data-driven models, slow and plain, for tests only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pandas as pd

from funnel_analytics.credit.journeys import Journeys, journeys_from_paths

Path = tuple[str, ...]
Row = tuple[Path, int, int]


def journeys_of(rows: Iterable[Row], values: Sequence[float] | None = None) -> Journeys:
    """Journeys from paths with their conversions and how many had none."""
    table = pd.DataFrame(
        [(list(path), won, lost) for path, won, lost in rows],
        columns=["path", "conversions", "nulls"],
    )
    if values is None:
        return journeys_from_paths(table, nulls="nulls")
    return journeys_from_paths(table.assign(values=values), nulls="nulls", values="values")


def random_rows(seed: int, *, keys: int, rows: int, longest: int) -> list[Row]:
    """Paths at random, some equal, some without conversion."""
    generator = np.random.default_rng(seed)
    names = [f"k{number:02d}" for number in range(keys)]
    found: list[Row] = []
    for _ in range(rows):
        path = tuple(
            names[each] for each in generator.integers(0, keys, generator.integers(1, longest + 1))
        )
        won, lost = (int(each) for each in generator.integers(0, 4, 2))
        found.append((path, won, max(lost, int(won == 0))))
    return found


def removal_by_fractions(
    rows: Sequence[Row], *, order: int
) -> tuple[dict[str, Fraction], Fraction]:
    """Removal effects and the chance of conversion in exact fractions: one elimination per key.

    States are the last `order` keys; a shorter path is one state.
    """
    steps: dict[Path, dict[Path | str, int]] = defaultdict(lambda: defaultdict(int))
    begun: dict[Path, int] = defaultdict(int)
    for path, won, lost in rows:
        if not won + lost:
            continue
        first = min(order, len(path))
        states = [path[max(0, end - order) : end] for end in range(first, len(path) + 1)]
        begun[states[0]] += won + lost
        for one, other in pairwise(states):
            steps[one][other] += won + lost
        steps[states[-1]]["won"] += won
        steps[states[-1]]["lost"] += lost
    total = sum(begun.values())

    def chance_without(key: str | None) -> Fraction:
        states = [state for state in steps if key not in state]
        place = {state: number for number, state in enumerate(states)}
        size = len(states)
        table = [[Fraction(0)] * (size + 1) for _ in states]
        for state in states:
            row, left = table[place[state]], sum(steps[state].values())
            row[place[state]] += 1
            for other, count in steps[state].items():
                if other == "won":
                    row[size] += Fraction(count, left)
                elif other in place:
                    row[place[other]] -= Fraction(count, left)
        for pivot in range(size):
            head = table[pivot][pivot]
            table[pivot] = [each / head for each in table[pivot]]
            for number in range(size):
                factor = table[number][pivot]
                if number != pivot and factor:
                    table[number] = [
                        each - factor * top
                        for each, top in zip(table[number], table[pivot], strict=True)
                    ]
        return sum(
            (Fraction(begun[state], total) * table[place[state]][size] for state in states),
            Fraction(0),
        )

    chance = chance_without(None)
    keys = sorted({key for path, _, _ in rows for key in path})
    return {key: 1 - chance_without(key) / chance for key in keys}, chance


def removal_by_walking(rows: Sequence[Row], *, order: int) -> tuple[dict[str, float], float]:
    """The same by following all walks step by step until hardly any is under way.

    Here every touch is a state, from the first on: its last `order` keys, as many as there are. A
    way that meets the removed key is given up.
    """
    counts: dict[Path, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path, won, lost in rows:
        if not won + lost:
            continue
        for end, key in enumerate(path):
            counts[path[max(0, end - order) : end]][key] += won + lost
        counts[path[-order:]]["(won)"] += won
        counts[path[-order:]]["(lost)"] += lost

    def chance_without(removed: str | None) -> float:
        walking: dict[Path, float] = {(): 1.0}
        won = 0.0
        while sum(walking.values()) > 1e-16:
            after: dict[Path, float] = defaultdict(float)
            for state, weight in walking.items():
                total = sum(counts[state].values())
                for key, count in counts[state].items():
                    if key == "(won)":
                        won += weight * count / total
                    elif key not in ("(lost)", removed):
                        after[(*state, key)[-order:]] += weight * count / total
            walking = after
        return won

    chance = chance_without(None)
    keys = sorted({key for path, _, _ in rows for key in path})
    return {key: 1 - chance_without(key) / chance for key in keys}, chance


def shapley_by_permutations(
    worth: dict[frozenset[str], Fraction], keys: Sequence[str]
) -> dict[str, Fraction]:
    """What each key adds to the worth of those before it, on average over all orders."""
    orders = list(permutations(keys))
    found = dict.fromkeys(keys, Fraction(0))
    for order in orders:
        before: frozenset[str] = frozenset()
        for key in order:
            found[key] += worth[before | {key}] - worth[before]
            before |= {key}
    return {key: total / len(orders) for key, total in found.items()}
