"""Journeys drawn by hand or by Hypothesis, and the slow ways to count over them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from funnel_analytics.credit.journeys import Journeys, code_type, starts_of


def journeys_of(
    paths: Sequence[str],
    *,
    conversions: Sequence[float] | None = None,
    values: Sequence[float] | None = None,
    nulls: Sequence[float] | None = None,
    keys: str = "",
    **more: Any,
) -> Journeys:
    """`journeys_of(["ab", "b"])`: a letter is a touch; every journey converts once, unless told."""
    names = tuple(keys or sorted({letter for path in paths for letter in path}))
    won = np.array([1.0] * len(paths) if conversions is None else conversions, dtype=float)
    return Journeys(
        keys=names,
        starts=starts_of([len(path) for path in paths]),
        codes=np.array([names.index(x) for path in paths for x in path], code_type(len(names))),
        conversions=won,
        values=won * 10 if values is None else np.array(values, dtype=float),
        nulls=(won == 0).astype(float) if nulls is None else np.array(nulls, dtype=float),
        **{name: np.asarray(each) for name, each in more.items()},
    )


def paths_in(journeys: Journeys) -> list[tuple[str, ...]]:
    """The names of each journey's touches."""
    return [
        tuple(journeys.keys[code] for code in journeys.codes[start:end])
        for start, end in zip(journeys.starts[:-1], journeys.starts[1:], strict=True)
    ]


def by_journey(journeys: Journeys, numbers: Any) -> list[list[Any]]:
    """Numbers of touches, journey by journey."""
    return [
        list(numbers[start:end])
        for start, end in zip(journeys.starts[:-1], journeys.starts[1:], strict=True)
    ]


def exact_shares(
    places: int, milestones: Sequence[int], table: dict[int, Fraction | None], rest: Fraction
) -> list[Fraction]:
    """A table of shares on one journey, touch by touch, in fractions."""
    held = [
        {bit for bit in (2, 4) if milestones[place] & bit}
        | ({1} if place == 0 else set())
        | ({8} if place == places - 1 else set())
        for place in range(places)
    ]
    given = [Fraction(0)] * places
    counted = {bit for bit, share in table.items() if share is not None}
    for bit in counted:
        holders = [place for place in range(places) if bit in held[place]]
        for place in holders:
            given[place] += Fraction(table[bit] or 0) / len(holders)
    others = [place for place in range(places) if not held[place] & counted]
    for place in others:
        given[place] += rest / len(others)
    total = sum(given)
    return [each / total if total else Fraction(1, places) for each in given]


@st.composite
def drawn_journeys(draw: st.DrawFn, *, most_keys: int = 4, most: int = 6) -> Journeys:
    """A few journeys with everything that a journey may tell; some convert, some do not."""
    keys = "abcdef"[: draw(st.integers(1, most_keys))]
    paths = draw(st.lists(st.text(keys, min_size=1, max_size=5), min_size=1, max_size=most))
    touches = sum(map(len, paths))
    counts = st.lists(st.integers(0, 3), min_size=len(paths), max_size=len(paths))
    won = draw(counts)
    amounts = draw(counts)
    return journeys_of(
        paths,
        keys=keys,
        conversions=won,
        nulls=draw(counts),
        values=[a * 2.5 if n else 0.0 for a, n in zip(amounts, won, strict=True)],
        ages=np.array(
            draw(st.lists(st.integers(0, 50), min_size=touches, max_size=touches)), float
        ),
        milestones=np.array(
            draw(st.lists(st.sampled_from([0, 2, 4, 6]), min_size=touches, max_size=touches)),
            np.uint8,
        ),
        is_direct=np.array(draw(st.lists(st.booleans(), min_size=touches, max_size=touches)), bool),
    )
